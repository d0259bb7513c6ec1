use super::*;
use crate::kinds::testing::Stand;
use crate::probe::Holds;
use crate::probe::testing::Judged as _;
use crate::probe::testing::{HOSTILE, failed, run, said};

fn docker(text: &str) -> Docker {
    parse(ValueDeserializer::parse(text).unwrap()).unwrap()
}

fn propose(action: &Docker, reply: Reply) -> Result<Proposal, Obstacle> {
    action.propose(&Stand::new().moment(), &[reply])
}

#[test]
fn a_running_container_is_stopped_and_the_way_back_starts_it() {
    let action = docker("{ stop = 'pryvio_nginx' }");
    let proposal = propose(&action, said("running\n")).unwrap();
    assert_eq!(proposal.legs[0].text, "docker stop pryvio_nginx");
    assert_eq!(proposal.already, None);
    let stand = Stand::new();
    let undo = action.derived_undo().unwrap();
    let headline = undo.headline(&stand.moment().scene).unwrap();
    assert_eq!(headline, "docker start pryvio_nginx");
    let proof = &action.own_proof()[0];
    assert_eq!(proof.judged(&said("exited\n")).holds, Holds::Yes);
    assert_eq!(proof.judged(&said("running\n")).holds, Holds::No);
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
        let proposal = propose(&docker(keys), said(state)).unwrap();
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
        (&exec, said("exited"), "docker start a"),
        (&exec, said("paused"), "docker unpause a"),
    ];
    for (action, reply, hint) in table {
        let obstacle = propose(action, reply).unwrap_err();
        let said = obstacle.hint.unwrap_or_default();
        assert!(said.contains(hint), "{}: {said}", obstacle.what);
    }
    assert!(propose(&stop, said("\u{1b}[31mrunning")).is_err());
}

#[test]
fn the_arguments_of_a_program_inside_arrive_byte_for_byte() {
    let stand = Stand::new();
    for word in HOSTILE.iter().filter(|word| !word.is_empty()) {
        let mut action = docker("{ exec = { container = 'c', command = ['/p', 'x'] } }");
        let text = Template::new(*word).unwrap();
        action.command[1] = Spanned::new(0..0, text);
        let leg = action
            .propose(&stand.moment(), &[said("running")])
            .unwrap()
            .legs
            .remove(0);
        // A docker of our own says what it was given.
        let spied = format!("docker() {{ printf '%s\\0' \"$@\"; }}\n{}", leg.text);
        let reply = run("dash", &spied, &leg.env);
        assert_eq!(reply.stdout, format!("exec\0c\0/p\0{word}\0").into_bytes());
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
