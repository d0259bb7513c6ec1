use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use runsheet::transport::{Claim, Destination, Host, LinkTrouble, ReceiptState, Settled, Token};
use tempfile::TempDir;

use super::stage::{claim, gather, installed, run, sh, step, until};

/// An sshd of our own on a loopback port, ended with the test.
struct Sshd {
    dir: TempDir,
    port: u16,
    child: Child,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        // a test that fails in here has failed already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sshd {
    /// `None`, and a word about it, where there is no sshd.
    fn start() -> Option<Self> {
        let program = [
            "/usr/sbin/sshd",
            "/usr/local/sbin/sshd",
            "/usr/lib/ssh/sshd",
        ]
        .into_iter()
        .find(|path| Path::new(path).exists());
        let (Some(program), true, true) = (program, installed("ssh"), installed("ssh-keygen"))
        else {
            eprintln!("SKIPPED: no sshd, ssh or ssh-keygen here; nothing behind ssh was tested");
            return None;
        };
        let dir = TempDir::with_prefix("rs").unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        for key in ["host", "user", "stranger"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f", &at(key)])
                .status()
                .unwrap();
            assert!(made.success());
        }
        fs::copy(at("user.pub"), at("authorized")).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let home = at("home");
        fs::create_dir(&home).unwrap();
        // with SHLVL above 1 bash does not take itself for a login and leaves ~/.bashrc alone (bash(1),
        // INVOCATION), so that the figures are ours and not those of somebody's profile
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             UsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             SetEnv XDG_STATE_HOME={home} SHLVL=2\n",
            at("host"),
            at("authorized"),
        );
        fs::write(at("sshd_config"), config).unwrap();
        // sshd run by root wants its privilege separation folder, which a package makes at boot
        if let Err(error) = fs::create_dir_all("/run/sshd") {
            eprintln!("/run/sshd: {error}; sshd may refuse to start");
        }
        let log = fs::File::create(at("log")).unwrap();
        let child = Command::new(program)
            .args(["-D", "-e", "-f", &at("sshd_config")])
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let sshd = Self { port, child, dir };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "{}", sshd.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        sshd.know("host.pub");
        fs::create_dir(sshd.at("ctl")).unwrap();
        fs::set_permissions(sshd.at("ctl"), fs::Permissions::from_mode(0o700)).unwrap();
        sshd.configure("user");
        Some(sshd)
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.at("log")).unwrap_or_default()
    }

    /// Teaches the client this host key.
    fn know(&self, key: &str) {
        let key = fs::read_to_string(self.at(key)).unwrap();
        fs::write(self.at("known"), format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
    }

    fn configure(&self, key: &str) {
        let config = format!(
            "Host lab\n HostName 127.0.0.1\n Port {}\n User {}\n IdentityFile {}\n IdentitiesOnly yes\n \
             IdentityAgent none\n UserKnownHostsFile {}\n GlobalKnownHostsFile /dev/null\n",
            self.port,
            user(),
            self.at(key).display(),
            self.at("known").display(),
        );
        fs::write(self.at("ssh_config"), config).unwrap();
    }

    fn host(&self) -> Host {
        let destination = Destination::new("lab")
            .unwrap()
            .config(self.at("ssh_config"));
        Host::ssh("lab", destination, self.at("ctl"))
    }

    fn logins(&self) -> usize {
        self.log().matches("Accepted publickey").count()
    }
}

fn user() -> String {
    let id = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn over_ssh_steps_and_questions_share_one_login() {
    let Some(sshd) = Sshd::start() else { return };
    let host = sshd.host();
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
    assert_eq!(sshd.logins(), 1);
    assert!(sshd.at("home/runsheet/spool/jobs/one_out").exists());
    assert_eq!(host.spool_file(&Token::new("one").unwrap()), None);
    host.close().await;
}

#[tokio::test]
async fn a_lost_link_is_known_as_lost_and_the_step_goes_on() {
    let Some(sshd) = Sshd::start() else { return };
    let host = sshd.host();
    let claim = claim(&host, "cut").await;
    let (out, mut pieces) = tokio::sync::mpsc::channel(8);
    let running = tokio::spawn({
        let (host, claim) = (host.clone(), claim.clone());
        async move {
            host.start(&claim, &sh("echo one; sleep 1; echo two; exit 5"), out)
                .await
        }
    });
    assert_eq!(pieces.recv().await.unwrap().bytes, b"one\n");
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
    let error = running.await.unwrap().unwrap_err();
    assert_eq!(error.trouble, LinkTrouble::Lost, "{error}");
    let state = host.probe(&claim).await.unwrap();
    assert_eq!(state, ReceiptState::Running { bytes: 4 });
    let (out, all) = gather(4);
    let settled = host.attach(&claim, 4, out).await.unwrap();
    assert_eq!(settled, Settled::Exited { code: 5, bytes: 8 });
    assert_eq!(all.await.unwrap(), b"two\n");
    assert_eq!(sshd.logins(), 2);
    host.close().await;
}

#[tokio::test]
async fn a_host_that_does_not_let_us_in_says_why() {
    let Some(sshd) = Sshd::start() else { return };
    let trouble = async || {
        let error = sshd.host().survey().await.unwrap_err();
        assert!(!error.said.is_empty() && !error.hint().is_empty());
        error.trouble
    };
    sshd.configure("stranger");
    assert_eq!(trouble().await, LinkTrouble::Refused);
    sshd.configure("user");
    sshd.know("stranger.pub");
    assert_eq!(trouble().await, LinkTrouble::HostKeyChanged);
    fs::write(sshd.at("known"), "").unwrap();
    assert_eq!(trouble().await, LinkTrouble::HostKeyUnknown);
    sshd.know("host.pub");
    fs::write(
        sshd.at("authorized"),
        format!(
            "command=\"/bin/false\" {}",
            fs::read_to_string(sshd.at("user.pub")).unwrap()
        ),
    )
    .unwrap();
    let error = sshd.host().survey().await.unwrap_err();
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
    let key = fs::read_to_string(sshd.at("user.pub")).unwrap();
    let noisy = "command=\"echo welcome; echo H end; printf 'no newline'; echo; eval \\\"$SSH_ORIGINAL_COMMAND\\\"\" ";
    fs::write(sshd.at("authorized"), format!("{noisy}{key}")).unwrap();
    let host = sshd.host();
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
    let host = sshd.host();
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
