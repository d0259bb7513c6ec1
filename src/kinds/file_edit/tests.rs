//! Edits from the survey to the way back, on real files under a real shell.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;
use crate::kinds::testing::Stand;
use crate::kinds::{KINDS, Kind};
use crate::probe::testing::ask;
use crate::probe::{Ask, Holds, Verdict};

const SITE: &str = "upstream core_server {\n  server core:3000;\n}\nserver {\n  location / { proxy_pass http://core_server; }\n}\n";

/// A file in a folder of its own, and a run that knows it as FILE.
pub(super) struct Stage {
    pub(super) stand: Stand,
    pub(super) path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Stage {
    pub(super) fn new(content: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("it's $HOME")).unwrap();
        let path = folder.path().join("it's $HOME/a file");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let mut stand = Stand::new();
        stand.set("FILE", path.to_str().unwrap());
        stand.set(
            "XDG_STATE_HOME",
            folder.path().join("state").to_str().unwrap(),
        );
        Self {
            stand,
            path,
            _folder: folder,
        }
    }

    fn content(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }

    pub(super) fn proof(&self, action: &dyn Action) -> Verdict {
        let probe = action.own_proof().remove(0);
        let scene = self.stand.moment().scene;
        match probe.ask(&scene).unwrap() {
            Ask::Script(question) => probe.judge(&scene, &ask(&question, &self.stand.values)),
            Ask::Person(_) => panic!("a file is asked of a machine"),
        }
    }
}

pub(super) fn action(kind: &str, keys: &str) -> Box<dyn Action> {
    let kind: &Kind = KINDS.iter().find(|known| known.name == kind).unwrap();
    let text = format!("{{ file = '{{{{FILE}}}}', {keys} }}");
    (kind.parse)(toml::de::ValueDeserializer::parse(&text).unwrap()).unwrap()
}

fn diff(proposal: &Proposal) -> &str {
    match &proposal.exhibits[0] {
        Exhibit::Diff { unified, .. } => unified,
        other => panic!("{other:?}"),
    }
}

#[test]
fn how_often_a_text_must_be_there_may_be_a_parameters_value() {
    let action = action("edit", "find = 'old', replace = 'new', count = '{{LINES}}'");
    assert!(action.mentions().uses("LINES"));
    for (lines, refusal) in [
        ("2", None),
        ("3", Some("2")),
        ("0", Some("zero")),
        ("two", Some("`two` is not a number of times")),
    ] {
        let mut stage = Stage::new("old\nold\n");
        stage.stand.set("LINES", lines);
        match (stage.stand.propose(&*action), refusal) {
            (Ok(proposal), None) => assert!(diff(&proposal).contains("+new")),
            (Err(obstacle), Some(part)) => {
                let said = format!("{obstacle:?}");
                assert!(said.contains(part), "{lines}: {said}");
            }
            (came, _) => panic!("{lines}: {came:?}"),
        }
    }
}

#[test]
fn each_edit_is_shown_made_proved_and_taken_back() {
    let table = [
        (
            "nginx-upstream",
            "upstreams = ['core_server'], servers = ['{{dest.address}}:443'], scheme = 'https'",
            SITE,
            "server 10.0.0.2:443;",
        ),
        (
            "yaml",
            "path = 'a.{{ROOT}}.ip', set = '{{dest.address}}'",
            "a:\n  /var/pryv:\n    ip: 1.2.3.4 # old\n",
            "ip: 10.0.0.2 # old",
        ),
        (
            "edit",
            "find = \"it's $(old)\", replace = \"it's `new`\", after = '# top'",
            "# top\nit's $(old)\n",
            "it's `new`",
        ),
    ];
    for (kind, keys, before, wanted) in table {
        let mut stage = Stage::new(before);
        let action = action(kind, keys);
        assert_eq!(stage.proof(&*action).holds, Holds::No, "{kind}: red before");

        let proposal = stage.stand.propose(&*action).unwrap();
        assert!(
            diff(&proposal).contains(wanted),
            "{kind}: {}",
            diff(&proposal)
        );
        assert_eq!(
            stage.content(),
            before,
            "{kind}: nothing happens before the yes"
        );
        let reply = stage.stand.run(&proposal.legs[0], &[]);
        assert_eq!(reply.code, 0, "{kind}: {}", complaint(&reply));
        assert!(
            stage.content().contains(wanted),
            "{kind}: {}",
            stage.content()
        );
        let mode = fs::metadata(&stage.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o640);
        let verdict = stage.proof(&*action);
        assert_eq!(verdict.holds, Holds::Yes, "{kind}: {verdict:?}");
        let again = stage.stand.propose(&*action).unwrap();
        assert!(again.already.is_some() && again.legs.is_empty());

        stage.stand.left = proposal.leaves.clone();
        let undo = action.derived_undo().unwrap();
        let back = stage.stand.propose(&*undo).unwrap();
        assert!(diff(&back).contains(wanted), "{kind}");
        let reply = stage.stand.run(&back.legs[0], &[]);
        assert_eq!(reply.code, 0, "{kind}: {}", complaint(&reply));
        assert_eq!(stage.content(), before, "{kind}: to the byte");
        assert!(stage.stand.propose(&*undo).unwrap().already.is_some());
    }
}

