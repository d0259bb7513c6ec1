//! How far a program is, as a bar with the numbers beside it.

use unicode_width::UnicodeWidthStr;

use super::Cx;
use super::page::Page;
use crate::probe::figure;
use crate::tui::clean;
use crate::tui::how::Hands;
use crate::tui::look::Tone;
use crate::tui::progress::{Left, Percent, Rsync, Told};
use crate::tui::say;
use ratatui::text::Span;

/// The bar and its numbers, where the output that is looked at tells of any.
pub(super) fn put(cx: &Cx<'_>, page: &mut Page<'_>, width: usize) {
    let output = cx.app.output.as_ref();
    let (percent, text) = match output.and_then(|output| output.progress(cx.since)) {
        None => return,
        Some(Told::Rsync(rsync)) => (f64::from(rsync.percent), of_rsync(&rsync)),
        Some(Told::Percent(percent)) => (percent.percent, of_percent(&percent)),
    };
    // The numbers stand beside the bar where there is room for both, else below it.
    let beside = width >= text.width() + 24 && cx.app.hands == Hands::Keys;
    let long = match beside {
        true => (width - text.width() - 3).min(60),
        false => width.saturating_sub(2),
    };
    let full = (long as f64 * percent / 100.0) as usize;
    let mut spans = vec![
        Span::raw(" "),
        cx.clean(cx.signs.full.repeat(full), Tone::Good),
        cx.clean(
            cx.signs.empty.repeat(long.saturating_sub(full)),
            Tone::Quiet,
        ),
    ];
    let text = cx.span(text, Tone::Strong);
    if beside {
        spans.push(text);
        page.line(spans);
    } else {
        if cx.app.hands == Hands::Keys {
            page.line(spans);
        }
        page.line(vec![text]);
    }
}

fn of_rsync(progress: &Rsync) -> String {
    let total = progress.total().filter(|_| !progress.ended);
    let sent = say::size(progress.bytes);
    let sizes = match total.map(say::size) {
        Some(total) if total.split(' ').nth(1) == sent.split(' ').nth(1) => {
            format!("{} of ~{total}", sent.split(' ').next().unwrap_or_default())
        }
        Some(total) => format!("{sent} of ~{total}"),
        None => sent,
    };
    let left = if progress.ended { "in all" } else { "left" };
    format!(
        " {} %  {sizes}  {}  {} {left}",
        progress.percent,
        clean::line(&progress.rate),
        clean::line(&progress.left),
    )
}

/// Nothing that was not seen here is told of the time left.
fn of_percent(progress: &Percent) -> String {
    let left = match progress.left {
        Left::Nothing => String::new(),
        Left::TooEarly => "  too early to say how long".to_owned(),
        Left::Still(since) => format!("  no further for {}", say::about(since.as_secs())),
        Left::About(left) => format!("  about {} left at this rate", say::about(left.as_secs())),
        Left::Far => "  so slowly that no end is in sight".to_owned(),
    };
    format!(" {} %{left}", figure(progress.percent))
}
