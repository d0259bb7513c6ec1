//! The step that is looked at: what it is, what must be true, how it is taken back, what is wanted now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::exhibits::Long;
use super::page::{Page, scrolled};
use super::{Cx, block, chart, doubt, end, exhibits, known, lanes, printed};
use crate::kinds::Performer;
use crate::probe::Holds;
use crate::run::{Actor, OWN_QUESTION, PlannedStep, Proof, StepAt, StepState, Way};
use crate::tui::app::Pane;
use crate::tui::clean;
use crate::tui::how::Hands;
use crate::tui::look::Tone;
use crate::tui::say;

/// A proof of more questions than this shows those that do not hold, and counts the rest.
const QUESTIONS: usize = 24;

/// Where the exhibits stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exhibits {
    /// Among the step's own lines.
    Here,
    /// In a column of their own, together with the output.
    Beside,
}

/// Draws the step; tells whether an open gate is wholly to be read.
pub(super) fn draw(frame: &mut Frame<'_>, cx: &Cx<'_>, area: Rect, exhibits: Exhibits) -> bool {
    let width = usize::from(area.width);
    let Some((number, planned, state)) = cx.app.viewed() else {
        let lines = end::lines(cx, width);
        frame.render_widget(
            Paragraph::new(scrolled(cx, lines, area, cx.app.scroll)),
            area,
        );
        return false;
    };
    let block = block::lines(cx, width, usize::from(area.height), exhibits);
    let printing = printing(cx, state, exhibits);
    let room = usize::from(area.height);
    let step = (number, planned, state);
    // A number that is watched is what matters now; in a low terminal what was approved gives way to it.
    let watched = state.at == StepAt::Proving && chart::is_drawn(cx) && room <= 32;
    let detail = detail(cx, (width, room), step, exhibits, printing || watched);
    // The block is what is wanted now, so it is shown whole, and the text above gives way; in the lowest
    // terminals two lines of the text stay.
    let block_height = match block.len() {
        0 => 0,
        lines => (lines + 1).min(room.saturating_sub(2)),
    };
    let output_height = match printing {
        true => (room - block_height)
            .saturating_sub(detail.len() + 1)
            .max((room - block_height) / 2),
        false => 0,
    };
    let rows = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    // In a low terminal what is wanted stands at one place, at the bottom; in a tall one it stays near the
    // text that it is about.
    let text_height = match printing || room <= 32 {
        true => room - block_height - output_height,
        false => (room - block_height).min(detail.len() + 2),
    };
    let top = Rect {
        height: rows(text_height),
        ..area
    };
    let middle = Rect {
        y: top.y + top.height,
        height: rows(output_height),
        ..area
    };
    let bottom = Rect {
        y: middle.y + middle.height,
        height: rows(block_height),
        ..area
    };
    let scroll = if exhibits == Exhibits::Here && cx.app.pane == Pane::Step {
        cx.app.scroll
    } else {
        0
    };
    frame.render_widget(Paragraph::new(scrolled(cx, detail, top, scroll)), top);
    if printing {
        printed::draw(frame, cx, middle);
    }
    let whole = block.len() < block_height.max(1);
    if block_height > 0 {
        let mut lines = vec![super::titled(cx, block::title(cx), area.width)];
        lines.extend(block);
        frame.render_widget(Paragraph::new(lines), bottom);
    }
    whole && cx.app.is_here()
}

/// Whether the output is drawn below the step's text.
pub(super) fn printing(cx: &Cx<'_>, state: &StepState, exhibits: Exhibits) -> bool {
    exhibits == Exhibits::Here
        && cx.app.output.is_some()
        && matches!(
            state.at,
            StepAt::Running | StepAt::Cleared | StepAt::Proving
        )
        // What it printed has been seen when its proof watches a number.
        && !(state.at == StepAt::Proving && chart::is_drawn(cx))
}

