use std::fs;
use std::path::Path;

use super::*;
use crate::kinds::testing::Stand;
use crate::probe::testing::Judged as _;
use crate::probe::testing::{HOSTILE, ask};
use crate::probe::{Ask, Holds, Verdict};

fn rsync(text: &str) -> Result<Rsync, toml::de::Error> {
    parse(ValueDeserializer::parse(text).unwrap())
}

/// Whether rsync is on this machine; says loudly where it is not.
fn there_is_rsync() -> bool {
    let there = std::process::Command::new("rsync")
        .arg("--version")
        .output()
        .is_ok();
    if !there {
        eprintln!("SKIPPED: rsync is not installed, so no copy was tried");
    }
    there
}

fn local(stand: &mut Stand, from: &str, to: &str, more: &str) -> Rsync {
    stand.set("FROM", from);
    stand.set("TO", to);
    rsync(&format!(
        "{{ path = '{{{{FROM}}}}', to-path = '{{{{TO}}}}', {more} }}"
    ))
    .unwrap()
}

fn proof(stand: &Stand, action: &Rsync) -> Verdict {
    let probe = action.own_proof().remove(0);
    match probe.ask(&stand.moment().scene).unwrap() {
        Ask::Script(question) => probe.judged(&ask(&question, &stand.values)),
        Ask::Person(_) => panic!("a copy is proved by a machine"),
    }
}

