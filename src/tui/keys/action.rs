//! What a key can mean.

use crate::run::Decision;

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Action {
    /// Says yes at a gate.
    Approve,
    /// Puts the question of a choice.
    Choose,
    /// Goes to the field of a gate that is typed back.
    TypeBack,
    /// Leaves that field.
    NotNow,
    /// Says that a step of a person is done.
    SayDone,
    /// Keeps a change that its guard would take back.
    Keep,
    /// Answers a question of a proof.
    Answer,
    /// Ends a run whose every step is settled.
    Finish,
    /// Tries again.
    Retry,
    /// Asks the proof again.
    ProveAgain,
    /// Asks what is true now.
    Look,
    /// Decides an unknown outcome.
    Settle(Decision),
    /// Vouches.
    Attest,
    /// Prepares a gate again.
    Review,
    /// Skips.
    Skip,
    /// Takes the latest step back.
    GoBack,
    /// Leaves a step as it is that was about to be taken back.
    DropBack,
    /// Takes the keyboard of a command that runs on a terminal.
    TakeKeyboard,
    /// Gives it back.
    GiveBack,
    /// Ends what runs.
    Stop,
    /// Ends what still runs although it was decided about.
    StopLeft,
    /// Writes a note.
    Note,
    /// Shows the output, or puts it away.
    Output,
    /// Does something with the output.
    Read(Reading),
    /// Shows the journal, or puts it away.
    Journal,
    /// Shows what was found on the machines before the run.
    Machines,
    /// The next lane's output.
    NextLane,
    /// Back to the step whose turn it is.
    Here,
    /// The step before.
    Up,
    /// The step after.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The first line.
    Top,
    /// The last line, and stay there.
    Bottom,
    /// Ends the run early.
    End,
    /// Lays the run down until somebody attaches again.
    Suspend,
    /// Opens the palette.
    Find,
    /// Shows the help page.
    Help,
    /// Leaves the screen of a run that has ended.
    Leave,
    /// Leaves the screen; the run goes on.
    Detach,
    /// Takes the mouse from the terminal, or gives it back.
    Mouse,
    /// Draws everything again.
    Redraw,
    /// Says what this key does not do.
    Interrupt,
    /// The answer before.
    Previous,
    /// The answer after.
    Next,
    /// The answer of that number.
    Mark,
    /// Takes the answer that has the focus.
    Pick,
    /// Sends or keeps the text.
    Save,
    /// Closes what is open.
    Close,
}

/// What can be done with the output that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Reading {
    /// Opens the field of the search.
    Search,
    /// Goes to the next match.
    NextMatch,
    /// Goes to the match before.
    PreviousMatch,
    /// Copies the line of the match, or what is shown.
    Copy,
    /// Goes to the output of the attempt before.
    Earlier,
    /// Goes to the output of the attempt after.
    Later,
    /// Goes to the output of the latest attempt.
    Latest,
    /// Shows it in the pager.
    Page,
    /// Cuts long lines instead of wrapping them, or the other way around.
    Wrap,
    /// Moves to the left where lines are cut.
    Left,
    /// Moves to the right where lines are cut.
    Right,
}
