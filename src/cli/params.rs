//! The values of parameters: from the arguments, the environment's file, variables, and the terminal.
//!
//! A secret never comes from an argument, because arguments are in the list of processes for everybody to
//! read, and in the shell's history.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, IsTerminal, Write};

use anyhow::{Context, anyhow, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::exit::Advise;
use super::say::Say;
use crate::engine::Secrets;
use crate::names::ParamName;
use crate::problem::visible;
use crate::run::Plan;
use crate::runbook::{
    Environment, ParamKind, ParamSpec, Parameters, Runbook, check_value, missing_params, resolve,
    split_setting,
};

/// The beginning of the variables that hold secrets.
const VARIABLE: &str = "RUNSHEET_SECRET_";

/// Gives every parameter of a run its value; asks on the terminal, where there is one, for those that nobody gave.
///
/// # Errors
///
/// A secret among the arguments, a value that does not fit, and, where nobody can be asked, all the
/// parameters that are missing.
pub(super) fn of_a_run(
    runbook: &Runbook,
    environment: &Environment,
    set: &[String],
    say: &Say,
) -> anyhow::Result<(Parameters, Secrets)> {
    let mut settings = Vec::new();
    for setting in set {
        let (name, value) = split_setting(setting)
            .map_err(|problem| anyhow!("read --set: {problem}"))
            .usage()?;
        refuse_secret(runbook, &name).usage()?;
        settings.push((name, value));
    }
    for (name, spec) in &runbook.params {
        if spec.kind == ParamKind::Secret
            && let Ok(value) = std::env::var(format!("{VARIABLE}{name}"))
        {
            settings.push((name.to_string(), value));
        }
    }
    let given = |name: &ParamName| settings.iter().any(|(given, _)| given == name.as_str());
    let missing: Vec<(&ParamName, &ParamSpec)> = missing_params(runbook, environment)
        .into_iter()
        .filter(|name| !given(name))
        .filter_map(|name| Some((name, runbook.params.get(name)?)))
        .collect();
    if !missing.is_empty() {
        let Some(mut terminal) = Terminal::open() else {
            return Err(nobody_to_ask(&missing));
        };
        for (name, spec) in missing {
            let value = terminal.ask(name, &spec.ask, &spec.kind)?;
            settings.push((name.to_string(), value));
        }
    }
    let parameters = resolve(runbook, environment, &settings).map_err(|problems| {
        say.problems(&problems);
        anyhow!("the parameters do not fit")
    });
    let parameters = match set.is_empty() {
        true => parameters?,
        false => parameters.usage()?,
    };
    let secrets = runbook
        .params
        .iter()
        .filter(|(_, spec)| spec.kind == ParamKind::Secret)
        .filter_map(|(name, _)| Some((name.clone(), parameters.get(name)?.value.clone())));
    let secrets = Secrets::new(secrets);
    Ok((parameters, secrets))
}

/// The secrets of a run that was begun before: they were in the memory of an engine that is gone.
///
/// # Errors
///
/// All that are missing, where nobody can be asked.
pub(super) fn secrets_again(plan: &Plan) -> anyhow::Result<Secrets> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for (name, value) in &plan.params {
        let (None, Ok(name)) = (value, ParamName::new(name.as_str())) else {
            continue;
        };
        match std::env::var(format!("{VARIABLE}{name}")) {
            Ok(value) => found.push((name, value)),
            Err(_) => missing.push(name),
        }
    }
    if missing.is_empty() {
        return Ok(Secrets::new(found));
    }
    let Some(mut terminal) = Terminal::open() else {
        let names: Vec<&str> = missing.iter().map(ParamName::as_str).collect();
        return Err(anyhow!(
            "this run needs its secrets again, which are kept in memory only: {}",
            names.join(", ")
        ))
        .hint(format!(
            "set {VARIABLE}NAME for each, or attach from a terminal"
        ));
    };
    for name in missing {
        let question = format!("{name}, which is kept in memory only and went with its engine");
        let value = terminal.ask(&name, &question, &ParamKind::Secret)?;
        found.push((name, value));
    }
    Ok(Secrets::new(found))
}

fn refuse_secret(runbook: &Runbook, name: &str) -> anyhow::Result<()> {
    let spec = runbook
        .params
        .iter()
        .find(|(known, _)| known.as_str() == name);
    if spec.is_some_and(|(_, spec)| spec.kind == ParamKind::Secret) {
        return Err(anyhow!(
            "`{name}` is a secret, and arguments can be read by everybody on this machine"
        ))
        .hint(format!(
            "leave it out to be asked for it, or set {VARIABLE}{name}"
        ));
    }
    Ok(())
}

