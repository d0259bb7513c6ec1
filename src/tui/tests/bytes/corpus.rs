//! Hostile inputs: every form of xterm's list of control sequences, and what else is bad in a text.

use std::sync::OnceLock;

use super::dice::Dice;
use super::forms::{
    C1, COMMANDS, ENDS, ESCAPES, NUMBERS, PARAMETERS, SAID, SEQUENCES, SETS, STRINGS,
};

/// Bytes that are not UTF-8, or are so in a way that nobody should take.
const BROKEN: &[&[u8]] = &[
    b"\xc0\x9b31m",
    b"\xe0\x80\x9b]2;owned\x07",
    b"\xc1\x1b[c",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xc2\x1b[6n",
    b"\xe2\x80",
    b"\xf0\x9f\x98",
    b"\xff\xfe\x1b\x00[\x00c\x00",
    b"\x00\x05\x08\x0b\x0c\x0e\x0f\x7f",
    b"\r\n\r\r\n",
    b"\x1b",
    b"\x1b\x1b\x1b[c",
    b"\x9b",
    b"\xc2\x9b",
    b"\xc2",
];

/// Characters that reorder, hide, join or pile up, by ranges: bidi, zero-width, tags, selectors, fillers.
const NASTY: &[(u32, u32)] = &[
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x61c, 0x61c),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0x3164, 0x3164),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0x13430, 0x1343f),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0000, 0xe007f),
    (0xe0100, 0xe01ef),
];

/// Marks that stand over, under and around the letter before them.
const MARKS: &[(u32, u32)] = &[
    (0x300, 0x34e),
    (0x483, 0x489),
    (0x20d0, 0x20f0),
    (0xfe20, 0xfe2f),
    (0xe31, 0xe31),
];

/// What wide, joined and half letters do at an edge.
const WIDE: &[&str] = &[
    "漢字",
    "👩\u{200d}👩\u{200d}👧",
    "🇨🇭🇨",
    "각",
    "한",
    "ﷺ",
    "①",
    "e\u{301}",
];

/// What Markdown would make more of than text.
const MARKUP: &[&str] = &[
    "<script>alert(1)</script>",
    "<b onclick=owned>",
    "<!-- owned",
    "<?owned",
    "<http://owned>",
    "[owned](http://owned)",
    "![owned](http://owned)",
    "[owned]: http://owned\n\n[owned]",
    "[^1]\n\n[^1]: owned",
    "# owned",
    "\n\n# owned\n\n",
    "owned\n===\n",
    "```\n# owned\n",
    "````\n\n~~~~~\n<b>",
    "`<b>`` <i>",
    "\\<b> \\\\<i> &lt;b>",
    "| owned |\n|---|\n| x |",
    "\n---\ntitle: owned\n---\n",
    "\n> [!NOTE]\n> owned\n",
    "\n- [x] owned\n1. owned",
    "$owned$ $$owned$$",
    "\n    <b>\n\t<b>\n",
    "&#x3c;b&#62;",
];

fn one<'a, T: ?Sized>(dice: &mut Dice, of: &[&'a T]) -> &'a T {
    of[dice.below(of.len() as u64) as usize]
}

fn within(dice: &mut Dice, ranges: &[(u32, u32)]) -> char {
    let (from, to) = ranges[dice.below(ranges.len() as u64) as usize];
    let code = from + dice.below(u64::from(to - from) + 1) as u32;
    char::from_u32(code).unwrap_or('\u{202e}')
}

/// A C1 control: in seven bits, in eight, or as UTF-8.
fn introduce(out: &mut Vec<u8>, c1: u8, form: u64) {
    match form % 3 {
        0 => out.extend([0x1b, c1 - 0x40]),
        1 => out.push(c1),
        _ => out.extend([0xc2, c1]),
    }
}

/// Every control sequence with its parameters: mark, parameters, end.
fn sequences() -> &'static [(&'static str, &'static str, &'static str)] {
    static ALL: OnceLock<Vec<(&str, &str, &str)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = Vec::new();
        for parameters in PARAMETERS {
            for (mark, ends) in SEQUENCES {
                all.extend(ends.iter().map(|end| (*mark, *parameters, *end)));
            }
        }
        for (mark, ends, numbers) in NUMBERS {
            for number in numbers.split(' ') {
                all.extend(ends.iter().map(|end| (*mark, number, *end)));
            }
        }
        all
    })
}

/// Everything that an escape may stand before and that is no C1 control.
fn escapes() -> &'static [String] {
    static ALL: OnceLock<Vec<String>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all: Vec<String> = ESCAPES.iter().map(|escape| (*escape).to_owned()).collect();
        for (places, sets) in SETS {
            for place in places.chars() {
                all.extend(sets.iter().map(|set| format!("{place}{set}")));
            }
        }
        all
    })
}

