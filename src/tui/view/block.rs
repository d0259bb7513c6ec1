//! What is wanted now, at the bottom of the step: a gate, a running step, a question, a decision.

use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::page::Page;
use super::step::Exhibits;
use super::{Cx, bar, chart, guard, keyboard, lanes, recap, sheet, stuck};
use crate::kinds::{Leg, Performer};
use crate::names::MachineName;
use crate::run::{LaneAt, PlannedStep, StepAt, StepState, Stop, Way};
use crate::runbook::{Downtime, Gate};
use crate::tui::attention;
use crate::tui::clean;
use crate::tui::how::Hands;
use crate::tui::keys::Action;
use crate::tui::look::Tone;
use crate::tui::say;

/// The words in the rule above the block.
pub(super) fn title(cx: &Cx<'_>) -> &'static str {
    let Some((number, _, state)) = cx.app.viewed() else {
        return "";
    };
    if !cx.app.is_here() {
        return "another step's turn";
    }
    let with_a_person = attention::is_with_a_person(&cx.app.folded.run, number);
    match &state.at {
        StepAt::AtGate => "gate",
        StepAt::Preparing | StepAt::Cleared => "on its way",
        StepAt::Running if state.to_be_kept().next().is_some() => "guard",
        StepAt::Running if with_a_person => "in your hands",
        StepAt::Running => "running",
        StepAt::Proving if with_a_person => "question",
        StepAt::Proving => "proving",
        StepAt::Stuck { .. } => "stuck",
        StepAt::Waiting
        | StepAt::Done { .. }
        | StepAt::Skipped { .. }
        | StepAt::RuledOut { .. } => "",
    }
}

/// The lines of the block; empty where nothing is wanted.
pub(super) fn lines(
    cx: &Cx<'_>,
    width: usize,
    height: usize,
    exhibits: Exhibits,
) -> Vec<Line<'static>> {
    let mut page = Page::new(cx, width);
    if !cx.app.is_here() {
        elsewhere(cx, &mut page);
        return page.lines;
    }
    let Some((_, planned, state)) = cx.app.viewed() else {
        return page.lines;
    };
    let run = &cx.app.folded.run;
    if run.ending.is_some() || run.suspended.is_some() {
        return page.lines;
    }
    match &state.at {
        StepAt::AtGate => gate(cx, &mut page, (width, height), planned, state),
        StepAt::Preparing => preparing(cx, &mut page),
        StepAt::Cleared | StepAt::Running => {
            running(cx, &mut page, (width, height), planned, state);
        }
        StepAt::Proving => proving(cx, &mut page),
        StepAt::Stuck { .. } => stuck::put(cx, &mut page, (width, height), exhibits),
        StepAt::Waiting
        | StepAt::Done { .. }
        | StepAt::Skipped { .. }
        | StepAt::RuledOut { .. } => {}
    }
    page.lines
}

fn elsewhere(cx: &Cx<'_>, page: &mut Page<'_>) {
    if let Some((number, planned, state)) = cx.app.current() {
        let (_, word, _) = super::armed::stands(&cx.app.folded.run, number, state, cx.signs);
        let text = format!(
            "Step {} is {word}: {}",
            number + 1,
            clean::line(&planned.title)
        );
        page.text(&text, Tone::Care);
        page.own(
            &format!(
                "{} goes back to it. Nothing can be decided from here.",
                cx.app.how(Action::Here)
            ),
            Tone::Plain,
        );
    }
}

fn preparing(cx: &Cx<'_>, page: &mut Page<'_>) {
    page.own(
        "Asking the machines what it would do; nothing is changed.",
        Tone::Plain,
    );
    for (machine, (doing, _)) in &cx.app.busy {
        page.text(&format!("{machine}: {doing}"), Tone::Quiet);
    }
}

