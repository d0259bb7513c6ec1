//! The Fast Data migration in the lab: to its end while customers order and a change data capture goes on, and
//! once for each hazard that must stop it.

use std::time::Duration;

use crate::e2e::home::Home;
use crate::e2e::lab::{Lab, in_the_lab, in_the_lab_at_length};
use crate::e2e::record::assert_recorded;
use crate::e2e::rehearsal::{Hazard, Rehearsal};
use crate::e2e::terminal::Terminal;
use crate::e2e::walk::{end, go_back_until, go_on_until, words_to_type};

/// Every message that was accepted is in a view of that side, and no more than a few calls failed.
const ON_SOURCE: &str = "/opt/lab/world/programs/audit source 3";
const ON_DEST: &str = "/opt/lab/world/programs/audit dest 3";
/// Nobody is pointed to write to the destination's MongoDB, and the source's Kafka has what waits.
const NOT_WRITTEN: &str =
    "! kubectl --context dest -n fast-data get deployments -o json | grep -q fastdata-secret@dest";
/// The services still read the source's Kafka, the forgotten producer's messages too.
const STILL_READ: &str =
    "curl -sf -d '{}' http://source:9092/groups | jq -e '[.[].members] | min > 0'";

fn rehearsal(lab: &Lab) -> Rehearsal<'_> {
    Rehearsal {
        lab,
        runbook: "fast-data-migration",
        environment: "lab",
        answers: "tests/lab/worlds/fast-data/answers.toml",
    }
}

/// The shell text that switches a hazard of the stand-ins on.
macro_rules! touch {
    ($name:literal) => {
        concat!(
            "mkdir -p /etc/lab-hazards && touch /etc/lab-hazards/",
            $name
        )
    };
}

/// Starts one of the world's programs beside everything else, as a pod's or as itself.
macro_rules! beside {
    ($words:literal) => {
        concat!(
            "setsid env KAFKA_BROKERS=source:9092 ",
            $words,
            " >/dev/null 2>&1 </dev/null &"
        )
    };
}

#[test]
fn no_message_is_lost_while_services_mongodb_and_kafka_change_sides() {
    in_the_lab("fast-data", "the Fast Data migration", |lab| {
        let report = rehearsal(lab).to_the_end(&[]);
        assert!(
            report.contains("Fast Data to another infrastructure"),
            "{report}"
        );
        lab.on("outside", ON_DEST);
    });
}

#[test]
fn an_operator_lets_services_mongodb_and_kafka_change_sides_in_the_wizard() {
    in_the_lab_at_length("fast-data", "Fast Data in the wizard", |lab| {
        rehearsal(lab).by_hand();
        lab.on("outside", ON_DEST);
    });
}

/// By hand, in the wizard: up to the gate of the first write on the destination, and back from there.
#[test]
fn before_the_first_write_on_the_destination_everything_can_be_taken_back() {
    in_the_lab_at_length("fast-data", "the way back of Fast Data", |lab| {
        let home = Home::new();
        let patience = Duration::from_secs(60);
        let runbook = lab.runbook(&home, "fast-data-migration");
        let words = ["run", &runbook, "--env", "lab", "--as", "ana"];
        let mut ana = Terminal::start("ana", home.in_terminal(&words), 24, 80);
        go_on_until(&ana, "the gate of writers-to-dest", |screen| {
            words_to_type(screen).is_some_and(|words| words == "write to the destination")
        });
        go_back_until(&ana, "the end of what can be taken back", |screen| {
            screen.contains("nothing to take back")
        });
        end(&ana, "called off before the first write");
        ana.wait_for("ended before its last step", patience);
        ana.press("\r");
        assert_eq!(ana.wait_exit(patience), 3, "ended before the last step");
        lab.on("outside", ON_SOURCE);
        lab.on(
            "tools",
            "test -z \"$(kubectl --context dest -n fast-data get pods -o name)\"",
        );
        let report = assert_recorded(&home);
        assert!(
            report.contains("called off before the first write"),
            "{report}"
        );
    });
}

#[test]
fn each_hazard_of_the_fast_data_migration_is_stopped_before_harm() {
    in_the_lab("fast-data", "hazards of the Fast Data migration", |lab| {
        let mut hazards = before_anything();
        hazards.extend(services());
        hazards.extend(mongodb());
        hazards.extend(kafka());
        rehearsal(lab).stops_before_harm(&hazards);
    });
}

