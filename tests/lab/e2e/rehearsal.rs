//! Rehearsals: one that goes to its end, without anybody or by hand, and without anybody one for each hazard, which must be stopped before
//! it does harm.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::home::Home;
use super::lab::{Lab, all_are_wanted, say};
use super::record::{assert_recorded, assert_verified, stopped_at, told, well};
use super::terminal::Terminal;
use super::walk::go_on_until;

/// What is rehearsed, in the lab with its world in it.
pub struct Rehearsal<'a> {
    pub lab: &'a Lab,
    /// The name of the runbook, without folder and ending.
    pub runbook: &'a str,
    pub environment: &'a str,
    /// The answers file, from the folder of the sources.
    pub answers: &'a str,
}

/// Something that may go wrong, that can be switched on in the lab.
pub struct Hazard<'a> {
    what: &'a str,
    switches: Vec<(&'a str, &'a str)>,
    words: &'a [&'a str],
    stops_at: &'a str,
    unharmed: Vec<(&'a str, &'a str)>,
}

impl<'a> Hazard<'a> {
    /// A hazard, in a few words, and the step at which a run has to stop because of it.
    pub fn new(what: &'a str, stops_at: &'a str) -> Self {
        Self {
            what,
            switches: Vec::new(),
            words: &[],
            stops_at,
            unharmed: Vec::new(),
        }
    }

    /// The machine and the shell text that switch it on, before the run.
    pub fn switch(mut self, machine: &'a str, script: &'a str) -> Self {
        self.switches.push((machine, script));
        self
    }

    /// Further words for `runsheet run`, such as `--set NAME=VALUE`.
    pub fn words(mut self, words: &'a [&'a str]) -> Self {
        self.words = words;
        self
    }

    /// A machine and shell text that succeeds there as long as no harm was done; asked after the run.
    pub fn unharmed(mut self, machine: &'a str, script: &'a str) -> Self {
        self.unharmed.push((machine, script));
        self
    }
}

/// How long hazards of one list are begun for, where not all of them are wanted.
const A_WHILE: Duration = Duration::from_secs(10);

/// With which of so many to begin: another every hour, so that all of them have their turn.
fn first_of(count: usize) -> usize {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let hours = since.map_or(0, |since| since.as_secs() / 3600);
    usize::try_from(hours).unwrap_or(0) * 7 % count.max(1)
}

impl Rehearsal<'_> {
    fn run(&self, home: &Home, words: &[&str]) -> std::process::Output {
        let runbook = self.lab.runbook(home, self.runbook);
        let run = ["run", &runbook, "--env", self.environment, "--unattended"];
        let answers = ["--answers", self.answers];
        home.runsheet(&[&run[..], &answers, words].concat())
    }

    /// Walks the runbook to its end; both verifiers take the record. Gives the report, as Markdown.
    pub fn to_the_end(&self, words: &[&str]) -> String {
        let began = Instant::now();
        let home = Home::new();
        well(&self.run(&home, words));
        let report = assert_recorded(&home);
        let seconds = began.elapsed().as_secs();
        say(&format!("{}: rehearsed in {seconds} s", self.runbook));
        report
    }

    /// The same by hand: an operator at the wizard, in 80 columns, goes through every gate to the last proof.
    pub fn by_hand(&self) -> String {
        let patience = Duration::from_secs(60);
        let began = Instant::now();
        let home = Home::new();
        let runbook = self.lab.runbook(&home, self.runbook);
        let words = ["run", &runbook, "--env", self.environment, "--as", "ana"];
        let mut ana = Terminal::start("ana", home.in_terminal(&words), 24, 80);
        go_on_until(&ana, "the end", |screen| {
            screen.contains("The run is finished.")
        });
        ana.press("\r");
        assert_eq!(ana.wait_exit(patience), 0, "the run is finished");
        let report = assert_recorded(&home);
        let seconds = began.elapsed().as_secs();
        say(&format!("{}: by hand in {seconds} s", self.runbook));
        report
    }

    /// Switches the hazards on one by one, each in a fresh world, and asserts that the run stopped where it has
    /// to, that nothing was harmed, and that the record is whole.
    ///
    /// A hazard may take a minute, until a proof gives up. So where not all are wanted, as with every commit, they
    /// are begun for a while only, beginning with another one each time; how many were left is said.
    pub fn stops_before_harm(&self, hazards: &[Hazard]) {
        let (mut wrong, mut tried) = (Vec::new(), 0);
        let (all, begun) = (hazards.len(), Instant::now());
        let turned = hazards.iter().cycle().skip(first_of(all)).take(all);
        for hazard in turned {
            if tried > 0 && begun.elapsed() > A_WHILE && !all_are_wanted() {
                break;
            }
            tried += 1;
            let began = Instant::now();
            let came = self.try_hazard(hazard);
            let seconds = began.elapsed().as_secs();
            let (mark, why) = match &came {
                Ok(()) => ("stopped before harm", ""),
                Err(why) => ("NOT STOPPED", why.as_str()),
            };
            say(&format!(
                "hazard: {}: {mark} at {} ({seconds} s)\n{why}",
                hazard.what, hazard.stops_at
            ));
            if let Err(why) = came {
                wrong.push(format!("{}: {why}", hazard.what));
            }
        }
        let (good, runbook) = (tried - wrong.len(), self.runbook);
        let left = match all - tried {
            0 => String::new(),
            left => format!("; {left} more are SKIPPED here, make hazards tries all"),
        };
        say(&format!(
            "{runbook}: hazards: {tried} switched on, {good} stopped before harm{left}"
        ));
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    }

    fn try_hazard(&self, hazard: &Hazard) -> Result<(), String> {
        // A hazard that nothing would notice proves nothing.
        assert!(
            !hazard.unharmed.is_empty(),
            "{}: what would harm be?",
            hazard.what
        );
        self.lab.reset();
        for (machine, script) in &hazard.switches {
            self.lab.on(machine, script);
        }
        let home = Home::new();
        let words = [&["--end-when-stuck"], hazard.words].concat();
        let output = self.run(&home, &words);
        if output.status.code() != Some(4) {
            return Err(format!("the run did not get stuck: {}", told(&output)));
        }
        let run = assert_verified(&home);
        let at = stopped_at(&home, &run);
        if at.as_deref() != Some(hazard.stops_at) {
            return Err(format!("it stopped at {at:?}: {}", told(&output)));
        }
        for (machine, script) in &hazard.unharmed {
            self.lab
                .tried(machine, script)
                .map_err(|why| format!("harm was done, says {machine}, {script}: {why}"))?;
        }
        Ok(())
    }
}
