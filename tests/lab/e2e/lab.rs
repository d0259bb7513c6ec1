//! The lab: machines on this box with one of its worlds in them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::home::Home;

/// Where the lab keeps its state unless it is told otherwise, and its network; environments name both.
const STATE: &str = "/var/lib/runsheet-lab";
const NET: &str = "10.77.0";

/// There is one lab, and a test has it for itself.
static LAB: Mutex<()> = Mutex::new(());

/// The running lab. Dropping it leaves it as it is: it is taken down where the test ends.
pub struct Lab {
    program: PathBuf,
}

/// The state folder of the lab: that of `RUNSHEET_LAB` where it is a path.
pub fn state() -> String {
    match std::env::var("RUNSHEET_LAB") {
        Ok(path) if path.starts_with('/') => path,
        _ => STATE.to_owned(),
    }
}

/// The address of a machine by its last number.
pub fn address(last: u8) -> String {
    format!("{}.{last}", net())
}

fn net() -> String {
    std::env::var("RUNSHEET_LAB_NET").unwrap_or_else(|_| NET.to_owned())
}

/// Gives a test the lab with a world in it, fresh, and takes it down afterwards; or says loudly why there is none.
pub fn in_the_lab(world: &str, test: &str, body: impl FnOnce(&Lab)) {
    if std::env::var_os("RUNSHEET_LAB").is_none() {
        return skipped(
            test,
            "RUNSHEET_LAB=1 is not set (it needs root, and takes minutes)",
        );
    }
    let _one = LAB.lock().unwrap_or_else(PoisonError::into_inner);
    struct Down<'a>(&'a Lab);
    impl Drop for Down<'_> {
        fn drop(&mut self) {
            self.0.down();
        }
    }
    match Lab::up(world) {
        Ok(lab) => {
            let lab = Down(&lab);
            body(lab.0);
        }
        Err(why) => skipped(test, &why),
    }
}

/// The same for what `make test` leaves to `make hazards`, so that it is done in time.
pub fn in_the_lab_at_length(world: &str, test: &str, body: impl FnOnce(&Lab)) {
    match all_are_wanted() {
        true => in_the_lab(world, test, body),
        false => skipped(test, "it takes its time: make hazards rehearses it"),
    }
}

/// Whether everything is to be rehearsed and every hazard tried: `RUNSHEET_HAZARDS=all`, as `make hazards` says.
///
/// # Panics
///
/// It says anything else.
pub fn all_are_wanted() -> bool {
    match std::env::var("RUNSHEET_HAZARDS").as_deref() {
        Err(_) => false,
        Ok("all") => true,
        Ok(other) => panic!("RUNSHEET_HAZARDS is `{other}`: say all, or leave it unset"),
    }
}

fn skipped(test: &str, why: &str) {
    say(&format!("*** SKIPPED {test}: {why} ***"));
}

/// Writes a line that is seen also while tests pass, unlike one of eprintln!.
pub fn say(line: &str) {
    let _ = std::io::stderr().write_all(format!("\n{line}\n\n").as_bytes());
}

impl Lab {
    /// Starts the lab with a world in it, or brings one that is up back to how it was at first; the error says
    /// why it cannot run here.
    pub fn up(world: &str) -> Result<Self, String> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/lab");
        let lab = Self { program };
        let check = lab
            .command(&["check", world])
            .output()
            .map_err(|e| e.to_string())?;
        match check.status.code() {
            Some(0) => {}
            Some(77) => return Err(String::from_utf8_lossy(&check.stdout).trim().to_owned()),
            _ => panic!("lab check {world}: {check:?}"),
        }
        lab.run(&["up", world]);
        Ok(lab)
    }

    /// Makes the world as it was at first.
    pub fn reset(&self) {
        self.run(&["reset"]);
    }

    /// Makes what is sent to a machine come at no more than a rate, as tc(8) writes it.
    pub fn slow(&self, machine: &str, rate: &str) {
        self.run(&["slow", machine, rate]);
    }

    /// Undoes a cut, and makes the link to a machine as fast as it was.
    pub fn mend(&self, machine: &str) {
        self.run(&["mend", machine]);
    }

    /// Removes the lab.
    pub fn down(&self) {
        self.run(&["down"]);
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        // To these tests this variable is a switch as well.
        command
            .args(words)
            .env("RUNSHEET_LAB", state())
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
        self.tried(machine, script)
            .unwrap_or_else(|why| panic!("on {machine}, {script}: {why}"))
    }

    /// As `on`; the error is how it ended and what it said.
    pub fn tried(&self, machine: &str, script: &str) -> Result<String, String> {
        let words = ["exec", machine, "sh", "-c", script];
        let output = self.command(&words).output().expect("start tests/lab/lab");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(said);
        }
        let error = String::from_utf8_lossy(&output.stderr);
        Err(format!("{}\n{said}{error}", output.status))
    }

    /// The path of a runbook to rehearse with: a copy, with the places of this lab in its environments, where
    /// this is not the lab that they name.
    pub fn runbook(&self, home: &Home, name: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
        let runbook = folder.join(format!("{name}.toml"));
        if (state().as_str(), net().as_str()) == (STATE, NET) {
            return plain(&runbook);
        }
        let own = folder.join(format!("{name}.environments.toml"));
        let environments = Some(own)
            .filter(|path| path.exists())
            .unwrap_or_else(|| folder.join("environments.toml"));
        let text = std::fs::read_to_string(&environments)
            .expect("read the environments")
            .replace(STATE, &state())
            .replace(&format!("{NET}."), &format!("{}.", net()));
        let copy = home.path().join(format!("{name}.toml"));
        std::fs::copy(&runbook, &copy).expect("copy the runbook");
        std::fs::write(home.path().join("environments.toml"), text)
            .expect("write the environments");
        plain(&copy)
    }
}

fn plain(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}
