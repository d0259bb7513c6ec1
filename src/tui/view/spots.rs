//! What a mouse would point at: the same rectangles as were drawn.

use ratatui::layout::Rect;

use super::{Cx, Places, dialogs, list, palette};
use crate::tui::app::Pane;
use crate::tui::dialog::Dialog;
use crate::tui::mouse::Spot;

/// What stands where; what comes later lies above.
pub(super) fn of(cx: &Cx<'_>, places: &Places, room: Rect) -> Vec<(Rect, Spot)> {
    let app = cx.app;
    match &app.dialog {
        Some(Dialog::Choose(choose)) => {
            let answers = dialogs::answers(cx, choose, room).into_iter().enumerate();
            return answers.map(|(n, area)| (area, Spot::Answer(n))).collect();
        }
        Some(Dialog::Sheet(..)) => return vec![(room, Spot::Page)],
        // The output is seen behind its field.
        Some(Dialog::Search(_)) | None => {}
        Some(Dialog::Find(find)) => return palette::spots(cx, find, room),
        Some(Dialog::Write(_)) => return Vec::new(),
    }
    let mut spots = Vec::new();
    if let Some(list) = places.list {
        let inner = list::inside(list);
        for (row, number) in (inner.y..).zip(list::numbers(cx, inner)) {
            let line = Rect {
                y: row,
                height: 1,
                ..inner
            };
            spots.extend(number.map(|number| (line, Spot::Step(number))));
        }
    }
    let printed = places.side.filter(|_| super::side_is_printed(app));
    match places.side {
        Some(_) if printed.is_some() => {}
        Some(side) => spots.push((side, Spot::Page)),
        None if app.pane == Pane::Output => {}
        None => spots.push((places.main, Spot::Page)),
    }
    let large = places.side.is_none() && app.pane == Pane::Output;
    spots.extend(printed.map(|side| (side, Spot::Output)));
    spots.extend(large.then_some((places.main, Spot::Output)));
    spots
}
