//! `runsheet attach`: joins a run, and starts its engine anew where it is gone.

use anyhow::{Context, anyhow};

use super::args::{AttachArgs, Seat};
use super::exit::{Advise, Exit};
use super::left::Mark;
use super::say::Say;
use super::terminal::{Shown, attention, clipboard, takes_unicode};
use super::{params, pick};
use crate::client::{Attach, Client};
use crate::clock::Clock;
use crate::engine::{self, Program, Secrets, Shelter};
use crate::names::{MachineName, RunId, StepId};
use crate::paths::Paths;
use crate::problem::Colour;
use crate::run::Intent;
use crate::tui::{self, Attention, Look, Options, Outgoing, Pager};
use crate::wire::Typed;

/// The longest name that a person may go by, in characters.
const NAME: usize = 40;

pub(super) fn attach(args: &AttachArgs, say: &Say) -> anyhow::Result<Exit> {
    let paths = Paths::of_user()?;
    let run = match &args.run {
        Some(word) => pick::one(&paths, word)?,
        None => pick::the_open_one(&paths)?,
    };
    let shown = Shown::decide(args.seat.plain, say)?;
    let say = &say.for_what_is(shown);
    revive(&paths, &run, say)?;
    sit_down(&paths, &run, (&args.seat, shown), say)
}

/// Starts a run's engine where it is gone.
pub(super) fn revive(paths: &Paths, run: &RunId, say: &Say) -> anyhow::Result<()> {
    if pick::is_alive(paths, run) {
        return Ok(());
    }
    let folded = pick::fold(paths, run)?;
    pick::must_be_open(&folded, run)?;
    say.talk(&format!(
        "no engine holds run {run}: it was stopped, or this machine was started anew; another takes it up"
    ));
    let secrets = match &folded.plan {
        Some(plan) => params::secrets_again(plan)?,
        None => Secrets::default(),
    };
    start_engine(paths, run, &secrets, say)
}

/// Starts a run's engine where no logout ends it, or says that one would.
pub(super) fn start_engine(
    paths: &Paths,
    run: &RunId,
    secrets: &Secrets,
    say: &Say,
) -> anyhow::Result<()> {
    let shelter = Shelter::find();
    if shelter == Shelter::Nowhere {
        say.talk(&format!(
            "logging out ends the engine of this run, and what it runs on this machine; steps on other machines go \
             on, and `runsheet attach {run}` takes it up again; `loginctl enable-linger` before a run keeps all of it"
        ));
    }
    engine::spawn(paths, run, secrets, &shelter.around(Program::own()?))
        .with_context(|| format!("start the engine of run {run}"))?;
    Ok(())
}

/// Shows the run until the person leaves or it has ended.
pub(super) fn sit_down(
    paths: &Paths,
    run: &RunId,
    (seat, shown): (&Seat, Shown),
    say: &Say,
) -> anyhow::Result<Exit> {
    let attach = Attach {
        socket: paths.socket(run)?,
        name: name(seat.name.as_deref()).usage()?,
        watch: seat.watch,
    };
    let options = Options {
        look: Look {
            unicode: takes_unicode(),
            // What `NO_COLOR` says beside `--color` is judged already.
            ..Look::from_env(|name| (name != "NO_COLOR").then(|| std::env::var(name).ok())?)
                .with_colour_only_if(say.out_colour() == Colour::Always)
        },
        zone: jiff::tz::TimeZone::system(),
        clock: Clock::system(),
        folder: paths.run(run)?.display().to_string(),
        attention: attention(seat.quiet),
        mouse: seat.mouse,
        clipboard: clipboard(),
        pager: Pager::from_env(|name| std::env::var(name).ok()),
        come_back: format!("runsheet attach {run}"),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let titled = options.attention == Attention::BellAndTitle;
    let mark = (shown == Shown::Drawn).then(|| Mark::put(paths, run, titled));
    let left = runtime.block_on(async {
        let (client, updates) = Client::connect(attach);
        match shown {
            Shown::Drawn => tui::run(updates, &mut Voice(client), options).await,
            Shown::InLines => tui::run_in_lines(updates, &mut Voice(client), options).await,
        }
    });
    // The terminal is given back.
    drop(mark);
    left.context("draw on the terminal")?;
    // What the journal says counts, not what the screen saw last.
    let folded = pick::fold(paths, run)?;
    // How to come back to a run that goes on was said when its screen was left.
    if folded.ending.is_some() {
        say.talk(&format!(
            "the run has ended; `runsheet report {run}` writes its report"
        ));
    }
    if folded.suspended.is_some() {
        say.talk(&format!(
            "the run is suspended, and no engine holds it; `runsheet attach {run}` takes it up again"
        ));
    }
    Ok(match folded.ending {
        Some(_) => pick::exit_of(&folded),
        // Whoever leaves has done what they wanted; the run is not theirs to answer for.
        None => Exit::Done,
    })
}

/// The screen's way to the engine.
struct Voice(Client);

impl Outgoing for Voice {
    fn wish(&mut self, intent: Intent) -> u64 {
        self.0.wish(intent)
    }

    fn type_to(&mut self, at: (StepId, u32, MachineName), typed: Typed) {
        self.0.type_to(at, typed);
    }

    fn read(&mut self, file: &str, offset: u64, most: u32) {
        self.0.read(file, offset, most);
    }
}

/// The name a person goes by: their own word, or the account's name.
pub(super) fn name(given: Option<&str>) -> anyhow::Result<String> {
    let name = given.map_or_else(account, str::to_owned);
    let name = name.trim();
    let good = !name.is_empty()
        && name.chars().count() <= NAME
        && !name.chars().any(crate::problem::hidden);
    if good {
        return Ok(name.to_owned());
    }
    Err(anyhow!("`{name}` cannot be a name")).hint(format!(
        "give 1 to {NAME} characters that can be seen, with --as"
    ))
}

/// The account's name. Behind sudo it is that of the person: `root` would say nothing of who was there.
fn account() -> String {
    let variable = ["SUDO_USER", "LOGNAME", "USER"]
        .iter()
        .filter_map(|variable| std::env::var(variable).ok())
        .find(|name| !name.trim().is_empty());
    let asked = || {
        let said = duct::cmd!("id", "-un").stdin_null().stderr_null().read();
        said.ok().filter(|name| !name.trim().is_empty())
    };
    variable
        .or_else(asked)
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}