pub(super) fn detail(
    cx: &Cx<'_>,
    (width, height): (usize, usize),
    (number, planned, state): (usize, &PlannedStep, &StepState),
    where_exhibits: Exhibits,
    short: bool,
) -> Vec<Line<'static>> {
    let mut page = Page::new(cx, width);
    head(cx, &mut page, width, (number, planned, state));
    // What was asked comes first where a decision hangs on it.
    let stuck = matches!(state.at, StepAt::Stuck { .. }) || state.to_be_kept().next().is_some();
    if !short && !stuck {
        if !planned.about.trim().is_empty() {
            page.text(&planned.about, Tone::Plain);
        }
        page.gap();
    }
    if where_exhibits == Exhibits::Here && !short && !stuck {
        exhibits::put(cx, &mut page, planned, state, Long::Below);
    }
    if !planned.when.is_empty() && state.at == StepAt::Waiting && !short {
        let rules: Vec<String> = planned.when.iter().map(ToString::to_string).collect();
        page.labelled(
            "only",
            &format!("where {}", rules.join(", and ")),
            Tone::Plain,
        );
    }
    // How long it took before is what the stopwatch is read against.
    if short && matches!(state.at, StepAt::Running | StepAt::Cleared) {
        times(&mut page, planned, state);
    }
    proofs(cx, &mut page, (width, height), (planned, state), short);
    if short {
        return page.lines;
    }
    if state.way == Way::Forward {
        super::way_back::undo(&mut page, planned);
    }
    if where_exhibits == Exhibits::Here && stuck {
        exhibits::put(cx, &mut page, planned, state, Long::Below);
    }
    if !stuck {
        doubt::put(cx, &mut page, &planned.id);
    }
    if planned.point_of_no_return && state.touched {
        let since = state
            .started_at
            .map(|at| format!(" since {}", cx.clock(at, true)));
        let text = format!("no way back{}", since.unwrap_or_default());
        page.labelled("crossed", &text, Tone::Care);
    }
    super::armed::put(cx, &mut page, number, planned);
    times(&mut page, planned, state);
    for note in cx
        .app
        .folded
        .run
        .notes
        .iter()
        .filter(|note| note.step.as_ref() == Some(&planned.id))
    {
        let by = match &note.by {
            Actor::Operator(operator) => clean::line(&operator.name),
            Actor::Engine => "runsheet".to_owned(),
        };
        page.labelled(
            "note",
            &format!("{} {by}: {}", cx.clock(note.at, false), note.text),
            Tone::Plain,
        );
    }
    match &state.at {
        StepAt::Skipped { reason } => page.labelled("skipped", reason, Tone::Care),
        StepAt::RuledOut { rule } => page.labelled("passed", rule, Tone::Care),
        StepAt::Done {
            how: crate::run::Done::Chosen { value },
        } => page.labelled("chosen", value, Tone::Strong),
        StepAt::Done {
            how: crate::run::Done::Attested { note },
        } => {
            page.labelled("vouched", note, Tone::Care);
        }
        StepAt::Done {
            how: crate::run::Done::Proved { vacuous: true },
        } => {
            page.labelled(
                "CARE",
                "its whole proof held before the step too, so it proves nothing",
                Tone::Care,
            );
        }
        _ => {}
    }
    if where_exhibits == Exhibits::Here {
        known::put(cx, &mut page, planned, state);
        exhibits::in_full(cx, &mut page, state);
    }
    page.lines
}

/// Number, title, state and place.
fn head(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    width: usize,
    (number, planned, state): (usize, &PlannedStep, &StepState),
) {
    let (sign, word, tone) = super::armed::stands(&cx.app.folded.run, number, state, cx.signs);
    if cx.app.hands == Hands::Lines {
        super::lines::head(cx, page, (number, planned, state), (word, tone));
        return;
    }
    let place = lanes::place(cx, planned, state);
    let title = format!(" {}  {}", number + 1, clean::line(&planned.title));
    let word = format!("{sign} {word}");
    let room = width.saturating_sub(1);
    if title.width() + word.width() + 2 <= room {
        let blank = room - title.width() - word.width();
        page.line(vec![
            cx.clean(title, Tone::Strong),
            Span::raw(" ".repeat(blank)),
            cx.clean(word, tone),
        ]);
    } else {
        // The number stays alone at the left.
        for (line, part) in clean::wrap(title.trim_start(), room.saturating_sub(5))
            .iter()
            .enumerate()
        {
            let indent = if line == 0 { " " } else { "    " };
            page.line(vec![cx.clean(format!("{indent}{part}"), Tone::Strong)]);
        }
        page.line(vec![Span::raw("    "), cx.clean(word, tone)]);
    }
    let attempt = match state.attempt {
        0 | 1 => String::new(),
        attempt => format!(" · attempt {attempt}"),
    };
    let text = clean::fit(
        &format!("    {place}{}", cx.look.own(&attempt)),
        room,
        cx.signs.more,
    );
    page.line(vec![cx.clean(text, Tone::Quiet)]);
}

