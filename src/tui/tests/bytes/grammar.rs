//! What the renderer may write, and nothing else.

use unicode_width::UnicodeWidthChar;

use crate::problem::hidden;
use crate::tui::{attention, mouse};

/// How many marks may stand on one letter.
const MARKS: usize = 3;

/// Reads what was written on a terminal; the first place that is not ours to write, with what follows it.
///
/// Ours are: a cursor that is placed (`CSI row;column H`), shown and hidden (`CSI ?25 h`, `l`), a screen that
/// is wiped (`CSI 2 J`), and colours and emphasis (`CSI … m`). All else is text that can be seen, with few
/// marks on a letter. Whoever writes lines and not cells may break them too.
pub(super) fn violation(bytes: &[u8], lines: bool) -> Option<String> {
    let told = |at: usize| {
        let end = bytes.len().min(at + 24);
        Some(format!(
            "at byte {at}: {:?}",
            bytes[at..end].escape_ascii().to_string()
        ))
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return told(error.valid_up_to()),
    };
    let mut at = 0;
    let mut marks = 0;
    loop {
        // Nearly all of it, and quick.
        let from = at;
        while at < bytes.len() && bytes[at] >= b' ' && bytes[at] < 0x7f {
            at += 1;
        }
        if at > from {
            marks = 0;
        }
        let c = text[at..].chars().next()?;
        if let Some(rest) = text[at..].strip_prefix("\u{1b}[") {
            let end = rest.find(|c: char| c.is_ascii_alphabetic());
            match end {
                Some(end) if !lines && is_ours(&rest[..end], rest.as_bytes()[end]) => {
                    at += 2 + end + 1;
                    marks = 0;
                    continue;
                }
                _ => return told(at),
            }
        }
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        let breaks = lines && matches!(c, '\n' | '\t');
        if hidden(c) && !breaks || marks > MARKS {
            return told(at);
        }
        at += c.len_utf8();
    }
}

