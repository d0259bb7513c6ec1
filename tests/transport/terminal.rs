//! Steps on a terminal: what is typed reaches them, is nowhere else, and survives a lost link and a dead engine.

use std::path::Path;
use std::time::Duration;

use runsheet::transport::{
    Claim, Host, LinkTrouble, ReceiptState, Script, Settled, Signal, Signalled,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::sshd::Sshd;
use super::stage::{claim, gather, hosts, installed, sh, shells, until};

/// A small password prompt, as login(1) and many installers have it.
const PROMPT: &str = r#"
    stty -echo
    printf 'password: '
    IFS= read -r word
    stty echo
    printf '\ngot %s characters, tty %s\n' "${#word}" "$([ -t 0 ] && echo yes || echo no)"
    printf %s "$word" >"$WORD"
"#;

fn on_a_terminal(text: &str, env: &[(&str, &Path)]) -> Script {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.to_str().unwrap().to_owned()));
    Script::with_env(runsheet::transport::Shell::Sh, env.collect(), text)
        .unwrap()
        .on_a_terminal()
}

/// A step that is followed beside the test.
struct Going {
    host: Host,
    claim: Claim,
    end: JoinHandle<Result<Settled, runsheet::transport::LinkError>>,
    said: JoinHandle<Vec<u8>>,
}

async fn start(host: &Host, token: &str, script: Script) -> Going {
    let claim = claim(host, token).await;
    let (out, said) = gather(0);
    let (to, name) = (host.clone(), claim.clone());
    let end = tokio::spawn(async move { to.start(&name, &script, out).await });
    Going {
        host: host.clone(),
        claim,
        end,
        said,
    }
}

impl Going {
    /// Types once its output has come to at least so many bytes.
    async fn answer(&self, after: u64, keys: &[u8]) {
        said_so_much(&self.host, &self.claim, after).await;
        assert_eq!(
            self.host.type_keys(&self.claim, keys).await.unwrap(),
            Signalled::Sent
        );
    }

    async fn end(mut self) -> (Settled, String) {
        let settled = tokio::time::timeout(Duration::from_secs(20), &mut self.end).await;
        let Ok(settled) = settled else {
            let _ = self.host.signal(&self.claim, Signal::Kill).await;
            let said = self.said.await.unwrap();
            panic!("it never ended: {:?}", String::from_utf8_lossy(&said));
        };
        let settled = settled.unwrap().unwrap();
        let said = self.said.await.unwrap();
        (settled, String::from_utf8_lossy(&said).into_owned())
    }
}

