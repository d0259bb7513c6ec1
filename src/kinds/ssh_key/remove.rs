//! The way back of `ssh-key`, and its `remove = true`.

use super::state::{self, FromState};
use super::{Place, finding, leg, shown};
use crate::kinds::ssh_login::Login;
use crate::kinds::{
    Action, Mentions, Moment, Obstacle, Performer, Proposal, Question, Reply, Scene,
};
use crate::probe::{Ask, Probe, Verdict, complaint};
use crate::template::TemplateError;

/// What a forward attempt says of the key pair: made, or kept.
pub(super) const KEY: &str = "key";
/// What a forward attempt says of the line in authorized_keys: added, or kept.
pub(super) const LINE: &str = "line";
/// It was there before, so that the way back leaves it there.
pub(super) const KEPT: &str = "kept";

/// Whether the runbook asks for the removal, or it is the way back of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Author,
    Undo,
}

#[derive(Debug)]
pub(super) struct Remove {
    pub(super) place: Place,
    pub(super) origin: Origin,
}

impl Action for Remove {
    fn kind(&self) -> &'static str {
        "ssh-key"
    }

    fn headline(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let Login { from, to, key, .. } = self.place.login(scene)?;
        Ok(format!("remove {key} from {from}, and its line from {to}"))
    }

    fn performer(&self) -> Performer {
        Performer::Machine
    }

    fn survey(&self, moment: &Moment<'_>) -> Result<Vec<Question>, Obstacle> {
        state::questions(&self.place.login(&moment.scene)?)
    }

    fn propose(&self, moment: &Moment<'_>, replies: &[Reply]) -> Result<Proposal, Obstacle> {
        let login = self.place.login(&moment.scene)?;
        let (from, to, _) = state::read(&login, replies)?;
        let kept = |what: &str| moment.left.get(what).is_some_and(|said| said == KEPT);
        let mut proposal = Proposal::default();
        let FromState::Present(public) = from else {
            // Without the key nobody can say which line was its.
            proposal.already = Some(format!("{} is not on {}", login.key, login.from));
            return Ok(proposal);
        };
        let ours = to.has_our_line(&public.blob);
        let line = match (kept(LINE), ours, to.lets_in(&public.blob)) {
            (true, _, true) => "was there before, and stays",
            (false, true, _) => "its line would be taken out",
            (false, false, true) => "a line that somebody else wrote lets it in, and stays",
            (_, _, false) => "does not let it in",
        };
        let key = match kept(KEY) {
            true => "was there before, and stays",
            false => "would be removed, with its .pub and .known_hosts",
        };
        proposal.exhibits = vec![
            finding(format!("authorized_keys on {}", login.to), line),
            finding(format!("key on {}", login.from), format!("{public}; {key}")),
        ];
        let blob = ("RUNSHEET_BLOB".to_owned(), public.blob.clone());
        if ours && !kept(LINE) {
            let text = include_str!("withdraw.sh");
            let env = vec![blob.clone()];
            proposal
                .legs
                .push(leg("no longer let it in", &login.to, text, env));
        }
        if !kept(KEY) {
            let text = include_str!("forget.sh");
            let env = vec![("RUNSHEET_KEY".to_owned(), login.key.clone()), blob];
            proposal
                .legs
                .push(leg("remove the key pair", &login.from, text, env));
        }
        proposal.exhibits.extend(proposal.legs.iter().map(shown));
        if proposal.legs.is_empty() {
            proposal.already = Some("everything was there before, and stays".to_owned());
        }
        Ok(proposal)
    }

    fn own_proof(&self) -> Vec<Box<dyn Probe>> {
        match self.origin {
            Origin::Author => vec![Box::new(Gone {
                place: self.place.clone(),
            })],
            // A way back may rightly leave the key where it was before, and a probe is not told so.
            Origin::Undo => Vec::new(),
        }
    }

    fn mentions(&self) -> Mentions<'_> {
        self.place.mentions()
    }
}

/// The proof that nothing is at the key's place any more.
#[derive(Debug)]
struct Gone {
    place: Place,
}

impl Probe for Gone {
    fn kind(&self) -> &'static str {
        "ssh-key"
    }

    fn says(&self, scene: &Scene<'_>) -> Result<String, TemplateError> {
        let Login { from, key, .. } = self.place.login(scene)?;
        Ok(format!("{key} is not on {from}"))
    }

    fn ask(&self, scene: &Scene<'_>) -> Result<Ask, TemplateError> {
        let login = self.place.login(scene)?;
        let text = "for f in \"$RUNSHEET_KEY\" \"$RUNSHEET_KEY.pub\"; do\n\
                    if [ -e \"$f\" ] || [ -L \"$f\" ]; then echo \"$f\"; fi\ndone";
        Ok(Ask::Script(Question {
            at: login.from,
            shell: Default::default(),
            text: text.to_owned(),
            env: vec![("RUNSHEET_KEY".to_owned(), login.key)],
        }))
    }

    fn judge(&self, _: &Scene<'_>, reply: &Reply) -> Verdict {
        if reply.code != 0 {
            return Verdict::cannot_say(complaint(reply));
        }
        let seen = reply.text();
        match seen.is_empty() {
            true => Verdict::yes("not there"),
            false => Verdict::no(crate::probe::one_line(seen.as_bytes())),
        }
    }

    fn mentions(&self) -> Mentions<'_> {
        self.place.mentions()
    }
}
