//! The top: where we are, how late it is, who is here, how far back we can go, and what is wrong.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{Cx, way_back};
use crate::tui::app::{Connection, Pane};
use crate::tui::clean;
use crate::tui::dialog::Dialog;
use crate::tui::keys::Action;
use crate::tui::look::Tone;
use crate::tui::say;
use crate::tui::standing::Standing;

/// After how many seconds without a connection the engine is taken for gone. A client never starts one by itself.
const DEAD: i64 = 15;

/// The header's lines; in a low terminal the second is left out.
pub(super) fn lines(cx: &Cx<'_>, width: usize, low: bool) -> Vec<Line<'static>> {
    let mut lines = vec![first(cx, width)];
    if !low {
        lines.push(second(cx, width));
    }
    let alarms = alarms(cx, width);
    let deadline = way_back::deadline(cx);
    let turn = turn(cx, width);
    let loud = |(_, tone): &([String; 2], Tone)| *tone != Tone::Plain && !low;
    if alarms.is_empty() || !turn.is_empty() || deadline.as_ref().is_some_and(loud) {
        lines.push(rule(cx, width, turn, deadline));
    }
    for alarm in alarms {
        let text = clean::exactly(&cx.look.own(&format!(" {alarm}")), width, cx.signs.more);
        lines.push(Line::from(cx.clean(text, Tone::Alarm)));
    }
    lines
}

/// The rule under the header: at the left whose turn it is, and at the right until when there is a way back.
fn rule(
    cx: &Cx<'_>,
    width: usize,
    turn: Vec<Span<'static>>,
    deadline: Option<([String; 2], Tone)>,
) -> Line<'static> {
    let across = |long: usize| cx.clean(cx.signs.across.repeat(long), Tone::Quiet);
    let mut spans = turn;
    let taken: usize = spans.iter().map(Span::width).sum();
    let Some(([long, short], tone)) = deadline else {
        spans.push(across(width.saturating_sub(taken)));
        return Line::from(spans);
    };
    let room = width.saturating_sub(taken + 3);
    let text = if long.width() <= room { long } else { short };
    let text = clean::fit(&cx.look.own(&text), room, cx.signs.more);
    let text = format!(" {text} ");
    spans.push(across(width.saturating_sub(taken + text.width() + 1)));
    spans.push(cx.clean(text, tone));
    spans.push(across(1));
    Line::from(spans)
}

