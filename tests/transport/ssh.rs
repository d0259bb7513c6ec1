use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use runsheet::engine::Fleet;
use runsheet::names::MachineName;
use runsheet::transport::{Claim, Destination, Host, LinkTrouble, ReceiptState, Settled, Token};

use super::sshd::Sshd;
use super::stage::{claim, gather, run, sh, step, until};

pub fn host(sshd: &Sshd) -> Host {
    let control_dir = sshd.at("ctl");
    if !control_dir.exists() {
        fs::create_dir(&control_dir).unwrap();
        fs::set_permissions(&control_dir, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let destination = Destination::new("lab")
        .unwrap()
        .config(sshd.at("ssh_config"));
    Host::ssh("lab", destination, control_dir)
}

/// Cuts every connection.
pub fn cut(sshd: &Sshd) {
    // the sessions of this sshd are its children's children; each has its own connection
    let children = Command::new("ps")
        .args(["-o", "pid=", "--ppid", &sshd.child.id().to_string()])
        .output();
    for pid in String::from_utf8(children.unwrap().stdout)
        .unwrap()
        .split_whitespace()
    {
        assert!(
            Command::new("kill")
                .args(["-9", pid])
                .status()
                .unwrap()
                .success()
        );
    }
}

fn logins(sshd: &Sshd) -> usize {
    sshd.log().matches("Accepted publickey").count()
}

#[tokio::test]
async fn over_ssh_steps_and_questions_share_one_login() {
    let Some(sshd) = Sshd::start() else { return };
    let host = host(&sshd);
    let (code, output) = step(&host, "one", &sh("echo out; echo err >&2; exit 255")).await;
    assert_eq!((code, &output[..]), (255, &b"out\nerr\n"[..]));
    let answer = host
        .ask(&sh("echo out; echo err >&2; exit 9"))
        .await
        .unwrap();
    assert_eq!(
        (answer.code, &answer.stdout[..], &answer.stderr[..]),
        (9, &b"out\n"[..], &b"err\n"[..])
    );
    let (code, output) = step(&host, "big", &sh("yes 0123456789abcdef | head -c 20971520")).await;
    assert_eq!((code, output.len()), (0, 20_971_520));
    assert!(
        output
            .chunks(17)
            .all(|line| b"0123456789abcdef\n".starts_with(line))
    );
    let nonce = claim(&host, "x").await.nonce;
    let (a, b) = (
        Claim::new(Token::new("a").unwrap(), nonce.clone()),
        Claim::new(Token::new("b").unwrap(), nonce),
    );
    let script = sh("sleep 0.4");
    let (a, b, c) = tokio::join!(
        run(&host, &a, &script),
        run(&host, &b, &script),
        host.ask(&script)
    );
    assert!(a.0.is_ok() && b.0.is_ok() && c.is_ok());
    assert_eq!(logins(&sshd), 1);
    assert!(sshd.at("home/runsheet/spool/jobs/one_out").exists());
    assert_eq!(host.spool_file(&Token::new("one").unwrap()), None);
    host.close().await;
}

#[tokio::test]
async fn a_lost_link_is_known_as_lost_and_the_step_goes_on() {
    let Some(sshd) = Sshd::start() else { return };
    let host = host(&sshd);
    let claim = claim(&host, "cut").await;
    let (out, mut pieces) = tokio::sync::mpsc::channel(8);
    let running = tokio::spawn({
        let (host, claim) = (host.clone(), claim.clone());
        async move {
            host.start(&claim, &sh("echo one; sleep 3; echo two; exit 5"), out)
                .await
        }
    });
    assert_eq!(pieces.recv().await.unwrap().bytes, b"one\n");
    cut(&sshd);
    let error = running.await.unwrap().unwrap_err();
    assert_eq!(error.trouble, LinkTrouble::Lost, "{error}");
    let state = host.probe(&claim).await.unwrap();
    assert_eq!(state, ReceiptState::Running { bytes: 4 });
    let (out, all) = gather(4);
    let settled = host.attach(&claim, 4, out).await.unwrap();
    assert_eq!(settled, Settled::Exited { code: 5, bytes: 8 });
    assert_eq!(all.await.unwrap(), b"two\n");
    assert_eq!(logins(&sshd), 2);
    host.close().await;
}

#[tokio::test]
async fn a_host_that_does_not_let_us_in_says_why() {
    let Some(sshd) = Sshd::start() else { return };
    let trouble = async || {
        let error = host(&sshd).survey().await.unwrap_err();
        assert!(!error.said.is_empty() && !error.hint().is_empty());
        error.trouble
    };
    sshd.come_as("stranger", sshd.port);
    assert_eq!(trouble().await, LinkTrouble::Refused);
    sshd.come_as("user", sshd.port);
    sshd.know("stranger", sshd.port);
    assert_eq!(trouble().await, LinkTrouble::HostKeyChanged);
    fs::write(sshd.at("known"), "").unwrap();
    assert_eq!(trouble().await, LinkTrouble::HostKeyUnknown);
    sshd.know("host", sshd.port);
    sshd.let_in("command=\"/bin/false\"");
    let error = host(&sshd).survey().await.unwrap_err();
    assert_eq!(error.trouble, LinkTrouble::NoShell, "{error}");

    let nowhere = Destination::new("127.0.0.1")
        .unwrap()
        .port(1)
        .config(sshd.at("ssh_config"));
    let error = Host::ssh("nowhere", nowhere, sshd.at("ctl"))
        .survey()
        .await
        .unwrap_err();
    assert_eq!(error.trouble, LinkTrouble::Unreachable, "{error}");
    let long = sshd.at(&"x".repeat(90));
    let error = Host::ssh("long", Destination::new("lab").unwrap(), long)
        .survey()
        .await
        .unwrap_err();
    assert_eq!(error.trouble, LinkTrouble::Local, "{error}");
}

#[tokio::test]
async fn a_login_that_talks_does_not_confuse_the_greeting() {
    let Some(sshd) = Sshd::start() else { return };
    sshd.let_in("command=\"echo welcome; echo H end; printf 'no newline'; echo; eval \\\"$SSH_ORIGINAL_COMMAND\\\"\"");
    let host = host(&sshd);
    assert_eq!(
        step(&host, "noisy", &sh("echo fine")).await,
        (0, b"fine\n".to_vec())
    );
    host.close().await;
}

#[tokio::test]
async fn a_server_with_one_session_a_connection_gets_more_connections() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    let config = fs::read_to_string(sshd.at("sshd_config")).unwrap();
    fs::write(sshd.at("sshd_config"), config + "MaxSessions 1\n").unwrap();
    Command::new("kill")
        .args(["-s", "HUP", &sshd.child.id().to_string()])
        .status()
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(sshd.child.try_wait().unwrap().is_none());
    let host = host(&sshd);
    let claim = claim(&host, "long").await;
    let running = tokio::spawn({
        let (host, claim) = (host.clone(), claim.clone());
        async move { run(&host, &claim, &sh("sleep 1; echo x")).await }
    });
    let job = sshd.at("home/runsheet/spool/jobs/long_go");
    until("it runs", || job.exists()).await;
    assert_eq!(host.ask(&sh("echo y")).await.unwrap().stdout, b"y\n");
    assert_eq!(
        running.await.unwrap().0.unwrap(),
        Settled::Exited { code: 0, bytes: 2 }
    );
    host.close().await;
}

/// The fingerprint of a public key's file.
fn fingerprint(file: &std::path::Path) -> String {
    let said = Command::new("ssh-keygen")
        .arg("-l")
        .arg("-f")
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    said.split(' ').nth(1).unwrap().to_owned()
}

/// Has the program read its machine id from a file of the test's own.
fn machine_id(sshd: &Sshd, id: &str) {
    let file = sshd.at("machine-id");
    fs::write(&file, format!("{id}\n")).unwrap();
    let through = format!("sed -u s:/etc/machine-id:{}: | sh -s", file.display());
    sshd.let_in(&format!("command=\"{through}\""));
}

#[tokio::test]
async fn a_machine_is_known_by_its_host_key_and_its_id() {
    let Some(sshd) = Sshd::start() else { return };
    machine_id(&sshd, "1");
    let survey = host(&sshd).survey().await.unwrap();
    assert_eq!(survey.host_keys, [fingerprint(&sshd.at("host.pub"))]);
    assert_eq!(survey.machine_id.as_deref(), Some("1"));
}

#[tokio::test]
async fn two_names_that_lead_to_one_sshd_are_not_taken_for_two_machines() {
    let Some(sshd) = Sshd::start() else { return };
    machine_id(&sshd, "1");
    let name = |name: &str| MachineName::new(name).unwrap();
    let fleet = Fleet::of([(name("source"), host(&sshd)), (name("dest"), host(&sshd))]);
    let reach = async |of: &str| fleet.host(&name(of)).unwrap().survey().await;
    reach("source").await.unwrap();
    let error = reach("dest").await.unwrap_err();
    assert_eq!(error.trouble, LinkTrouble::OtherMachine);
    assert!(error.said.contains("the same machine as source"), "{error}");
}

#[tokio::test]
async fn a_machine_that_is_another_after_a_new_login_is_sent_nothing() {
    let Some(sshd) = Sshd::start() else { return };
    machine_id(&sshd, "1");
    let source = MachineName::new("source").unwrap();
    let fleet = Fleet::of([(source.clone(), host(&sshd))]);
    let to = fleet.host(&source).unwrap();
    let nonce = to.survey().await.unwrap().nonce().unwrap().clone();
    to.close().await;
    machine_id(&sshd, "2");
    let claim = Claim::new(Token::new("other").unwrap(), nonce);
    let marker = sshd.at("ran");
    let (out, _all) = gather(4);
    let started = to
        .start(&claim, &sh(&format!("touch {}", marker.display())), out)
        .await;
    let error = started.unwrap_err();
    assert_eq!(error.trouble, LinkTrouble::OtherMachine);
    assert!(error.said.contains("machine id was 1 and is 2"), "{error}");
    assert!(!marker.exists());
    machine_id(&sshd, "1");
    to.survey().await.unwrap();
}
