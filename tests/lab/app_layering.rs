//! The migration of an App Layering appliance in the lab: a copy and a move to their ends, with somebody at the
//! consoles, and once for each hazard that must stop it.

use crate::e2e::lab::{Lab, in_the_lab, in_the_lab_at_length};
use crate::e2e::rehearsal::{Hazard, Rehearsal};

const COPY: &str = "tests/lab/worlds/app-layering/answers-copy.toml";
const MOVE: &str = "tests/lab/worlds/app-layering/answers-move.toml";
/// The source has its share and its eight layers, and lets itself be used.
const UNTOUCHED: &str = "test \"$(ask elm-old shares)\" = //files.corp/elm && test \"$(ask elm-old layers | wc -l)\" -ge 8 && console elm-old publish win11-office";
/// Nor has anybody gone on to Phase Two, after which the target cannot be used again.
const NOT_PROCEEDED: &str =
    "test \"$(ask elm-old shares)\" = //files.corp/elm && ask elm-new release";

fn rehearsal<'a>(lab: &'a Lab, answers: &'a str) -> Rehearsal<'a> {
    Rehearsal {
        lab,
        runbook: "app-layering-appliance",
        environment: "lab",
        answers,
    }
}

/// The shell text that seats the administrator at the consoles.
macro_rules! administrator {
    ($words:literal) => {
        concat!(
            "setsid /opt/lab/world/programs/administrator ",
            $words,
            " >/var/log/administrator.log 2>&1 </dev/null &"
        )
    };
}

/// The shell text that switches a hazard of an appliance on.
macro_rules! touch {
    ($name:literal) => {
        concat!("touch /etc/lab-hazards/", $name)
    };
}

#[test]
fn a_copied_appliance_leaves_the_source_as_it_was() {
    in_the_lab("app-layering", "a copy of an appliance", |lab| {
        let before = lab.on(
            "tools",
            "ask elm-old layers; ask elm-old shares; ask elm-old caches",
        );
        lab.on("tools", administrator!("copy"));
        let report = rehearsal(lab, COPY).to_the_end(&[]);
        assert!(report.contains("App Layering"), "{report}");
        let after = lab.on(
            "tools",
            "ask elm-old layers; ask elm-old shares; ask elm-old caches",
        );
        assert_eq!(after, before, "the source");
        assert_eq!(
            lab.on("tools", "ask elm-new shares"),
            "//files.corp/elm-new\n"
        );
        assert_same(lab);
    });
}

#[test]
fn an_operator_copies_an_appliance_in_the_wizard() {
    in_the_lab_at_length("app-layering", "an appliance in the wizard", |lab| {
        lab.on("tools", administrator!("copy"));
        rehearsal(lab, COPY).by_hand();
        assert_same(lab);
    });
}

#[test]
fn a_moved_appliance_takes_the_share_with_it() {
    in_the_lab_at_length("app-layering", "a move of an appliance", |lab| {
        lab.on("tools", administrator!("move"));
        rehearsal(lab, MOVE).to_the_end(&[]);
        assert_eq!(lab.on("tools", "ask elm-new shares"), "//files.corp/elm\n");
        assert_eq!(
            lab.on("tools", "ask elm-old shares; ask elm-old caches")
                .trim(),
            ""
        );
        assert_same(lab);
    });
}

/// Both have the same layers to the byte, and the target is trusted by its name.
fn assert_same(lab: &Lab) {
    const SUMS: &str = "cd /mnt/repository/layers && sha256sum *";
    assert_eq!(lab.on("source", SUMS), lab.on("target", SUMS));
    for what in ["layers", "templates", "connectors", "agents"] {
        let of = |elm: &str| lab.on("tools", &format!("ask {elm} {what}"));
        assert_eq!(of("elm-new"), of("elm-old"), "{what}");
    }
    lab.on(
        "tools",
        "curl -sf --cacert /etc/ssl/certs/ca-certificates.crt https://elm-new/",
    );
}

