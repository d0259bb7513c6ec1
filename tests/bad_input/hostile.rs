//! The program itself, with everything around it hostile: whatever it writes is text.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use runsheet::problem::seen;

use super::home::{Home, PATIENCE, WALK};

/// What does most in the terminals that let it, and what reorders, hides and piles up.
const WORST: &str = "\u{1b}]52;c;b3duZWQ=\u{7}\u{1b}]2;owned\u{1b}\\\u{1b}[21t\u{1b}[c\u{9b}6n\u{9d}0;owned\u{9c}\u{1b}P$qm\u{1b}\\\
    \u{1b}_Ga=q,i=1;AAAA\u{1b}\\\u{1b}[?1049h\u{1b}c\u{5}\u{8}\u{7f}\r\u{202e}denwo\u{2066}\u{200b}\u{feff}\u{e0041}\u{fe0f}\
    e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}<b>owned</b>[owned](http://owned)`|owned";

/// The same in bytes that are not all UTF-8, as a machine or a file name may have them.
fn bytes() -> Vec<u8> {
    [
        WORST.as_bytes(),
        b"\x9b31m\x9d2;owned\x9c\xff\xfe\xc2\x1b[6n\xe2\x80\x1b]2;owned\x07",
    ]
    .concat()
}

fn in_toml(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    };
    text.chars().map(escape).collect()
}

/// Fails unless all of it is text that can be seen.
#[track_caller]
fn judged(what: &str, said: &[u8]) -> usize {
    let text = std::str::from_utf8(said);
    let text = text.unwrap_or_else(|error| panic!("{what}: {error}: {}", said.escape_ascii()));
    let odd = seen(text).find(|(c, shown)| !shown && !matches!(c, '\n' | '\t'));
    assert_eq!(odd, None, "{what}: {text:?}");
    text.matches("owned").count()
}

/// A home in which all texts of the runbook are hostile, and so is what its steps print.
fn hostile(web: &str) -> Home {
    let home = Home::with_two_steps();
    let mut text = fs::read_to_string(home.path().join("book/two.toml")).unwrap();
    // A control in a title is refused, as the check says below; all else may stand there.
    let evil: String = WORST.chars().filter(|c| !c.is_control()).collect();
    let evil = in_toml(&evil);
    for ours in [
        "Two steps",
        "the machine",
        "Where the steps count themselves",
        "\"All\"",
        "The first",
        "The second",
        "a test",
    ] {
        assert!(text.contains(ours), "{ours}");
        let (open, close) = match ours.starts_with('"') {
            true => ("\"", "\""),
            false => ("", ""),
        };
        text = text.replace(ours, &format!("{open}{evil}{close}"));
    }
    let evil = in_toml(WORST);
    let about = format!("\nabout = \"{evil}\\n{evil}\"\n\n[hosts]");
    text = text.replacen("\n[hosts]", &about, 1);
    let prints = "do.command.run = 'cat \"$COUNT.evil\"; cat \"$COUNT.evil\" >&2; echo";
    text = text.replace("do.command.run = 'echo", prints);
    text = text.replace(
        "command = 'grep",
        "command = 'cat \"$COUNT.evil\" >&2; grep",
    );
    home.write("two.toml", text);
    home.environment(web);
    fs::write(home.path().join("count.evil"), bytes()).unwrap();
    home
}

/// Runs the program with words that need not be text; how much of what is hostile was told.
#[track_caller]
fn says(home: &Home, words: &[OsString]) -> usize {
    let output = home.command(&[]).args(words).output().unwrap();
    judged(&format!("{words:?}, output"), &output.stdout)
        + judged(&format!("{words:?}, errors"), &output.stderr)
}

#[track_caller]
fn told(home: &Home, words: &[&str]) -> usize {
    says(home, &words.iter().map(OsString::from).collect::<Vec<_>>())
}

#[test]
fn a_hostile_runbook_with_a_hostile_machine_is_told_as_text() {
    let home = hostile("\"local\"");
    for (words, least) in [
        (&["check", "two.toml"][..], 0),
        (&["plan", "two.toml", "--env", "here"], 10),
        (&WALK, 5),
        (&["runs"], 1),
        (&["runs", "--format", "json"], 1),
        (&["show", "latest"], 5),
        (&["show", "latest", "--format", "json"], 5),
        (&["report", "latest"], 20),
        (&["report", "latest", "--format", "json"], 20),
        (&["verify", "latest"], 0),
    ] {
        let told = told(&home, words);
        assert!(told >= least, "{words:?}: {told}");
    }
    assert_eq!(home.counted(), (1, 1));
}

