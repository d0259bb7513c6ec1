//! Every form cut in two at every byte: whatever takes output piece by piece makes the same of it as of the whole.

use super::corpus::each;
use super::grammar::violation;
use crate::kinds::Progress;
use crate::tui::output::Output;
use crate::tui::plain::split;
use crate::tui::search::{Came, Pattern, Search, Toward};

/// What the emulator holds of pieces, and where its cursor is.
fn held(pieces: &[&[u8]], on_a_terminal: bool) -> (String, (u16, u16)) {
    let mut output = Output::new("f".into(), 0, Progress::None);
    if on_a_terminal {
        output = output.on_a_terminal();
    }
    let mut length = 0;
    for piece in pieces {
        length += piece.len() as u64;
        output.grew(length, Progress::None);
        let wanted = output.wanted().expect("it grew");
        output.take(wanted.offset, piece, length);
    }
    let screen = output.screen();
    (screen.contents(), screen.cursor_position())
}

/// What is told of pieces in lines.
fn told(pieces: &[&[u8]]) -> Vec<String> {
    let mut left = Vec::new();
    pieces
        .iter()
        .flat_map(|piece| split(&mut left, piece))
        .collect()
}

/// The line and the place where a search comes upon a text of pieces.
fn found(pieces: &[&[u8]]) -> Option<(u64, u64)> {
    let mut search = Search::new(Pattern::new("owned"), "f".into());
    search.go(Toward::End(0));
    let whole = pieces.concat();
    let first = pieces[0].len() as u64;
    loop {
        match search.came(whole.len() as u64) {
            Some(Came::Upon { place, .. }) => return Some((place.line, place.start)),
            Some(Came::ToNothing) => return None,
            None => {}
        }
        let (offset, most) = search.wanted().expect("it goes on");
        let end = (offset + u64::from(most)).min(whole.len() as u64);
        let end = if offset < first { end.min(first) } else { end };
        search.take(offset, &whole[offset as usize..end as usize]);
    }
}

#[test]
fn a_form_that_is_cut_anywhere_is_what_it_is_whole() {
    let (mut forms, mut cuts) = (0, 0);
    for (number, form) in each().into_iter().enumerate() {
        let bytes = [b"a\n", &form[..], b"owned\nz\n"].concat();
        let terminal = number % 4 == 0;
        let whole = (held(&[&bytes], terminal), told(&[&bytes]), found(&[&bytes]));
        forms += 1;
        for at in 2..=form.len() + 2 {
            let pieces = [&bytes[..at], &bytes[at..]];
            let cut = (held(&pieces, terminal), told(&pieces), found(&pieces));
            assert_eq!(cut, whole, "{} cut at {at}", bytes.escape_ascii());
            cuts += 1;
            // A line that has no end for a while is told as it stands.
            for line in told(&[pieces[0], b"\n"]) {
                assert_eq!(violation(line.as_bytes(), true), None, "{line:?}");
            }
        }
    }
    super::size::told(
        "hostile bytes cut in two",
        &format!("{forms} forms, {cuts} cuts, none makes a difference"),
    );
}
