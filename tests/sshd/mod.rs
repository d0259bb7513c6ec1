//! An sshd of our own on a loopback port, and the client's configuration for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Ended with the test.
pub struct Sshd {
    dir: TempDir,
    /// Where it listens.
    pub port: u16,
    pub child: Child,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        // A test that fails in here has failed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sshd {
    /// `None`, and a word about it, where there is no sshd.
    pub fn start() -> Option<Self> {
        let program = [
            "/usr/sbin/sshd",
            "/usr/local/sbin/sshd",
            "/usr/lib/ssh/sshd",
        ]
        .into_iter()
        .find(|path| Path::new(path).exists());
        let Some(program) = program else {
            eprintln!("SKIPPED: no sshd here; nothing behind ssh was tested");
            return None;
        };
        let dir = TempDir::with_prefix("rs").unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        for key in ["host", "user", "stranger"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f", &at(key)])
                .status();
            assert!(made.unwrap().success());
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        fs::create_dir(at("home")).unwrap();
        // With SHLVL above 1 bash does not take itself for a login and leaves ~/.bashrc alone (bash(1),
        // INVOCATION), so that the figures are ours and not those of somebody's profile.
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             UsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             MaxStartups 100\nSetEnv XDG_STATE_HOME={} SHLVL=2\n",
            at("host"),
            at("authorized"),
            at("home"),
        );
        fs::write(at("sshd_config"), config).unwrap();
        // sshd run by root wants its privilege separation folder, which a package makes at boot.
        if let Err(error) = fs::create_dir_all("/run/sshd") {
            eprintln!("/run/sshd: {error}; sshd may refuse to start");
        }
        let child = Command::new(program)
            .args(["-D", "-e", "-f", &at("sshd_config")])
            .stdin(Stdio::null())
            .stderr(fs::File::create(at("log")).unwrap())
            .spawn()
            .unwrap();
        let sshd = Self { port, child, dir };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", sshd.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        sshd.know("host", port);
        sshd.let_in("");
        sshd.come_as("user", port);
        Some(sshd)
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.at("log")).unwrap_or_default()
    }

    /// Lets the user's key in, with options of authorized_keys(5) before it.
    pub fn let_in(&self, options: &str) {
        let key = fs::read_to_string(self.at("user.pub")).unwrap();
        let space = if options.is_empty() { "" } else { " " };
        fs::write(self.at("authorized"), format!("{options}{space}{key}")).unwrap();
    }

    /// Teaches the client one host key as that of a port, and no other.
    pub fn know(&self, key: &str, port: u16) {
        let key = fs::read_to_string(self.at(&format!("{key}.pub"))).unwrap();
        fs::write(self.at("known"), format!("[127.0.0.1]:{port} {key}")).unwrap();
    }

    /// Lets the client, which calls this host `lab`, log in with one key at a port.
    pub fn come_as(&self, key: &str, port: u16) {
        let id = Command::new("id").arg("-un").output().unwrap();
        let user = String::from_utf8(id.stdout).unwrap();
        let config = format!(
            "Host lab\n HostName 127.0.0.1\n Port {port}\n User {}\n IdentityFile {}\n IdentitiesOnly yes\n \
             IdentityAgent none\n UserKnownHostsFile {}\n GlobalKnownHostsFile /dev/null\n",
            user.trim(),
            self.at(key).display(),
            self.at("known").display(),
        );
        fs::write(self.at("ssh_config"), config).unwrap();
    }
}
