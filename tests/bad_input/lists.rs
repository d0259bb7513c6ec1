//! Odd values that are not parameters: what steps printed, lists, secrets, the addresses of machines.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::desk::{Desk, book, calls, values};
use super::hosts::binding;
use super::said::Said;
use super::size::told;
use super::sshd::Sshd;

/// The values that a program can print on a line.
fn lines() -> Vec<String> {
    let is_line = |value: &String| {
        !value.trim().is_empty() && !value.chars().any(char::is_control) && value.len() <= 4_096
    };
    values().into_iter().filter(is_line).collect()
}

/// What was recorded with a word, in the order of the values.
fn recorded(desk: &Desk, word: &str) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = calls(desk.home.path())
        .into_iter()
        .filter(|call| call.iter().any(|it| it == word.as_bytes()))
        .map(|call| call[call.len() - 2].clone())
        .collect();
    all.sort();
    all
}

fn sorted(values: &[String]) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = values.iter().map(|it| it.as_bytes().to_vec()).collect();
    all.sort();
    all
}

/// Lists that a step printed and that the author wrote, item by item: how many items arrived.
fn listed(desk: &Desk) -> usize {
    let values = lines();
    // An item that could be read as an option is refused as an argument, and with it the step.
    let (options, words): (Vec<String>, Vec<String>) = values
        .iter()
        .cloned()
        .partition(|value| value.starts_with('-'));
    fs::write(desk.at("files/values"), values.join("\n")).unwrap();
    fs::write(desk.at("files/words"), words.join("\n")).unwrap();
    let capture = |name: &str, file: &str| {
        format!(
            "do.command.run = 'cat \"$ROOT/{file}\"'\ncapture = {{ name = \"{name}\", as = \"lines\" }}"
        )
    };
    let each = |items: &str, what: &str| {
        format!("for-each = {{ name = \"V\", in = {items} }}\nat-once = 8\n{what}")
    };
    // What turns the reading direction cannot stand in a runbook at all.
    let told: Vec<String> = values
        .iter()
        .filter(|it| !it.contains('\u{202e}'))
        .cloned()
        .collect();
    let written = serde_json::to_string(&told).unwrap();
    let steps = [
        ("values", capture("VALUES", "values")),
        ("words", capture("WORDS", "words")),
        (
            "printed",
            each("\"VALUES\"", "do.command.run = 'record printed \"$V\"'"),
        ),
        (
            "written",
            each(&written, "do.command.run = 'record written \"$V\"'"),
        ),
        (
            "inside",
            each(
                "\"WORDS\"",
                "do.docker.exec = { container = \"c\", command = [\"inside\", \"{{V}}\"] }",
            ),
        ),
        (
            "options",
            each(
                "\"VALUES\"",
                "do.docker.exec = { container = \"c\", command = [\"options\", \"{{V}}\"] }",
            ),
        ),
    ];
    desk.home.write("book.toml", book(&steps, ""));
    let attest = |id: &str| format!("[step.{id}]\nattest = \"looked at by the test\"\n");
    let answers: String = steps.iter().map(|(id, _)| attest(id)).collect();
    desk.home.write(
        "yes.toml",
        format!("format = 1\napprove = [\"*\"]\n{answers}"),
    );
    let said = desk.walk(&[]);
    said.expect(
        4,
        &[
            "step options",
            "starts with a dash and would be read as an option",
        ],
    );
    desk.nothing_ran(&said);
    assert_eq!(recorded(desk, "printed"), sorted(&values), "{said}");
    assert_eq!(recorded(desk, "written"), sorted(&told), "{said}");
    assert_eq!(recorded(desk, "inside"), sorted(&words), "{said}");
    assert!(
        recorded(desk, "options").is_empty() && !options.is_empty(),
        "{said}"
    );
    values.len() + told.len() + words.len()
}

#[test]
fn what_a_step_printed_is_given_to_the_next_byte_for_byte_here_and_over_ssh() {
    let here = listed(&Desk::new("\"local\""));
    let there = Sshd::start().map(|sshd| {
        let desk = Desk::new(&binding(&sshd));
        let bin = desk.at("bin").display().to_string();
        let path = format!("PATH={bin}:$PATH; export PATH; eval \\\"$SSH_ORIGINAL_COMMAND\\\"");
        sshd.let_in(&format!("command=\"{path}\""));
        let lists = listed(&desk);
        (lists, addresses(&sshd, &desk))
    });
    // The control: text that is pasted together, seen by the same comparison.
    let desk = Desk::new("\"local\"");
    let values = lines();
    let pasted = |value: &String| {
        let text = format!(
            "PATH={}:$PATH\nrecord pasted {value}",
            desk.at("bin").display()
        );
        let done = std::process::Command::new("timeout")
            .args(["5", "sh", "-c", &text])
            .current_dir(desk.at("files"))
            .output();
        done.unwrap()
    };
    values.iter().for_each(|value| drop(pasted(value)));
    let right: BTreeSet<Vec<u8>> = recorded(&desk, "pasted").into_iter().collect();
    let wrong = sorted(&values)
        .iter()
        .filter(|value| !right.contains(*value))
        .count();
    assert!(
        wrong > 20 && desk.at("files/owned").exists(),
        "pasting went well"
    );
    let there = there.map_or("not tried over ssh".to_owned(), |(items, (arrived, refused))| {
        format!("{items} items over ssh; of addresses in an environment {arrived} arrived and {refused} were refused")
    });
    told(
        "odd values in lists and addresses",
        &format!(
            "{here} items arrived byte for byte here, {there}; control: {wrong} of {} that were pasted came as something else",
            values.len()
        ),
    );
}

