//! Asks what is to be done, and remembers what was asked: a number means what it meant then, or nothing.

use std::time::Duration;

use crate::run::{StepAt, wanted};
use crate::tui::app::{App, Now};
use crate::tui::dialog::{Choose, Dialog, Purpose, Write};
use crate::tui::gate::Seen;
use crate::tui::keys::{Action, Footer, Place};
use crate::tui::say;
use crate::tui::view::lines::Teller;

use super::speaker::{Plain, WRONG};
use super::words;

/// What was asked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    /// What is to be done, with the actions behind the numbers.
    Menu {
        moment: Moment,
        at: Duration,
    },
    /// The words of a gate.
    Field,
    /// A question with a few answers.
    Choice,
    /// A text of some lines.
    Text,
    /// What is typed goes to a program.
    Keyboard,
}

/// What a question was asked about. Where it is another by now, its numbers mean nothing any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) actions: Vec<Action>,
    viewed: Option<usize>,
    turn: Option<(usize, u32)>,
    state: &'static str,
    digest: Option<String>,
    approvals: usize,
    question: Option<u16>,
}

impl Plain {
    /// The gate that stands there to be said yes to: told whole, and asked about.
    pub(super) fn gate_told(&self, app: &App) -> Option<Seen> {
        let gate = app.gate()?;
        let asked = match &self.asked {
            Asked::Menu { moment, .. } => *moment == moment_of(app),
            Asked::Field => true,
            _ => false,
        };
        let may = app.is_live() && !app.is_waiting_for_an_answer() && app.is_here();
        (self.is_told(app) && asked && may).then_some(gate)
    }

    /// Whether the page of the gate that waits was told.
    fn is_told(&self, app: &App) -> bool {
        let digest = self
            .page_of
            .as_ref()
            .and_then(|(.., digest)| digest.as_ref());
        app.gate().is_some_and(|gate| digest == Some(&gate.digest))
    }

    pub(super) fn question(&mut self, app: &mut App, now: Now, out: &mut Vec<String>) {
        if !self.greeted {
            return;
        }
        if app.is_waiting_for_an_answer() {
            let since = *self.pending_since.get_or_insert(now.since);
            let late = now.since.saturating_sub(since) >= WRONG;
            if late && !self.pending_told {
                self.pending_told = true;
                out.push(
                    self.teller(app, now)
                        .own("sent, waiting for the engine to write it down…"),
                );
            }
            return;
        }
        (self.pending_told, self.pending_since) = (false, None);
        let ask = std::mem::take(&mut self.ask);
        if app.place() == Place::Field && !self.is_told(app) {
            // It is another gate by now, and its words are asked for again once it was told.
            app.field_left = true;
        }
        let place = app.place();
        let asked = match (place, &app.dialog) {
            (Place::Terminal, _) => Asked::Keyboard,
            (Place::Field, _) => Asked::Field,
            (_, Some(Dialog::Choose(_))) => Asked::Choice,
            (_, Some(Dialog::Write(_))) => Asked::Text,
            _ => return self.menu(app, now, ask, out),
        };
        if self.asked == asked && !ask {
            return;
        }
        let teller = self.teller(app, now);
        match (&asked, &app.dialog) {
            (Asked::Choice, Some(Dialog::Choose(choose))) => choice(&teller, choose, out),
            (Asked::Text, Some(Dialog::Write(write))) => text_box(&teller, write, out),
            (Asked::Field, _) => {
                out.push("Type this, to say yes to exactly what was told. Enter alone: not now.".to_owned());
                let words = app.gate_words().unwrap_or_default();
                out.extend(teller.text(words));
            }
            _ => out.extend([
                "You have the keyboard: each line that you type goes there with Enter, and is not recorded.".to_owned(),
                "What you type is not shown here, and only what the program shows of it is told.".to_owned(),
                "A line of a single dot gives it back. What draws on a whole screen cannot be used from here.".to_owned(),
            ]),
        }
        self.typing = false;
        self.asked = asked;
    }

