//! What can be typed after `runsheet`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Walks operators through a TOML runbook and leaves a record that convinces a reviewer who was not there.
#[derive(Debug, Parser)]
#[command(
    name = "runsheet",
    version,
    after_help = "Exit codes: 0 done · 1 problems found · 2 wrong usage · 3 ended by an operator before \
                  the last step · 4 stuck: a step failed or is not proved (unattended) · 5 an outcome is unknown"
)]
pub(super) struct Cli {
    /// Whether to colour what is printed
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    pub color: When,
    #[command(subcommand)]
    pub command: Command,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Take the guided tour, in a sandbox on this machine
    Demo(DemoArgs),
    /// Find every problem of a runbook, with line, column and a hint
    Check(CheckArgs),
    /// Show each step, its place and the exact command or diff, changing nothing
    ///
    /// Ends with 1 where a machine could not be asked or has a problem.
    Plan(PlanArgs),
    /// Start a run and attach to it
    Run(RunArgs),
    /// Join a run that goes on
    Attach(AttachArgs),
    /// List what has run and what is running
    Runs(RunsArgs),
    /// Show where a run stands
    Show(ShowArgs),
    /// Write the report of a run
    Report(ReportArgs),
    /// Check the chain, the files and the head of a run's record
    Verify(VerifyArgs),
    /// Hold a run; started by `run` and `attach`
    #[command(hide = true)]
    Engine(EngineArgs),
}

/// `runsheet demo`
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Make the sandbox and say where it is, without starting a run
    #[arg(long)]
    pub prepare: bool,
    /// Lines of text and numbered questions instead of a screen
    #[arg(long)]
    pub plain: bool,
    /// No bell and no terminal title where the run needs somebody
    #[arg(long, env = "RUNSHEET_QUIET", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub quiet: bool,
    /// Take the mouse from the terminal: the wheel scrolls, a click looks at a step or marks an answer
    #[arg(long, env = "RUNSHEET_MOUSE", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub mouse: bool,
}

/// `runsheet check`
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Runbooks; the environments beside each are checked with it
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, value_enum, default_value = "human")]
    pub format: CheckFormat,
}

/// How `check` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// With the line, a caret and a hint
    Human,
    /// A JSON array
    Json,
}

/// What a runbook is put together with.
#[derive(Debug, Args)]
pub(super) struct Bound {
    /// The runbook
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The environment, from the environments.toml beside the runbook, or its own NAME.environments.toml
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// A parameter's value; a secret is taken from RUNSHEET_SECRET_NAME or asked for instead
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
}

/// `runsheet plan`
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub bound: Bound,
    /// Contact no machine
    #[arg(long)]
    pub offline: bool,
}

/// `runsheet run`
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub bound: Bound,
    /// Walk by an answers file instead of a person
    #[arg(long, requires = "answers", conflicts_with_all = ["watch", "detach", "plain"])]
    pub unattended: bool,
    /// What may be answered without a person
    #[arg(long, value_name = "FILE", requires = "unattended")]
    pub answers: Option<PathBuf>,
    /// End a run that is stuck instead of leaving it to be attached to
    #[arg(long, requires = "unattended")]
    pub end_when_stuck: bool,
    /// Start although the machines have problems; they are in the record. Never with a machine that is another
    #[arg(long)]
    pub despite_problems: bool,
    /// Start the run and print its id, without attaching
    #[arg(long)]
    pub detach: bool,
    #[command(flatten)]
    pub seat: Seat,
}

/// How somebody attaches.
#[derive(Debug, Args)]
pub(super) struct Seat {
    /// The name to go by; the account's where it is not given
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
    /// Look only, decide nothing
    #[arg(long)]
    pub watch: bool,
    /// Lines of text and numbered questions instead of a screen: for a screen reader, a dumb terminal or a pipe
    #[arg(long)]
    pub plain: bool,
    /// No bell and no terminal title where the run needs somebody
    #[arg(long, env = "RUNSHEET_QUIET", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub quiet: bool,
    /// Take the mouse from the terminal: the wheel scrolls, a click looks at a step or marks an answer
    #[arg(long, env = "RUNSHEET_MOUSE", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub mouse: bool,
}

/// `runsheet attach`
#[derive(Debug, Args)]
pub(super) struct AttachArgs {
    /// The run's id, the beginning of one, or `latest`; the only open run where it is not given
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    #[command(flatten)]
    pub seat: Seat,
}

/// Text or JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TextFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// `runsheet runs`
#[derive(Debug, Args)]
pub(super) struct RunsArgs {
    /// How to print them
    #[arg(long, value_enum, default_value = "text")]
    pub format: TextFormat,
}

/// `runsheet show`
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The run's id, the beginning of one, or `latest`
    #[arg(value_name = "RUN")]
    pub run: String,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    pub format: TextFormat,
}

/// `runsheet report`
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The run's id, the beginning of one, `latest`, or a run's folder
    #[arg(value_name = "RUN")]
    pub run: String,
    /// How to write it
    #[arg(long, value_enum, default_value = "markdown")]
    pub format: ReportFormat,
    /// The file to write; it must not be there. Standard output where it is not given
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// For a change ticket
    Markdown,
    /// For programs
    Json,
}

/// `runsheet verify`
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The run's id, the beginning of one, `latest`, a run's folder, or a journal alone
    #[arg(value_name = "RUN|FILE|FOLDER")]
    pub what: String,
    /// The head that was kept elsewhere, as shown at the end of a run
    #[arg(long, value_name = "HASH")]
    pub head: Option<String>,
}

/// `runsheet engine`
#[derive(Debug, Args)]
pub(super) struct EngineArgs {
    /// The run's whole id
    pub run: String,
}
