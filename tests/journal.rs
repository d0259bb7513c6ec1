//! Two verifiers of the journal, ours and one written from `docs/journal.md` alone, agree: on valid
//! journals, and on journals broken in every way that fits into a test.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use runsheet::journal::{self, Hash, HeadAnswer, Journal, verify, verify_folder};
use tempfile::TempDir;

const DOC: &str = include_str!("../docs/journal.md");

fn python() -> Command {
    let mut python = Command::new("python3");
    python
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests"));
    python
}

/// What a verifier says of one journal: is it right, and else on which line is the damage?
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    ok: bool,
    records: u64,
    damage: u64,
    tail: u64,
}

fn ours(bytes: &[u8]) -> Answer {
    let verdict = verify(bytes, None);
    Answer {
        ok: verdict.is_ok(),
        records: verdict.head.records,
        damage: verdict.damage.map_or(0, |damage| damage.line),
        tail: verdict.tail.map_or(0, |tail| tail.line),
    }
}

/// Asks the Python verifier about many journals at once: a process for each would take minutes.
fn theirs(cases: &[Vec<u8>]) -> Vec<Answer> {
    const DRIVER: &str = "
import sys, verify_journal
read = sys.stdin.buffer.read
while size := read(8):
    chain = verify_journal.Chain(read(int.from_bytes(size, 'little')))
    ok = not chain.damage and bool(chain.hashes)
    print(int(ok), len(chain.hashes), (chain.damage or [0])[0], (chain.tail or [0])[0])
";
    let mut child = python()
        .args(["-c", DRIVER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs python3");
    let mut stdin = child.stdin.take().expect("piped");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            for case in cases {
                stdin
                    .write_all(&(case.len() as u64).to_le_bytes())
                    .expect("sent");
                stdin.write_all(case).expect("sent");
            }
        });
        child.wait_with_output().expect("it ended")
    });
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .expect("numbers")
        .lines()
        .map(|line| {
            let mut numbers = line.split(' ').map(|word| word.parse().expect("a number"));
            let mut next = || numbers.next().expect("four numbers");
            Answer {
                ok: next() == 1,
                records: next(),
                damage: next(),
                tail: next(),
            }
        })
        .collect()
}

/// Asks both verifiers about each journal, and gives the answers they agree on.
fn agreed(cases: &[Vec<u8>]) -> Vec<Answer> {
    let theirs = theirs(cases);
    assert_eq!(theirs.len(), cases.len());
    for (case, answer) in cases.iter().zip(&theirs) {
        let text = String::from_utf8_lossy(case);
        let short: String = text.chars().take(2000).collect();
        assert_eq!(&ours(case), answer, "ours and theirs of:\n{short}");
    }
    theirs
}

/// Chains any bytes, also such that a journal would reject.
fn chained(jsons: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut head = Hash::START;
    let mut bytes = Vec::new();
    for json in jsons {
        head = head.after(json.as_ref());
        bytes.extend(format!("{head} ").bytes());
        bytes.extend(json.as_ref());
        bytes.push(b'\n');
    }
    bytes
}

fn private_folder() -> TempDir {
    tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .expect("a folder")
}

