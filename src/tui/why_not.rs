//! Why a key does nothing now.

use super::app::{App, Pane};
use super::clean;
use super::how::Hands;
use super::keys::{Action, KEYS, Place, Reading};
use super::look::Tone;

impl App {
    /// Says why a key does nothing now.
    pub(super) fn say_why_not(&mut self, action: Action) {
        let text = match self.refusal(action) {
            Some(why) => why,
            None if has_a_key_of_its_own(action) => self.nothing_for(action),
            None => self.of_its_key(action).unwrap_or_else(|| self.unknown()),
        };
        self.say(&text, Tone::Care);
    }

    /// Why an action that is not offered cannot be done now.
    pub(super) fn why_not(&self, action: Action) -> String {
        self.refusal(action)
            .unwrap_or_else(|| self.nothing_for(action))
    }

    fn nothing_for(&self, action: Action) -> String {
        nothing_for(action).map_or_else(|| self.unknown(), str::to_owned)
    }

    /// What is said of a key of several meanings, none of which is possible.
    fn unknown(&self) -> String {
        let how = self.how(Action::Help);
        match self.hands {
            Hands::Keys => format!("that is not possible now; {how} shows the keys"),
            Hands::Lines => format!("that is not possible now; {how} says what is"),
        }
    }

    /// Why none of what shares its key can be done, where the run says why of one of them.
    fn of_its_key(&self, action: Action) -> Option<String> {
        // In lines an answer is a word, which has one meaning.
        if self.hands == Hands::Lines {
            return None;
        }
        let of_the_run = || KEYS.iter().filter(|row| row.place == Place::Run);
        let key = of_the_run()
            .find(|row| row.action == action)?
            .keys
            .first()?;
        let mut sharing = of_the_run().filter(|row| row.keys.contains(key));
        sharing.find_map(|row| self.refusal(row.action))
    }

    fn refusal(&self, action: Action) -> Option<String> {
        let only_looks = matches!(
            action,
            Action::NextLane
                | Action::Output
                | Action::Journal
                | Action::Machines
                | Action::Here
                | Action::Read(_)
        );
        let why = if self.hands == Hands::Lines && matches!(action, Action::Read(_)) {
            "the step has printed nothing"
        } else if only_looks {
            return None;
        } else if self.broken.is_some() {
            "nothing can be decided: see the line at the top"
        } else if self.folded.run.ending.is_some() {
            "the run has ended"
        } else if !self.is_live() {
            "not connected: nothing can be decided until the line is back"
        } else if self.is_waiting_for_an_answer() {
            "the engine has not answered the last wish yet"
        } else if self.pane == Pane::Output && !self.wide && self.is_here() && self.gate().is_some()
        {
            let how = self.how(Action::Here);
            return Some(format!(
                "an output is looked at; {how} goes back to the gate"
            ));
        } else if !self.is_here() {
            let how = self.how(Action::Here);
            return Some(format!(
                "another step is looked at; {how} goes back to the one whose turn it is"
            ));
        } else {
            let refusal = self.verdict_on(action)?.err()?;
            return Some(clean::line(&refusal.to_string()));
        };
        Some(why.to_owned())
    }
}

fn has_a_key_of_its_own(action: Action) -> bool {
    let of_the_run = || KEYS.iter().filter(|row| row.place == Place::Run);
    let row = of_the_run().find(|row| row.action == action);
    row.and_then(|row| row.keys.first())
        .is_some_and(|key| of_the_run().filter(|row| row.keys.contains(key)).count() == 1)
}

/// What is missing for an action that nothing in the run is there for; none where that depends.
const fn nothing_for(action: Action) -> Option<&'static str> {
    Some(match action {
        Action::Approve => "no gate waits for that key",
        Action::TypeBack => "no gate wants words typed",
        Action::Choose => "there is nothing to choose",
        Action::SayDone => "there is nothing that a person is to do",
        Action::Keep => "no change waits to be kept",
        Action::Answer => "no question is open",
        Action::Finish => "there are steps left to do",
        Action::Settle(_) => "no outcome is unknown",
        Action::Stop => "nothing is running",
        Action::StopLeft => "nothing runs on that was decided about",
        Action::TakeKeyboard => "nothing runs on a terminal",
        Action::GoBack => "there is nothing to take back",
        Action::Retry
        | Action::ProveAgain
        | Action::Look
        | Action::Attest
        | Action::Review
        | Action::DropBack
        | Action::Skip
        | Action::End
        | Action::Suspend => "there is no step left to do",
        Action::Leave => "the run has not ended",
        Action::NextLane => "there is no other output",
        Action::Output => "the step has printed nothing",
        Action::Read(Reading::Search) => "the step has printed nothing",
        Action::Read(Reading::NextMatch | Reading::PreviousMatch) => {
            "nothing was searched for in an output that is shown large"
        }
        Action::Read(Reading::Copy) => "no output is shown large",
        Action::Read(Reading::Wrap | Reading::Page) => "no output is shown",
        Action::Read(Reading::Earlier) => "no attempt before it has printed anything",
        Action::Read(Reading::Later | Reading::Latest) => "that is the latest attempt",
        Action::Read(Reading::Left | Reading::Right) => "nothing is cut off at the sides",
        Action::Journal => "the record has not begun",
        Action::Machines => "nobody looked at the machines before the run",
        Action::Here => "that is where you are",
        _ => return None,
    })
}
