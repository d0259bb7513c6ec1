//! A step that is a choice: the question is put once its gate stands on the screen, and no option has the focus.

use crate::kinds::{Exhibit, OptionShown};
use crate::run::{Intent, Way};

use super::app::App;
use super::clean;
use super::dialog::{Choose, Dialog, Then};
use super::gate::Seen;
use super::look::Tone;

impl App {
    /// The question and the options of the choice that waits at its gate.
    pub(super) fn choice(&self) -> Option<(&str, &[OptionShown], Seen)> {
        let seen = self.gate()?;
        let (_, planned, state) = self.current()?;
        if planned.choice.is_none() || state.way == Way::Back {
            return None;
        }
        let lanes = state.shown.iter().flat_map(|shown| &shown.lanes);
        let mut exhibits = lanes.flat_map(|lane| &lane.proposal.exhibits);
        exhibits.find_map(|exhibit| match exhibit {
            Exhibit::Choice { ask, options } => {
                Some((ask.as_str(), options.as_slice(), seen.clone()))
            }
            _ => None,
        })
    }

    /// The wish for the first option, which stands for all of them where it is only asked whether one can be chosen.
    pub(super) fn first_option(&self) -> Option<Intent> {
        let (_, options, seen) = self.choice()?;
        Some(chosen(seen, options.first()?))
    }

    /// Puts the question. The answer that has the focus chooses nothing, so that an Enter too many does no harm.
    pub(super) fn ask_for_the_choice(&mut self) {
        let Some((ask, options, seen)) = self.choice() else {
            return;
        };
        if self.guard.seen() != Some(&seen) {
            self.say("the choice has changed; read it again", Tone::Care);
            return;
        }
        let mut choose = Choose::new(clean::line(ask), Vec::new(), "Not now");
        for (number, option) in (1..).zip(options) {
            let title = clean::line(&option.title);
            let means = clean::line(&option.means);
            choose.lines.push(format!("{number}  {title}: {means}"));
            let words = format!("{number}  {title} ({})", clean::line(&option.value));
            choose = choose.or(&words, Then::Wish(chosen(seen.clone(), option)));
        }
        choose.numbered = true;
        self.dialog = Some(Dialog::Choose(choose));
    }
}

fn chosen(seen: Seen, option: &OptionShown) -> Intent {
    Intent::Choose {
        step: seen.step,
        attempt: seen.attempt,
        digest: seen.digest,
        value: option.value.clone(),
    }
}
