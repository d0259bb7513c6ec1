//! Which machine a machine is.

use serde::{Deserialize, Serialize};

use super::survey::Survey;

/// What tells one machine from another, as a channel learns it when it opens.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Identity {
    /// The fingerprints of the host keys that ssh takes for it, `SHA256:…`, sorted. Empty for this machine, and
    /// where ssh's known_hosts files have none, as with a certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_keys: Vec<String>,
    /// `/etc/machine-id`, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// `uname -n`; empty if the machine would not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// The kernel's id of the boot, which changes with every restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
}

impl Identity {
    /// The identity in a survey.
    pub fn of(survey: &Survey) -> Self {
        Self {
            host_keys: survey.host_keys.clone(),
            machine_id: survey.machine_id.clone(),
            node: survey.hostname.clone(),
            boot: survey.boot_id.clone(),
        }
    }

    /// Why `now` is not this machine, in plain words; none where nothing speaks against it.
    ///
    /// A machine may be renamed and restarted, and may get one more key. Without an id and without keys its name
    /// is all there is, and then counts.
    pub fn contradicts(&self, now: &Self) -> Option<String> {
        if let (Some(then), Some(now)) = (&self.machine_id, &now.machine_id)
            && then != now
        {
            return Some(format!("its machine id was {then} and is {now}"));
        }
        if let Some(false) = self.shares_a_key(now) {
            return Some(format!(
                "its host key was {} and is {}",
                self.host_keys.join(", "),
                now.host_keys.join(", ")
            ));
        }
        let blind = self.machine_id.is_none() && self.host_keys.is_empty();
        if blind && self.node != now.node {
            return Some(format!("its name was {} and is {}", self.node, now.node));
        }
        None
    }

    /// Whether both are one running machine, reached by two names.
    ///
    /// Copies of one disk image may have one machine id and one host key, so the boot must be the same too; and
    /// containers of one machine have one boot, and often one id, so their keys are asked.
    pub fn is_the_same_as(&self, other: &Self) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
        same(&self.machine_id, &other.machine_id)
            && same(&self.boot, &other.boot)
            && self.shares_a_key(other) != Some(false)
    }

    /// Whether a host key is common to both; none where either has none to compare.
    fn shares_a_key(&self, other: &Self) -> Option<bool> {
        let both = !self.host_keys.is_empty() && !other.host_keys.is_empty();
        both.then(|| {
            self.host_keys
                .iter()
                .any(|key| other.host_keys.contains(key))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(keys: &[&str], id: Option<&str>, node: &str, boot: &str) -> Identity {
        Identity {
            host_keys: keys.iter().map(ToString::to_string).collect(),
            machine_id: id.map(ToOwned::to_owned),
            node: node.into(),
            boot: Some(boot.into()),
        }
    }

    #[test]
    fn a_machine_may_be_renamed_restarted_and_given_one_more_key() {
        let then = machine(&["SHA256:a"], Some("1"), "old", "b1");
        let now = machine(&["SHA256:a", "SHA256:b"], Some("1"), "new", "b2");
        assert_eq!(then.contradicts(&now), None);
    }

    #[test]
    fn another_id_another_key_or_for_want_of_both_another_name_is_another_machine() {
        let then = machine(&["SHA256:a"], Some("1"), "n", "b");
        for now in [
            machine(&["SHA256:a"], Some("2"), "n", "b"),
            machine(&["SHA256:b"], Some("1"), "n", "b"),
        ] {
            assert!(then.contradicts(&now).is_some(), "{now:?}");
        }
        let blind = machine(&[], None, "n", "b");
        assert!(blind.contradicts(&machine(&[], None, "m", "b")).is_some());
        assert!(blind.contradicts(&machine(&[], None, "n", "c")).is_none());
    }

    #[test]
    fn copies_of_an_image_and_containers_of_a_machine_are_told_apart() {
        let one = machine(&["SHA256:a"], Some("1"), "n", "b");
        assert!(one.is_the_same_as(&machine(&["SHA256:a"], Some("1"), "m", "b")));
        assert!(one.is_the_same_as(&machine(&[], Some("1"), "n", "b")));
        let copy = machine(&["SHA256:a"], Some("1"), "n", "another boot");
        let container = machine(&["SHA256:b"], Some("1"), "n", "b");
        let mute = machine(&["SHA256:a"], None, "n", "b");
        for other in [copy, container, mute] {
            assert!(!one.is_the_same_as(&other), "{other:?}");
        }
    }
}