/// How the step stands whose turn it is, where something else covers it: what runs on there may need somebody.
fn turn(cx: &Cx<'_>, width: usize) -> Vec<Span<'static>> {
    let app = cx.app;
    let covered = match &app.dialog {
        Some(Dialog::Sheet(..)) => true,
        _ => app.pane != Pane::Step && width < usize::from(super::WIDE),
    };
    let run = &app.folded.run;
    let Some((number, _, state)) = app.current().filter(|_| covered && run.ending.is_none()) else {
        return Vec::new();
    };
    let (sign, word, tone) = super::armed::stands(run, number, state, cx.signs);
    vec![
        cx.clean(cx.signs.across.repeat(2), Tone::Quiet),
        cx.clean(format!(" {sign} step {}: {word} ", number + 1), tone),
    ]
}

fn first(cx: &Cx<'_>, width: usize) -> Line<'static> {
    let run = &cx.app.folded.run;
    let Some(plan) = &run.plan else {
        return Line::from(cx.span(" RUNSHEET ", Tone::Rehearsal));
    };
    let (word, tone) = match run.is_production() {
        true => (" PRODUCTION ", Tone::Production),
        false => (" REHEARSAL ", Tone::Rehearsal),
    };
    let environment = format!(" {} ", plan.environment);
    let right = times(cx, width);
    let taken =
        word.width() + environment.width() + right.iter().map(Span::width).sum::<usize>() + 3;
    let title = clean::exactly(
        &clean::line(&plan.title),
        width.saturating_sub(taken),
        cx.signs.more,
    );
    let mut spans = vec![
        cx.clean(word, tone),
        cx.clean(environment, Tone::Strong),
        cx.clean(format!(" {title} "), Tone::Plain),
    ];
    spans.extend(right);
    Line::from(spans)
}

/// The clock, how long it takes already, and what is left of the window.
pub(super) fn times(cx: &Cx<'_>, width: usize) -> Vec<Span<'static>> {
    let run = &cx.app.folded.run;
    let (Some(plan), Some(opened)) = (&run.plan, run.window_from()) else {
        return Vec::new();
    };
    let until = match (&run.ending, &run.suspended) {
        (Some(_), _) => run.latest_at.unwrap_or(cx.now),
        (None, Some(suspended)) => suspended.at,
        (None, None) => cx.now,
    };
    let elapsed = say::between(opened, until);
    let mut spans = vec![cx.clean(cx.clock(cx.now, cx.app.shows_seconds()), Tone::Strong)];
    if width >= 100 || plan.window_seconds == 0 {
        spans.push(cx.span(format!("  {} so far", say::hours(elapsed)), Tone::Plain));
    }
    if plan.window_seconds > 0 {
        let left = i64::try_from(plan.window_seconds).unwrap_or(i64::MAX) - elapsed;
        let window = if width < 56 { "" } else { "window " };
        spans.push(match left {
            ..0 => cx.span(
                format!("  {window}OVER by {} ", say::hours(-left)),
                Tone::Bad,
            ),
            0..900 => cx.span(format!("  {window}{} left ", say::hours(left)), Tone::Care),
            _ => cx.span(format!("  {window}{} left ", say::hours(left)), Tone::Plain),
        });
    } else {
        spans.push(Span::raw(" "));
    }
    spans
}

/// Who is here, since when customers notice, and the way back.
fn second(cx: &Cx<'_>, width: usize) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    spans.extend(people(cx));
    if let Some(since) = cx.app.downtime() {
        let text = format!("   DOWN {}", say::stopwatch(say::between(since, cx.now)));
        spans.push(cx.span(text, Tone::Bad));
    }
    let left: usize = spans.iter().map(Span::width).sum();
    if cx.app.folded.run.ending.is_none() {
        let words = way_back::words(&cx.app.folded.run.undo_limit());
        let words = words.map(|text| cx.look.own(&text));
        let fits = |text: &&String| left + text.width() + 3 <= width;
        let back = words.iter().find(fits).unwrap_or(&words[3]).clone();
        let blank = width.saturating_sub(left + back.width() + 1).max(2);
        spans.push(Span::raw(" ".repeat(blank)));
        spans.push(cx.clean(back, Tone::Plain));
    }
    Line::from(spans)
}

pub(super) fn people(cx: &Cx<'_>) -> Vec<Span<'static>> {
    let run = &cx.app.folded.run;
    let me = cx.app.me();
    let mut words: Vec<String> = Vec::new();
    if let Some(me) = me {
        let watches = run
            .present
            .get(&me.client)
            .is_some_and(|present| present.watch);
        let watches = if watches { ", watching" } else { "" };
        words.push(format!("you {}{watches}", short(&me.name)));
    }
    for present in run
        .present
        .values()
        .filter(|present| Some(&present.who) != me)
    {
        let watches = if present.watch { " watches" } else { "" };
        words.push(format!("{}{watches}", short(&present.who.name)));
    }
    if words.len() > 4 {
        let more = words.len() - 3;
        words.truncate(3);
        words.push(format!("{more} more"));
    }
    let mut spans = vec![cx.span(words.join(" · "), Tone::Plain)];
    let wanted = run.plan.as_ref().map_or(0, |plan| plan.people);
    if wanted > 1 && (run.people() as u64) < u64::from(wanted) {
        spans.push(cx.span(format!(" · {wanted} people needed"), Tone::Care));
    }
    spans
}

fn short(name: &str) -> String {
    clean::fit(&clean::line(name), 16, "…")
}

/// What is wrong with the screen, the engine or a link, one line each.
pub(super) fn alarms(cx: &Cx<'_>, width: usize) -> Vec<String> {
    let app = cx.app;
    let mut lines = super::doubt::alarms(cx);
    if let Some(broken) = &app.broken {
        let text = format!("STOPPED  {}", clean::line(broken));
        // What to do about it comes late in it, and must not be cut off.
        lines.extend(
            clean::wrap(&text, width.saturating_sub(1))
                .into_iter()
                .take(2),
        );
    }
    if let Some(pid) = app.standing.silent {
        lines.extend(silent(pid));
    }
    if let Some(since) = app.standing.unsaved {
        lines.push(format!(
            "NOT YET DURABLE {} · the disk is slow; what you see below is what is safe",
            say::stopwatch(say::between(since, cx.now))
        ));
    }
    if let Some(why) = &app.standing.full {
        lines.push(format!(
            "DISK FULL · nothing new is started until there is room · {why}"
        ));
    }
    if let Some(suspended) = &app.folded.run.suspended {
        let by = super::super::say::actor(&suspended.by);
        let why = clean::line(&suspended.reason);
        let come_back = &app.options.come_back;
        lines.push(format!("SUSPENDED by {by}: {why}"));
        lines.push(format!(
            "{come_back} takes it up again · {} leaves",
            app.how(Action::Leave)
        ));
        return lines;
    }
    let leaves = app.how(Action::Detach);
    match &app.connection {
        Connection::Lost {
            why,
            last: false,
            since,
        } => {
            let away = say::between(*since, cx.now);
            let what = match away < DEAD {
                true => "the run goes on, nothing can be decided here".to_owned(),
                false => format!("{leaves} leaves, attaching again starts the engine anew"),
            };
            let away = say::stopwatch(away);
            lines.push(format!("NOT CONNECTED {away} · {what} · {why}"));
        }
        Connection::Lost {
            why, last: true, ..
        } => {
            lines.push(format!(
                "THE ENGINE LEFT · nothing can be decided here, {leaves} leaves · {why}"
            ));
        }
        // What is heard without a welcome is a run whose disk hangs, and an engine that says nothing has its line.
        Connection::Never if app.standing != Standing::default() => {}
        Connection::Never => lines.push("CONNECTING".to_owned()),
        Connection::Up { .. } if !app.is_live() && app.broken.is_none() => {
            lines.push("CATCHING UP with what happened meanwhile".to_owned());
        }
        Connection::Up { .. } => {}
    }
    let run = &app.folded.run;
    for (machine, link) in &run.links {
        let label = super::exhibits::label(cx, machine);
        let next = match app.busy.get(machine) {
            Some((_, Some(next))) if say::between(cx.now, *next) > 0 => {
                format!("trying again in {} s", say::between(cx.now, *next))
            }
            Some(_) => "trying now".to_owned(),
            None => "trying again".to_owned(),
        };
        lines.push(format!(
            "LINK LOST {} · {next} · {label}: {}",
            say::stopwatch(say::between(link.lost_at, cx.now)),
            clean::line(&link.why),
        ));
    }
    if app.standing.mortal && run.ending.is_none() {
        lines.push(
            "LOGGING OUT ENDS THE ENGINE · steps elsewhere go on, attaching takes it up".to_owned(),
        );
    }
    lines.truncate(3);
    lines
}

/// An engine that holds the run and says nothing: it was stopped, or its machine is too busy.
fn silent(pid: Option<u32>) -> Vec<String> {
    match pid {
        Some(pid) => vec![
            format!("THE ENGINE DOES NOT ANSWER · it holds the run as process {pid}"),
            format!("kill -CONT {pid} wakes it · after kill -9 {pid} attaching starts another"),
        ],
        None => vec!["THE ENGINE DOES NOT ANSWER · it holds the run and says nothing".to_owned()],
    }
}
