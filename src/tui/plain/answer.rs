//! Takes a line: a number of a question, a word, or a line of a text.

use crate::tui::app::{App, Effect, Now};
use crate::tui::clean;
use crate::tui::dialog::Dialog;
use crate::tui::gate::{Came, QUIET, Verdict};
use crate::tui::how::Offered;
use crate::tui::keys::{self, Action, Place};
use crate::tui::look::Tone;

use super::asks::{Asked, moment_of};
use super::speaker::Plain;
use super::words::{self, Said, Which, Wish, Word};

impl Plain {
    /// Takes a line that was typed, without its end.
    pub(in crate::tui) fn line(
        &mut self,
        app: &mut App,
        line: &str,
        came: Came,
        now: Now,
    ) -> Vec<Effect> {
        // Of lines that come together each gets its answer.
        if let Some((text, _)) = app.message.take() {
            let said = self.teller(app, now).text(&format!("-- {text}"));
            self.answer.extend(said);
        }
        // What is told now is what this line can be about, and nothing newer.
        if app.guard.seen().is_some() && self.gate_told(app).as_ref() != app.guard.seen() {
            app.gate_drawn = None;
            app.drawn(now.since);
        }
        let verdict = app.guard.key(came, now.since);
        if let Some(effects) = app.line_for_the_terminal(line, now.since) {
            return effects;
        }
        match app.place() {
            Place::Text => self.text(app, line, came),
            Place::Choice => self.choice(app, line, came),
            Place::Field => self.field(app, line, (verdict, came)),
            Place::Run | Place::Find | Place::Search | Place::Help | Place::Terminal => {
                self.command(app, line, (verdict, came), now)
            }
        }
    }

    fn text(&mut self, app: &mut App, line: &str, came: Came) -> Vec<Effect> {
        let Some(Dialog::Write(write)) = &mut app.dialog else {
            return Vec::new();
        };
        let begun = self.asked == Asked::Text && self.typing;
        match line {
            "." => {
                self.typing = false;
                let effects = app.act(Action::Save, Verdict::Counts, came);
                self.ask = effects.is_empty();
                return effects;
            }
            ".." => {
                app.dialog = None;
                self.typing = false;
                app.say("thrown away; nothing was sent", Tone::Plain);
            }
            "" if !begun => {
                self.ask = true;
                let kept = !write.text().trim().is_empty();
                let effects = app.act(Action::Close, Verdict::Counts, came);
                app.say(
                    match kept {
                        true => "closed; what you wrote is there the next time",
                        false => "not now; nothing was sent",
                    },
                    Tone::Plain,
                );
                return effects;
            }
            line => {
                if !begun && !write.text().trim().is_empty() {
                    write.insert("\n");
                }
                write.insert(line);
                write.insert("\n");
                self.typing = true;
            }
        }
        Vec::new()
    }

    fn choice(&mut self, app: &mut App, line: &str, came: Came) -> Vec<Effect> {
        let Some(Dialog::Choose(choose)) = &mut app.dialog else {
            return Vec::new();
        };
        let said = words::understood(line);
        match said {
            Said::Nothing | Said::Number(0) => {
                let words = choose.answers.first().map(|(words, _)| words.clone());
                let effects = app.act(Action::Close, Verdict::Counts, came);
                let words = words.unwrap_or_default();
                app.say(&format!("{words}: nothing was done"), Tone::Plain);
                self.ask = true;
                effects
            }
            Said::Number(number) if number < choose.answers.len() => {
                choose.at = number;
                let effects = app.act(Action::Pick, Verdict::Counts, came);
                self.ask = effects.is_empty();
                effects
            }
            _ => {
                self.ask = true;
                let most = choose.answers.len().saturating_sub(1);
                app.say(
                    &format!("that is none of the answers; type a number from 1 to {most}, or Enter alone"),
                    Tone::Care,
                );
                Vec::new()
            }
        }
    }

    fn field(
        &mut self,
        app: &mut App,
        line: &str,
        (verdict, came): (Verdict, Came),
    ) -> Vec<Effect> {
        if line.trim().is_empty() {
            self.ask = true;
            let effects = app.act(Action::NotNow, verdict, came);
            app.say("not now; nothing was approved", Tone::Plain);
            return effects;
        }
        app.type_line(line);
        let effects = app.act(Action::Approve, verdict, came);
        self.ask = effects.is_empty();
        effects
    }

