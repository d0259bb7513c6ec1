use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use runsheet::transport::{
    Host, LinkTrouble, Nonce, ReceiptState, Receipts, Script, Settled, Shell, Signal, Signalled,
    Token,
};
use tempfile::TempDir;

use super::fence::{conversation, feed};
use super::stage::{claim, gather, hosts, installed, lines, run, sh, shells, step, until};

fn host() -> (Host, TempDir) {
    let dir = TempDir::new().unwrap();
    (Host::local("here", dir.path().join("spool")), dir)
}

#[tokio::test]
async fn exit_codes_come_as_they_were() {
    for (host, _dir) in hosts() {
        for (script, code) in [
            ("exit 0", 0),
            ("exit 3", 3),
            ("no-such-command-anywhere", 127),
            ("exit 255", 255),
            ("kill -s KILL $$", 137),
            ("sh -c 'exit 7'", 7),
            ("if", 2),
        ] {
            let (got, _) = step(&host, &format!("c{code}"), &sh(script)).await;
            let fits = got == code || (script == "if" && got != 0);
            assert!(fits, "{} {script}: {got}", host.name());
            let answer = host.ask(&sh(script)).await.unwrap();
            assert!(
                answer.code == got,
                "{} ask {script}: {}",
                host.name(),
                answer.code
            );
        }
    }
}

#[tokio::test]
async fn output_comes_exact_to_the_byte() {
    for (host, dir) in hosts() {
        let bytes: Vec<u8> = (0..=255u8).cycle().take(300_000).collect();
        let file = dir.path().join("bytes");
        fs::write(&file, &bytes).unwrap();
        let script = sh(&format!("cat {}", file.display()));
        assert_eq!(
            step(&host, "bytes", &script).await,
            (0, bytes.clone()),
            "{}",
            host.name()
        );
        let answer = host.ask(&script).await.unwrap();
        assert_eq!(answer.stdout, bytes, "{}", host.name());
        let (_, both) = step(&host, "both", &sh("echo 1; echo 2 >&2; echo 3; printf x")).await;
        assert_eq!(both, b"1\n2\n3\nx");
        let apart = host.ask(&sh("echo 1; echo 2 >&2; printf x")).await.unwrap();
        assert_eq!(
            (&apart.stdout[..], &apart.stderr[..]),
            (&b"1\nx"[..], &b"2\n"[..])
        );
    }
}