fn nobody_to_ask(missing: &[(&ParamName, &ParamSpec)]) -> anyhow::Error {
    let lines: Vec<String> = missing
        .iter()
        .map(|(name, spec)| match spec.kind {
            ParamKind::Secret => format!("{VARIABLE}{name}=…    {}", spec.ask),
            _ => format!("--set {name}=…    {}", spec.ask),
        })
        .collect();
    let error = anyhow!(
        "these parameters have no value, and there is no terminal to ask on:\n{}",
        lines.join("\n")
    );
    let error: anyhow::Result<()> = Err(error);
    match error
        .hint("values of an environment stand in its file, as params.NAME")
        .usage()
    {
        Err(error) => error,
        Ok(()) => anyhow!("these parameters have no value"),
    }
}

/// The terminal of this process, to ask a person on. Not standard input: that may be a pipe with something else.
pub(super) struct Terminal {
    lines: BufReader<File>,
    screen: File,
}

impl Terminal {
    /// None where there is no terminal, or nobody looks at it.
    pub(super) fn open() -> Option<Self> {
        if !std::io::stdin().is_terminal() {
            return None;
        }
        let tty = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .ok()?;
        let screen = tty.try_clone().ok()?;
        Some(Self {
            lines: BufReader::new(tty),
            screen,
        })
    }

    /// Asks a question that only `yes` says yes to; an end of input is a no.
    pub(super) fn confirm(&mut self, question: &str) -> anyhow::Result<bool> {
        write!(&self.screen, "{} [yes/no]: ", visible(question)).context("ask on the terminal")?;
        let mut line = String::new();
        self.lines
            .read_line(&mut line)
            .context("read from the terminal")?;
        Ok(line.trim() == "yes")
    }

    /// Asks until the answer fits; a secret without echo. An end of input gives up.
    fn ask(
        &mut self,
        name: &ParamName,
        question: &str,
        kind: &ParamKind,
    ) -> anyhow::Result<String> {
        loop {
            let choices = match kind {
                ParamKind::Choice(choices) => format!(" ({})", choices.join(", ")),
                ParamKind::Secret => " (not shown)".to_owned(),
                _ => String::new(),
            };
            write!(
                &self.screen,
                "{}{} [{name}]: ",
                visible(question),
                visible(&choices)
            )
            .context("ask on the terminal")?;
            let quiet = match kind {
                ParamKind::Secret => Some(Quiet::begin(&self.screen)?),
                _ => None,
            };
            let mut line = String::new();
            let read = self
                .lines
                .read_line(&mut line)
                .context("read from the terminal");
            if let Some(quiet) = quiet {
                quiet.end()?;
                writeln!(&self.screen).context("ask on the terminal")?;
            }
            if read? == 0 {
                bail!("no value was given for {name}");
            }
            let value = line.trim_end_matches(['\n', '\r']).to_owned();
            match check_value(kind, &value) {
                Ok(()) if value.is_empty() => {
                    writeln!(&self.screen, "  it needs a value").context("ask on the terminal")?;
                }
                Ok(()) => return Ok(value),
                Err(why) => {
                    writeln!(&self.screen, "  {}", visible(&why)).context("ask on the terminal")?;
                }
            }
        }
    }
}

/// A terminal that does not repeat what is typed, until this ends.
struct Quiet<'t> {
    screen: &'t File,
    before: Termios,
}

impl<'t> Quiet<'t> {
    fn begin(screen: &'t File) -> anyhow::Result<Self> {
        let before = tcgetattr(screen).context("turn off the terminal's echo")?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        // Flush: what was typed before the question was not meant as a secret.
        tcsetattr(screen, OptionalActions::Flush, &quiet)
            .context("turn off the terminal's echo")?;
        Ok(Self { screen, before })
    }

    fn end(self) -> anyhow::Result<()> {
        tcsetattr(self.screen, OptionalActions::Now, &self.before)
            .context("turn the terminal's echo on again")
    }
}

impl Drop for Quiet<'_> {
    /// Also on an error in between; `end` says when it fails, here there is nobody left to tell.
    fn drop(&mut self) {
        let _ = tcsetattr(self.screen, OptionalActions::Now, &self.before);
    }
}
