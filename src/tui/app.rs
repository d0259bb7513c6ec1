//! The screen's own state, and how updates and keys change it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use ratatui::layout::Rect;

use crate::client::Folded;
use crate::clock::Timestamp;
use crate::kinds::Progress;
use crate::names::{MachineName, StepId};
use crate::probe::Series;
use crate::run::{Intent, Operator, PlannedStep, StepAt, StepState};
use crate::wire::Typed;

use super::attempts::Attempts;
use super::board::Board;
use super::dialog::{Dialog, Purpose};
use super::gate::{Came, Guard, Seen, Verdict};
use super::how::Hands;
use super::keys::{self, Place};
use super::look::Tone;
use super::mouse::Spot;
use super::output::Output;
use super::pager::Paged;
use super::said::Moment;
use super::screen::{Leaving, Options};
use super::search::Search;
use super::standing::Standing;

/// A moment, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Now {
    /// The wall clock, for times that are shown.
    pub(super) wall: Timestamp,
    /// Since the screen was started, by a clock that only goes forward.
    pub(super) since: Duration,
}

/// What the screen wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// Send a wish; [`App::sent`] is told its number.
    Wish(Intent),
    /// Ask for a piece of an output file.
    Read {
        file: String,
        offset: u64,
        most: u32,
    },
    /// Put a clean text into the clipboard of the terminal.
    Copy(String),
    /// Show an output in the pager.
    Page(Paged),
    /// Take the mouse from the terminal, or give it back.
    Mouse(bool),
    /// Draw everything again.
    Redraw,
    /// Pass something on to what runs on a terminal.
    Type {
        at: (StepId, u32, MachineName),
        typed: Typed,
    },
    /// Leave the screen.
    Leave(Leaving),
}

/// The connection to the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Connection {
    /// Not made yet.
    Never,
    /// Made; up to date once every entry before `caught_up_at` is there.
    Up { client: u32, caught_up_at: u64 },
    /// Lost.
    Lost {
        why: String,
        last: bool,
        since: Timestamp,
    },
}

/// What is shown large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pane {
    /// The step.
    Step,
    /// What it prints.
    Output,
    /// The record.
    Journal,
}

/// What is known of a question that does not hold yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Waiting {
    pub(super) seen: String,
    pub(super) times: u32,
    pub(super) until: Option<Timestamp>,
    /// What its numbers were, where a number is watched.
    pub(super) numbers: Option<Series>,
}

/// A wish that was sent and is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) id: Option<u64>,
    pub(super) draft: Option<(Purpose, String)>,
}

/// A growing file: how long it is, and how to read progress out of it.
pub(super) type Growing = (u64, Progress);

/// The screen's state.
pub(super) struct App {
    pub(super) options: Options,
    pub(super) folded: Folded,
    pub(super) connection: Connection,
    /// The engine cannot write any more, or this screen cannot follow it.
    pub(super) broken: Option<String>,
    pub(super) standing: Standing,
    pub(super) ahead: i64,
    /// The step that is looked at; none for the one whose turn it is.
    pub(super) selected: Option<usize>,
    pub(super) pane: Pane,
    /// Lines scrolled down, in the step's text and up from the end in the journal.
    pub(super) scroll: usize,
    pub(super) dialog: Option<Dialog>,
    pub(super) typed: String,
    pub(super) typed_for: Option<Seen>,
    pub(super) field_left: bool,
    pub(super) guard: Guard,
    /// What the last frame showed as a gate; the view sets it while it draws.
    pub(super) gate_drawn: Option<Seen>,
    pub(super) message: Option<(String, Tone)>,
    /// What the message is about, where it goes with that.
    pub(super) said_of: Option<Moment>,
    pub(super) pending: Option<Pending>,
    pub(super) drafts: Vec<(Purpose, String)>,
    pub(super) busy: BTreeMap<MachineName, (String, Option<Timestamp>)>,
    pub(super) asked: BTreeMap<(StepId, MachineName, Option<u16>), Waiting>,
    pub(super) growing: BTreeMap<String, Growing>,
    /// Files that were asked for without a word about them.
    pub(super) peeked: BTreeSet<String>,
    pub(super) output: Option<Output>,
    pub(super) search: Option<Search>,
    /// The mouse is ours and not the terminal's.
    pub(super) mouse: bool,
    /// What stands where, for the mouse; the view sets it while it draws.
    pub(super) spots: Vec<(Rect, Spot)>,
    /// Long lines of an output are cut and not wrapped.
    pub(super) cut: bool,
    /// Whether step and other panes stand side by side; the view sets it while it draws.
    pub(super) wide: bool,
    /// Steps about which a look was answered later than the proof.
    pub(super) looked: BTreeSet<StepId>,
    pub(super) attempts: Attempts,
    /// The attempt whose outputs are looked at; none for the latest. Only while the output is shown large.
    pub(super) attempt: Option<u32>,
    /// The output file that was chosen by hand.
    pub(super) chosen: Option<String>,
    pub(super) down_since: BTreeMap<StepId, Timestamp>,
    pub(super) last_turn: Option<(usize, u32)>,
    pub(super) board: Board,
    pub(super) hands: Hands,
}