#[tokio::test]
async fn twenty_megabytes_come_whole() {
    let (host, _dir) = host();
    let begun = Instant::now();
    let (code, output) = step(&host, "big", &sh("yes 0123456789abcdef | head -c 20971520")).await;
    assert_eq!((code, output.len()), (0, 20_971_520));
    assert!(
        output
            .chunks(17)
            .all(|line| b"0123456789abcdef\n".starts_with(line))
    );
    eprintln!("20 MiB through a local step: {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_program_arrives_as_it_was_written() {
    let every: String = (1..=0x2fff_u32)
        .filter_map(char::from_u32)
        .chain("😀\u{fffd}".chars())
        .collect();
    let nasty = format!("it's \"$HOME\" `id` \\n \\\\ \\c \\0101 %s\n\n-e\t{every}");
    for (host, _dir) in hosts() {
        for shell in [Shell::Sh, Shell::Bash] {
            if shell == Shell::Bash && !installed("bash") {
                continue;
            }
            let env = vec![("VALUE".to_owned(), nasty.clone())];
            let script =
                Script::with_env(shell, env, "printf '%s' \"$VALUE\"\n# it's \\\n").unwrap();
            let answer = host.ask(&script).await.unwrap();
            assert_eq!(
                String::from_utf8_lossy(&answer.stdout),
                nasty,
                "{} {shell:?}",
                host.name()
            );
            let name = format!("nasty-{}", shell.program());
            let (code, output) = step(&host, &name, &script).await;
            assert_eq!(
                (code, String::from_utf8_lossy(&output)),
                (0, nasty.as_str().into())
            );
        }
        let heredoc = sh("cat <<'END'\n$x\\n\n  `y`\nEND\n");
        assert_eq!(step(&host, "heredoc", &heredoc).await.1, b"$x\\n\n  `y`\n");
        let argv = sh("printf '%s %s' $# \"$-\" | tr -d s; read -r x || printf ' end'");
        let (_, output) = step(&host, "argv", &argv).await;
        assert!(
            output.starts_with(b"0 ") && output.ends_with(b" end"),
            "{output:?}"
        );
    }
}

#[tokio::test]
async fn a_script_that_writes_to_dev_stderr_keeps_its_output() {
    let (host, _dir) = host();
    let script = sh("echo one; echo two >/dev/stderr; echo three");
    assert_eq!(step(&host, "stderr", &script).await.1, b"one\ntwo\nthree\n");
}

#[tokio::test]
async fn no_signal_is_ignored_in_a_step_or_in_a_question() {
    // Whoever runs the tests may ignore some; SIGPIPE, which Rust ignores, is not handed on.
    let own = fs::read_to_string("/proc/self/status").unwrap();
    let own = own
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:\t"))
        .unwrap();
    let own = u64::from_str_radix(own, 16).unwrap() & !(1 << 12);
    for (host, _dir) in hosts() {
        let script = sh("grep SigIgn /proc/self/status");
        let (_, in_step) = step(&host, "signals", &script).await;
        let in_question = host.ask(&script).await.unwrap().stdout;
        for said in [in_step, in_question] {
            let said = String::from_utf8_lossy(&said);
            let ignored = said.trim().strip_prefix("SigIgn:").expect("a mask").trim();
            let ignored = u64::from_str_radix(ignored, 16).expect("hexadecimal");
            // Signals 32 and 33 are the C library's own; its posix_spawn leaves them ignored.
            assert_eq!(
                ignored & 0x7fff_ffff,
                own & 0x7fff_ffff,
                "{}: {said}",
                host.name()
            );
        }
    }
}

#[tokio::test]
async fn a_claim_sent_twice_runs_once() {
    for (host, dir) in hosts() {
        let trace = dir.path().join("trace");
        let script = sh(&format!(
            "echo ran >>{}; sleep 0.3; echo done",
            trace.display()
        ));
        let claim = claim(&host, "twice").await;
        let (first, second) =
            tokio::join!(run(&host, &claim, &script), run(&host, &claim, &script));
        let third = run(&host, &claim, &script).await;
        for (settled, output) in [first, second, third] {
            assert_eq!(settled.unwrap(), Settled::Exited { code: 0, bytes: 5 });
            assert_eq!(output, b"done\n");
        }
        assert_eq!(lines(&trace), 1, "{}", host.name());
    }
}

#[tokio::test]
async fn a_revoked_token_is_fenced_before_it_arrives() {
    let (host, dir) = host();
    let claim = claim(&host, "early").await;
    assert_eq!(host.probe(&claim).await.unwrap(), ReceiptState::None);
    assert_eq!(host.revoke(&claim).await.unwrap(), ReceiptState::Revoked);
    let trace = dir.path().join("trace");
    let script = sh(&format!("echo ran >>{}", trace.display()));
    assert_eq!(
        run(&host, &claim, &script).await.0.unwrap(),
        Settled::Revoked
    );
    assert_eq!(lines(&trace), 0);
}

/// The files of a folder with what is in them.
fn kept(folder: &Path) -> Vec<(String, String)> {
    let text = |file: fs::DirEntry| {
        let kept = fs::read(file.path()).unwrap_or_default();
        (
            file.file_name().to_string_lossy().into_owned(),
            String::from_utf8_lossy(&kept).into_owned(),
        )
    };
    fs::read_dir(folder).unwrap().flatten().map(text).collect()
}

/// The shells do not agree on how a group is signalled, and some complain and signal all the same.
#[test]
fn a_group_that_is_gone_by_a_signal_is_told_to_have_got_it() {
    let agent = include_str!("../../src/transport/agent.sh");
    let (_, rest) = agent.split_once("\nrs_group() {").unwrap();
    let (body, _) = rest.split_once("\n}\n").unwrap();
    // Each signal is given time to have done all that it does.
    let script = format!(
        "kill() {{ command kill \"$@\"; rs_k=$?; sleep 0.3; return $rs_k; }}\nrs_group() {{{body}\n}}\n\
         setsid sleep 60 & p=$!\nsleep 0.3\nrs_group KILL $p && echo sent\n\
         kill -s 0 $p 2>/dev/null || echo gone\nrs_group KILL $p || echo none to send it to"
    );
    for argv in shells() {
        let output = Command::new(&argv[0])
            .args(&argv[1..])
            .args(["-c", &script])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines, ["sent", "gone", "none to send it to"], "{argv:?}");
    }
}