    fn command(
        &mut self,
        app: &mut App,
        line: &str,
        (verdict, came): (Verdict, Came),
        now: Now,
    ) -> Vec<Effect> {
        match words::understood(line) {
            // What is under way says that Enter alone stops it, and nothing else is asked for then.
            Said::Nothing => self.ask = !self.stop_quest(),
            Said::Number(number) => return self.number(app, number, (verdict, came), now),
            Said::Row(rows) => {
                let possible = rows.iter().find(|row| app.offers(row.action));
                let Some(row) = possible.or(rows.first()) else {
                    return Vec::new();
                };
                if possible.is_none() {
                    app.say_why_not(row.action);
                    return Vec::new();
                }
                return self.does(app, row.action, (verdict, came), now);
            }
            Said::Word(Word::Again) => {
                self.again = true;
                self.ask = true;
            }
            Said::Word(Word::Steps) => self.answer.extend(self.teller(app, now).steps()),
            Said::Word(Word::More) => self.more(app),
            Said::Step(number) => self.look_at(app, number),
            Said::Output(which, wish) => return self.output(app, (which, wish), now),
            Said::Copy(number) => return self.copy(app, number),
            Said::Record(most) => self.answer.extend(self.teller(app, now).record(most)),
            Said::Unknown => {
                let line = clean::fit(&clean::line(line), 40, "...");
                app.say(
                    &format!("not understood: {line}; Enter alone says what can be done, `help` explains it"),
                    Tone::Care,
                );
            }
        }
        Vec::new()
    }

    /// A number means what it meant when the question was asked, or nothing.
    fn number(
        &mut self,
        app: &mut App,
        number: usize,
        (verdict, came): (Verdict, Came),
        now: Now,
    ) -> Vec<Effect> {
        let (actions, at) = match &self.asked {
            Asked::Menu { moment, at } if *moment == moment_of(app) => {
                (moment.actions.clone(), *at)
            }
            _ => {
                self.ask = true;
                app.say(
                    "what can be done has changed; read it, then type the number",
                    Tone::Care,
                );
                return Vec::new();
            }
        };
        let Some(action) = number.checked_sub(1).and_then(|n| actions.get(n)) else {
            app.say(
                &format!("there is no {number}; Enter alone says what can be done"),
                Tone::Care,
            );
            return Vec::new();
        };
        if now.since < at || now.since.saturating_sub(at) < QUIET {
            app.say_too_early(Verdict::TooSoon);
            return Vec::new();
        }
        self.does(app, *action, (verdict, came), now)
    }

    fn does(
        &mut self,
        app: &mut App,
        action: Action,
        (verdict, came): (Verdict, Came),
        now: Now,
    ) -> Vec<Effect> {
        if came == Came::InABundle && action.offered() == Offered::Numbered {
            app.say_too_early(Verdict::TooFast);
            return Vec::new();
        }
        match action {
            Action::Help => {
                let lines = words::help(app, &self.teller(app, now));
                self.answer.extend(lines);
                Vec::new()
            }
            Action::Output => self.output(app, (Which::Latest(None), Wish::Last), now),
            Action::Read(keys::Reading::Copy) => self.copy(app, None),
            Action::Read(keys::Reading::Page) => {
                self.output(app, (Which::ReadLast, Wish::Page), now)
            }
            Action::Read(_) => {
                self.output(app, (Which::ReadLast, Wish::Search(String::new())), now)
            }
            Action::Journal => {
                self.answer.extend(self.teller(app, now).record(20));
                Vec::new()
            }
            Action::Machines => {
                let lines = self.teller(app, now).machines();
                self.answer.extend(lines);
                Vec::new()
            }
            _ => app.act(action, verdict, came),
        }
    }

    fn look_at(&mut self, app: &mut App, number: usize) {
        let Some(at) = number
            .checked_sub(1)
            .filter(|n| *n < app.folded.run.steps.len())
        else {
            let steps = app.folded.run.steps.len();
            app.say(
                &format!("there is no step {number}; there are {steps}"),
                Tone::Care,
            );
            return;
        };
        app.selected = (Some(at) != app.folded.run.current()).then_some(at);
        app.chosen = None;
        self.again = true;
        self.ask = true;
    }
}
