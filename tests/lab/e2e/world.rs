//! The lab, and what must be true in it before and after the migration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const USERS: [&str; 3] = ["ana", "bruno", "chloe"];
const ROOT: &str = "/var/pryv";
const SOURCE: &str = "10.77.0.11";
const DEST: &str = "10.77.0.12";
const REGISTERS: [(&str, &str); 2] = [("register", "10.77.0.21"), ("register-2", "10.77.0.22")];

/// The running lab. Dropping it leaves it as it is: it is taken down where the test ends.
pub struct Lab {
    program: PathBuf,
}

/// What the world was before.
pub struct Before {
    summaries: BTreeMap<&'static str, String>,
    platform: String,
    authorized_keys: String,
}

impl Lab {
    /// Starts the lab, or brings one that is up back to the world before the migration; the error says why it cannot run here.
    pub fn up() -> Result<Self, String> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/lab");
        let lab = Self { program };
        let check = lab
            .command(&["check"])
            .output()
            .map_err(|e| e.to_string())?;
        if !check.status.success() {
            return Err(String::from_utf8_lossy(&check.stdout).trim().to_owned());
        }
        lab.run(&["up"]);
        Ok(lab)
    }

    /// Removes the lab.
    pub fn down(&self) {
        self.run(&["down"]);
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        // To the lab this variable is its state folder; to these tests, a switch.
        command
            .args(words)
            .env_remove("RUNSHEET_LAB")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) {
        // Its words go straight to standard error: a lab that hangs should say at what.
        let status = self.command(words).status().expect("start tests/lab/lab");
        assert!(status.success(), "lab {}: {status}", words.join(" "));
    }

    /// Runs a command on a machine, beside its sshd, and gives its standard output.
    pub fn on(&self, machine: &str, script: &str) -> String {
        let words = ["exec", machine, "sh", "-c", script];
        let output = self.command(&words).output().expect("start tests/lab/lab");
        assert!(
            output.status.success(),
            "on {machine}, {script}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Looks at the world before anything was done.
    pub fn look(&self) -> Before {
        let summaries = USERS
            .map(|user| (user, body(SOURCE, user, "summary")))
            .into_iter()
            .collect();
        Before {
            summaries,
            platform: self.on(
                "register",
                &format!("cat {ROOT}/config-leader/conf/platform.yml"),
            ),
            authorized_keys: self.on("dest", "cat ~/.ssh/authorized_keys"),
        }
    }

    /// Asserts that everything is as the migration promises.
    pub fn assert_migrated(&self, before: &Before) {
        self.assert_data(before);
        self.assert_redirection();
        self.assert_registers(before);
        self.assert_nothing_left(before);
    }

    /// Asserts that source does not answer customers.
    pub fn assert_source_refuses(&self) {
        let (code, said) = ask(SOURCE, "ana/streams", &[]);
        assert_eq!(code, "000", "source answers: {said}");
    }

    /// Asserts that source serves what it served, itself, and that dest does not run.
    pub fn assert_untouched(&self, before: &Before) {
        for (user, summary) in &before.summaries {
            assert_eq!(&body(SOURCE, user, "summary"), summary, "source, {user}");
        }
        let (code, said) = ask(SOURCE, "ana/streams", &["-D", "-"]);
        assert!(
            code == "200" && said.contains("Pryv-Core: source"),
            "{code}: {said}"
        );
        assert_eq!(self.on("dest", "docker ps -q"), "", "what runs on dest");
        self.assert_no_key(before);
    }

    fn assert_no_key(&self, before: &Before) {
        let keys = self.on(
            "source",
            "ls ~/.ssh/ 2>/dev/null | grep pryv-migration || true",
        );
        assert_eq!(keys, "", "keys left on source");
        let authorized = self.on("dest", "cat ~/.ssh/authorized_keys");
        assert_eq!(authorized, before.authorized_keys, "who may log in to dest");
    }

    fn assert_data(&self, before: &Before) {
        for (user, summary) in &before.summaries {
            assert_eq!(&body(DEST, user, "summary"), summary, "dest, {user}");
            assert_eq!(
                &body(SOURCE, user, "summary"),
                summary,
                "by way of source, {user}"
            );
        }
        // It serves, and it can be written to; only now, because the summary counts events.
        let (code, said) = ask(
            SOURCE,
            "ana/events",
            &[
                "-d",
                r#"{"streamId":"ana-stream-0","type":"note/txt","content":"after"}"#,
            ],
        );
        assert_eq!(code, "200", "a new event by way of source: {said}");
    }

    fn assert_redirection(&self) {
        for (path, header) in [
            ("ana/streams", "Pryv-Core"),
            ("socket.io/", "Pryv-Core"),
            ("ana/series", "Pryv-Hfs"),
            ("ana/mfa", "Pryv-Mfa"),
            ("ana/previews/ana-event-0000/scan-0.bin", "Pryv-Preview"),
        ] {
            let (code, said) = ask(SOURCE, path, &["-D", "-"]);
            assert_eq!(code, "200", "{path} by way of source: {said}");
            let wanted = format!("{header}: dest");
            assert!(said.contains(&wanted), "{path} by way of source: {said}");
        }
        let running = self.on("source", "docker ps --format '{{.Names}}'");
        assert_eq!(running.trim(), "pryvio_nginx", "what runs on source");
    }

    fn assert_registers(&self, before: &Before) {
        let (old, new) = (format!("ip: {SOURCE} #"), format!("ip: {DEST} #"));
        assert_eq!(before.platform.matches(&old).count(), 1);
        let wanted = before.platform.replace(&old, &new);
        let leader = self.on(
            "register",
            &format!("cat {ROOT}/config-leader/conf/platform.yml"),
        );
        assert_eq!(leader, wanted, "the leader's platform.yml");
        for (name, address) in REGISTERS {
            let follower = self.on(
                name,
                &format!("cat {ROOT}/config-follower/conf/platform.yml"),
            );
            assert_eq!(follower, wanted, "platform.yml on {name}");
            let url = format!("http://{address}/cores/co1");
            let (_, said) = curl(&[&url]);
            assert!(said.contains(&format!("\"{DEST}\"")), "{name} says {said}");
        }
    }

    fn assert_nothing_left(&self, before: &Before) {
        self.assert_no_key(before);
        for machine in ["source", "dest"] {
            let left = self.on(
                machine,
                &format!("cd {ROOT} && find pryv/mongodb/backup pryv/influxdb/backup -mindepth 1; ls | grep ledger || true"),
            );
            assert_eq!(left, "", "dumps and ledger left on {machine}");
        }
    }
}

fn body(address: &str, user: &str, what: &str) -> String {
    let (code, said) = ask(address, &format!("{user}/{what}"), &[]);
    assert_eq!(code, "200", "{user}/{what} of {address}: {said}");
    said
}

/// Asks a core as a client would, with the user's own token: the status and what came back.
fn ask(address: &str, path: &str, options: &[&str]) -> (String, String) {
    let user = path.split('/').next().unwrap_or_default();
    let token = format!("Authorization: {user}-token");
    let url = format!("https://{address}/{path}");
    let ca = [
        "--cacert",
        "/var/lib/runsheet-lab/ca.crt",
        "-H",
        &token,
        &url,
    ];
    curl(&[&ca, options].concat())
}

fn curl(words: &[&str]) -> (String, String) {
    let output = Command::new("curl")
        .args(["-q", "-sS", "-m", "20", "-w", "\n%{http_code}"])
        .args(words)
        .output()
        .expect("start curl");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    match text.rsplit_once('\n') {
        Some((body, code)) => (code.to_owned(), format!("{body}{error}")),
        None => (String::new(), format!("{text}{error}")),
    }
}