#[tokio::test]
async fn a_signal_reaches_grandchildren_and_the_end_is_still_recorded() {
    for (host, dir) in hosts() {
        for (signal, code) in [(Signal::Term, 143), (Signal::Kill, 137)] {
            let claim = claim(&host, &format!("signal-{code}")).await;
            let pids = dir.path().join(format!("pids{code}"));
            let script = sh(&format!(
                "echo go; sh -c 'sleep 300 & echo $! >{0}; wait' & sleep 300",
                pids.display()
            ));
            let (out, all) = gather(0);
            let running = tokio::spawn({
                let (host, claim) = (host.clone(), claim.clone());
                async move { host.start(&claim, &script, out).await }
            });
            until("the grandchild is there", || lines(&pids) == 1).await;
            let grandchild = fs::read_to_string(&pids).unwrap();
            assert!(matches!(
                host.probe(&claim).await.unwrap(),
                ReceiptState::Running { .. }
            ));
            let signalled = host.signal(&claim, signal).await.unwrap();
            assert_eq!(
                signalled,
                Signalled::Sent,
                "{}, which has {:?} and these files: {:?}",
                host.name(),
                host.probe(&claim).await,
                kept(&dir.path().join("spool/jobs"))
            );
            let settled = running.await.unwrap().unwrap();
            assert_eq!(
                settled,
                Settled::Exited { code, bytes: 3 },
                "{}",
                host.name()
            );
            assert_eq!(all.await.unwrap(), b"go\n");
            let stat = format!("/proc/{}/stat", grandchild.trim());
            until("the grandchild is gone", || {
                fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "))
            })
            .await;
            assert_eq!(
                host.signal(&claim, signal).await.unwrap(),
                Signalled::NotRunning
            );
        }
    }
}

#[tokio::test]
async fn a_step_outlives_its_channel_and_is_followed_from_any_byte() {
    for (host, dir) in hosts() {
        let claim = claim(&host, "outlives").await;
        let script =
            sh("i=0; while [ $i -lt 30 ]; do echo line $i; i=$((i+1)); sleep 0.05; done; exit 9");
        let (out, mut pieces) = tokio::sync::mpsc::channel(1);
        let following = tokio::spawn({
            let (host, claim) = (host.clone(), claim.clone());
            async move { host.start(&claim, &script, out).await }
        });
        let first = pieces.recv().await.unwrap();
        following.abort();
        assert!(following.await.unwrap_err().is_cancelled());
        let mut seen = first.bytes;
        while let Some(piece) = pieces.recv().await {
            seen.extend(piece.bytes);
        }
        // another process would come with nothing but the claim
        let other = Host::local("later", dir.path().join("spool"));
        assert!(matches!(
            other.probe(&claim).await.unwrap(),
            ReceiptState::Running { .. }
        ));
        let (out, all) = gather(seen.len() as u64);
        let settled = other.attach(&claim, seen.len() as u64, out).await.unwrap();
        seen.extend(all.await.unwrap());
        let whole: String = (0..30).map(|i| format!("line {i}\n")).collect();
        assert_eq!(
            settled,
            Settled::Exited {
                code: 9,
                bytes: whole.len() as u64
            }
        );
        assert_eq!(String::from_utf8_lossy(&seen), whole, "{}", host.name());
        let at = host.probe(&claim).await.unwrap();
        assert_eq!(
            at,
            ReceiptState::Exited {
                code: 9,
                bytes: whole.len() as u64
            }
        );
    }
}

#[tokio::test]
async fn a_daemon_that_keeps_the_output_open_holds_up_neither_the_step_nor_itself() {
    for (host, dir) in hosts() {
        let alive = dir.path().join("alive");
        let script = sh(&format!(
            "(sleep 4; echo late; echo yes >{}) & echo started",
            alive.display()
        ));
        let begun = Instant::now();
        let (code, output) = step(&host, "daemon", &script).await;
        assert_eq!(
            (code, &output[..]),
            (0, &b"started\n"[..]),
            "{}",
            host.name()
        );
        assert!(
            begun.elapsed() < Duration::from_secs(4),
            "{:?}",
            begun.elapsed()
        );
        until("the daemon went on", || lines(&alive) == 1).await;
        // What is known to have ended may be linked elsewhere, so it is never written to again.
        let spool = host.spool_file(&Token::new("daemon").unwrap()).unwrap();
        assert_eq!(fs::read(spool).unwrap(), b"started\n", "{}", host.name());
    }
}