fn shown(proposal: &Proposal, wanted: &str) -> String {
    let text = proposal.exhibits.iter().find_map(|exhibit| match exhibit {
        Exhibit::Finding { label, text } if label == wanted => Some(text.clone()),
        _ => None,
    });
    text.unwrap_or_else(|| panic!("no {wanted} in {proposal:?}"))
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_copy_is_shown_made_and_proved_and_then_there_is_nothing_to_do() {
    if !there_is_rsync() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir_all(temp.path().join("a/deep")).unwrap();
    for name in HOSTILE.iter().filter(|name| !name.is_empty()) {
        fs::write(temp.path().join("a/deep").join(name), name).unwrap();
    }
    fs::write(temp.path().join("a/deep/x.log"), "no").unwrap();
    let mut stand = Stand::new();
    let (from, to) = (path(temp.path(), "a/"), path(temp.path(), "b $HOME 'q/c/"));
    let action = local(&mut stand, &from, &to, "exclude = ['*.log']");

    let proposal = stand.propose(&action).unwrap();
    let files = HOSTILE.len() - 1;
    let summary = shown(&proposal, "would copy");
    assert!(
        summary.starts_with(&format!("{files} files, ")),
        "{summary}"
    );
    assert_eq!(shown(&proposal, "changes").lines().count(), 21);
    assert_eq!(proof(&stand, &action).holds, Holds::No, "red before");

    let leg = &proposal.legs[0];
    assert_eq!(leg.progress, Progress::Rsync);
    let reply = stand.run(leg, &[]);
    assert_eq!(reply.code, 0, "{}", String::from_utf8_lossy(&reply.stderr));
    assert!(String::from_utf8_lossy(&reply.stdout).contains("100%"));
    for name in HOSTILE.iter().filter(|name| !name.is_empty()) {
        let copy = Path::new(&to).join("deep").join(name);
        assert_eq!(fs::read(copy).unwrap(), name.as_bytes());
    }
    assert!(!Path::new(&to).join("deep/x.log").exists());
    let verdict = proof(&stand, &action);
    assert_eq!(verdict.holds, Holds::Yes, "{verdict:?}");
    let again = stand.propose(&action).unwrap();
    assert!(again.already.is_some() && again.legs.is_empty());

    fs::write(Path::new(&to).join("deep/plain"), "changed").unwrap();
    assert_eq!(proof(&stand, &action).holds, Holds::No);
}

#[test]
fn a_folder_inside_one_of_the_same_name_is_refused_unless_it_is_meant() {
    if !there_is_rsync() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir_all(temp.path().join("a/backup")).unwrap();
    fs::write(temp.path().join("a/backup/f"), "x").unwrap();
    let mut stand = Stand::new();
    let (from, to) = (
        path(temp.path(), "a/backup"),
        path(temp.path(), "b/backup/"),
    );
    let action = local(&mut stand, &from, &to, "");
    let obstacle = stand.propose(&action).unwrap_err();
    assert!(obstacle.what.contains("backup inside backup"), "{obstacle}");
    let nested = local(&mut stand, &from, &to, "nest = true");
    let lands = shown(&stand.propose(&nested).unwrap(), "lands");
    assert!(lands.ends_with("b/backup/backup"), "{lands}");
    let action = local(&mut stand, &format!("{from}/"), &to, "");
    let lands = shown(&stand.propose(&action).unwrap(), "lands");
    assert!(lands.starts_with("the contents of"), "{lands}");
    let beside = local(&mut stand, &from, &path(temp.path(), "c"), "");
    let lands = shown(&stand.propose(&beside).unwrap(), "lands");
    assert!(lands.ends_with("/c/backup"), "{lands}");
}

#[test]
fn what_would_be_deleted_is_a_warning() {
    if !there_is_rsync() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    for (name, text) in [("a/f", "x"), ("b/f", "x"), ("b/gone", "y")] {
        fs::create_dir_all(temp.path().join(name).parent().unwrap()).unwrap();
        fs::write(temp.path().join(name), text).unwrap();
    }
    let mut stand = Stand::new();
    let (from, to) = (path(temp.path(), "a/"), path(temp.path(), "b/"));
    let action = local(&mut stand, &from, &to, "delete = true");
    let proposal = stand.propose(&action).unwrap();
    let warned = proposal.exhibits.iter().any(|exhibit| {
        matches!(exhibit, Exhibit::Warning { text } if text.starts_with("1 of the things in"))
    });
    assert!(warned, "{proposal:?}");
}

#[test]
fn a_source_that_is_not_there_is_an_obstacle_and_not_an_empty_copy() {
    if !there_is_rsync() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let mut stand = Stand::new();
    let (from, to) = (path(temp.path(), "none/"), path(temp.path(), "b/"));
    let action = local(&mut stand, &from, &to, "");
    let obstacle = stand.propose(&action).unwrap_err();
    assert!(obstacle.what.contains("is not there"), "{obstacle}");
    assert_eq!(proof(&stand, &action).holds, Holds::CannotSay);
}

#[test]
fn the_command_to_another_machine_is_exactly_this() {
    let stand = Stand::new();
    let action = rsync(
        "{ path = '{{ROOT}}/it is/', to = 'dest', to-path = '{{ROOT}}/x/', key = '/root/.ssh/k', copy-links = true }",
    )
    .unwrap();
    let line = Line::new(&action.keys, &stand.moment().scene).unwrap();
    assert_eq!(
        line.text(Mode::Copy).unwrap(),
        "rsync --partial --info=progress2 --no-inc-recursive --mkpath --copy-links --archive \
         --compress --protect-args -e 'ssh -F /dev/null -i /root/.ssh/k -o IdentitiesOnly=yes \
         -o BatchMode=yes -o StrictHostKeyChecking=yes \
         -o UserKnownHostsFile=/root/.ssh/k.known_hosts -o ConnectTimeout=10 \
         -o ServerAliveInterval=15 -p 22 -l root' -- '/var/pryv/it is/' 10.0.0.2:/var/pryv/x/"
    );
}

#[test]
fn options_that_break_the_promises_of_a_copy_are_refused() {
    for bad in [
        "-e ssh",
        "--rsh=x",
        "--rs=x",
        "--dry",
        "--delete",
        "--del",
        "--info=none",
        "archive",
        "--",
        "--remove-source-files",
        "--quiet",
    ] {
        let text = format!("{{ path = '/a', to-path = '/b', options = ['{bad}'] }}");
        let error = rsync(&text).unwrap_err();
        assert!(error.span().is_some(), "{bad}");
    }
    for good in [
        "--archive",
        "--hard-links",
        "--bwlimit=10m",
        "--rsync-path=sudo rsync",
    ] {
        let text = format!("{{ path = '/a', to-path = '/b', options = ['{good}'] }}");
        assert!(rsync(&text).is_ok(), "{good}");
    }
}

#[test]
fn a_path_that_is_not_absolute_and_a_missing_key_are_refused() {
    let mut stand = Stand::new();
    for (from, to) in [("a:b", "/x"), ("/a", "x"), ("/a/../b", "/x")] {
        let action = local(&mut stand, from, to, "");
        assert!(action.survey(&stand.moment()).is_err(), "{from} {to}");
    }
    let action = rsync("{ path = '/a/', to = 'dest', to-path = '/a/' }").unwrap();
    let obstacle = action.survey(&stand.moment()).unwrap_err();
    assert!(obstacle.what.contains("key"), "{obstacle}");
}

#[test]
fn a_dry_run_that_failed_says_what_to_try() {
    let stand = Stand::new();
    let action =
        rsync("{ path = '/a', to = 'dest', to-path = '/x/a', key = '/root/.ssh/k' }").unwrap();
    let line = Line::new(&action.keys, &stand.moment().scene).unwrap();
    for (code, stdout, hint) in [
        (127, "", "install rsync on source"),
        (255, "source folder\n", "comes first"),
        (12, "source folder\n", "installed on dest"),
        (3, "source file\n", "in a step before"),
    ] {
        let reply = Reply {
            stdout: stdout.as_bytes().to_vec(),
            ..crate::probe::testing::failed(code, "rsync error: some")
        };
        let obstacle = Report::read(&line, &reply).unwrap_err();
        assert!(obstacle.hint.unwrap_or_default().contains(hint), "{code}");
    }
}