/// A run with some outputs and a runbook, as an engine would leave it.
fn run() -> TempDir {
    let run = private_folder();
    let path = run.path();
    let mut journal = Journal::create(path).expect("created");
    let mut append = |json: String| journal.append(json.as_bytes()).expect("appended");
    let commit = |key: &str, folder: &str, name: &str, bytes: &[u8]| {
        fs::write(path.join(folder).join(name), bytes).expect("written");
        let (length, sha256) = (bytes.len(), Hash::of(bytes));
        format!(r#"{{"{key}":"{name}","bytes":{length},"sha256":"{sha256}"}}"#)
    };
    fs::create_dir(path.join(journal::OUTPUT)).expect("made");
    let runbook = commit("copy", "", "runbook.toml", b"format = 1\n");
    append(format!(
        r#"{{"seq":0,"event":{{"kind":"run-opened","runbook":{runbook}}}}}"#
    ));
    append(r#"{"seq":1,"event":{"kind":"note","text":"ça va \u0000 \"\\ \ud83d\ude00"}}"#.into());
    let first = commit("file", "output", "copy.1.web%2F1", &[0, 255, b'\n']);
    let second = commit("file", "output", "copy.1.db", b"");
    append(format!(
        r#"{{"seq":2,"event":{{"kind":"ended","lanes":[{first},[{second}]]}}}}"#
    ));
    append(r#"{"seq":3,"event":{"kind":"run-ended","odd numbers":[-0,1e308,2.5]}}"#.into());
    run
}

fn bytes(run: &TempDir) -> Vec<u8> {
    fs::read(run.path().join(journal::FILE)).expect("read")
}

/// Runs the Python verifier as a reviewer would, and gives what it printed and whether it said 0.
fn printed(path: &Path, head: Option<&str>) -> (String, bool) {
    let mut python = python();
    python
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/verify_journal.py"
        ))
        .arg(path);
    if let Some(head) = head {
        python.args(["--head", head]);
    }
    let output = python.output().expect("this test needs python3");
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 1)), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (text.trim_end().to_owned(), code == Some(0))
}

/// Both verifiers print the same about a folder; gives it.
fn agreed_words(run: &TempDir, head: Option<Hash>) -> (String, bool) {
    let verdict = verify_folder(run.path(), head).expect("readable");
    let ours = (verdict.to_string(), verdict.is_ok());
    let head = head.map(|head| head.to_string());
    assert_eq!(printed(run.path(), head.as_deref()), ours);
    ours
}

#[test]
fn both_accept_what_an_engine_leaves() {
    let run = run();
    let (words, ok) = agreed_words(&run, None);
    assert!(ok, "{words}");
    assert!(
        words.contains("files       3 recorded, 0 with problems"),
        "{words}"
    );
    assert!(words.ends_with("completeness NOT established"), "{words}");

    let file = run.path().join(journal::FILE);
    let verdict = verify(&bytes(&run), None);
    assert_eq!(printed(&file, None), (verdict.to_string(), true));
}

#[test]
fn both_find_a_head_where_it_stands() {
    let run = run();
    for (at, record) in journal::read(run.path())
        .expect("intact")
        .iter()
        .enumerate()
    {
        let (words, ok) = agreed_words(&run, Some(record.hash));
        assert!(
            ok && words.contains(&format!("given head  line {}\n", at + 1)),
            "{words}"
        );
    }
    for absent in [Hash::START, Hash::of(b"")] {
        let (words, ok) = agreed_words(&run, Some(absent));
        assert!(!ok && words.contains("NOT FOUND"), "{words}");
    }
    let last = verify(&bytes(&run), None).head.hash;
    let pasted = format!(" {} ", last.to_string().to_uppercase());
    assert!(printed(run.path(), Some(&pasted)).1);
    assert_eq!(
        verify(&bytes(&run), pasted.parse().ok()).answer,
        Some(HeadAnswer::At(4))
    );
}

#[test]
fn a_journal_cut_anywhere_is_torn_and_never_damaged() {
    let whole = bytes(&run());
    let cases: Vec<_> = (0..=whole.len()).map(|end| whole[..end].to_vec()).collect();
    for (end, answer) in agreed(&cases).iter().enumerate() {
        let lines = whole[..end].iter().filter(|byte| **byte == b'\n').count() as u64;
        let at_an_end = end == 0 || whole[end - 1] == b'\n';
        assert_eq!(answer.records, lines);
        assert_eq!(answer.damage, 0);
        assert_eq!(answer.tail, if at_an_end { 0 } else { lines + 1 });
        assert_eq!(answer.ok, lines > 0);
    }
}

#[test]
fn a_flipped_bit_is_damage_on_its_line() {
    let whole = bytes(&run());
    let flips: Vec<_> = (0..whole.len() * 8).collect();
    let cases: Vec<_> = flips
        .iter()
        .map(|bit| {
            let mut case = whole.clone();
            case[bit / 8] ^= 1 << (bit % 8);
            case
        })
        .collect();
    for (bit, answer) in flips.iter().zip(agreed(&cases)) {
        let before = whole[..bit / 8]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count() as u64;
        if bit / 8 == whole.len() - 1 {
            // Without its newline the last record is one whose writing did not end.
            assert_eq!((answer.tail, answer.damage), (before + 1, 0));
        } else {
            assert_eq!((answer.tail, answer.damage), (0, before + 1), "bit {bit}");
            assert!(!answer.ok);
        }
    }
}

