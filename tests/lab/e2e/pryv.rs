//! What must be true in the world of the Pryv.io core migration before and after it.

use std::collections::BTreeMap;
use std::process::Command;

use super::lab::{Lab, address, state};

const USERS: [&str; 3] = ["ana", "bruno", "chloe"];
const ROOT: &str = "/var/pryv";
const SOURCE: u8 = 11;
const DEST: u8 = 12;
const REGISTERS: [(&str, u8); 2] = [("register", 21), ("register-2", 22)];

/// What the world was before.
pub struct Before {
    summaries: BTreeMap<&'static str, String>,
    platform: String,
    authorized_keys: String,
}

impl Lab {
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
        let (old, new) = (
            format!("ip: {} #", address(SOURCE)),
            format!("ip: {} #", address(DEST)),
        );
        assert_eq!(before.platform.matches(&old).count(), 1);
        let wanted = before.platform.replace(&old, &new);
        let leader = self.on(
            "register",
            &format!("cat {ROOT}/config-leader/conf/platform.yml"),
        );
        assert_eq!(leader, wanted, "the leader's platform.yml");
        for (name, last) in REGISTERS {
            let follower = self.on(
                name,
                &format!("cat {ROOT}/config-follower/conf/platform.yml"),
            );
            assert_eq!(follower, wanted, "platform.yml on {name}");
            let url = format!("http://{}/cores/co1", address(last));
            let (_, said) = curl(&[&url]);
            assert!(
                said.contains(&format!("\"{}\"", address(DEST))),
                "{name} says {said}"
            );
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

fn body(machine: u8, user: &str, what: &str) -> String {
    let (code, said) = ask(machine, &format!("{user}/{what}"), &[]);
    assert_eq!(code, "200", "{user}/{what} of .{machine}: {said}");
    said
}

/// Asks a core as a client would, with the user's own token: the status and what came back.
fn ask(machine: u8, path: &str, options: &[&str]) -> (String, String) {
    let user = path.split('/').next().unwrap_or_default();
    let token = format!("Authorization: {user}-token");
    let url = format!("https://{}/{path}", address(machine));
    let ca = format!("{}/ca.crt", state());
    let words = ["--cacert", &ca, "-H", &token, &url];
    curl(&[&words, options].concat())
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