fn before_anything() -> Vec<Hazard<'static>> {
    vec![
        Hazard::new("the operator may nothing in the destination's cluster", "tools-ready")
            .switch("dest", touch!("no-rights"))
            .unharmed("outside", ON_SOURCE),
        Hazard::new("source and destination are mixed up", "tools-ready")
            .words(&["--set", "SOURCE_CONTEXT=dest", "--set", "DEST_CONTEXT=source"])
            .unharmed("outside", ON_SOURCE),
        Hazard::new("a consumer group is not listed", "tools-ready")
            .words(&["--set", "CONSUMER_GROUPS=real-time-updater"])
            .unharmed("outside", ON_SOURCE),
        Hazard::new("pods of the destination do not reach the source's MongoDB", "dest-reaches")
            .switch("dest", "nft 'add table ip hazard; add chain ip hazard out { type filter hook output priority 0; }; add rule ip hazard out ip daddr source tcp dport 27017 drop'")
            .unharmed("outside", ON_SOURCE),
        Hazard::new("the destination cannot pull images", "dest-reaches")
            .switch("dest", touch!("no-images"))
            .unharmed("outside", ON_SOURCE),
        Hazard::new("the source's edge does not reach the destination", "edge-reaches")
            .switch("source", "nft 'add table ip hazard; add chain ip hazard out { type filter hook output priority 0; }; add rule ip hazard out ip daddr dest tcp dport 80 reject'")
            .unharmed("outside", ON_SOURCE),
        Hazard::new("resolvers keep the old address for a day", "lower-ttl")
            .switch("tools", "/opt/lab/world/tools/name-server 86400")
            .unharmed("outside", ON_SOURCE),
    ]
}

fn services() -> Vec<Hazard<'static>> {
    vec![
        Hazard::new("the destination has an older release", "compare-dest")
            .switch("dest", touch!("other-answers"))
            .unharmed("outside", ON_SOURCE),
        Hazard::new("services come back on source", "switch-off-source")
            .switch("source", touch!("restless"))
            .unharmed("outside", ON_SOURCE),
        Hazard::new("a consumer group stands still", "deploy-singles")
            .switch("source", touch!("group-stuck"))
            .unharmed("tools", NOT_WRITTEN),
    ]
}

fn mongodb() -> Vec<Hazard<'static>> {
    vec![
        Hazard::new("the source's oplog is too small", "mirror-ready")
            .switch("source", touch!("oplog-window"))
            .unharmed("outside", ON_SOURCE),
        Hazard::new("the destination's database is not empty", "mirror-ready")
            .switch("tools", r#"curl -sf -d '{"user":"fastdata","password":"fastdata-secret","db":"fastdata","coll":"left","doc":{"_id":"1"}}' http://dest:27017/upsert"#)
            .unharmed("outside", ON_SOURCE),
        Hazard::new("others may read the mirror's passwords", "mirror-ready")
            .switch("tools", "chmod 644 /root/mirror.conf")
            .unharmed("outside", ON_SOURCE),
        Hazard::new("the oplog rolls over during the first copy", "wait-copied")
            .switch("source", touch!("small-oplog"))
            .switch("tools", touch!("mirror-slow"))
            .unharmed("outside", ON_SOURCE),
        Hazard::new("the pipeline keeps its old MONGODB_URL", "readers-to-dest")
            .switch("tools", touch!("pipeline-keeps-values"))
            .unharmed("outside", ON_SOURCE),
        Hazard::new("a job that nobody knew writes to source", "stop-writers")
            .switch("source", beside!("MONGODB_URL=mongodb://fastdata:fastdata-secret@source:27017/fastdata /opt/lab/world/programs/service stray-writer"))
            .unharmed("tools", NOT_WRITTEN),
        Hazard::new("writing services come back", "stop-writers")
            .switch("dest", touch!("restless"))
            .unharmed("tools", NOT_WRITTEN),
        Hazard::new("the mirror says 0 and applies nothing", "compare-databases")
            .switch("tools", touch!("mirror-lies"))
            .unharmed("tools", NOT_WRITTEN),
        Hazard::new("the mirror builds no indexes", "compare-databases")
            .switch("tools", touch!("mirror-no-indexes"))
            .unharmed("tools", NOT_WRITTEN),
        Hazard::new("a reading service writes to the destination", "compare-databases")
            .switch("dest", beside!("MONGODB_URL=mongodb://fastdata:fastdata-secret@dest:27017/fastdata /opt/lab/world/programs/service careless-reader"))
            .unharmed("tools", NOT_WRITTEN),
    ]
}

fn kafka() -> Vec<Hazard<'static>> {
    vec![
        Hazard::new("a topic of the destination has one partition", "make-topics")
            .switch("tools", "kafka-topics.sh --bootstrap-server dest:9092 --create --topic ingestion.orders --partitions 1")
            .unharmed("outside", ON_DEST),
        Hazard::new("a test has left messages on the destination", "make-topics")
            .switch("tools", "kafka-topics.sh --bootstrap-server dest:9092 --create --topic ingestion.orders --partitions 3 --config retention.ms=604800000 --config cleanup.policy=delete && echo test | kafka-console-producer.sh --bootstrap-server dest:9092 --topic ingestion.orders")
            .unharmed("outside", ON_DEST),
        Hazard::new("a producer's file has another address", "edit-producers")
            .switch("outside", "sed -i s/source:/source.:/ /etc/cdc/cdc.properties")
            .unharmed("outside", ON_DEST),
        Hazard::new("a producer was forgotten", "source-silent")
            .switch("outside", "cp /etc/cdc/cdc.properties /etc/cdc/other.properties")
            .switch("outside", beside!("/opt/lab/world/programs/cdc /etc/cdc/other.properties"))
            .unharmed("tools", STILL_READ),
    ]
}
