//! The key's whole life, on two homes of this machine and, where sshd is there, over a real login.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::*;
use crate::kinds::testing::{Stand, host};
use crate::probe::testing::{run_at, said};
use crate::probe::{Ask, Holds, complaint};
use crate::template::Machine;

const THEIRS: &str = "# the admins\nssh-ed25519 AAAATHEIRS admin@desk";

/// Two machines that are two home folders; `dest` may have an sshd.
struct Stage {
    stand: Stand,
    folder: tempfile::TempDir,
    sshd: Option<Child>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(sshd) = &mut self.sshd {
            let ended = sshd.kill().and_then(|()| sshd.wait());
            assert!(ended.is_ok(), "the sshd of the test could not be ended");
        }
    }
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["source", "dest"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap().trim().to_owned();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut stand = Stand::new();
        for name in ["one", "two"] {
            let machine = Machine {
                address: "127.0.0.1".to_owned(),
                user: user.clone(),
                port,
                label: name.to_owned(),
            };
            stand
                .values
                .bind(host(name), MachineName::of(&host(name), 0), machine);
        }
        let key = folder.path().join("source/.ssh/deep/runsheet-key");
        stand.set("KEY", key.to_str().unwrap());
        let stage = Self {
            stand,
            folder,
            sshd: None,
        };
        let host_key = stage.folder.path().join("host_key");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(&host_key)
            .status();
        assert!(
            made.is_ok_and(|status| status.success()),
            "ssh-keygen is needed"
        );
        stage
    }

    fn port(&self) -> u16 {
        let name = MachineName::of(&host("two"), 0);
        self.stand.values.machine(&name).unwrap().port
    }

    fn home(&self, at: &MachineName) -> PathBuf {
        let name = if at.as_str() == "one" {
            "source"
        } else {
            "dest"
        };
        self.folder.path().join(name)
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("source/.ssh/deep/runsheet-key")
    }

    fn authorized_keys(&self) -> PathBuf {
        self.folder.path().join("dest/.ssh/authorized_keys")
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.authorized_keys()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Starts an sshd for `dest`; false, said loudly, where that cannot be.
    fn serve(&mut self) -> bool {
        let folder = self.folder.path();
        let config = format!(
            "ListenAddress 127.0.0.1:{}\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nPidFile none\n",
            self.port(),
            folder.join("host_key").display(),
            self.authorized_keys().display(),
        );
        let file = folder.join("sshd_config");
        fs::write(&file, config).unwrap();
        if Path::new("/run").is_dir() && !Path::new("/run/sshd").exists() {
            // Debian's sshd wants this folder; only root can make it, and only root's sshd needs it.
            fs::create_dir("/run/sshd").ok();
        }
        let sshd = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(&file)
            .stderr(Stdio::null())
            .spawn();
        let Ok(sshd) = sshd else {
            eprintln!("SKIPPED: no sshd here, so no login was tried");
            return false;
        };
        self.sshd = Some(sshd);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if std::net::TcpStream::connect(("127.0.0.1", self.port())).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        eprintln!("SKIPPED: sshd did not start here, so no login was tried");
        false
    }

    fn ask(&self, question: &Question) -> Reply {
        let mut env = self.stand.values.environment();
        env.extend(question.env.iter().cloned());
        run_at(&self.home(&question.at), "dash", &question.text, &env)
    }

    fn propose(&self, action: &dyn Action) -> Result<Proposal, Obstacle> {
        let questions = action.survey(&self.stand.moment()).unwrap();
        let mut replies: Vec<Reply> = questions.iter().map(|q| self.ask(q)).collect();
        // The host key of the test's sshd does not lie in /etc/ssh.
        let host_key = fs::read_to_string(self.folder.path().join("host_key.pub")).unwrap();
        let host_key: Vec<&str> = host_key.split(' ').take(2).collect();
        let line = format!("hostkey {}\n", host_key.join(" "));
        replies[1].stdout.extend_from_slice(line.as_bytes());
        action.propose(&self.stand.moment(), &replies)
    }

    fn run(&self, leg: &Leg, before: &[Reply]) -> Reply {
        let mut env = self.stand.values.environment();
        for (number, reply) in before.iter().enumerate() {
            env.push((format!("RUNSHEET_LEG_{}", number + 1), reply.text()));
        }
        env.extend(leg.env.iter().cloned());
        run_at(&self.home(&leg.at), "dash", &leg.text, &env)
    }

    fn run_all(&self, legs: &[Leg]) -> Vec<Reply> {
        let mut replies = Vec::new();
        for leg in legs {
            let reply = self.run(leg, &replies);
            assert_eq!(reply.code, 0, "{}: {}", leg.title, complaint(&reply));
            replies.push(reply);
        }
        replies
    }

    fn proof(&self, action: &dyn Action) -> Holds {
        let probe = action.own_proof().remove(0);
        let scene = self.stand.moment().scene;
        match probe.ask(&scene).unwrap() {
            Ask::Script(question) => probe.judge(&scene, &self.ask(&question)).holds,
            Ask::Person(_) => panic!("a login is tried by a machine"),
        }
    }
}