impl App {
    pub(super) fn new(options: Options) -> Self {
        Self {
            mouse: options.mouse,
            spots: Vec::new(),
            options,
            folded: Folded::default(),
            connection: Connection::Never,
            broken: None,
            standing: Standing::default(),
            ahead: 0,
            selected: None,
            pane: Pane::Step,
            scroll: 0,
            dialog: None,
            typed: String::new(),
            typed_for: None,
            field_left: false,
            guard: Guard::default(),
            gate_drawn: None,
            message: None,
            said_of: None,
            pending: None,
            drafts: Vec::new(),
            busy: BTreeMap::new(),
            asked: BTreeMap::new(),
            growing: BTreeMap::new(),
            peeked: BTreeSet::new(),
            output: None,
            search: None,
            cut: false,
            wide: false,
            looked: BTreeSet::new(),
            attempts: Attempts::default(),
            attempt: None,
            chosen: None,
            down_since: BTreeMap::new(),
            last_turn: None,
            board: Board::default(),
            hands: Hands::Keys,
        }
    }

    /// Takes a key.
    pub(super) fn key(&mut self, event: KeyEvent, came: Came, now: Now) -> Vec<Effect> {
        if event.kind == KeyEventKind::Release {
            return Vec::new();
        }
        self.message = None;
        let verdict = self.guard.key(came, now.since);
        if let Some(effects) = self.key_for_the_terminal(&event, now.since) {
            return effects;
        }
        let effects = self.key_of_ours(event, verdict, came);
        self.said_of_now();
        effects
    }

    fn key_of_ours(&mut self, event: KeyEvent, verdict: Verdict, came: Came) -> Vec<Effect> {
        let place = self.place();
        let mut known = None;
        if let (KeyCode::Char(c), Some(Dialog::Choose(choose))) = (event.code, &mut self.dialog) {
            choose.pressed = c.to_digit(10);
        }
        for row in keys::meanings(place, &event) {
            if self.offers(row.action) {
                return self.act(row.action, verdict, came);
            }
            // Of several meanings, the one that only wants room is what the key was pressed for.
            known = known
                .filter(|known| self.lacks_room(*known))
                .or(Some(row.action));
        }
        match place {
            Place::Field => self.type_back(event, verdict),
            Place::Text => {
                if let Some(Dialog::Write(write)) = &mut self.dialog {
                    match event.code {
                        KeyCode::Char(c) if crate::problem::hidden(c) => {}
                        _ => {
                            write.area.input(event);
                        }
                    }
                }
            }
            Place::Run => {
                if let Some(action) = known {
                    self.say_why_not(action);
                }
            }
            Place::Find => self.fill_in(event),
            Place::Search => self.key_of_the_search(event),
            Place::Choice | Place::Help | Place::Terminal => {}
        }
        Vec::new()
    }