#[test]
fn each_hazard_of_an_appliances_migration_is_stopped_before_harm() {
    in_the_lab(
        "app-layering",
        "hazards of an appliance's migration",
        |lab| {
            let mut hazards = before_the_start();
            hazards.extend(phase_one());
            hazards.extend(after_phase_two());
            rehearsal(lab, COPY).stops_before_harm(&hazards);
            rehearsal(lab, MOVE).stops_before_harm(&[Hazard::new(
                "the agents are left behind in a move",
                "compare-database",
            )
            .switch("source", touch!("forgets-agents"))
            .switch("tools", administrator!("move"))
            .unharmed(
                "tools",
                "hypervisor list elm-old | grep -x runsheet-before-migration",
            )]);
        },
    );
}

fn before_the_start() -> Vec<Hazard<'static>> {
    vec![
        Hazard::new("the source is of an older release", "source-release")
            .switch("source", "/opt/lab/world/programs/alter release 2402")
            .unharmed("tools", UNTOUCHED),
        Hazard::new("the source has the release without the feature", "source-release")
            .switch("source", "/opt/lab/world/programs/alter migrate false")
            .unharmed("tools", UNTOUCHED),
        Hazard::new("a layer is being finished", "source-release")
            .switch("source", r#"/opt/lab/world/programs/alter tasks '[{"id":1,"kind":"finalize","state":"running","percent":20,"text":"office"}]'"#)
            .unharmed("tools", UNTOUCHED),
        Hazard::new("the target is older than the source", "deploy-target")
            .switch("source", "/opt/lab/world/programs/alter release 2411")
            .unharmed("tools", UNTOUCHED),
        Hazard::new("the target has layers already", "deploy-target")
            .switch("tools", "console elm-new layer old")
            .unharmed("tools", UNTOUCHED),
        Hazard::new("the target is smaller than the source", "deploy-target")
            .switch("tools", "console elm-new expand 24")
            .unharmed("tools", UNTOUCHED),
        Hazard::new("the target is as large, and full", "deploy-target")
            .switch("target", "head -c 47500000 /dev/zero >/mnt/repository/logs")
            .unharmed("tools", UNTOUCHED),
        Hazard::new("a firewall lets one of two ports through", "connectivity")
            .switch("source", "nft 'add table ip hazard; add chain ip hazard out { type filter hook output priority 0; }; add rule ip hazard out ip daddr elm-new tcp dport 22 reject'")
            .unharmed("tools", UNTOUCHED),
        Hazard::new("the hypervisor takes no snapshot of the target", "snapshot-target")
            .switch("target", "rmdir /var/lib/hypervisor")
            .unharmed("tools", UNTOUCHED),
    ]
}

fn phase_one() -> Vec<Hazard<'static>> {
    vec![
        Hazard::new(
            "a move is pressed where a copy was chosen",
            "start-migration",
        )
        .switch("tools", administrator!("move"))
        .unharmed("tools", NOT_PROCEEDED),
        Hazard::new("nobody presses Migrate", "start-migration").unharmed("tools", UNTOUCHED),
        Hazard::new(
            "the target's storage fills up in Phase One",
            "wait-phase-one",
        )
        .switch("tools", administrator!("copy"))
        .switch(
            "target",
            "setsid /opt/lab/world/programs/fill >/dev/null 2>&1 </dev/null &",
        )
        .unharmed("tools", NOT_PROCEEDED),
        Hazard::new("a layer arrives cut short", "compare-layers")
            .switch("source", touch!("loses-layer"))
            .switch("tools", administrator!("copy"))
            .unharmed("tools", UNTOUCHED),
        Hazard::new("a layer is made after Phase One", "compare-layers")
            .switch("tools", administrator!("copy hasty"))
            .unharmed("tools", UNTOUCHED),
    ]
}

fn after_phase_two() -> Vec<Hazard<'static>> {
    vec![
        Hazard::new("Phase Two fails", "wait-phase-two")
            .switch("source", touch!("phase-two-fails"))
            .switch("tools", administrator!("copy"))
            // What the undo does: the target can be used again.
            .unharmed("tools", "hypervisor revert elm-new runsheet-before-migration && ask elm-new release && console elm-old publish win11-office"),
        Hazard::new("the agents are left behind", "compare-database")
            .switch("source", touch!("forgets-agents"))
            .switch("tools", administrator!("copy"))
            .unharmed("tools", UNTOUCHED),
        Hazard::new("the target is given the source's share", "new-share")
            .switch("tools", administrator!("copy same-share"))
            .unharmed("tools", "! ask elm-new tasks | grep publish"),
    ]
}
