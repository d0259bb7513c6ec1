//! Rehearsals without anybody: one that goes to its end, and one for each hazard, which must be stopped before
//! it does harm.

use std::time::Instant;

use super::home::Home;
use super::lab::{Lab, say};
use super::record::{assert_recorded, assert_verified, stopped_at, told, well};

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

    /// Switches the hazards on one by one, each in a fresh world, and asserts that the run stopped where it has
    /// to, that nothing was harmed, and that the record is whole.
    pub fn stops_before_harm(&self, hazards: &[Hazard]) {
        let mut wrong = Vec::new();
        for hazard in hazards {
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
        let (all, good) = (hazards.len(), hazards.len() - wrong.len());
        let runbook = self.runbook;
        say(&format!(
            "{runbook}: hazards: {all} switched on, {good} stopped before harm"
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