#[test]
fn a_file_that_changed_after_it_was_shown_is_left_alone() {
    let stage = Stage::new("a: 1\n");
    let action = action("yaml", "path = 'a', set = '2'");
    let proposal = stage.stand.propose(&*action).unwrap();
    fs::write(&stage.path, "a: 1 # by a colleague\n").unwrap();
    let reply = stage.stand.run(&proposal.legs[0], &[]);
    assert!(!proposal.legs[0].accepts(reply.code), "{}", reply.code);
    assert_eq!(stage.content(), "a: 1 # by a colleague\n");
}

#[test]
fn what_cannot_be_made_twice_is_proved_all_the_same() {
    for (keys, before, after) in [
        ("find = \"gone\\n\", replace = ''", "here\ngone\n", "here\n"),
        // The new text was there before as well.
        ("find = 'a', replace = 'b'", "a b\n", "b b\n"),
    ] {
        let stage = Stage::new(before);
        let action = action("edit", keys);
        assert_eq!(stage.proof(&*action).holds, Holds::No, "red before");
        let proposal = stage.stand.propose(&*action).unwrap();
        let reply = stage.stand.run(&proposal.legs[0], &[]);
        assert_eq!(reply.code, 0, "{}", complaint(&reply));
        assert_eq!(stage.content(), after);
        assert_eq!(stage.proof(&*action).holds, Holds::Yes, "{keys}");
        let obstacle = stage.stand.propose(&*action).unwrap_err();
        assert!(obstacle.what.contains("is not there"), "{obstacle}");
    }
}

#[test]
fn a_failed_validation_puts_the_old_content_back() {
    let stage = Stage::new("a: 1\n");
    let keys = "path = 'a', set = '2', validate = '! grep -q 2 \"$FILE\"'";
    let action = action("yaml", keys);
    let proposal = stage.stand.propose(&*action).unwrap();
    let shown = proposal.exhibits.iter().any(|exhibit| {
        matches!(exhibit, Exhibit::Command { text, env, .. } if text.contains("grep") && env.len() == 1)
    });
    assert!(shown, "{proposal:?}");
    let reply = stage.stand.run(&proposal.legs[0], &[]);
    assert_eq!(
        reply.code,
        SwapExit::Restored.code(),
        "{}",
        complaint(&reply)
    );
    assert_eq!(stage.content(), "a: 1\n");
}

#[test]
fn the_way_back_refuses_to_overwrite_what_somebody_wrote_since() {
    let mut stage = Stage::new("a: 1\n");
    let action = action("yaml", "path = 'a', set = '2'");
    let undo = action.derived_undo().unwrap();
    let obstacle = undo.survey(&stage.stand.moment()).unwrap_err();
    assert!(obstacle.what.contains("no backup"), "{obstacle}");
    let proposal = stage.stand.propose(&*action).unwrap();
    stage.stand.run(&proposal.legs[0], &[]);
    stage.stand.left = proposal.leaves;
    fs::write(&stage.path, "a: 3\n").unwrap();
    let obstacle = stage.stand.propose(&*undo).unwrap_err();
    assert!(obstacle.what.contains("was changed after"), "{obstacle}");
}

#[test]
fn a_file_that_is_missing_or_a_link_is_an_obstacle_with_a_hint() {
    let stage = Stage::new("a: 1\n");
    let action = action("yaml", "path = 'b', set = '2'");
    let obstacle = stage.stand.propose(&*action).unwrap_err();
    assert!(obstacle.what.contains("editing"), "{obstacle}");
    fs::remove_file(&stage.path).unwrap();
    let obstacle = stage.stand.propose(&*action).unwrap_err();
    assert!(obstacle.hint.is_some(), "{obstacle}");
    assert_eq!(stage.proof(&*action).holds, Holds::No);
    std::os::unix::fs::symlink("/etc/passwd", &stage.path).unwrap();
    assert!(stage.stand.propose(&*action).is_err());
}

#[test]
fn a_value_that_is_not_known_is_told_by_its_name() {
    let stage = Stage::new("a: 1\n");
    let action = action("yaml", "path = 'a', set = '{{NONE}}'");
    let obstacle = stage.stand.propose(&*action).unwrap_err();
    assert!(obstacle.what.contains("NONE"), "{obstacle}");
    assert_eq!(stage.proof(&*action).holds, Holds::CannotSay);
}

#[test]
fn keys_are_strict_and_pointed_at() {
    for (kind, keys, at) in [
        ("yaml", "path = 'a..b', set = 'x'", "'a..b'"),
        (
            "yaml",
            "path = 'a.{{dest.address}}', set = 'x'",
            "'a.{{dest.address}}'",
        ),
        ("yaml", "path = 'a', sett = 'x'", "sett"),
        (
            "nginx-upstream",
            "upstreams = [], servers = [], scheme = 'ftp'",
            "'ftp'",
        ),
        ("edit", "find = 'a', replace = 'b', count = -1", "-1"),
    ] {
        let kind = KINDS.iter().find(|known| known.name == kind).unwrap();
        let text = format!("{{ file = '/x', {keys} }}");
        let error = (kind.parse)(toml::de::ValueDeserializer::parse(&text).unwrap()).unwrap_err();
        assert_eq!(&text[error.span().unwrap()], at, "{error}");
    }
}