#[tokio::test]
async fn nothing_secret_is_in_an_argument_or_in_the_spool() {
    for (host, dir) in hosts() {
        let env = vec![("PASS".to_owned(), "hunter2secret".to_owned())];
        let text = ": bodysecret; test \"$PASS\" = hunter2secret && echo same; sleep 1";
        let script = Script::with_env(Shell::Sh, env, text).unwrap();
        let claim = claim(&host, "secret").await;
        let (out, mut pieces) = tokio::sync::mpsc::channel(9);
        let running = tokio::spawn({
            let (host, claim) = (host.clone(), claim.clone());
            async move { host.start(&claim, &script, out).await }
        });
        assert_eq!(pieces.recv().await.unwrap().bytes, b"same\n");
        let mut looked = 0;
        for process in fs::read_dir("/proc").unwrap().flatten() {
            if let Ok(argv) = fs::read(process.path().join("cmdline")) {
                let argv = String::from_utf8_lossy(&argv).into_owned();
                assert!(
                    !argv.contains("hunter2secret") && !argv.contains("bodysecret"),
                    "{argv}"
                );
                looked += 1;
            }
        }
        assert!(looked > 3);
        let jobs = dir.path().join("spool/jobs");
        for file in fs::read_dir(&jobs).unwrap().flatten() {
            let bytes = fs::read(file.path()).unwrap();
            assert!(
                !String::from_utf8_lossy(&bytes).contains("secret"),
                "{:?}",
                file.path()
            );
        }
        assert!(matches!(
            running.await.unwrap().unwrap(),
            Settled::Exited { code: 0, .. }
        ));
    }
}

#[tokio::test]
async fn what_cannot_be_known_is_lost() {
    for (host, dir) in hosts() {
        let known = claim(&host, "known").await;
        step(&host, "known", &sh("echo hello")).await;
        let status = dir.path().join("spool/jobs/known_status");
        let whole = fs::read(&status).unwrap();
        assert_eq!(whole.len(), 32);
        for damage in [
            &b""[..],
            b"X",
            b"X   0",
            &whole[..20],
            b"\0\0\0\0\0\0\0\0\n",
            b"X 0 6 E\n",
        ] {
            fs::write(&status, damage).unwrap();
            let state = host.probe(&known).await;
            assert!(
                matches!(state, Ok(ReceiptState::Lost { .. })),
                "{damage:?}: {state:?}"
            );
        }
        fs::write(&status, &whole).unwrap();
        assert!(matches!(
            host.probe(&known).await.unwrap(),
            ReceiptState::Exited { code: 0, bytes: 6 }
        ));

        let boot = known.nonce.as_str().split_once('.').unwrap().1.to_owned();
        let spool = known.nonce.as_str().split_once('.').unwrap().0.to_owned();
        let mut elsewhere = known.clone();
        elsewhere.nonce = Nonce::new(format!("dead-beef.{boot}")).unwrap();
        assert!(matches!(
            host.probe(&elsewhere).await.unwrap(),
            ReceiptState::Lost { .. }
        ));
        let (settled, _) = run(&host, &elsewhere, &sh("echo never")).await;
        assert!(matches!(settled, Ok(Settled::Lost { .. })));

        // before a restart: what ended is still known, what was never heard of may have been forgotten
        let mut before = known.clone();
        before.nonce = Nonce::new(format!("{spool}.0-0")).unwrap();
        assert!(matches!(
            host.probe(&before).await.unwrap(),
            ReceiptState::Exited { .. }
        ));
        before.token = Token::new("forgotten").unwrap();
        assert!(matches!(
            host.probe(&before).await.unwrap(),
            ReceiptState::Lost { .. }
        ));
        assert!(matches!(
            run(&host, &before, &sh("echo never")).await.0,
            Ok(Settled::Lost { .. })
        ));
        assert!(!dir.path().join("spool/jobs/forgotten").exists());
    }
}

#[tokio::test]
async fn a_fence_that_a_power_cut_took_is_no_proof_that_nothing_ran() {
    for (host, dir) in hosts() {
        let ran = claim(&host, "ran").await;
        step(&host, "ran", &sh("echo hello")).await;
        // What the disk had kept: the claim and the reserved status, and not that the fence was passed.
        let at = |end: &str| dir.path().join(format!("spool/jobs/ran{end}"));
        let spool = ran.nonce.as_str().split_once('.').unwrap().0.to_owned();
        let mut before = ran.clone();
        before.nonce = Nonce::new(format!("{spool}.0-0")).unwrap();
        for status in [&b"R   0                       0 R\n"[..], b""] {
            fs::remove_file(at("_go")).unwrap_or_default();
            fs::write(at("_status"), status).unwrap();
            fs::write(at(""), "999999999  1                    0-0\n").unwrap();
            for said in [
                host.probe(&before).await.unwrap(),
                host.revoke(&before).await.unwrap(),
                host.probe(&before).await.unwrap(),
            ] {
                assert!(matches!(said, ReceiptState::Lost { .. }), "{said:?}");
            }
            assert!(!at("_go").exists(), "nothing was made to look revoked");
        }
    }
}