async fn said_so_much(host: &Host, claim: &Claim, after: u64) {
    for _ in 0..500 {
        if let ReceiptState::Running { bytes } = host.probe(claim).await.unwrap()
            && bytes >= after
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never said so much");
}

fn exited(settled: &Settled) -> i32 {
    match settled {
        Settled::Exited { code, .. } => *code,
        other => panic!("{other:?}"),
    }
}

/// Every file below a folder that has these bytes in it.
fn files_with(folder: &Path, what: &str) -> Vec<String> {
    let grep = std::process::Command::new("grep")
        .args(["-r", "-l", "-a", "--devices=skip", "-e", what])
        .arg(folder)
        .output()
        .unwrap();
    let found = String::from_utf8(grep.stdout).unwrap();
    found.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_password_reaches_the_program_and_nothing_else() {
    for (host, dir) in hosts() {
        let word = dir.path().join("word");
        let going = start(&host, "ask", on_a_terminal(PROMPT, &[("WORD", &word)])).await;
        let spool = dir.path().join("spool");
        going.answer(10, b"pass-7261 \\ \xc3\xbc").await;
        assert_eq!(files_with(&spool, "pass-7261"), [""; 0], "{}", host.name());
        assert_eq!(
            files_with(&spool, "password: ").len(),
            1,
            "the same look finds what was printed"
        );
        let spool_is_clean = files_with(&spool, "pass-7261").is_empty();
        going.answer(10, b"\r").await;
        let (settled, said) = going.end().await;
        assert_eq!(exited(&settled), 0, "{}: {said}", host.name());
        assert!(spool_is_clean && !said.contains("pass-7261"), "{said:?}");
        assert!(said.contains("password: "), "{said:?}");
        assert!(said.contains("tty yes"), "{said:?}");
        let typed = std::fs::read(&word).unwrap();
        assert_eq!(typed, b"pass-7261 \\ \xc3\xbc", "{}", host.name());
        assert_eq!(files_with(&spool, "pass-7261"), [""; 0], "{}", host.name());
    }
}

#[tokio::test]
async fn exit_codes_and_environment_are_those_of_any_step() {
    for (host, dir) in hosts() {
        let all = [
            ("exit 0", 0),
            ("exit 3", 3),
            ("sh -c 'exit 255'", 255),
            ("kill -s KILL $$", 137),
            ("no-such-command-anywhere", 127),
            ("[ \"$VALUE\" = '/it is' ] && [ -t 0 ]", 0),
            // Two lines, a quote and a backslash.
            ("test 'a\\b' = \"a\\\\b\" &&\nexit 9", 9),
            // The session's own variables are not the command's.
            ("env | grep -c ^rs_ && exit 1; exit 0", 0),
        ];
        for (number, (text, code)) in all.into_iter().enumerate() {
            let value = Path::new("/it is");
            let token = format!("e{number}");
            let going = start(&host, &token, on_a_terminal(text, &[("VALUE", value)])).await;
            let (settled, said) = going.end().await;
            assert_eq!(exited(&settled), code, "{} {text}: {said}", host.name());
        }
        drop(dir);
    }
}

#[tokio::test]
async fn keys_that_are_signals_and_the_size_reach_it() {
    for (host, _dir) in hosts() {
        let text = "trap 'echo interrupted' INT; stty size; echo ready; until read -r a && [ \"$a\" = x ]; do :; done; stty size; exit 4";
        let going = start(&host, "keys", on_a_terminal(text, &[])).await;
        said_so_much(&host, &going.claim, 14).await;
        assert_eq!(
            host.resize(&going.claim, (50, 132)).await.unwrap(),
            Signalled::Sent
        );
        going.answer(14, b"\x03").await;
        going.answer(27, b"x\r").await;
        let (settled, said) = going.end().await;
        assert!(
            said.starts_with("24 80\r\nready\r\n"),
            "{}: {said:?}",
            host.name()
        );
        assert!(said.contains("interrupted"), "{}: {said:?}", host.name());
        assert!(said.contains("50 132\r\n"), "{}: {said:?}", host.name());
        assert_eq!(exited(&settled), 4);
    }
}

#[tokio::test]
async fn what_is_typed_late_or_to_a_step_without_a_terminal_is_said_so() {
    for (host, _dir) in hosts() {
        let going = start(&host, "short", on_a_terminal("exit 0", &[])).await;
        let claim = going.claim.clone();
        going.end().await;
        let late = host.type_keys(&claim, b"x").await.unwrap();
        assert_eq!(late, Signalled::NotRunning);
        let late = host.resize(&claim, (10, 40)).await.unwrap();
        assert_eq!(late, Signalled::NotRunning);
        let plain = start(&host, "plain", sh("sleep 5")).await;
        said_so_much(&host, &plain.claim, 0).await;
        let refused = host.type_keys(&plain.claim, b"x").await.unwrap_err();
        assert_eq!(refused.trouble, LinkTrouble::NoTerminal);
        host.signal(&plain.claim, Signal::Kill).await.unwrap();
        plain.end().await;
    }
}

#[tokio::test]
async fn one_that_does_not_read_holds_nobody_up_for_long() {
    let dir = TempDir::new().unwrap();
    let host = Host::local("here", dir.path().join("spool"));
    // The program that made the terminal, and so reads the keys, is held up.
    let text = "echo on; sleep 0.5; read -r _ _ _ maker _ </proc/$PPID/stat; kill -s STOP $maker; sleep 60";
    let going = start(&host, "deaf", on_a_terminal(text, &[])).await;
    said_so_much(&host, &going.claim, 3).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let many = vec![b'x'; 4096];
    let mut refused = None;
    for _ in 0..40 {
        if let Err(error) = host.type_keys(&going.claim, &many).await {
            refused = Some(error);
            break;
        }
    }
    let refused = refused.expect("it is refused in the end");
    assert_eq!(refused.trouble, LinkTrouble::NoTerminal);
    assert!(
        refused.said.contains("does not take what is typed"),
        "{refused}"
    );
    assert_eq!(
        host.signal(&going.claim, Signal::Kill).await.unwrap(),
        Signalled::Sent
    );
    assert_eq!(exited(&going.end().await.0), 137);
}

#[tokio::test]
async fn a_stop_reaches_the_program_and_may_be_cleaned_up_after() {
    for (host, dir) in hosts() {
        let mark = dir.path().join("mark");
        let text = "trap 'echo bye >\"$MARK\"; exit 6' TERM; echo on; while :; do sleep 0.1; done";
        let going = start(&host, "stop", on_a_terminal(text, &[("MARK", &mark)])).await;
        said_so_much(&host, &going.claim, 2).await;
        assert_eq!(
            host.signal(&going.claim, Signal::Term).await.unwrap(),
            Signalled::Sent
        );
        assert_eq!(exited(&going.end().await.0), 6, "{}", host.name());
        assert_eq!(std::fs::read_to_string(&mark).unwrap(), "bye\n");
    }
}

#[tokio::test]
async fn an_editor_edits() {
    let all: [&[&str]; 3] = [&["vi"], &["busybox", "vi"], &["ed", "-s"]];
    for editor in all {
        if !installed(editor[0]) {
            eprintln!("SKIPPED: {} is not installed", editor[0]);
            continue;
        }
        let dir = TempDir::new().unwrap();
        let host = Host::local("here", dir.path().join("spool"));
        let file = dir.path().join("conf");
        std::fs::write(&file, "one\ntwo\n").unwrap();
        let text = format!("{} \"$CONF\"", editor.join(" "));
        let going = start(&host, "edit", on_a_terminal(&text, &[("CONF", &file)])).await;
        if editor[0] == "ed" {
            going.answer(0, b"2s/two/three/\rw\rq\r").await;
        } else {
            // Down, to the end of the line, and write behind it; at the pace of a person, because an Esc
            // that comes together with other keys is an arrow.
            for keys in [&b"j"[..], b"A", b" and three", b"\x1b", b":wq\r"] {
                tokio::time::sleep(Duration::from_millis(400)).await;
                going.answer(20, keys).await;
            }
        }
        let (settled, said) = going.end().await;
        assert_eq!(exited(&settled), 0, "{editor:?}: {said:?}");
        let now = std::fs::read_to_string(&file).unwrap();
        let wanted = match editor[0] {
            "ed" => "one\nthree\n",
            _ => "one\ntwo and three\n",
        };
        assert_eq!(now, wanted, "{editor:?}: {said:?}");
    }
}

#[tokio::test]
async fn it_goes_on_through_a_lost_link_and_is_followed_from_where_it_was() {
    let Some(sshd) = Sshd::start() else { return };
    let host = super::ssh::host(&sshd);
    let dir = TempDir::new().unwrap();
    let word = dir.path().join("word");
    let mut text = "echo before the cut\n".to_owned();
    text.push_str(PROMPT);
    let going = start(&host, "cut", on_a_terminal(&text, &[("WORD", &word)])).await;
    said_so_much(&host, &going.claim, 26).await;
    let claim = going.claim.clone();
    super::ssh::cut(&sshd);
    let lost = going.end.await.unwrap().unwrap_err();
    assert_eq!(lost.trouble, LinkTrouble::Lost, "{lost}");
    let first = going.said.await.unwrap();
    assert!(matches!(
        host.probe(&claim).await.unwrap(),
        ReceiptState::Running { .. }
    ));
    let (out, rest) = gather(first.len() as u64);
    let (to, name, from) = (host.clone(), claim.clone(), first.len() as u64);
    let end = tokio::spawn(async move { to.attach(&name, from, out).await });
    assert_eq!(
        host.type_keys(&claim, b"after\r").await.unwrap(),
        Signalled::Sent
    );
    let settled = end.await.unwrap().unwrap();
    assert_eq!(exited(&settled), 0);
    let all = [first, rest.await.unwrap()].concat();
    let all = String::from_utf8(all).unwrap();
    assert_eq!(
        all.matches("before the cut").count(),
        1,
        "it ran once: {all:?}"
    );
    assert_eq!(std::fs::read_to_string(&word).unwrap(), "after");
}

#[tokio::test]
async fn whoever_comes_after_a_dead_engine_takes_it_up() {
    for shell in shells() {
        let dir = TempDir::new().unwrap();
        let spool = dir.path().join("spool");
        let word = dir.path().join("word");
        let first = Host::local_under("here", spool.clone(), shell.clone());
        let going = start(&first, "taken", on_a_terminal(PROMPT, &[("WORD", &word)])).await;
        said_so_much(&first, &going.claim, 10).await;
        let claim = going.claim.clone();
        going.end.abort();
        drop((going.host, first));
        let second = Host::local_under("here", spool, shell);
        let (out, said) = gather(0);
        let (to, name) = (second.clone(), claim.clone());
        let end = tokio::spawn(async move { to.attach(&name, 0, out).await });
        assert_eq!(
            second.type_keys(&claim, b"again\r").await.unwrap(),
            Signalled::Sent
        );
        assert_eq!(exited(&end.await.unwrap().unwrap()), 0);
        assert_eq!(std::fs::read_to_string(&word).unwrap(), "again");
        let said = String::from_utf8(said.await.unwrap()).unwrap();
        assert_eq!(said.matches("password: ").count(), 1, "{said:?}");
        second.acknowledge(&claim).await.unwrap();
        let jobs: Vec<_> = std::fs::read_dir(dir.path().join("spool/jobs"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(jobs, ["taken"], "nothing but the name is left");
    }
}

#[tokio::test]
async fn where_there_is_no_script_nothing_is_started() {
    let dir = TempDir::new().unwrap();
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for program in [
        "sh", "cat", "setsid", "mkfifo", "mkdir", "chmod", "rm", "ln", "uname", "id", "sleep",
        "head", "tail", "wc", "stty", "find", "env",
    ] {
        let real = std::process::Command::new("sh")
            .args(["-c", "command -v \"$1\"", "sh", program])
            .output()
            .unwrap();
        let real = String::from_utf8(real.stdout).unwrap();
        std::os::unix::fs::symlink(real.trim(), bin.join(program)).unwrap();
    }
    let shell = vec![
        "env".into(),
        format!("PATH={}", bin.display()).into(),
        "sh".into(),
    ];
    let host = Host::local_under("here", dir.path().join("spool"), shell);
    assert!(!host.survey().await.unwrap().terminal);
    let mark = dir.path().join("mark");
    let going = start(
        &host,
        "none",
        on_a_terminal("echo >\"$MARK\"", &[("MARK", &mark)]),
    )
    .await;
    let error = going.end.await.unwrap().unwrap_err();
    assert_eq!(error.trouble, LinkTrouble::NoTerminal, "{error}");
    assert_eq!(host.probe(&going.claim).await.unwrap(), ReceiptState::None);
    until("nothing was started", || !mark.exists()).await;
}
