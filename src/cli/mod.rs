//! The command line: one file a command.
//!
//! Standard output carries the answer of a command, standard error the talk around it. A command gives an
//! [`exit::Exit`] or an error; only [`main`] turns either into an exit code, and only [`say`] writes.

mod answers;
mod args;
mod attach;
mod check;
mod demo;
mod engine;
mod exit;
mod left;
mod params;
mod pick;
mod plan;
mod preflight;
mod prepared;
mod report;
mod run;
mod runs;
mod say;
mod show;
mod terminal;
mod unattended;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::Exit;
use say::Say;

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are answers; everything else is wrong usage. A reader who went is neither.
        Err(said) => {
            let (exit, told) = if said.use_stderr() {
                (Exit::Usage, Say::usage(&said.render().to_string()))
            } else {
                (Exit::Done, said.print())
            };
            return match told {
                Ok(()) => exit.into(),
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => exit.into(),
                Err(_) => Exit::Problems.into(),
            };
        }
    };
    let say = Say::new(cli.color);
    left::look(&say);
    match dispatch(cli.command, &say) {
        Ok(exit) => exit.into(),
        Err(error) => say.failure(&error).into(),
    }
}

fn dispatch(command: Command, say: &Say) -> anyhow::Result<Exit> {
    match command {
        Command::Check(args) => check::check(&args, say),
        Command::Plan(args) => plan::plan(&args, say),
        Command::Run(args) => run::run(&args, say),
        Command::Attach(args) => attach::attach(&args, say),
        Command::Runs(args) => runs::runs(&args, say),
        Command::Show(args) => show::show(&args, say),
        Command::Report(args) => report::report(&args, say),
        Command::Verify(args) => verify::verify(&args, say),
        Command::Demo(args) => demo::demo(&args, say),
        Command::Engine(args) => engine::engine(&args),
    }
}