fn gate(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    (width, height): (usize, usize),
    planned: &PlannedStep,
    state: &StepState,
) {
    let app = cx.app;
    if state.way == Way::Back {
        page.own("This takes the step back.", Tone::Care);
    }
    if state.undone && state.way == Way::Forward {
        page.own("It was taken back before.", Tone::Care);
    }
    if state.way == Way::Forward {
        match planned.downtime {
            Some(Downtime::Starts) => page.own("Customers lose access here.", Tone::Care),
            Some(Downtime::Ends) => page.own("Customers get access back here.", Tone::Plain),
            None => {}
        }
        if planned.point_of_no_return {
            recap::put(cx, page, height);
        }
    }
    sheet::at_the_beginning(cx, page);
    if state.looking {
        page.own("Asking what is true now…", Tone::Quiet);
    }
    for approval in &state.approvals {
        let who = say::actor(&approval.by);
        page.text(
            &format!("{who} said yes at {}.", cx.clock(approval.at, true)),
            Tone::Good,
        );
    }
    if !app.is_live() {
        page.own(
            "Nothing can be approved while this screen is not connected.",
            Tone::Care,
        );
        return;
    }
    let wanted = match app.choice() {
        Some(_) => Action::Choose,
        None => Action::Approve,
    };
    match app.verdict_on(wanted) {
        Some(Ok(())) => ask(cx, page, width, planned, state),
        Some(Err(refusal)) => page.text(&format!("Not yet: {refusal}."), Tone::Care),
        None => {}
    }
}

fn ask(cx: &Cx<'_>, page: &mut Page<'_>, width: usize, planned: &PlannedStep, state: &StepState) {
    let app = cx.app;
    if let Some(words) = app.gate_words() {
        let words = clean::line(words);
        if app.hands == Hands::Lines {
            let how = app.how(Action::TypeBack);
            page.own(
                &format!("{how} asks for these words, which say yes to exactly this:"),
                Tone::Plain,
            );
            page.text(&words, Tone::Strong);
            return;
        }
        let (before, after) = (" Type  ", "  and Enter to go on");
        if before.width() + words.width() + after.width() <= width {
            page.line(vec![
                cx.span(before, Tone::Plain),
                cx.clean(words, Tone::Strong),
                cx.span(after, Tone::Plain),
            ]);
        } else {
            page.own("Type this, and Enter to go on:", Tone::Plain);
            page.text(&words, Tone::Strong);
        }
        let typed = clean::line(app.typed_words());
        let cursor = if app.field_left { " " } else { cx.signs.full };
        let hint = if app.field_left {
            "   Enter goes back to the field"
        } else {
            ""
        };
        page.line(vec![
            cx.clean(format!(" {} ", cx.signs.prompt), Tone::Strong),
            cx.clean(typed, Tone::Strong),
            cx.clean(cursor, Tone::Strong),
            cx.span(hint, Tone::Quiet),
        ]);
        return;
    }
    if app.choice().is_some() {
        let how = app.how(Action::Choose);
        page.own(
            &format!("{how} asks which one. Nothing is chosen before you mark an option."),
            Tone::Strong,
        );
        return;
    }
    let first = state.approvals.is_empty();
    let yes = app.how(Action::Approve);
    let text = match (&planned.gate, planned.performer(state.way)) {
        (Gate::TwoPeople, _) if first => {
            format!("Two people must say yes. {yes} says yours, to exactly this.")
        }
        (Gate::TwoPeople, _) => format!("{yes} says the second yes, to exactly this."),
        (_, Some(Performer::Person)) if state.way == Way::Forward => {
            format!("This is yours to do. {yes} says that you begin.")
        }
        (_, Some(Performer::Nobody)) => format!("{yes} says that you have read it."),
        _ => format!("{yes} says yes to exactly this."),
    };
    page.own(&text, Tone::Strong);
}