#[test]
fn a_removed_swapped_doubled_or_added_line_is_damage_at_its_place() {
    let whole = bytes(&run());
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let with = |change: &dyn Fn(&mut Vec<&[u8]>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        lines.concat()
    };
    let cases = [
        (
            1,
            with(&|lines| {
                lines.remove(0);
            }),
        ),
        (
            2,
            with(&|lines| {
                lines.remove(1);
            }),
        ),
        (
            3,
            with(&|lines| {
                lines.remove(2);
            }),
        ),
        (2, with(&|lines| lines.swap(1, 2))),
        (3, with(&|lines| lines.insert(2, lines[1]))),
        (3, with(&|lines| lines.insert(2, b"\n"))),
        (5, with(&|lines| lines.push(b"\n"))),
        (5, with(&|lines| lines.push(b"{}\n"))),
        (5, with(&|lines| lines.push(lines[3]))),
        (1, with(&|lines| lines.insert(0, b"\xef\xbb\xbf"))),
        (1, with(&|lines| lines.reverse())),
        (
            1,
            String::from_utf8_lossy(&whole).replace('\n', "\r\n").into(),
        ),
        (1, String::from_utf8_lossy(&whole).to_uppercase().into()),
    ];
    let (expected, cases): (Vec<u64>, Vec<Vec<u8>>) = cases.into_iter().unzip();
    let found: Vec<u64> = agreed(&cases).iter().map(|answer| answer.damage).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_lost_sector_tears_the_last_line_and_damages_any_other() {
    let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(1800));
    let last = chained(&[r#"{"seq":0}"#, &long]);
    let middle = chained(&[r#"{"seq":0}"#, &long, "{}"]);
    let begin = 75;
    let mut cases = Vec::new();
    let mut torn = Vec::new();
    for journal in [&last, &middle] {
        for from in (begin..1536).step_by(7) {
            for to in [from + 1, from + 200, from + 511, from + 512, from + 700] {
                let to = to.min(last.len() - 1);
                let mut case = journal.clone();
                case[from..to].fill(0);
                cases.push(case);
                let sector = (0..1536)
                    .step_by(512)
                    .any(|at| from <= at.max(begin) && at + 512 <= to);
                torn.push(sector && journal == &last);
            }
        }
    }
    assert!(torn.iter().any(|torn| *torn));
    for (answer, torn) in agreed(&cases).iter().zip(torn) {
        assert_eq!(
            (answer.tail, answer.damage),
            if torn { (2, 0) } else { (0, 2) }
        );
    }
}

#[test]
fn both_have_the_same_idea_of_a_json_object() {
    let deep = |depth: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let digits = |count: usize| format!(r#"{{"a":{}}}"#, "1".repeat(count));
    let good = [
        "{}".to_owned(),
        r#"{ "a" : [ ] , "a" : -0.0e+5 }"#.into(),
        "{\"a\":\t\r1}".into(),
        "{\"a\":\"\u{7f}\u{2028}\u{feff}\"}".into(),
        r#"{"a":"\u0000\ud83d\ude00\/"}"#.into(),
        r#"{"a":1e-999,"b":0e999,"c":18446744073709551616}"#.into(),
        deep(126),
        digits(300),
    ];
    let bad = [
        "".to_owned(),
        " {}".into(),
        "{} ".into(),
        "[]".into(),
        "null".into(),
        "{}{}".into(),
        r#"{"a":1,}"#.into(),
        r#"{"a":01}"#.into(),
        r#"{"a":+1}"#.into(),
        r#"{"a":.5}"#.into(),
        r#"{"a":NaN}"#.into(),
        r#"{"a":Infinity}"#.into(),
        r#"{"a":-Infinity}"#.into(),
        r#"{"a":1e999}"#.into(),
        r#"{"a":"\ud800"}"#.into(),
        r#"{"a":"\udc00\ud800"}"#.into(),
        r#"{"\ud800":1}"#.into(),
        r#"{"a":"\x41"}"#.into(),
        "{\"a\":\"\t\"}".into(),
        r#"{'a':1}"#.into(),
        r#"{"a":1} // note}"#.into(),
        deep(127),
        deep(5000),
        digits(400),
        digits(5000),
    ];
    let after_one = |json: &[u8]| chained(&[b"{}".as_slice(), json]);
    let mut cases: Vec<_> = good.iter().map(|json| after_one(json.as_bytes())).collect();
    cases.extend(bad.iter().map(|json| after_one(json.as_bytes())));
    cases.push(after_one(b"{\"a\":\"\xff\"}"));
    cases.push(after_one(b"{\"a\":\"\xed\xa0\x80\"}"));
    for (at, answer) in agreed(&cases).iter().enumerate() {
        let damage = if at < good.len() { 0 } else { 2 };
        assert_eq!(answer.damage, damage, "case {at} of {} good", good.len());
    }
}

#[test]
fn the_longest_record_is_accepted_and_a_longer_one_is_damage() {
    let of_length = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - 8));
    let longest = chained(&[of_length(journal::MAX_JSON)]);
    let longer = chained(&[of_length(journal::MAX_JSON + 1)]);
    let unfinished = longest[..longest.len() - 1].to_vec();
    let endless = longer[..longer.len() - 1].to_vec();
    let answers = agreed(&[longest, longer, unfinished, endless]);
    let found: Vec<_> = answers
        .iter()
        .map(|answer| (answer.damage, answer.tail))
        .collect();
    assert_eq!(found, [(0, 0), (1, 0), (0, 1), (1, 0)]);
}

#[test]
fn both_tell_every_way_an_output_can_be_wrong() {
    type Change = fn(PathBuf);
    let changes: [(&str, Change, &str); 8] = [
        (
            "output/copy.1.web%2F1",
            |path| fs::write(path, "abcd").expect("written"),
            "longer: 4",
        ),
        (
            "output/copy.1.web%2F1",
            |path| fs::write(path, "a").expect("written"),
            "shorter: 1",
        ),
        (
            "output/copy.1.web%2F1",
            |path| fs::write(path, "abc").expect("written"),
            "different",
        ),
        (
            "output/copy.1.db",
            |path| fs::remove_file(path).expect("removed"),
            "missing",
        ),
        (
            "runbook.toml",
            |path| fs::remove_file(path).expect("removed"),
            "missing",
        ),
        (
            "output",
            |path| fs::remove_dir_all(path).expect("removed"),
            "missing",
        ),
        (
            "output/copy.1.db",
            |path| {
                fs::remove_file(&path).expect("removed");
                symlink("/dev/null", path).expect("linked");
            },
            "not a regular file",
        ),
        (
            "output/copy.1.db",
            |path| {
                fs::remove_file(&path).expect("removed");
                fs::create_dir(path).expect("made");
            },
            "not a regular file",
        ),
    ];
    for (name, change, expected) in changes {
        let run = run();
        change(run.path().join(name));
        let (words, ok) = agreed_words(&run, None);
        assert!(!ok && words.contains(expected), "{name}: {words}");
    }

    let run = run();
    fs::write(run.path().join("output/\u{1b}]0;é"), "").expect("written");
    let (words, ok) = agreed_words(&run, None);
    assert!(ok && words.contains("unrecorded  output/?]0;??"), "{words}");
    assert!(!words.contains("times"), "{words}");

    let times = |name: &str| run.path().join("output").join(format!("{name}.times"));
    fs::write(times("copy.1.db"), "12 3\n").expect("written");
    fs::write(times("nobody"), "").expect("written");
    let (words, ok) = agreed_words(&run, None);
    assert!(ok && words.contains("times       1 files say"), "{words}");
    assert!(words.contains("unrecorded  output/nobody.times"), "{words}");
}

#[test]
fn both_read_the_same_commitments() {
    let sha256 = Hash::of(b"abc");
    let values = [
        format!(r#""file":"a","bytes":3,"sha256":"{sha256}""#),
        format!(r#""file":"b","file":"a","bytes":3,"sha256":"{sha256}""#),
        format!(r#""f\u0069le":"a","bytes":3,"sha256":"{sha256}""#),
        format!(r#""file":"a","bytes":3,"sha256":"{sha256}","x":1"#),
        format!(r#""file":"a","copy":"a","bytes":3,"sha256":"{sha256}""#),
        format!(r#""file":"../journal","bytes":3,"sha256":"{sha256}""#),
        format!(r#""file":"a\n","bytes":3,"sha256":"{sha256}""#),
        format!(r#""file":".","bytes":3,"sha256":"{sha256}""#),
        format!(r#""file":"é","bytes":3,"sha256":"{sha256}""#),
        format!(r#""file":7,"bytes":3,"sha256":"{sha256}""#),
        format!(r#""file":"a","bytes":-3,"sha256":"{sha256}""#),
        format!(r#""file":"a","bytes":-0,"sha256":"{sha256}""#),
        format!(r#""file":"a","bytes":3.0,"sha256":"{sha256}""#),
        format!(r#""file":"a","bytes":3e0,"sha256":"{sha256}""#),
        format!(r#""file":"a","bytes":true,"sha256":"{sha256}""#),
        format!(r#""file":"a","bytes":18446744073709551615,"sha256":"{sha256}""#),
        format!(r#""file":"a","bytes":18446744073709551616,"sha256":"{sha256}""#),
        format!(
            r#""file":"a","bytes":3,"sha256":"{}""#,
            sha256.to_string().to_uppercase()
        ),
        r#""file":"a","bytes":3,"sha256":null"#.to_owned(),
        format!(r#""copy":"nothing.toml","bytes":3,"sha256":"{sha256}""#),
    ];
    let run = private_folder();
    fs::create_dir(run.path().join(journal::OUTPUT)).expect("made");
    fs::write(run.path().join("output/a"), "abc").expect("written");
    let mut journal = Journal::create(run.path()).expect("created");
    for value in &values {
        // Twice under one key: the object that is replaced was recorded all the same.
        let json = format!(r#"{{"x":{{{value}}},"x":[{{"y":{{{value}}}}}]}}"#);
        journal.append(json.as_bytes()).expect("appended");
    }
    let (words, _) = agreed_words(&run, None);
    assert!(
        words.contains("files       36 recorded, 30 with problems"),
        "{words}"
    );
}

/// The fenced blocks of the document, each with the word after its fence.
fn blocks() -> Vec<(&'static str, &'static str)> {
    DOC.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.split_once('\n'))
        .collect()
}

#[test]
fn the_document_computes_what_it_says() {
    let run = private_folder();
    let blocks = blocks();
    let (_, journal) = blocks
        .iter()
        .find(|(word, _)| *word == "journal")
        .expect("the worked example");
    fs::write(run.path().join(journal::FILE), journal).expect("written");
    fs::create_dir(run.path().join(journal::OUTPUT)).expect("made");
    fs::write(run.path().join("output/copy.1.web"), "sent 4 files\n").expect("written");
    let (words, ok) = agreed_words(&run, None);
    assert!(ok && words.contains("records     3"), "{words}");

    let mut ran = 0;
    for pair in blocks.windows(2) {
        if let [("sh", commands), ("output", expected)] = pair {
            let output = Command::new("sh")
                .args(["-euc", commands])
                .current_dir(run.path())
                .output()
                .expect("a shell");
            assert_eq!(
                String::from_utf8_lossy(&output.stdout),
                *expected,
                "{output:?}"
            );
            ran += 1;
        }
    }
    assert_eq!(ran, 3);
}

#[test]
fn the_document_names_the_limits_of_the_code() {
    assert!(DOC.contains("8,388,608 bytes") && journal::MAX_JSON == 8_388_608);
    assert!(DOC.contains("8,388,674 bytes") && 64 + 1 + journal::MAX_JSON + 1 == 8_388_674);
}