#[tokio::test]
async fn a_dead_keeper_or_a_restart_in_the_middle_is_lost() {
    let (host, dir) = host();
    let claim = claim(&host, "orphan").await;
    let running = tokio::spawn({
        let (host, claim) = (host.clone(), claim.clone());
        async move { run(&host, &claim, &sh("echo begun; sleep 2")).await }
    });
    let job = dir.path().join("spool/jobs/orphan");
    until("it runs", || {
        dir.path().join("spool/jobs/orphan_go").exists()
    })
    .await;
    let own = fs::read_to_string(&job).unwrap();
    let mut words: Vec<&str> = own.split_whitespace().collect();
    words[2] = "0-0";
    fs::write(&job, words.join(" ") + "\n").unwrap();
    let ReceiptState::Lost { why } = host.probe(&claim).await.unwrap() else {
        panic!("not lost")
    };
    assert!(why.contains("restarted"), "{why}");
    fs::write(&job, &own).unwrap();
    assert!(matches!(
        host.probe(&claim).await.unwrap(),
        ReceiptState::Running { .. }
    ));
    assert!(
        Command::new("kill")
            .args(["-9", own.split(' ').next().unwrap()])
            .status()
            .unwrap()
            .success()
    );
    let (settled, _) = running.await.unwrap();
    assert!(matches!(settled, Ok(Settled::Lost { .. })), "{settled:?}");
}

#[tokio::test]
async fn a_claim_that_could_not_be_written_did_not_start() {
    let (host, dir) = host();
    let claim = claim(&host, "short").await;
    let file = dir.path().join("spool/jobs/short");
    fs::write(&file, "").unwrap();
    let (settled, _) = run(&host, &claim, &sh("echo never")).await;
    assert_eq!(settled.unwrap_err().trouble, LinkTrouble::NoReceipt);
    assert_eq!(host.probe(&claim).await.unwrap(), ReceiptState::None);
    // asked about, and not sent again, it is settled for good
    fs::write(&file, "").unwrap();
    assert_eq!(host.probe(&claim).await.unwrap(), ReceiptState::Revoked);
    let trace = dir.path().join("trace");
    let script = sh(&format!("echo ran >>{}", trace.display()));
    assert!(run(&host, &claim, &script).await.0.is_err());
    let (settled, _) = run(&host, &claim, &script).await;
    assert_eq!(settled.unwrap(), Settled::Revoked);
    assert_eq!(lines(&trace), 0);
}

#[tokio::test]
async fn an_acknowledged_receipt_is_gone_and_its_name_stays_taken() {
    let (host, dir) = host();
    let open = claim(&host, "open").await;
    let running = tokio::spawn({
        let (host, open) = (host.clone(), open.clone());
        async move { run(&host, &open, &sh("sleep 1")).await }
    });
    until("it runs", || dir.path().join("spool/jobs/open_go").exists()).await;
    let refused = host.acknowledge(&open).await.unwrap_err();
    assert_eq!(refused.trouble, LinkTrouble::NoReceipt);
    assert!(matches!(
        running.await.unwrap().0,
        Ok(Settled::Exited { code: 0, .. })
    ));
    let file = host.spool_file(&open.token).unwrap();
    assert!(file.exists());
    host.acknowledge(&open).await.unwrap();
    let left = || fs::read_dir(file.parent().unwrap()).unwrap().count();
    assert_eq!(left(), 1, "the claim alone");
    host.acknowledge(&open).await.unwrap();
    // A start that was under way all the while, over a link that everybody had given up.
    let trace = dir.path().join("trace");
    let late = sh(&format!("echo ran >>{}", trace.display()));
    let (settled, _) = run(&host, &open, &late).await;
    assert!(matches!(settled, Ok(Settled::Lost { .. })), "{settled:?}");
    assert!(!trace.exists(), "it ran twice");
    assert_eq!(left(), 1);
    host.close().await;

    let claim = file.parent().unwrap().join("open");
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(40 * 24 * 3600);
    let old = fs::File::options().write(true).open(&claim).unwrap();
    old.set_modified(long_ago).unwrap();
    assert!(matches!(
        host.probe(&open).await.unwrap(),
        ReceiptState::None | ReceiptState::Lost { .. }
    ));
    until("the name is swept away", || !claim.exists()).await;
}