fn running(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    (width, height): (usize, usize),
    planned: &PlannedStep,
    state: &StepState,
) {
    match state.stop {
        Some(Stop::Ask) => page.own("It was asked to end, and has not ended yet.", Tone::Care),
        Some(Stop::Kill) => page.own("It is being killed.", Tone::Care),
        None => {}
    }
    let performer = planned.performer(state.way);
    lanes::counts(cx, page, state);
    for lane in lanes::shown(state) {
        if state.waits_to_be_kept(&lane.name).is_some() {
            continue;
        }
        let (words, tone) = say::lane(&lane.at);
        let mut text = format!("{}  {words}", lanes::named(lane));
        if let LaneAt::Running { leg, since, .. } = &lane.at {
            let shown = state.proposal(&lane.name);
            let legs = shown.map_or(0, |shown| shown.proposal.legs.len());
            let title_of = shown.and_then(|shown| shown.proposal.legs.get(usize::from(*leg)));
            let title = title_of.map_or(String::new(), |leg| clean::line(&leg.title));
            let part = if legs > 1 {
                format!(", part {} of {legs}", leg + 1)
            } else {
                String::new()
            };
            let machine = lane.name.machine();
            let at = machine_of(title_of, &machine);
            let verb = match performer {
                _ if cx.app.folded.run.links.contains_key(at) => "running when last seen,",
                Some(Performer::Person) => "in your hands",
                Some(Performer::Watch) => "waiting",
                _ => "running",
            };
            let watch = say::stopwatch(say::between(*since, cx.now));
            text = format!("{}  {verb} {watch}{part}  {title}", lanes::named(lane));
            // A long command is told in full above, and must not push the bar away.
            if cx.app.hands == Hands::Keys {
                text = clean::fit(&text, width.saturating_sub(2), cx.signs.more);
            }
        }
        page.text(&text, tone);
        let key = (planned.id.clone(), lane.name.clone(), None);
        if let Some(waiting) = cx.app.asked.get(&key) {
            let until = waiting
                .until
                .map(|until| format!(", until {}", cx.clock(until, true)));
            let text = format!(
                "   now: {} (asked {}{})",
                waiting.seen,
                chart::times(waiting.times),
                until.unwrap_or_default()
            );
            page.text(&text, Tone::Plain);
            if let Some(numbers) = &waiting.numbers {
                let rows = chart::rows(cx, &planned.id, height);
                chart::put(cx, page, (width, rows), numbers, waiting.until);
            }
        }
    }
    bar::put(cx, page, width);
    guard::put(cx, page, state);
    keyboard::put(cx, page);
    if performer == Some(Performer::Person) && cx.app.offers(Action::SayDone) {
        let how = cx.app.how(Action::SayDone);
        page.own(&format!("{how} says that it is done."), Tone::Strong);
    }
    if state.stop.is_none() && planned.timeout_seconds > 0 {
        page.own(
            &format!(
                "It is stopped after {}.",
                say::about(planned.timeout_seconds)
            ),
            Tone::Quiet,
        );
    }
}

/// The machine that a leg runs on; the lane's where nothing was shown.
fn machine_of<'a>(leg: Option<&'a Leg>, lane: &'a MachineName) -> &'a MachineName {
    leg.map_or(lane, |leg| &leg.at)
}

fn proving(cx: &Cx<'_>, page: &mut Page<'_>) {
    match cx.app.open_question() {
        Some((_, proof)) => {
            page.own("The proof has a question for a person:", Tone::Plain);
            page.text(&proof.says, Tone::Strong);
            if let Some(evidence) = &proof.evidence {
                page.text(&format!("A yes comes with {evidence}."), Tone::Plain);
            }
            let can = cx.app.offers(Action::Answer);
            let text = match can {
                true => format!("{} answers it.", cx.app.how(Action::Answer)),
                false => "Nobody can answer it from here.".to_owned(),
            };
            page.own(&text, Tone::Plain);
        }
        None => page.own("It ended well; now it is being proved.", Tone::Plain),
    }
}
