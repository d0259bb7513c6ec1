//! Who is let in under which name.

use super::*;
use crate::names::HostName;

fn name(text: &str) -> MachineName {
    MachineName::new(text).unwrap()
}

fn machine(key: &str, id: &str) -> Identity {
    Identity {
        host_keys: vec![format!("SHA256:{key}")],
        machine_id: Some(id.to_owned()),
        node: "n".to_owned(),
        boot: Some("b".to_owned()),
    }
}

fn expecting(machine: &str, expected: Expected) -> Pins {
    let mut pins = Pins::default();
    pins.expected.insert(name(machine), expected);
    pins
}

#[test]
fn who_was_met_under_a_name_is_the_only_one_let_in_under_it() {
    let mut pins = Pins::default();
    assert_eq!(pins.admit(&name("source"), &machine("a", "1")), Ok(()));
    assert_eq!(pins.admit(&name("source"), &machine("a", "1")), Ok(()));
    let why = pins.admit(&name("source"), &machine("a", "2")).unwrap_err();
    assert!(why.contains("machine id was 1 and is 2"), "{why}");
    let why = pins.admit(&name("source"), &machine("b", "1")).unwrap_err();
    assert!(why.contains("host key was SHA256:a"), "{why}");
    assert_eq!(pins.met()[&name("source")], machine("a", "1"));
}

#[test]
fn one_machine_under_two_names_is_let_in_only_where_the_environment_says_so() {
    let mut pins = Pins::default();
    pins.admit(&name("source"), &machine("a", "1")).unwrap();
    let why = pins.admit(&name("dest"), &machine("a", "1")).unwrap_err();
    assert!(why.contains("the same machine as source"), "{why}");
    assert_eq!(pins.admit(&name("bastion"), &machine("a", "1")), Ok(()));

    for says in ["source", "register"] {
        let mut pins = expecting(
            says,
            Expected {
                same_as: Some(
                    HostName::new(if says == "source" {
                        "register"
                    } else {
                        "source"
                    })
                    .unwrap(),
                ),
                ..Expected::default()
            },
        );
        pins.admit(&name("source"), &machine("a", "1")).unwrap();
        assert_eq!(pins.admit(&name("register"), &machine("a", "1")), Ok(()));
        assert!(pins.admit(&name("dest"), &machine("a", "1")).is_err());
    }
}

#[test]
fn names_that_are_each_said_to_be_a_third_are_one_machine_and_machines_of_one_host_never() {
    let same_as = |other: &str| Expected {
        same_as: Some(HostName::new(other).unwrap()),
        ..Expected::default()
    };
    let mut pins = expecting("register.1", same_as("source"));
    pins.expected.insert(name("dest"), same_as("source"));
    for unsaid in ["source", "register.2", "other"] {
        pins.expected.insert(name(unsaid), Expected::default());
    }
    pins.admit(&name("dest"), &machine("a", "1")).unwrap();
    assert_eq!(pins.admit(&name("register.1"), &machine("a", "1")), Ok(()));
    assert_eq!(pins.admit(&name("source"), &machine("a", "1")), Ok(()));
    assert!(pins.admit(&name("other"), &machine("a", "1")).is_err());

    let mut pins = expecting("register.1", same_as("source"));
    pins.expected.insert(name("register.2"), same_as("source"));
    pins.expected.insert(name("source"), Expected::default());
    pins.admit(&name("register.1"), &machine("a", "1")).unwrap();
    let why = pins.admit(&name("register.2"), &machine("a", "1"));
    let why = why.unwrap_err();
    assert!(why.contains("take one of them away"), "{why}");
    assert!(!why.contains("same-as"), "{why}");
}

#[test]
fn names_that_are_both_this_machine_are_let_in() {
    let mut pins = Pins::default();
    pins.is_local(&name("source"));
    pins.is_local(&name("dest"));
    pins.admit(&name("source"), &machine("a", "1")).unwrap();
    assert_eq!(pins.admit(&name("dest"), &machine("a", "1")), Ok(()));
    assert!(pins.admit(&name("register"), &machine("a", "1")).is_err());
}

#[test]
fn what_the_environment_pins_must_be_so() {
    let id = Expected {
        machine_id: Some("1".to_owned()),
        ..Expected::default()
    };
    let mut pins = expecting("source", id);
    assert!(pins.admit(&name("source"), &machine("a", "2")).is_err());
    let unsaid = Identity {
        machine_id: None,
        ..machine("a", "1")
    };
    assert!(pins.admit(&name("source"), &unsaid).is_err());
    assert_eq!(pins.admit(&name("source"), &machine("a", "1")), Ok(()));

    let key = Expected {
        host_key: Some("SHA256:a".to_owned()),
        ..Expected::default()
    };
    let mut pins = expecting("source", key);
    assert!(pins.admit(&name("source"), &machine("b", "1")).is_err());
    assert_eq!(pins.admit(&name("source"), &machine("a", "1")), Ok(()));
}

#[test]
fn hosts_swapped_since_an_earlier_run_are_not_let_in_and_new_ones_are() {
    let earlier = || {
        let mut pins = Pins::default();
        let run = RunId::new("20260101-000000-a-0000").unwrap();
        let before = [
            (name("source"), machine("a", "1")),
            (name("dest"), machine("b", "2")),
        ];
        pins.were(run, before.into());
        pins
    };
    let why = earlier()
        .admit(&name("source"), &machine("b", "2"))
        .unwrap_err();
    assert!(
        why.contains("it was dest in the run 20260101-000000-a-0000"),
        "{why}"
    );
    assert!(earlier().admit(&name("dest"), &machine("a", "1")).is_err());
    assert_eq!(earlier().admit(&name("source"), &machine("a", "1")), Ok(()));
    assert_eq!(earlier().admit(&name("source"), &machine("c", "3")), Ok(()));

    // Said in the environment, it is meant.
    let mut pins = earlier();
    let pinned = Expected {
        machine_id: Some("2".to_owned()),
        ..Expected::default()
    };
    pins.expected.insert(name("source"), pinned);
    assert_eq!(pins.admit(&name("source"), &machine("b", "2")), Ok(()));
}

#[test]
fn who_was_met_is_given_to_the_record_once_and_again_after_a_restart() {
    let mut pins = Pins::default();
    assert_eq!(pins.unrecorded(&name("source")), None);
    pins.admit(&name("source"), &machine("a", "1")).unwrap();
    assert_eq!(pins.unrecorded(&name("source")), Some(machine("a", "1")));
    assert_eq!(pins.unrecorded(&name("source")), None);
    let restarted = Identity {
        boot: Some("c".to_owned()),
        ..machine("a", "1")
    };
    pins.admit(&name("source"), &restarted).unwrap();
    assert_eq!(pins.unrecorded(&name("source")), Some(restarted));
}
