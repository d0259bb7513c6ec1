//! What can be said of an event whatever it is.

use super::Event;
use crate::names::StepId;

impl Event {
    /// Its kind as the journal writes it: `step-reached`.
    pub fn kind(&self) -> String {
        let json = serde_json::to_value(self).ok();
        let kind = json.as_ref().and_then(|json| json.get("kind")?.as_str());
        kind.unwrap_or("event").to_owned()
    }

    /// The step it is about, if it is about one.
    pub fn step(&self) -> Option<&StepId> {
        match self {
            Self::StepReached { step, .. }
            | Self::StepShown { step, .. }
            | Self::StepObstructed { step, .. }
            | Self::StepReviewed { step, .. }
            | Self::BackDropped { step, .. }
            | Self::StepApproved { step, .. }
            | Self::LegStarted { step, .. }
            | Self::LegEnded { step, .. }
            | Self::LegUnknown { step, .. }
            | Self::LegFound { step, .. }
            | Self::EvidenceCame { step, .. }
            | Self::StopAsked { step, .. }
            | Self::ProofReopened { step, .. }
            | Self::LookAsked { step, .. }
            | Self::ProofAnswered { step, .. }
            | Self::StepAttested { step, .. }
            | Self::StepSkipped { step, .. }
            | Self::StepRuledOut { step, .. }
            | Self::ChoiceMade { step, .. }
            | Self::UnknownSettled { step, .. }
            | Self::KeyboardTaken { step, .. }
            | Self::KeyboardReturned { step, .. }
            | Self::ChangeKept { step, .. } => Some(step),
            Self::NoteAdded { step, .. } => step.as_ref(),
            Self::RunOpened { .. }
            | Self::EngineStarted { .. }
            | Self::TailRepaired { .. }
            | Self::Attached { .. }
            | Self::Detached { .. }
            | Self::PreflightDone { .. }
            | Self::MachineMet { .. }
            | Self::LinkLost { .. }
            | Self::LinkBack { .. }
            | Self::RunSuspended { .. }
            | Self::RunEnded { .. } => None,
        }
    }
}