fn proofs(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    size: (usize, usize),
    (planned, state): (&PlannedStep, &StepState),
    short: bool,
) {
    let proofs = state.proofs(planned);
    if proofs.is_empty() && !short && planned.choice.is_none() {
        let (text, tone) = match planned.performer(state.way) {
            Some(Performer::Watch) => (OWN_QUESTION, Tone::Plain),
            _ => ("none: it counts as done when it ends well", Tone::Care),
        };
        page.labelled("proof", text, tone);
    }
    let several = state.lanes.len() > 1;
    // Before it ran, what was asked at the gate is how things are; afterwards it is how they were.
    let after = !matches!(
        state.at,
        StepAt::Waiting | StepAt::Preparing | StepAt::AtGate
    );
    // Of many questions, those that hold are counted.
    let holds = |number: usize| {
        let answer = u16::try_from(number)
            .ok()
            .and_then(|n| state.answers.get(&n));
        answer.is_some_and(|answer| answer.holds == Holds::Yes)
    };
    let many = proofs.len() > QUESTIONS;
    let told = (0..proofs.len()).filter(|number| !many || !holds(*number));
    let told: Vec<usize> = told.take(QUESTIONS).collect();
    if many {
        let held = (0..proofs.len()).filter(|number| holds(*number)).count();
        let text = format!(
            "{} questions, {held} hold; {} stand here",
            proofs.len(),
            told.len()
        );
        page.labelled("proof", &text, Tone::Plain);
    }
    for (number, proof) in told.iter().filter_map(|n| Some((*n, proofs.get(*n)?))) {
        let label = if number == 0 { "proof" } else { "" };
        proof_line(
            cx,
            page,
            size,
            (number, proof, label),
            (planned, state),
            (several, after),
        );
    }
}

fn proof_line(
    cx: &Cx<'_>,
    page: &mut Page<'_>,
    (width, height): (usize, usize),
    (number, proof, label): (usize, &Proof, &str),
    (planned, state): (&PlannedStep, &StepState),
    (several, after): (bool, bool),
) {
    let Ok(number) = u16::try_from(number) else {
        return;
    };
    let answered = state.answers.get(&number);
    let before = state
        .shown
        .as_ref()
        .and_then(|shown| shown.before.get(&number));
    let looked = cx.app.looked.contains(&planned.id);
    let look = state.look.get(&number).filter(|_| looked);
    let latest = look.or(answered).or(if after { None } else { before });
    let key = (planned.id.clone(), proof.lane.clone(), Some(number));
    let waiting = cx.app.asked.get(&key).filter(|_| answered.is_none());
    let mut says = match (proof.person, several) {
        (true, _) => format!("you are asked: {}", proof.says),
        (false, true) => format!("{}: {}", proof.lane, proof.says),
        (false, false) => proof.says.clone(),
    };
    if let Some(at) = proof.at.as_ref().filter(|at| **at != proof.lane) {
        says = format!("{says} (asked on {at})");
    }
    let (mut sign, tone) = say::holds(latest.map(|answer| answer.holds), cx.signs);
    if latest.is_none() && waiting.is_some() {
        sign = cx.signs.proving;
    }
    let right = match (latest, waiting, before) {
        (Some(answer), _, _) => format!("now: {}", answer.seen),
        (None, Some(waiting), _) => {
            let until = waiting
                .until
                .map(|until| format!(", until {}", cx.clock(until, true)));
            let until = until.unwrap_or_default();
            format!(
                "now: {} (asked {}{until})",
                waiting.seen,
                chart::times(waiting.times)
            )
        }
        (None, None, _) if state.at == StepAt::Proving && !proof.person => cx.look.own("asking…"),
        (None, None, Some(answer)) if after => format!("before: {}", answer.seen),
        (None, None, _) => String::new(),
    };
    // The answer is one line; the rest of a long one is in the record.
    let right = right.lines().next().unwrap_or_default().to_owned();
    page.signed(label, (sign, tone), &says, (&right, Tone::Plain));
    if let (None, Some(waiting)) = (latest, waiting)
        && let Some(numbers) = &waiting.numbers
    {
        let rows = chart::rows(cx, &planned.id, height);
        chart::put(cx, page, (width, rows), numbers, waiting.until);
    }
    if state.held_before(number) {
        page.labelled("", "  already true before it: proves nothing", Tone::Care);
    }
}

fn times(page: &mut Page<'_>, planned: &PlannedStep, state: &StepState) {
    let took = match (state.started_at, state.ended_at) {
        (Some(from), Some(to)) => Some(format!("took {}", say::stopwatch(say::between(from, to)))),
        _ => None,
    };
    let about = (planned.estimate_seconds > 0)
        .then(|| format!("about {}", say::about(planned.estimate_seconds)))
        .map(|about| match took {
            Some(_) => format!("estimated {about}"),
            None => about,
        });
    let rehearsed = planned.earlier.took.as_ref().map(|earlier| {
        let seconds = i64::try_from(earlier.seconds).unwrap_or(i64::MAX);
        format!("rehearsed in {}", say::stopwatch(seconds))
    });
    let parts: Vec<String> = [took, about, rehearsed].into_iter().flatten().collect();
    if !parts.is_empty() {
        page.labelled("time", &parts.join("; "), Tone::Plain);
    }
}