/// Whether bytes are what the bell and the title are made of, and nothing else. Between two frames this may be written, and
/// in a frame none of it.
fn calls(bytes: &[u8]) -> bool {
    let Ok(mut text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-');
    while !text.is_empty() {
        let form = ["\u{7}", "\u{1b}[22;0t", "\u{1b}[23;0t", "\u{1b}]2;\u{1b}\\"]
            .iter()
            .find_map(|form| text.strip_prefix(form));
        let title = || {
            let (title, rest) = text
                .strip_prefix("\u{1b}]2;Runsheet: ")?
                .split_once("\u{1b}\\")?;
            (title.chars().all(plain) && title.len() < 120).then_some(rest)
        };
        match form.or_else(title) {
            Some(rest) => text = rest,
            None => return false,
        }
    }
    true
}

#[test]
fn bell_and_title_are_ours_between_frames_and_nobodys_in_them() {
    for (name, make) in super::super::night::MOMENTS {
        let stage = make(super::FANCY);
        let run = &stage.app.folded.run;
        let title = attention::title(run, attention::Need::of(run));
        assert!(
            calls(&title),
            "{name}: {:?}",
            title.escape_ascii().to_string()
        );
        assert!(violation(&title, false).is_some() && violation(&title, true).is_some());
    }
    for ours in [attention::KEEP, attention::BACK, b"\x07"] {
        assert!(calls(ours));
        assert!(violation(ours, false).is_some() && violation(ours, true).is_some());
    }
    for bad in [
        "\u{1b}]2;owned\u{1b}\\",
        "\u{1b}]0;Runsheet: gate - x\u{7}",
        "\u{1b}[21t",
        "x",
        "\u{1b}]2;Runsheet: \u{9b}m\u{1b}\\",
    ] {
        assert!(!calls(bad.as_bytes()), "{bad:?}");
    }
}

/// The modes of the mouse that bytes set, and those that they end; none where there is anything else. Between two frames
/// this may be written, and in a frame none of it.
fn mouse_modes(bytes: &[u8]) -> Option<(Vec<&str>, Vec<&str>)> {
    let mut text = std::str::from_utf8(bytes).ok()?;
    let (mut set, mut ended) = (Vec::new(), Vec::new());
    while !text.is_empty() {
        let (mode, rest) = text.strip_prefix("\u{1b}[?")?.split_at_checked(4)?;
        // Buttons and the wheel, in numbers of any length. Movement (1002, 1003) would be a report for every column.
        if !["1000", "1006"].contains(&mode) {
            return None;
        }
        match rest.as_bytes().first()? {
            b'h' => set.push(mode),
            b'l' => ended.push(mode),
            _ => return None,
        }
        text = &rest[1..];
    }
    Some((set, ended))
}

#[test]
fn the_mouse_is_ours_between_frames_and_every_mode_of_it_is_ended() {
    let (mut set, none) = mouse_modes(mouse::ON).unwrap();
    assert!(!set.is_empty() && none.is_empty());
    let (none, mut ended) = mouse_modes(mouse::OFF).unwrap();
    set.sort_unstable();
    ended.sort_unstable();
    assert_eq!(set, ended);
    assert!(none.is_empty());
    for ours in [mouse::ON, mouse::OFF] {
        assert!(!calls(ours));
        assert!(violation(ours, false).is_some() && violation(ours, true).is_some());
    }
    for bad in [
        "\u{1b}[?1003h",
        "\u{1b}[?1000x",
        "\u{1b}[?1000",
        "x",
        "\u{1b}[?25h",
    ] {
        assert_eq!(mouse_modes(bad.as_bytes()), None, "{bad:?}");
    }
}

fn is_ours(parameters: &str, end: u8) -> bool {
    match end {
        b'H' => parameters.split_once(';').is_some_and(|(row, column)| {
            row.parse::<u16>().is_ok() && column.parse::<u16>().is_ok()
        }),
        b'h' | b'l' => parameters == "?25",
        b'J' => parameters == "2",
        b'm' => {
            let mut left = parameters.split(';');
            while let Some(one) = left.next() {
                let numbers = match one {
                    "38" | "48" | "58" => match left.next() {
                        Some("5") => 1,
                        Some("2") => 3,
                        _ => return false,
                    },
                    _ => match one.parse::<u8>() {
                        Ok(0..=9 | 21..=29 | 30..=37 | 39..=47 | 49 | 59 | 90..=97 | 100..=107) => {
                            0
                        }
                        _ => return false,
                    },
                };
                if (0..numbers).any(|_| left.next().is_none_or(|n| n.parse::<u8>().is_err())) {
                    return false;
                }
            }
            true
        }
        _ => false,
    }
}

#[test]
fn what_is_not_ours_is_found_where_it_stands() {
    let ours = "\u{1b}[1;1H\u{1b}[?25l\u{1b}[38;5;12;49m漢e\u{301}\u{1b}[0m";
    assert_eq!(violation(ours.as_bytes(), false), None);
    for bad in [
        "\u{1b}[6n",
        "\u{1b}]0;x\u{7}",
        "\u{9b}c",
        "\n",
        "\u{1b}[38;5m",
        "\u{1b}[?1003h",
        "\u{1b}",
        "\u{202e}",
    ] {
        let text = format!("{ours}{bad}");
        let found = violation(text.as_bytes(), false).expect(bad);
        assert!(
            found.starts_with(&format!("at byte {}", ours.len())),
            "{bad:?}: {found}"
        );
    }
    assert!(violation(b"a\xff", false).is_some());
    assert!(violation("e\u{301}\u{301}\u{301}\u{301}".as_bytes(), true).is_some());
    assert!(
        violation(b"\x1b[1m", true).is_some(),
        "plain lines have no colour here"
    );
}

/// Whether bytes are one text for the clipboard and nothing else: what may be written only when a key asks for it.
pub(super) fn is_a_copy(bytes: &[u8]) -> bool {
    let code = bytes.strip_prefix(b"\x1b]52;c;");
    let code = code.and_then(|code| code.strip_suffix(b"\x07"));
    code.is_some_and(|code| {
        let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        code.len() % 4 == 0 && code.iter().all(letter)
    })
}

#[test]
fn a_copy_is_allowed_in_one_form_and_never_in_a_frame() {
    let copy = crate::tui::clipboard::sequence("owned\n");
    assert!(is_a_copy(&copy));
    assert!(violation(&copy, false).is_some() && violation(&copy, true).is_some());
    for bad in [
        "\u{1b}]52;c;?\u{7}",
        "\u{1b}]52;p;Zg==\u{7}",
        "\u{1b}]52;c;Zg==\u{7}x",
        "Zg==",
    ] {
        assert!(!is_a_copy(bad.as_bytes()), "{bad:?}");
    }
}

#[test]
fn whatever_is_printed_a_copy_of_it_is_clean() {
    let mut dice = super::dice::Dice::new(52);
    for number in 0..20_000 {
        let input = super::corpus::input(number, &mut dice);
        let (text, _) = crate::tui::clipboard::readable(&input);
        assert!(
            text.chars().all(|c| c == '\n' || !hidden(c)),
            "{number}: {text:?}"
        );
        assert!(is_a_copy(&crate::tui::clipboard::sequence(&text)));
    }
}