/// Every string: what introduces it, and what it says.
fn strings() -> &'static [(u8, String)] {
    static ALL: OnceLock<Vec<(u8, String)>> = OnceLock::new();
    ALL.get_or_init(|| {
        // What an early number says differs from command to command.
        let commands = SAID.iter().enumerate().flat_map(|(turn, _)| {
            COMMANDS.iter().enumerate().map(move |(at, command)| {
                let said = SAID[(turn + at) % SAID.len()];
                (0x9d, format!("{command}{said}"))
            })
        });
        let others = STRINGS
            .iter()
            .flat_map(|says| b"\x90\x98\x9e\x9f".map(|c1| (c1, (*says).to_owned())));
        commands.chain(others).collect()
    })
}

/// After how many inputs every form has been met: every sequence with every parameter and every string with every
/// end, each with every introducer.
pub(super) fn all() -> u64 {
    let sequences = sequences().len() as u64 * 8;
    let strings = (strings().len() * ENDS.len() * 3) as u64 * 8 / 3;
    sequences.max(strings) + 8
}

/// Every form once: each sequence with two parameters, each command with one word and each other string as it is with every
/// end, all with every introducer; escapes, controls and what is broken.
pub(super) fn each() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for form in 0..3 {
        for (mark, ends) in SEQUENCES {
            for end in *ends {
                let mut one = Vec::new();
                introduce(&mut one, 0x9b, form);
                all.push([&one, mark.as_bytes(), b"2;3", end.as_bytes()].concat());
            }
        }
        let commands = COMMANDS
            .iter()
            .map(|command| (0x9d, [*command, ";a\u{fc}"].concat()));
        let others = strings().iter().filter(|(c1, _)| *c1 != 0x9d).cloned();
        for (c1, says) in commands.chain(others) {
            for end in ENDS {
                let mut one = Vec::new();
                introduce(&mut one, c1, form);
                all.push([&one, says.as_bytes(), end].concat());
            }
        }
        for c1 in C1 {
            let mut one = Vec::new();
            introduce(&mut one, *c1, form);
            all.push(one);
        }
    }
    all.extend(
        escapes()
            .iter()
            .map(|escape| format!("\u{1b}{escape}").into_bytes()),
    );
    all.extend(BROKEN.iter().map(|bytes| bytes.to_vec()));
    all.extend(WIDE.iter().map(|text| text.as_bytes().to_vec()));
    let odd = NASTY
        .iter()
        .chain(MARKS)
        .filter_map(|(from, _)| char::from_u32(*from));
    all.extend(odd.map(|c| format!("e{c}").into_bytes()));
    all
}

/// The forms of the list, one by one: what a number picks is the same in every run, and only the letters and the
/// broken ones are chance.
pub(super) fn input(number: u64, dice: &mut Dice) -> Vec<u8> {
    let mut out = Vec::new();
    let (form, turn) = (number / 8, number % 8);
    match turn {
        0..=2 => {
            let all = sequences();
            let (mark, parameters, end) = all[(form % all.len() as u64) as usize];
            introduce(&mut out, 0x9b, turn);
            for part in [mark, parameters, end] {
                out.extend(part.as_bytes());
            }
        }
        3..=5 => {
            let (all, ends) = (strings(), ENDS.len() as u64);
            let form = form * 3 + (turn - 3);
            let (c1, says) = &all[(form / ends / 3 % all.len() as u64) as usize];
            introduce(&mut out, *c1, form / ends);
            out.extend(says.as_bytes());
            out.extend(ENDS[(form % ends) as usize]);
        }
        6 => match form % 3 {
            0 => {
                out.push(0x1b);
                let all = escapes();
                out.extend(all[(form / 3 % all.len() as u64) as usize].as_bytes());
            }
            1 => introduce(
                &mut out,
                C1[(form / 3 % C1.len() as u64) as usize],
                form / 48,
            ),
            // What is worst of all comes again and again.
            _ if form % 2 == 0 => {
                introduce(&mut out, 0x9d, form / 6);
                out.extend(b"52;c;b3duZWQ=");
                out.extend(ENDS[(form / 18 % ENDS.len() as u64) as usize]);
            }
            _ => out.extend(one(dice, BROKEN)),
        },
        _ if form % 4 == 3 => out.extend(one(dice, MARKUP).as_bytes()),
        _ => {
            let mut text = one(dice, WIDE).to_owned();
            match form % 3 {
                0 => text.extend((0..=dice.below(6)).map(|_| within(dice, NASTY))),
                1 => text.extend(
                    (0..dice.below(if form % 48 == 1 { 500 } else { 12 }))
                        .map(|_| within(dice, MARKS)),
                ),
                _ => text = text.repeat(1 + dice.below(60) as usize),
            }
            out.extend(text.bytes());
        }
    }
    // Beside it stand letters, so that what is swallowed or moved is seen.
    if dice.below(2) == 0 {
        out.extend(b"owned");
    }
    out
}