fn action(more: &str) -> Box<dyn Action> {
    let text = format!("{{ from = 'one', to = 'two', path = '{{{{KEY}}}}'{more} }}");
    parse(ValueDeserializer::parse(&text).unwrap()).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_key_is_made_let_in_once_proved_and_taken_back() {
    let mut stage = Stage::new();
    if !stage.serve() {
        return;
    }
    let make = action("");
    assert_eq!(stage.proof(&*make), Holds::No, "red before");
    let proposal = stage.propose(&*make).unwrap();
    assert_eq!(proposal.legs.len(), 4);
    stage.run_all(&proposal.legs);
    assert_eq!(stage.proof(&*make), Holds::Yes);
    assert_eq!(mode(&stage.key()), 0o600);
    assert_eq!(mode(&stage.authorized_keys()), 0o600);
    assert_eq!(mode(stage.authorized_keys().parent().unwrap()), 0o700);
    assert_eq!(stage.lines().len(), 1);
    assert!(stage.lines()[0].starts_with("restrict ssh-ed25519 AAAA"));

    let key = fs::read(stage.key()).unwrap();
    stage.run_all(&proposal.legs);
    assert_eq!(stage.lines().len(), 1, "once and only once");
    assert_eq!(fs::read(stage.key()).unwrap(), key, "never made anew");
    let again = stage.propose(&*make).unwrap();
    assert!(
        again.already.is_some() && again.legs.is_empty(),
        "{again:?}"
    );

    stage.stand.left = proposal.leaves;
    let undo = make.derived_undo().unwrap();
    let back = stage.propose(&*undo).unwrap();
    stage.run_all(&back.legs);
    assert!(stage.lines().is_empty());
    for name in [
        "runsheet-key",
        "runsheet-key.pub",
        "runsheet-key.known_hosts",
    ] {
        assert!(!stage.key().with_file_name(name).exists(), "{name}");
    }
    assert_eq!(stage.proof(&*make), Holds::No);
    assert_eq!(stage.proof(&*action(", remove = true")), Holds::Yes);
    assert!(stage.propose(&*undo).unwrap().already.is_some());
}

#[test]
fn lines_of_others_stay_to_the_byte_with_mode_and_missing_line_end() {
    let stage = Stage::new();
    fs::create_dir(stage.folder.path().join("dest/.ssh")).unwrap();
    fs::write(stage.authorized_keys(), THEIRS).unwrap();
    fs::set_permissions(stage.authorized_keys(), PermissionsExt::from_mode(0o644)).unwrap();
    let make = action("");
    let proposal = stage.propose(&*make).unwrap();
    stage.run_all(&proposal.legs[..3]);
    let text = fs::read_to_string(stage.authorized_keys()).unwrap();
    assert!(
        text.starts_with(&format!("{THEIRS}\nrestrict ssh-ed25519 ")),
        "{text}"
    );
    assert_eq!(mode(&stage.authorized_keys()), 0o644);
    let undo = make.derived_undo().unwrap();
    stage.run_all(&stage.propose(&*undo).unwrap().legs);
    let text = fs::read_to_string(stage.authorized_keys()).unwrap();
    assert_eq!(text, format!("{THEIRS}\n"));
    assert_eq!(mode(&stage.authorized_keys()), 0o644);
}

#[test]
fn a_key_and_a_line_that_were_there_before_outlive_the_way_back() {
    let mut stage = Stage::new();
    let make = action("");
    let first = stage.propose(&*make).unwrap();
    stage.run_all(&first.legs[..3]);
    // The login does not work, for there is no sshd; so the step is offered again.
    let second = stage.propose(&*make).unwrap();
    assert_eq!(second.legs.len(), 4);
    stage.stand.left = second.leaves;
    let undo = make.derived_undo().unwrap();
    let back = stage.propose(&*undo).unwrap();
    assert!(back.already.is_some() && back.legs.is_empty(), "{back:?}");
    // The author's own removal knows no before.
    stage.stand.left.clear();
    let removal = stage.propose(&*action(", remove = true")).unwrap();
    assert_eq!(removal.legs.len(), 2);
}

#[test]
fn what_is_not_a_public_key_never_reaches_authorized_keys() {
    let stage = Stage::new();
    let legs = stage.propose(&*action("")).unwrap().legs;
    for bad in [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA extra",
        "ssh-ed25519 AAAA\nssh-ed25519 AAAB",
        "ssh-ed25519 $(touch owned)",
        "ssh-ed25519 AAAA;x",
        "command=\"x\" AAAA",
        "* *",
    ] {
        let reply = stage.run(&legs[1], &[said(bad)]);
        assert_eq!(reply.code, 2, "{bad:?}");
        assert!(!stage.authorized_keys().exists(), "{bad:?}");
    }
}

#[test]
fn links_and_foreign_files_in_the_way_are_refused() {
    let stage = Stage::new();
    fs::create_dir_all(stage.key().parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", stage.key()).unwrap();
    let obstacle = stage.propose(&*action("")).unwrap_err();
    assert!(obstacle.what.contains("symbolic link"), "{obstacle}");
    fs::remove_file(stage.key()).unwrap();
    fs::write(stage.key(), "not a key").unwrap();
    let obstacle = stage.propose(&*action("")).unwrap_err();
    assert!(obstacle.what.contains("cannot be read"), "{obstacle}");
    assert_eq!(fs::read(stage.key()).unwrap(), b"not a key");
    fs::remove_file(stage.key()).unwrap();
    fs::write(stage.key().with_extension("pub"), "x").unwrap();
    let obstacle = stage.propose(&*action("")).unwrap_err();
    assert!(obstacle.what.contains(".pub"), "{obstacle}");
    fs::remove_file(stage.key().with_extension("pub")).unwrap();
    fs::create_dir(stage.folder.path().join("dest/.ssh")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", stage.authorized_keys()).unwrap();
    let obstacle = stage.propose(&*action("")).unwrap_err();
    assert!(obstacle.what.contains("not a regular file"), "{obstacle}");
}

#[test]
fn a_login_of_another_name_is_told_before_anything_is_made() {
    let stage = Stage::new();
    let make = action("");
    let replies = [
        said("key absent"),
        said("user somebody\nfile absent"),
        said(""),
    ];
    let obstacle = make.propose(&stage.stand.moment(), &replies).unwrap_err();
    assert!(obstacle.what.contains("somebody"), "{obstacle}");
}

#[test]
fn host_keys_of_a_host_are_replaced_and_those_of_others_kept() {
    let stage = Stage::new();
    let legs = stage.propose(&*action("")).unwrap().legs;
    let file = stage.key().with_extension("known_hosts");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let pattern = format!("[127.0.0.1]:{}", stage.port());
    fs::write(
        &file,
        format!("other ssh-rsa AAAA\n{pattern} ssh-rsa OLD\n"),
    )
    .unwrap();
    for _ in 0..2 {
        assert_eq!(stage.run(&legs[2], &[]).code, 0);
    }
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("other ssh-rsa AAAA\n"), "{text}");
    assert!(!text.contains("OLD"), "{text}");
    let ours = text.lines().filter(|line| line.contains("ssh-ed25519"));
    assert!(ours.clone().count() >= 1 && ours.clone().all(|line| line.starts_with(&pattern)));
}

#[test]
fn the_key_carries_a_copy_to_a_path_that_no_shell_reads_again() {
    let mut stage = Stage::new();
    if Command::new("rsync").arg("--version").output().is_err() {
        eprintln!("SKIPPED: rsync is not installed, so no copy was tried");
        return;
    }
    if !stage.serve() {
        return;
    }
    let make = action("");
    stage.run_all(&stage.propose(&*make).unwrap().legs);
    stage.stand.here = MachineName::of(&host("one"), 0);
    let from = stage.folder.path().join("source/a $(touch owned) 'b'");
    let to = stage.folder.path().join("dest/x $HOME; touch owned/*");
    fs::create_dir(&from).unwrap();
    fs::write(from.join("f"), "moved").unwrap();
    stage.stand.set("FROM", &format!("{}/", from.display()));
    stage.stand.set("TO", &format!("{}/", to.display()));
    let copy = crate::kinds::KINDS
        .iter()
        .find(|kind| kind.name == "rsync")
        .unwrap();
    let keys = "{ path = '{{FROM}}', to = 'two', to-path = '{{TO}}', key = '{{KEY}}' }";
    let copy = (copy.parse)(ValueDeserializer::parse(keys).unwrap()).unwrap();
    assert_eq!(stage.proof(&*copy), Holds::No, "red before");
    let questions = copy.survey(&stage.stand.moment()).unwrap();
    let replies: Vec<Reply> = questions
        .iter()
        .map(|question| stage.ask(question))
        .collect();
    let proposal = copy.propose(&stage.stand.moment(), &replies).unwrap();
    stage.run_all(&proposal.legs);
    assert_eq!(fs::read(to.join("f")).unwrap(), b"moved");
    assert_eq!(stage.proof(&*copy), Holds::Yes);
}