    fn menu(&mut self, app: &App, now: Now, ask: bool, out: &mut Vec<String>) {
        let run = &app.folded.run;
        let moment = moment_of(app);
        let over = run.ending.is_some() || run.suspended.is_some();
        let again = std::mem::take(&mut self.again);
        let is_new = !matches!(&self.asked, Asked::Menu { moment: known, .. } if *known == moment);
        let person = (wanted(run).person && app.is_live()) || over || !app.is_here();
        let wanted_now = ask || again || (person && is_new);
        if !wanted_now {
            if is_new {
                self.asked = Asked::Nothing;
            }
            return;
        }
        let teller = self.teller(app, now);
        let page_of = (
            moment.viewed,
            moment.turn.map_or(0, |(_, attempt)| attempt),
            moment.state,
            moment.digest.clone(),
        );
        // What runs or is proved was told at its gate.
        let goes_on = app.viewed().is_some_and(|(_, _, state)| {
            matches!(
                state.at,
                StepAt::Running | StepAt::Cleared | StepAt::Proving
            )
        });
        let new_page = self.page_of.as_ref().is_none_or(|told| match goes_on {
            true => (told.0, told.1) != (page_of.0, page_of.1),
            false => *told != page_of,
        });
        if again || (new_page && person) {
            out.push(String::new());
            out.extend(teller.head());
            out.push(String::new());
            out.extend(teller.page());
            self.page_of = Some(page_of);
        }
        let wanted = teller.wanted();
        if !wanted.is_empty() && app.viewed().is_some() {
            out.push(String::new());
            out.extend(wanted);
        }
        out.push(String::new());
        for (number, row) in app.menu().into_iter().enumerate() {
            let more = match row.footer {
                Footer::First => format!(": {}", row.help),
                _ => String::new(),
            };
            out.push(teller.own(&format!("{} {}{more}", number + 1, row.word)));
        }
        out.extend(teller.text(&words::also(app, self.no_pager.is_some())));
        out.push("What now?".to_owned());
        self.asked = Asked::Menu {
            moment,
            at: Duration::MAX,
        };
    }
}

/// What a question is asked about now.
pub(super) fn moment_of(app: &App) -> Moment {
    let current = app.current();
    let viewed = app.viewed();
    let signs = app.options.look.signs();
    Moment {
        actions: app.menu().iter().map(|row| row.action).collect(),
        viewed: viewed.map(|(number, _, _)| number),
        turn: current.map(|(number, _, state)| (number, state.attempt)),
        state: match viewed {
            Some((_, _, state)) => say::state(state, signs).1,
            None if app.folded.run.ending.is_some() => "ended",
            None => "settled",
        },
        digest: app.gate().map(|gate| gate.digest),
        approvals: current.map_or(0, |(_, _, state)| state.approvals.len()),
        question: app.open_question().map(|(number, _)| number),
    }
}

fn choice(teller: &Teller<'_>, choose: &Choose, out: &mut Vec<String>) {
    out.extend(teller.text(&choose.title));
    for line in choose.lines.iter().filter(|_| !choose.numbered) {
        out.extend(teller.text(line));
    }
    for (number, (words, _)) in choose.answers.iter().enumerate().skip(1) {
        let line = match choose.numbered {
            true => words.clone(),
            false => format!("{number}  {words}"),
        };
        out.extend(teller.text(&line));
    }
    let harmless = choose.answers.first().map_or("", |(words, _)| words);
    out.extend(teller.text(&format!("Which? Enter alone: {harmless}.")));
}

fn text_box(teller: &Teller<'_>, write: &Write, out: &mut Vec<String>) {
    out.extend(teller.text(&write.purpose.title()));
    out.extend(teller.text(write.purpose.consequence()));
    let draft = write.text();
    if !draft.trim().is_empty() {
        out.push("So far:".to_owned());
        out.extend(teller.text(&draft));
    }
    let empty = match write.purpose.may_be_empty() {
        true => ", also with nothing before it",
        false => "",
    };
    let keeps = match &write.purpose {
        Purpose::Note { .. } => "writes nothing down",
        _ => "does nothing",
    };
    out.extend(teller.text(&format!(
        "Type lines. A line of a single dot sends them{empty}; one of two dots throws them away. Enter alone at the \
         beginning {keeps}."
    )));
}