#[tokio::test]
async fn a_question_has_its_limits() {
    for (host, dir) in hosts() {
        let pid = dir.path().join("pid");
        let script = sh(&format!("sleep 300 & echo $! >{}; wait", pid.display()));
        let limit = Some(Duration::from_millis(500));
        let error = host.ask_with(&script, limit, 100).await.unwrap_err();
        assert_eq!(error.trouble, LinkTrouble::TimedOut);
        let stat = format!("/proc/{}/stat", fs::read_to_string(&pid).unwrap().trim());
        until("the sleeper is gone", || {
            fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "))
        })
        .await;
        let answer = host
            .ask_with(&sh("yes | head -c 5000000; echo e >&2"), None, 1000)
            .await
            .unwrap();
        assert_eq!(
            (answer.stdout.len(), answer.cut, answer.code),
            (1000, true, 0)
        );
        assert_eq!(answer.stderr, b"e\n");
        // a shell that is in the way of nothing
        let answer = host.ask(&sh("sleep 0.2 & echo now")).await.unwrap();
        assert_eq!(answer.stdout, b"now\n");
    }
}

#[tokio::test]
async fn a_spool_that_cannot_be_made_leaves_questions_possible() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let host = Host::local("here", dir.path().join("file/spool"));
    let survey = host.survey().await.unwrap();
    assert!(
        matches!(survey.receipts, Receipts::Impossible(_)),
        "{survey:?}"
    );
    let answer = host.ask(&sh("echo hello; echo no >&2; exit 3")).await;
    let answer = answer.unwrap();
    assert_eq!(
        (answer.code, &answer.stdout[..], &answer.stderr[..]),
        (3, &b"hello\n"[..], &b"no\n"[..])
    );
    let (out, _) = tokio::sync::mpsc::channel(1);
    let claim =
        runsheet::transport::Claim::new(Token::new("a").unwrap(), Nonce::new("a.b").unwrap());
    let error = host
        .start(&claim, &sh("echo never"), out)
        .await
        .unwrap_err();
    assert_eq!(error.trouble, LinkTrouble::NoReceipt);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_steps_than_channels_all_end_and_questions_get_through() {
    let (host, _dir) = host();
    let nonce = claim(&host, "x").await.nonce;
    let steps: Vec<_> = (0..20)
        .map(|i| {
            let host = host.clone();
            let claim = runsheet::transport::Claim::new(
                Token::new(format!("many-{i}")).unwrap(),
                nonce.clone(),
            );
            tokio::spawn(async move {
                run(&host, &claim, &sh(&format!("sleep 0.3; exit {i}")))
                    .await
                    .0
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let question = sh("true");
    let asking = host.ask(&question);
    tokio::time::timeout(Duration::from_millis(900), asking)
        .await
        .unwrap()
        .unwrap();
    assert!(!steps.iter().all(tokio::task::JoinHandle::is_finished));
    for (i, step) in steps.into_iter().enumerate() {
        assert_eq!(
            step.await.unwrap().unwrap(),
            Settled::Exited {
                code: i as i32,
                bytes: 0
            }
        );
    }
}

/// Feeds a shell the first bytes of a conversation and nothing more.
#[test]
fn what_is_left_of_a_question_is_never_taken_for_a_verb() {
    for argv in shells() {
        let dir = TempDir::new().unwrap();
        let program = conversation();
        // A shell that is not there reads nothing of its program, which looks like verbs.
        let verbs =
            b"word Q mark no-such-shell-anywhere\nS a b sh far\nword Q again sh\necho hello\n";
        let said = feed(&argv, dir.path(), &[program.as_bytes(), verbs]);
        let said = String::from_utf8_lossy(&said).into_owned();
        let answers: Vec<&str> = said.lines().collect();
        assert!(answers[0].starts_with("mark 12"), "{argv:?}: {said}");
        assert!(answers[1].starts_with("P "), "{argv:?}: {said}");
        assert_eq!(answers[2..], ["hello", "again 0"], "{argv:?}");
    }
}
