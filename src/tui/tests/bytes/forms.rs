//! The forms that hostile inputs have, after xterm's list of control sequences (patch 379 of February 2023), in bytes and in
//! words of our own. `listed` holds what is made of them against that list.

/// The C1 controls that ctlseqs lists.
pub(super) const C1: &[u8] = b"\x84\x85\x88\x8d\x8e\x8f\x90\x96\x97\x98\x9a\x9b\x9c\x9d\x9e\x9f";

/// What follows an escape and is no C1 control: conformance, keypads, line sizes, resets; and what VT52 mode and
/// Tektronix's have.
pub(super) const ESCAPES: &[&str] = &[
    " F", " G", " L", " M", " N", "#3", "#4", "#5", "#6", "#8", "%@", "%G", "6", "7", "8", "9",
    "=", ">", "F", "c", "l", "m", "n", "o", "|", "}", "~", "<", "A", "B", "C", "G", "I", "J", "K",
    "Y", "Y  ", "\u{3}", "\u{5}", "\u{c}", "\u{e}", "\u{f}", "\u{17}", "\u{18}", "\u{1a}",
    "\u{1c}", ":", ";", "`", "a", "b", "d", "h", "i", "j", "k", "p", "q", "r", "s", "t",
];

/// Where a character set goes, and the names of those of 94 and of 96 characters.
pub(super) const SETS: &[(&str, &[&str])] = &[
    (
        "()*+",
        &[
            "A", "B", "C", "5", "H", "7", "K", "Q", "9", "R", "f", "Y", "Z", "4", "\">", "%2",
            "%6", "%=", "=", "`", "E", "6", "0", "<", ">", "\"4", "\"?", "%0", "%5", "&4", "%3",
            "&5",
        ],
    ),
    ("-./", &["A", "B", "F", "H", "L", "M"]),
];

/// What may stand between a control sequence's introducer and its parameters, and what ends it.
pub(super) const SEQUENCES: &[(&str, &[&str])] = &[
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

/// Parameters that any of them may be given.
pub(super) const PARAMETERS: &[&str] = &[
    "",
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
    "14",
    "16",
    "19",
    "21",
    "1000",
    "0;0",
    "1;2;3;4;5",
    "1;1;5;9;1;1;5;9",
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

/// Numbers that mean something to some of them.
pub(super) const NUMBERS: &[(&str, &[&str], &str)] = &[
    (
        "?",
        &["h", "l", "s", "r", "$p"],
        "10 12 13 14 18 19 25 30 35 38 40 41 42 43 44 45 46 47 66 67 69 80 95 1001 1002 1003 1004 1005 1006 1007 1010 1011 \
         1015 1016 1034 1035 1036 1037 1039 1040 1041 1042 1043 1044 1046 1047 1048 1049 1050 1051 1052 1053 1060 1061 1070 \
         2001 2002 2003 2004 2005 2006 2026 2027 2031 2048 8452 9001",
    ),
    ("", &["h", "l", "$p"], "12 20"),
    (
        "",
        &["m"],
        "22 23 24 25 27 28 29 30 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 58 90 91 92 93 94 95 96 97 100 101 \
         102 103 104 105 106 107",
    ),
    ("", &["t"], "10 11 13 15 18 20 22 23 24"),
    ("?", &["n"], "15 25 26 53 55 56 62 63 75 85 996"),
    ("", &["c"], "15 17 18 22 28 29"),
    (">", &["c"], "18 24 32 41 61 64 65"),
    ("", &["\"p"], "61 62 63 64 65 61;1 64;1"),
    ("", &["i"], "10 11"),
    ("?", &["i"], "10 11"),
    ("", &["q"], "22 23"),
    ("", &["#{"], "30"),
    ("", &["$|"], "80 132"),
];

/// What an operating system command is about.
pub(super) const COMMANDS: &[&str] = &[
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

pub(super) const SAID: &[&str] = &[
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
pub(super) const STRINGS: &[&str] = &[
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

pub(super) const ENDS: &[&[u8]] = &[
    b"\x07",
    b"\x1b\\",
    b"\x9c",
    b"\xc2\x9c",
    b"\x18",
    b"\x1a",
    b"",
];
