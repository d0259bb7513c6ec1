//! What is known of a step before it is done: what is certain, what was computed, and what nobody can know.
//!
//! The plan and the gate say it in the same words, so that nobody has to learn them twice.

use super::{PlannedStep, Way};
use crate::kinds::{Exhibit, Performer, Proposal};

/// What the runbook alone decides, whatever the machines say.
pub const CERTAIN: &str = "certain, by the runbook";

/// What nobody can know before it was done.
pub const OPEN: &str = "not known before";

/// What proves a wait that no other proof is asked of.
pub const OWN_QUESTION: &str = "its own question: it waits until that holds";

/// What was made of the answers of machines. `when` is `now`, or `at 02:14:33`.
pub fn computed(when: &str) -> String {
    format!("computed from the machine {when}, changing nothing")
}

/// Sorts what is shown: first what the runbook alone decides, then what was computed.
pub fn sorted(exhibits: &[Exhibit]) -> (Vec<&Exhibit>, Vec<&Exhibit>) {
    exhibits.iter().partition(|exhibit| exhibit.is_certain())
}

impl PlannedStep {
    /// What nobody can know of the step, or of its undo, before it was done; none where nothing would be done.
    pub fn open(&self, way: Way, proposals: &[&Proposal], proved: bool) -> Option<String> {
        let mut doing = proposals
            .iter()
            .filter(|proposal| proposal.already.is_none());
        let computed = |proposal: &&Proposal| !sorted(&proposal.exhibits).1.is_empty();
        let first = doing.next()?;
        let mut open = Vec::new();
        match self.performer(way)? {
            Performer::Machine => {
                if !computed(first) && !doing.any(computed) {
                    open.push("what it changes".to_owned());
                }
                open.push("how it ends and what it prints".to_owned());
            }
            Performer::Person if self.choice.is_some() && way == Way::Forward => {
                open.push("what is chosen".to_owned());
            }
            Performer::Person => open.push("what the person finds".to_owned()),
            Performer::Watch => open.push("when it comes true, and whether it does".to_owned()),
            Performer::Nobody => return None,
        }
        if let (Some(capture), Way::Forward) = (&self.capture, way) {
            open.push(format!("what {} will be", capture.name));
        }
        if proved {
            open.push("whether its proof holds".to_owned());
        }
        Some(open.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::walk::{captures, follows};

    fn finding() -> Proposal {
        Proposal {
            exhibits: vec![Exhibit::Finding {
                label: "would copy".into(),
                text: "3 files".into(),
            }],
            ..Proposal::default()
        }
    }

    #[test]
    fn what_a_bare_command_changes_is_open_and_what_was_computed_is_not() {
        let step = captures(0);
        let open = |proposals: &[&Proposal], proved| step.open(Way::Forward, proposals, proved);
        assert_eq!(
            open(&[&Proposal::default()], true).unwrap(),
            "what it changes; how it ends and what it prints; what C0 will be; whether its proof holds"
        );
        assert_eq!(
            open(&[&Proposal::default(), &finding()], false).unwrap(),
            "how it ends and what it prints; what C0 will be"
        );
        let back = step.open(Way::Back, &[&finding()], false).unwrap();
        assert_eq!(
            back, "how it ends and what it prints",
            "an undo captures nothing"
        );
    }

    #[test]
    fn nothing_is_open_where_nothing_would_be_done() {
        let already = Proposal {
            already: Some("as wanted".into()),
            ..Proposal::default()
        };
        assert_eq!(captures(0).open(Way::Forward, &[&already], true), None);
        let read = follows(0, &[]);
        assert_eq!(
            read.open(Way::Forward, &[&Proposal::default()], false),
            None
        );
    }
}