    /// Takes a pasted text. It reaches text boxes, the palette and terminals, and nothing else.
    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        if let Some(effects) = self.paste_to_the_terminal(text) {
            return effects;
        }
        let place = self.place();
        match (&mut self.dialog, place) {
            (Some(Dialog::Write(write)), _) => write.insert(text),
            (Some(Dialog::Find(_)), _) => self.find(text),
            (Some(Dialog::Search(_)), _) => self.search_text(text),
            (None, Place::Field) => {
                self.say("pasting does not count here; type the words", Tone::Care)
            }
            _ => self.say("a pasted text is not taken as keys", Tone::Care),
        }
        self.said_of_now();
        Vec::new()
    }

    /// Tells that a frame has been written.
    pub(super) fn drawn(&mut self, since: Duration) {
        let gate = self.gate_drawn.take();
        self.guard.drawn(gate, since);
    }

    /// Tells the number of a wish that was sent.
    pub(super) fn sent(&mut self, id: u64) {
        if let Some(pending) = &mut self.pending {
            pending.id = Some(id);
        }
    }

    /// Sends a wish, unless one is still without an answer.
    pub(super) fn wish(&mut self, intent: Intent, draft: Option<(Purpose, String)>) -> Vec<Effect> {
        if self.pending.is_some() {
            self.keep(draft);
            self.say("the engine has not answered the last wish yet", Tone::Care);
            return Vec::new();
        }
        self.pending = Some(Pending { id: None, draft });
        vec![Effect::Wish(intent)]
    }

    /// Whether a wish is on its way.
    pub(super) fn is_waiting_for_an_answer(&self) -> bool {
        self.pending.is_some()
    }

    /// The wall clock as the engine tells it.
    pub(super) fn wall(&self, now: Now) -> Timestamp {
        Timestamp::from_second(now.wall.as_second().saturating_add(self.ahead)).unwrap_or(now.wall)
    }

    /// Whether everything the engine has written is on the screen, and a wish can reach it.
    pub(super) fn is_live(&self) -> bool {
        let Connection::Up { caught_up_at, .. } = self.connection else {
            return false;
        };
        self.broken.is_none() && self.folded.run.next_seq >= caught_up_at
    }

    /// Who sits here; none before the engine knows.
    pub(super) fn me(&self) -> Option<&Operator> {
        match self.connection {
            Connection::Up { client, .. } => self.folded.run.present.get(&client).map(|p| &p.who),
            Connection::Never | Connection::Lost { .. } => None,
        }
    }

    /// The step whose turn it is.
    pub(super) fn current(&self) -> Option<(usize, &PlannedStep, &StepState)> {
        self.numbered(self.folded.run.current()?)
    }

    /// The step that is looked at.
    pub(super) fn viewed(&self) -> Option<(usize, &PlannedStep, &StepState)> {
        match self.selected {
            Some(number) => self.numbered(number),
            // After the end there is no turn, and the end is what is to be read.
            None if self.folded.run.ending.is_some() => None,
            None => self.current(),
        }
    }

    fn numbered(&self, number: usize) -> Option<(usize, &PlannedStep, &StepState)> {
        let run = &self.folded.run;
        Some((number, run.planned(number)?, run.steps.get(number)?))
    }

    /// Whether the step that is looked at is the one whose turn it is.
    pub(super) fn is_here(&self) -> bool {
        self.selected.is_none() || self.selected == self.folded.run.current()
    }

    /// The gate that waits for a yes, as an approval would name it.
    pub(super) fn gate(&self) -> Option<Seen> {
        let (_, planned, state) = self.current()?;
        let shown = state.shown.as_ref()?;
        (state.at == StepAt::AtGate).then(|| Seen {
            step: planned.id.clone(),
            attempt: state.attempt,
            digest: shown.digest.clone(),
        })
    }

    /// The words that the gate wants typed back.
    pub(super) fn gate_words(&self) -> Option<&str> {
        let (_, planned, state) = self.current()?;
        state.words(planned).filter(|_| state.at == StepAt::AtGate)
    }

    /// Where a key is pressed now.
    pub(super) fn place(&self) -> Place {
        match &self.dialog {
            Some(Dialog::Choose(_)) => Place::Choice,
            Some(Dialog::Write(_)) => Place::Text,
            Some(Dialog::Find(_)) => Place::Find,
            Some(Dialog::Sheet(..)) => Place::Help,
            Some(Dialog::Search(_)) => Place::Search,
            None if self.keyboard().is_some() => Place::Terminal,
            None if self.pane == Pane::Step
                && self.is_here()
                && self.gate_words().is_some()
                && !self.field_left
                && self.may_decide() =>
            {
                Place::Field
            }
            None => Place::Run,
        }
    }
}