/// Values as the address of a machine: how many arrived, and how many were refused by the environment.
fn addresses(sshd: &Sshd, desk: &Desk) -> (usize, usize) {
    let (mut arrived, mut refused) = (0, 0);
    let steps = [
        (
            "shell",
            "do.command.run = 'record address \"$RUNSHEET_WEB_ADDRESS\"'".to_owned(),
        ),
        (
            "inside",
            "do.docker.exec = { container = \"c\", command = [\"at\", \"{{web.address}}\"] }"
                .to_owned(),
        ),
    ];
    desk.home.write("book.toml", book(&steps, ""));
    let attest = "[step.shell]\nattest = \"x\"\n[step.inside]\nattest = \"x\"\n";
    desk.home.write(
        "yes.toml",
        format!("format = 1\napprove = [\"*\"]\n{attest}"),
    );
    for value in values() {
        fs::remove_dir_all(desk.at("calls")).unwrap();
        fs::create_dir(desk.at("calls")).unwrap();
        let address = serde_json::to_string(&value).unwrap();
        let web = format!(
            "{{ ssh = \"lab\", config = \"{}\", address = {address} }}",
            sshd.at("ssh_config").display()
        );
        let root = desk.at("files").display().to_string();
        desk.home.write(
            "environments.toml",
            format!("[here]\nkind = \"rehearsal\"\nhosts.web = {web}\nparams.ROOT = \"{root}\"\n"),
        );
        let said = desk.walk(&[]);
        desk.nothing_ran(&said);
        if said.code == 0 {
            let one = vec![value.as_bytes().to_vec()];
            assert_eq!(
                (recorded(desk, "address"), recorded(desk, "at")),
                (one.clone(), one),
                "{said}"
            );
            arrived += 1;
        } else {
            said.expect(1, &["environments.toml:3:"]);
            assert!(calls(desk.home.path()).is_empty(), "{value:?}: {said}");
            refused += 1;
        }
    }
    (arrived, refused)
}

/// Secrets as a run gets them, each in a step of its own: what the run said, and what was recorded.
fn secrets(values: &[&[u8]]) -> (Said, Vec<Vec<Vec<u8>>>) {
    use std::os::unix::ffi::OsStringExt;
    let mut desk = Desk::new("\"local\"");
    let (mut params, mut steps, mut answers) = (String::new(), Vec::new(), String::new());
    for (number, value) in values.iter().enumerate() {
        let value = std::ffi::OsString::from_vec(value.to_vec());
        let variable = format!("RUNSHEET_SECRET_V{number}");
        desk.home
            .set(Box::leak(variable.into_boxed_str()), PathBuf::from(value));
        params.push_str(&format!(
            "[params.V{number}]\nask = \"a value\"\nkind = \"secret\"\n"
        ));
        steps.push((
            format!("s{number}"),
            format!("do.command.run = 'record s{number} \"$V{number}\"'"),
        ));
        answers.push_str(&format!(
            "[step.s{number}]\nattest = \"looked at by the test\"\n"
        ));
    }
    let steps: Vec<(&str, String)> = steps
        .iter()
        .map(|(id, what)| (id.as_str(), what.clone()))
        .collect();
    desk.home.write("book.toml", book(&steps, &params));
    desk.home.write(
        "yes.toml",
        format!("format = 1\napprove = [\"*\"]\n{answers}"),
    );
    let said = desk.walk(&[]);
    desk.nothing_ran(&said);
    (said, calls(desk.home.path()))
}

#[test]
fn a_secret_arrives_whatever_is_in_it_and_what_no_variable_can_hold_is_refused() {
    let values = values();
    let whole: Vec<&[u8]> = values
        .iter()
        .map(String::as_bytes)
        .filter(|it| !it.is_empty())
        .collect();
    let (said, calls) = secrets(&whole);
    assert_eq!(said.code, 0, "{said}");
    assert_eq!(calls.len(), whole.len(), "{said}");
    for call in &calls {
        let number = std::str::from_utf8(&call[1])
            .unwrap()
            .trim_start_matches('s');
        assert_eq!(call[2], whole[number.parse::<usize>().unwrap()], "{said}");
        assert_eq!(call.len(), 4, "{said}");
    }
    let refused: [&[u8]; 3] = [b"", b"caf\xe9", b"\xff\xfe"];
    for value in refused {
        let (said, calls) = secrets(&[value]);
        assert!(
            matches!(said.code, 1 | 2) && said.err.contains("V0"),
            "{value:?}: {said}"
        );
        assert!(calls.is_empty(), "{said}");
    }
    told(
        "odd secrets",
        &format!(
            "{} arrived byte for byte, {} were refused before anything started",
            whole.len(),
            refused.len()
        ),
    );
}
