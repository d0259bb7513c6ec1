//! What an environment says of a machine beside the way to it: which one it must turn out to be.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::table::{Need, Reader, Table, Text};
use crate::names::HostName;

/// Which machine a binding must lead to; nothing where all of it is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Expected {
    /// Its `/etc/machine-id`: 32 hexadecimal digits in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// The fingerprint of its host key, `SHA256:…` as ssh writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_key: Option<String>,
    /// Another host of the runbook that is meant to be the same machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<HostName>,
}

impl Expected {
    /// Whether nothing is said.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Takes the keys out of a machine's table. What does not fit is told and left out.
pub(super) fn expected(reader: &mut Reader, table: &mut Table<'_>) -> Expected {
    let machine_id = reader.line(table, "machine-id", Need::Optional);
    let host_key = reader.line(table, "host-key", Need::Optional);
    let same_as = reader.line(table, "same-as", Need::Optional);
    let mut fitting = |text: Option<Text>, fits: fn(&str) -> bool, not: &str, hint: &str| {
        let text = text?;
        if !fits(text.get_ref()) {
            reader.error(text.span(), not.to_owned()).hint = Some(hint.to_owned());
            return None;
        }
        Some(text.into_inner())
    };
    let machine_id = fitting(
        machine_id,
        is_machine_id,
        "this is not a machine id",
        "it is what `cat /etc/machine-id` prints there: 32 of 0-9 and a-f",
    );
    let host_key = fitting(
        host_key,
        is_fingerprint,
        "this is not the fingerprint of a host key",
        "it is the word that begins with SHA256: in `ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub`",
    );
    let same_as = same_as.and_then(|text| match HostName::new(text.get_ref().as_str()) {
        Ok(host) => Some(Spanned::new(text.span(), host)),
        Err(error) => {
            reader.error(text.span(), error.to_string());
            None
        }
    });
    Expected {
        machine_id,
        host_key,
        same_as: same_as.map(Spanned::into_inner),
    }
}

/// machine-id(5).
fn is_machine_id(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The base 64 of 32 bytes, without the padding that ssh leaves out.
fn is_fingerprint(text: &str) -> bool {
    text.strip_prefix("SHA256:").is_some_and(|rest| {
        rest.len() == 43
            && rest
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
    })
}
