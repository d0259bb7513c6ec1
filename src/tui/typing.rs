//! Keys as the bytes that a terminal would send: those of xterm, which is what programs are told it is.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The longest text that can be pasted, in bytes.
pub(super) const PASTE: usize = 64 * 1024;

/// What the program has asked its terminal for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Modes {
    /// Arrow keys say that they are keys (DECCKM).
    pub(super) application: bool,
    /// A paste is marked as one.
    pub(super) bracketed: bool,
}

impl Modes {
    /// As the emulator has understood what was printed.
    pub(super) fn of(screen: &vt100::Screen) -> Self {
        Self {
            application: screen.application_cursor(),
            bracketed: screen.bracketed_paste(),
        }
    }
}

/// The bytes of a key; none for one that no terminal sends.
pub(super) fn bytes(event: &KeyEvent, modes: Modes) -> Vec<u8> {
    let with = event.modifiers;
    let control = with.contains(KeyModifiers::CONTROL);
    let plain = match event.code {
        KeyCode::Char(c) if control => match control_of(c) {
            Some(byte) => vec![byte],
            None => c.to_string().into_bytes(),
        },
        KeyCode::Char(c) => c.to_string().into_bytes(),
        KeyCode::Enter => b"\r".to_vec(),
        KeyCode::Tab => b"\t".to_vec(),
        KeyCode::Backspace if control => b"\x08".to_vec(),
        KeyCode::Backspace => b"\x7f".to_vec(),
        KeyCode::Esc => b"\x1b".to_vec(),
        KeyCode::Null => b"\0".to_vec(),
        other => return named(other, with, modes),
    };
    match with.contains(KeyModifiers::ALT) {
        true => [b"\x1b", plain.as_slice()].concat(),
        false => plain,
    }
}

/// The control character of a letter or a sign, as keyboards have made them since the VT100; the digits are how
/// crossterm tells the signs.
fn control_of(c: char) -> Option<u8> {
    Some(match c {
        'a'..='z' | 'A'..='Z' => u8::try_from(c).ok()? & 0x1f,
        ' ' | '@' | '2' => 0x00,
        '[' | '3' => 0x1b,
        '\\' | '4' => 0x1c,
        ']' | '5' => 0x1d,
        '^' | '6' => 0x1e,
        '_' | '/' | '7' => 0x1f,
        '?' | '8' => 0x7f,
        _ => return None,
    })
}

/// The keys that send a sequence.
fn named(code: KeyCode, with: KeyModifiers, modes: Modes) -> Vec<u8> {
    let bit = |key, worth| if with.contains(key) { worth } else { 0 };
    let modifier =
        1 + bit(KeyModifiers::SHIFT, 1) + bit(KeyModifiers::ALT, 2) + bit(KeyModifiers::CONTROL, 4);
    let letter = |c: char, single: &str| match modifier {
        1 => format!("\x1b{single}{c}"),
        m => format!("\x1b[1;{m}{c}"),
    };
    let number = |n: u8| match modifier {
        1 => format!("\x1b[{n}~"),
        m => format!("\x1b[{n};{m}~"),
    };
    let cursor = if modes.application { "O" } else { "[" };
    match code {
        KeyCode::Up => letter('A', cursor),
        KeyCode::Down => letter('B', cursor),
        KeyCode::Right => letter('C', cursor),
        KeyCode::Left => letter('D', cursor),
        KeyCode::Home => letter('H', cursor),
        KeyCode::End => letter('F', cursor),
        KeyCode::BackTab => "\x1b[Z".to_owned(),
        KeyCode::Insert => number(2),
        KeyCode::Delete => number(3),
        KeyCode::PageUp => number(5),
        KeyCode::PageDown => number(6),
        KeyCode::F(1) => letter('P', "O"),
        KeyCode::F(2) => letter('Q', "O"),
        KeyCode::F(3) => letter('R', "O"),
        KeyCode::F(4) => letter('S', "O"),
        KeyCode::F(n @ 5..=12) => number([15, 17, 18, 19, 20, 21, 23, 24][usize::from(n) - 5]),
        _ => return Vec::new(),
    }
    .into_bytes()
}

