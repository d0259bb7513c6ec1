use super::*;
use crate::kinds::testing::Stand;
use crate::probe::Holds;
use crate::probe::testing::Judged as _;
use crate::probe::testing::{HOSTILE, failed, run, said};

fn docker(text: &str) -> Docker {
    parse(ValueDeserializer::parse(text).unwrap()).unwrap()
}

const ID: &str = "3f2a91bc04d13f2a91bc04d13f2a91bc04d13f2a91bc04d13f2a91bc04d1abcd";
const OTHER: &str = "9c1b91bc04d13f2a91bc04d13f2a91bc04d13f2a91bc04d13f2a91bc04d1abcd";

fn found(status: &str) -> Reply {
    said(&format!("{ID} {status}\n"))
}

fn propose(action: &Docker, reply: Reply) -> Result<Proposal, Obstacle> {
    action.propose(&Stand::new().moment(), &[reply])
}

#[test]
fn a_running_container_is_stopped_and_the_way_back_starts_it() {
    let action = docker("{ stop = 'pryvio_nginx' }");
    let proposal = propose(&action, found("running")).unwrap();
    assert_eq!(proposal.legs[0].text, format!("docker stop {ID}"));
    assert_eq!(proposal.legs[0].title, "docker stop pryvio_nginx");
    assert_eq!(proposal.already, None);
    let stand = Stand::new();
    let undo = action.derived_undo().unwrap();
    let headline = undo.headline(&stand.moment().scene).unwrap();
    assert_eq!(headline, "docker start pryvio_nginx");
    let proof = &action.own_proof()[0];
    assert_eq!(proof.judged(&found("exited")).holds, Holds::Yes);
    assert_eq!(proof.judged(&found("running")).holds, Holds::No);
    let gone = failed(1, "Error: No such container: pryvio_nginx\n");
    assert_eq!(proof.judged(&gone).holds, Holds::CannotSay);
}

#[test]
fn nothing_runs_where_the_container_is_already_as_wanted() {
    let table = [
        ("{ stop = 'a' }", "exited", Some("a is exited")),
        (
            "{ stop = 'a' }",
            "created",
            Some("a is created, never started"),
        ),
        ("{ stop = 'a' }", "restarting", None),
        ("{ start = 'a' }", "running", Some("a is running")),
        ("{ start = 'a' }", "exited", None),
        ("{ restart = 'a' }", "running", None),
    ];
    for (keys, state, already) in table {
        let proposal = propose(&docker(keys), found(state)).unwrap();
        assert_eq!(proposal.already.as_deref(), already, "{keys} when {state}");
        assert_eq!(proposal.legs.is_empty(), already.is_some());
    }
}

#[test]
fn what_stands_in_the_way_is_named_with_what_to_try() {
    let stop = docker("{ stop = 'a' }");
    let exec = docker("{ exec = { container = 'a', command = ['x'] } }");
    let table = [
        (
            &stop,
            failed(127, "sh: docker: not found"),
            "install docker",
        ),
        (
            &stop,
            failed(1, "Error: No such container: a"),
            "docker ps -a",
        ),
        (
            &stop,
            failed(1, "Cannot connect to the Docker daemon"),
            "start the Docker daemon",
        ),
        (
            &stop,
            failed(1, "permission denied while trying"),
            "group docker",
        ),
        (&exec, found("exited"), "docker start a"),
        (&exec, found("paused"), "docker unpause a"),
    ];
    for (action, reply, hint) in table {
        let obstacle = propose(action, reply).unwrap_err();
        let said = obstacle.hint.unwrap_or_default();
        assert!(said.contains(hint), "{}: {said}", obstacle.what);
    }
    for bad in [
        "\u{1b}[31mrunning",
        "running",
        "3f2a running",
        "--help running",
        "",
        "\n",
    ] {
        assert!(propose(&stop, said(bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn the_arguments_of_a_program_inside_arrive_byte_for_byte() {
    let stand = Stand::new();
    for word in HOSTILE.iter().filter(|word| !word.is_empty()) {
        let mut action = docker("{ exec = { container = 'c', command = ['/p', 'x'] } }");
        let text = Template::new(*word).unwrap();
        action.command[1] = Spanned::new(0..0, text);
        let leg = action
            .propose(&stand.moment(), &[found("running")])
            .unwrap()
            .legs
            .remove(0);
        // A docker of our own says what it was given.
        let spied = format!("docker() {{ printf '%s\\0' \"$@\"; }}\n{}", leg.text);
        let reply = run("dash", &spied, &leg.env);
        assert_eq!(
            reply.stdout,
            format!("exec\0{ID}\0/p\0{word}\0").into_bytes()
        );
    }
}

#[test]
fn a_container_name_is_a_name_and_nothing_else() {
    let stand = Stand::new();
    for bad in ["-a", "a b", "a;b", "$(x)", "a/b", "", "a\nb"] {
        let mut action = docker("{ stop = 'x' }");
        action.container = Spanned::new(0..0, Template::new(bad).unwrap());
        assert!(action.survey(&stand.moment()).is_err(), "{bad:?}");
    }
}

#[test]
fn docker_takes_exactly_one_verb() {
    for bad in [
        "{}",
        "{ stop = 'a', start = 'a' }",
        "{ kill = 'a' }",
        "{ exec = { container = 'a', command = [] } }",
    ] {
        assert!(
            parse(ValueDeserializer::parse(bad).unwrap()).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn another_container_of_the_same_name_is_told_and_never_touched() {
    let stop = docker("{ stop = 'a' }");
    let mut stand = Stand::new();
    stand
        .pins
        .insert("container a".to_owned(), OTHER.to_owned());
    let proposal = stop.propose(&stand.moment(), &[found("running")]).unwrap();
    let warned = proposal.exhibits.iter().any(
        |exhibit| matches!(exhibit, Exhibit::Warning { text } if text.contains("9c1b91bc04d1")),
    );
    assert!(warned, "{:?}", proposal.exhibits);
    stand.pins.insert("container a".to_owned(), ID.to_owned());
    let proposal = stop.propose(&stand.moment(), &[found("running")]).unwrap();
    assert_eq!(proposal.exhibits.len(), 2, "{:?}", proposal.exhibits);

    // The way back is of the container that was stopped, and of no other.
    stand.left = proposal.leaves;
    let start = stop.derived_undo().unwrap();
    let back = start.propose(&stand.moment(), &[found("exited")]).unwrap();
    assert_eq!(back.legs[0].text, format!("docker start {ID}"));
    stand.left.insert(CONTAINER.to_owned(), OTHER.to_owned());
    let obstacle = start
        .propose(&stand.moment(), &[found("exited")])
        .unwrap_err();
    assert!(obstacle.what.contains("another container"), "{obstacle}");
}
