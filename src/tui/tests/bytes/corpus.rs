//! Hostile inputs, after the forms that xterm's list of control sequences has; the table is our own, and not compared with it.

use super::dice::Dice;

/// The C1 controls that ctlseqs lists.
const C1: &[u8] = b"\x84\x85\x88\x8d\x8e\x8f\x90\x96\x97\x98\x9a\x9b\x9c\x9d\x9e\x9f";

/// What follows an escape and is no C1 control: character sets, keypads, line sizes, resets.
const ESCAPES: &[&str] = &[
    " F", " G", " L", " M", " N", "#3", "#4", "#5", "#6", "#8", "%@", "%G", "(0", "(A", "(B",
    "(\"4", "(%5", "(&4", ")0", "*B", "+<", "-A", ".F", "/H", "6", "7", "8", "9", "=", ">", "F",
    "c", "l", "m", "n", "o", "|", "}", "~",
];

/// What may stand between a control sequence's introducer and its parameters, and what ends it.
const SEQUENCES: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "@", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "P", "S", "T",
            "X", "Z", "^", "`", "a", "b", "c", "d", "e", "f", "g", "h", "i", "l", "m", "n", "q",
            "r", "s", "t", "u", "x", " @", " A", " P", " q", " t", " u", "!p", "\"p", "\"q", "\"v",
            "#P", "#Q", "#R", "#S", "#p", "#q", "#y", "#{", "#|", "#}", "$p", "$r", "$t", "$u",
            "$v", "$w", "$x", "$z", "$|", "${", "$}", "$~", "&u", "'w", "'z", "'{", "'|", "'}",
            "'~", "*x", "*y", "*z", "*|", "+T", ")p",
        ],
    ),
    (
        "?",
        &[
            "J", "K", "S", "g", "h", "i", "l", "m", "n", "r", "s", "u", "$p",
        ],
    ),
    (">", &["T", "c", "f", "m", "n", "p", "q", "s", "t", "u"]),
    ("=", &["c", "u"]),
    ("<", &["u"]),
];

const PARAMETERS: &[&str] = &[
    "",
    "0",
    "1",
    "2",
    "4",
    "5",
    "6",
    "8",
    "14",
    "15",
    "18",
    "19",
    "20",
    "21",
    "22",
    "23",
    "25",
    "26",
    "47",
    "69",
    "1000",
    "1003",
    "1004",
    "1006",
    "1047",
    "1049",
    "2004",
    "2026",
    "0;0",
    "1;2;3;4;5",
    "8;1;1",
    "3;9999;9999",
    "22;0",
    "38;5;1",
    "38:2::1:2:3",
    ";;;;",
    "99999999999999999999",
    "65535",
    "-1",
    "1:2:3",
    "31",
    "0;1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23;24;25;26;27;28;29;30;31;32;33",
];

/// What an operating system command is about.
const COMMANDS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
    "10",
    "11",
    "12",
    "13",
    "14",
    "15",
    "16",
    "17",
    "18",
    "19",
    "22",
    "46",
    "50",
    "51",
    "52",
    "60",
    "61",
    "104",
    "105",
    "106",
    "110",
    "111",
    "112",
    "113",
    "114",
    "115",
    "116",
    "117",
    "118",
    "119",
    "133",
    "633",
    "777",
    "1337",
    "I",
    "l",
    "L",
    "",
    "99999999999",
];

const SAID: &[&str] = &[
    "",
    ";",
    ";owned",
    ";?",
    ";c;b3duZWQ=",
    ";c;?",
    ";p;!",
    ";1;?",
    ";0;#ff0000",
    ";;http://owned/",
    ";notify;owned;owned",
    ";File=inline=1:b3duZWQ=",
    ";#3",
    ";owned\u{202e}denwo",
];

/// What a device control string, an application's or another string says.
const STRINGS: &[&str] = &[
    "",
    "$qm",
    "$q\"p",
    "$q q",
    "$qr",
    "1$t1;1;1",
    "2$t9/17",
    "+q544e",
    "+Q544e",
    "+p3d",
    "+q",
    "0;1|17/6f776e6564",
    "q#0;2;0;0;0#0~~-",
    "0;0;0{ @owned",
    "pP[0,0]",
    "=1s",
    "=2s",
    "tmux;\u{1b}\u{1b}]2;owned\u{7}",
    "Ga=q,i=1;AAAA",
    "owned",
    ">|owned",
];

const ENDS: &[&[u8]] = &[
    b"\x07",
    b"\x1b\\",
    b"\x9c",
    b"\xc2\x9c",
    b"\x18",
    b"\x1a",
    b"",
];

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

/// The forms of the list, one by one: what a number picks is the same in every run, and only what fills it
/// is chance. Every function is met with every introducer and, where it is a string, with every end.
pub(super) fn input(number: u64, dice: &mut Dice) -> Vec<u8> {
    let mut out = Vec::new();
    let (form, turn) = (number / 8, number % 8);
    match turn {
        0..=2 => {
            let all = SEQUENCES
                .iter()
                .flat_map(|(mark, ends)| ends.iter().map(move |end| (mark, end)));
            let count = SEQUENCES.iter().map(|(_, ends)| ends.len()).sum::<usize>() as u64;
            let (mark, end) = all
                .clone()
                .nth((form % count) as usize)
                .unwrap_or((&"", &"c"));
            introduce(&mut out, 0x9b, turn);
            out.extend(mark.as_bytes());
            out.extend(one(dice, PARAMETERS).as_bytes());
            out.extend(end.as_bytes());
        }
        3 | 4 => {
            let end = ENDS[(form % 7) as usize];
            introduce(&mut out, 0x9d, form / 7);
            let command = COMMANDS[(form / 21 % COMMANDS.len() as u64) as usize];
            if form % 16 == 3 {
                // What is worst of all of them is not left to chance.
                out.extend(b"52;c;b3duZWQ=");
            } else {
                out.extend(command.as_bytes());
                out.extend(one(dice, SAID).as_bytes());
            }
            out.extend(end);
        }
        5 => {
            let end = ENDS[(form % 7) as usize];
            introduce(
                &mut out,
                *b"\x90\x98\x9e\x9f"
                    .get((form / 21 % 4) as usize)
                    .unwrap_or(&0x90),
                form / 7,
            );
            out.extend(STRINGS[(form / 84 % STRINGS.len() as u64) as usize].as_bytes());
            out.extend(end);
        }
        6 => match form % 3 {
            0 => {
                out.push(0x1b);
                out.extend(one(dice, ESCAPES).as_bytes());
            }
            1 => introduce(
                &mut out,
                C1[(form / 3 % C1.len() as u64) as usize],
                form / 48,
            ),
            _ => out.extend(one(dice, BROKEN)),
        },
        _ => {
            let mut text = one(dice, WIDE).to_owned();
            match form % 3 {
                0 => text.extend((0..=dice.below(6)).map(|_| within(dice, NASTY))),
                1 => text.extend(
                    (0..dice.below(if form % 96 == 1 { 500 } else { 12 }))
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