#[test]
fn hostile_arguments_file_names_and_files_are_told_as_text() {
    let home = hostile("\"local\"");
    let name = |end: &str| {
        // A name in a folder has no slash, and at most 255 bytes.
        let short: Vec<u8> = bytes().into_iter().filter(|byte| *byte != b'/').collect();
        let last = short.len().min(100);
        OsString::from_vec([&short[..last], &short[short.len() - 30..], end.as_bytes()].concat())
    };
    let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let odd = home.path().join("book").join(name(".toml"));
    for content in [
        "title = 1\n".to_owned(),
        format!("{} = \n", WORST),
        format!("format = 1\n\"{0}\" = \"{0}\"\n", in_toml(WORST)),
        format!(
            "format = 1\ntitle = \"{0}\"\n[hosts]\n\"{0}\" = 5\n",
            in_toml(WORST)
        ),
        format!("# {WORST}\nformat = [\n"),
    ] {
        fs::write(&odd, content).unwrap();
        let told = says(
            &home,
            &[words(&["check"]), vec![odd.clone().into()]].concat(),
        );
        assert!(told > 0);
    }
    let gone = Path::new("gone").join(name(".toml"));
    assert!(says(&home, &[words(&["check"]), vec![gone.into()]].concat()) > 0);
    for (before, after) in [
        (&["show"][..], &[][..]),
        (&["report"], &[]),
        (&["attach", "--plain"], &[]),
        (&["verify"], &[]),
        (&["plan", "two.toml", "--env"], &[]),
        (&["plan", "two.toml", "--env", "here", "--set"], &[]),
        (
            &["run", "two.toml", "--env", "here", "--answers"],
            &["--unattended"],
        ),
        (&[], &[]),
        (&["--color"], &["runs"]),
    ] {
        // What is not UTF-8 may be refused without being told.
        let all = |evil| [words(before), vec![evil], words(after)].concat();
        says(&home, &all(name("")));
        let short: String = WORST.chars().filter(|c| *c != '/').take(90).collect();
        // The name of a parameter ends at the equals sign, and what is behind it may be a secret.
        let told = says(&home, &all(short.into()));
        assert!(told > 0 || before.ends_with(&["--set"]), "{before:?}");
    }
    let param = OsString::from_vec([b"COUNT=/".as_slice(), &bytes()].concat());
    let all = [
        words(&["plan", "two.toml", "--env", "here", "--set"]),
        vec![param],
    ]
    .concat();
    says(&home, &all);
    let evil = in_toml(WORST);
    for text in [
        format!("[here]\nkind = \"{evil}\"\n"),
        format!("[here]\nkind = \"rehearsal\"\nhosts.web = \"{evil}\"\n"),
        format!("[\"{evil}\"]\nkind = \"rehearsal\"\n"),
        format!(
            "[here]\nkind = \"rehearsal\"\nhosts.web = \"local\"\nparams.COUNT = \"/{evil}\"\n"
        ),
    ] {
        home.write("environments.toml", text);
        assert!(told(&home, &["plan", "two.toml", "--env", "here"]) > 0);
    }
}

#[test]
fn what_a_hostile_ssh_says_is_told_as_text() {
    let mut home = hostile("\"box\"");
    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let ssh = bin.join("ssh");
    let evil = home.path().join("count.evil");
    // The crate that reads this wants UTF-8.
    fs::write(&evil, WORST).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    // What a name means the real one says; this one only never connects, and says so where it is told to (`-E`).
    let script = format!(
        "#!/bin/sh\nPATH='{}'\ncase \" $* \" in *' -G '*) exec ssh \"$@\" ;; esac\n\
         while [ $# -gt 1 ]; do [ \"$1\" != -E ] || cat '{1}' >\"$2\"; shift; done\n\
         cat '{1}'\ncat '{1}' >&2\nexit 255\n",
        path.to_str().unwrap(),
        evil.display()
    );
    fs::write(&ssh, script).unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&path)));
    home.set("PATH", path.unwrap());
    assert!(told(&home, &["plan", "two.toml", "--env", "here"]) > 10);
    assert!(told(&home, &WALK) > 5);
    assert!(told(&home, &["report", "latest"]) > 5);
}

#[test]
fn the_wizard_in_lines_tells_as_text_what_is_hostile() {
    let home = hostile("\"local\"");
    let mut child = home
        .command(&["run", "two.toml", "--env", "here", "--plain"])
        .stdin(Stdio::piped())
        .stdout(fs::File::create(home.path().join("said")).unwrap())
        .stderr(fs::File::create(home.path().join("complained")).unwrap())
        .spawn()
        .unwrap();
    let mut write = child.stdin.take().unwrap();
    let said = || fs::read(home.path().join("said")).unwrap();
    let waits = |words: &str, times: usize| {
        let begun = Instant::now();
        while String::from_utf8_lossy(&said()).matches(words).count() < times {
            let said = String::from_utf8_lossy(&said()).into_owned();
            assert!(
                begun.elapsed() < PATIENCE,
                "no {words} {times} times: {said}"
            );
            sleep(Duration::from_millis(20));
        }
        // A question counts once it could be read.
        sleep(Duration::from_millis(600));
    };
    waits("What now?", 1);
    let note = [b"note\n", &bytes()[..], b"\n.\n"].concat();
    for line in note.split_inclusive(|byte| *byte == b'\n') {
        write.write_all(line).unwrap();
        sleep(Duration::from_millis(300));
    }
    write.write_all(&[&bytes()[..], b"\n"].concat()).unwrap();
    sleep(Duration::from_millis(900));
    write.write_all(b"go\n").unwrap();
    waits("Step 2 of 2", 1);
    write.write_all(b"output\n").unwrap();
    sleep(Duration::from_millis(600));
    drop(write);
    child.wait().unwrap();
    assert!(judged("--plain", &said()) > 20);
    judged(
        "--plain, errors",
        &fs::read(home.path().join("complained")).unwrap(),
    );
    assert_eq!(home.counted(), (1, 0));
}
