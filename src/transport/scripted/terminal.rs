//! The terminals of a scripted machine: what is typed on them, and their size.

use super::{Claim, LinkError, Play, ReceiptState, Scripted, Signalled, Token};

impl Scripted {
    /// It can give no step a terminal.
    pub fn without_terminals(self) -> Self {
        self.play().no_terminal = true;
        self
    }

    /// What was typed to a command so far.
    pub fn typed(&self, token: &Token) -> Vec<u8> {
        self.play().typed.get(token).cloned().unwrap_or_default()
    }

    /// The rows and columns that a terminal got last.
    pub fn size(&self) -> Option<(u16, u16)> {
        self.play().size
    }

    pub(in crate::transport) async fn type_keys(
        &self,
        host: &str,
        claim: &Claim,
        keys: &[u8],
    ) -> Result<Signalled, LinkError> {
        self.on_terminal(host, claim, |play| {
            let typed = play.typed.entry(claim.token.clone()).or_default();
            typed.extend_from_slice(keys);
        })
        .await
    }

    pub(in crate::transport) async fn resize(
        &self,
        host: &str,
        claim: &Claim,
        size: (u16, u16),
    ) -> Result<Signalled, LinkError> {
        self.on_terminal(host, claim, |play| play.size = Some(size))
            .await
    }

    async fn on_terminal(
        &self,
        host: &str,
        claim: &Claim,
        what: impl FnOnce(&mut Play),
    ) -> Result<Signalled, LinkError> {
        self.answers().await;
        let mut play = self.enter(host, &format!("type to {}", claim.token))?;
        if !matches!(play.state(claim), ReceiptState::Running { .. }) {
            return Ok(Signalled::NotRunning);
        }
        what(&mut play);
        Ok(Signalled::Sent)
    }
}