/// The bytes of a pasted text. Control characters are left out: nobody sees that they are in it, and one of them
/// could end the paste's own marks.
pub(super) fn pasted(text: &str, modes: Modes) -> Vec<u8> {
    let text = text.replace("\r\n", "\r").replace('\n', "\r");
    let seen = |c: &char| matches!(c, '\r' | '\t') || !c.is_control();
    let text: String = text.chars().filter(seen).collect();
    match modes.bracketed {
        true => format!("\x1b[200~{text}\x1b[201~").into_bytes(),
        false => text.into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Modes = Modes {
        application: false,
        bracketed: false,
    };
    const ASKED: Modes = Modes {
        application: true,
        bracketed: true,
    };

    fn key(code: KeyCode, with: KeyModifiers) -> Vec<u8> {
        bytes(&KeyEvent::new(code, with), PLAIN)
    }

    #[test]
    fn every_key_sends_what_xterm_sends() {
        use KeyCode::*;
        const NONE: KeyModifiers = KeyModifiers::NONE;
        const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
        const ALT: KeyModifiers = KeyModifiers::ALT;
        const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
        let table: &[(KeyCode, KeyModifiers, &[u8])] = &[
            (Char('a'), NONE, b"a"),
            (Char('A'), SHIFT, b"A"),
            (Char('ü'), NONE, "ü".as_bytes()),
            (Char('漢'), NONE, "漢".as_bytes()),
            (Char('x'), ALT, b"\x1bx"),
            (Char('c'), CONTROL, b"\x03"),
            (Char('C'), CONTROL | SHIFT, b"\x03"),
            (Char('d'), CONTROL, b"\x04"),
            (Char('x'), CONTROL | ALT, b"\x1b\x18"),
            (Char(' '), CONTROL, b"\0"),
            (Char('4'), CONTROL, b"\x1c"),
            (Char('6'), CONTROL, b"\x1e"),
            (Char('7'), CONTROL, b"\x1f"),
            (Enter, NONE, b"\r"),
            (Enter, ALT, b"\x1b\r"),
            (Tab, NONE, b"\t"),
            (BackTab, SHIFT, b"\x1b[Z"),
            (Backspace, NONE, b"\x7f"),
            (Backspace, ALT, b"\x1b\x7f"),
            (Esc, NONE, b"\x1b"),
            (Up, NONE, b"\x1b[A"),
            (Down, NONE, b"\x1b[B"),
            (Right, CONTROL, b"\x1b[1;5C"),
            (Left, SHIFT, b"\x1b[1;2D"),
            (Left, ALT, b"\x1b[1;3D"),
            (Home, NONE, b"\x1b[H"),
            (End, NONE, b"\x1b[F"),
            (PageUp, NONE, b"\x1b[5~"),
            (PageDown, CONTROL, b"\x1b[6;5~"),
            (Insert, NONE, b"\x1b[2~"),
            (Delete, NONE, b"\x1b[3~"),
            (F(1), NONE, b"\x1bOP"),
            (F(4), SHIFT, b"\x1b[1;2S"),
            (F(5), NONE, b"\x1b[15~"),
            (F(6), NONE, b"\x1b[17~"),
            (F(10), NONE, b"\x1b[21~"),
            (F(12), NONE, b"\x1b[24~"),
            (F(13), NONE, b""),
            (CapsLock, NONE, b""),
        ];
        for (code, with, wanted) in table {
            let got = key(*code, *with);
            assert_eq!(got, *wanted, "{code:?} {with:?}: {got:?}");
        }
    }

    #[test]
    fn arrows_say_that_they_are_keys_where_the_program_asked_for_it() {
        let arrow = |code| bytes(&KeyEvent::new(code, KeyModifiers::NONE), ASKED);
        assert_eq!(arrow(KeyCode::Up), b"\x1bOA");
        assert_eq!(arrow(KeyCode::Home), b"\x1bOH");
        assert_eq!(arrow(KeyCode::PageUp), b"\x1b[5~");
        let with = KeyEvent::new(KeyCode::Up, KeyModifiers::CONTROL);
        assert_eq!(bytes(&with, ASKED), b"\x1b[1;5A");
    }

    #[test]
    fn what_the_program_asks_for_is_seen_by_the_emulator() {
        let rows = std::num::NonZeroU16::new(5).unwrap();
        let mut parser = vt100::Parser::new(rows, rows, 0);
        assert_eq!(Modes::of(parser.screen()), PLAIN);
        parser.process(b"\x1b[?1h\x1b[?2004h");
        assert_eq!(Modes::of(parser.screen()), ASKED);
    }

    #[test]
    fn a_paste_cannot_end_its_own_marks_and_ends_lines_as_enter_does() {
        assert_eq!(pasted("a\r\nb\nc\td", PLAIN), b"a\rb\rc\td");
        let evil = "a\x1b[201~\x03rm\u{9b}x\n";
        assert_eq!(pasted(evil, ASKED), b"\x1b[200~a[201~rmx\r\x1b[201~");
    }
}
