//! Files that an edit must not touch, files that change under it, and answers that are none: each is refused with
//! its place, and the machine is as it was.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use runsheet::client::{Attach, Client, Folded, Update};
use runsheet::run::{Intent, StepAt};

use super::home::{Home, YES};
use super::machine::Machine;
use super::said::Said;

/// One step that edits one file.
const BOOK: &str = r#"
format = 1
title  = "One edit"

[hosts]
web = "the machine"

[params.FILE]
ask  = "The file"
kind = "path"

[[phase]]
id    = "all"
title = "All"

[[step]]
id    = "change"
phase = "all"
title = "Change it"
on    = "web"
DO
"#;

const YAML: &str = r#"do.yaml = { file = "{{FILE}}", path = "a", set = "new" }"#;
const NGINX: &str = r#"do.nginx-upstream = { file = "{{FILE}}", upstreams = ["core"], servers = ["10.0.0.9:443"], scheme = "https" }"#;
const REPLACE: &str = r#"do.edit = { file = "{{FILE}}", find = "old", replace = "new" }"#;

/// A machine with a file in a folder of its own.
struct Site {
    home: Home,
}

impl Site {
    fn new(text: &str) -> Self {
        let home = Home::new();
        let site = Self { home };
        fs::create_dir(site.folder()).unwrap();
        site.home.write("book.toml", text);
        site.home.write("yes.toml", YES);
        site.home.write("environments.toml", site.environment());
        site
    }

    fn edits(edit: &str, content: impl AsRef<[u8]>) -> Self {
        let site = Self::new(&BOOK.replace("DO", edit));
        fs::write(site.file(), content).unwrap();
        site
    }

    fn environment(&self) -> String {
        format!(
            "[here]\nkind = \"rehearsal\"\nhosts.web = \"local\"\nparams.FILE = \"{}\"\n",
            self.file().display()
        )
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("conf")
    }

    fn file(&self) -> PathBuf {
        self.folder().join("file")
    }

    fn walk(&self) -> Said {
        let walk = [
            "run",
            "book.toml",
            "--env",
            "here",
            "--unattended",
            "--answers",
            "yes.toml",
        ];
        self.home.runsheet(&walk)
    }

    /// What became of the machine's backups.
    fn backups(&self) -> Vec<PathBuf> {
        let folder = self.home.path().join("state/runsheet/backups");
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }

    /// Walks, and fails unless these words were said and nothing at all has changed.
    #[track_caller]
    fn refuses(&self, words: &[&str]) {
        let before = Machine::of(&self.folder());
        let said = self.walk();
        said.expect(4, words);
        said.expect(4, &["runsheet attach"]);
        assert_eq!(Machine::of(&self.folder()), before, "{said}");
        assert!(self.backups().is_empty(), "{said}");
        let run = said.run();
        let events = self.home.events(&run);
        assert!(
            !events
                .iter()
                .any(|entry| entry.to_string().contains("leg-started")),
            "{said}"
        );
        self.home.must_verify(&run);
    }
}

#[test]
fn a_file_that_is_none_of_its_own_is_named_and_left_alone() {
    type Made = fn(&Path, &Path);
    let rows: [(&str, Made, &[&str]); 8] = [
        (
            "a symbolic link",
            |file, _| {
                fs::rename(file, file.with_extension("real")).unwrap();
                symlink("file.real", file).unwrap();
            },
            &["/conf/file is a symbolic link"],
        ),
        (
            "a dangling link",
            |file, _| {
                fs::remove_file(file).unwrap();
                symlink("nowhere", file).unwrap();
            },
            &["/conf/file is a symbolic link"],
        ),
        (
            "two names",
            |file, folder| fs::hard_link(file, folder.join("twin")).unwrap(),
            &["/conf/file has 2 names (hard links)", "find / -samefile"],
        ),
        (
            "a pipe",
            |file, _| {
                fs::remove_file(file).unwrap();
                mknodat(CWD, file, FileType::Fifo, Mode::RUSR, 0).unwrap();
            },
            &["/conf/file is not a regular file"],
        ),
        (
            "a folder",
            |file, _| {
                fs::remove_file(file).unwrap();
                fs::create_dir(file).unwrap();
            },
            &["/conf/file is not a regular file"],
        ),
        (
            "nothing",
            |file, _| fs::remove_file(file).unwrap(),
            &["/conf/file is not there"],
        ),
        (
            "too large",
            |file, _| fs::write(file, vec![b'#'; (4 << 20) + 1]).unwrap(),
            &["4194305 bytes, the limit is 4194304"],
        ),
        (
            "not UTF-8",
            |file, _| fs::write(file, b"a: old\nb: caf\xe9\n").unwrap(),
            &["not UTF-8 from byte 13 on, in line 2"],
        ),
    ];
    for edit in [YAML, REPLACE] {
        for (what, make, words) in &rows {
            let site = Site::edits(edit, "a: old\n");
            make(&site.file(), &site.folder());
            eprintln!("{what}: {edit}");
            site.refuses(words);
        }
    }
}

#[test]
fn a_text_that_an_edit_does_not_fully_understand_is_named_with_its_place() {
    let nginx =
        "upstream core { server a:1; }\nserver { location / { proxy_pass http://core; } }\n";
    let with = |more: &str| format!("{nginx}{more}");
    let rows: Vec<(&str, String, Vec<&str>)> = vec![
        (
            YAML,
            "base: &x 1\na: &y 2\nc: *y\n".into(),
            vec!["`a` carries an anchor", "line 2"],
        ),
        (
            YAML,
            "b: &x 1\na: *x\n".into(),
            vec!["`a` is an alias", "line 2"],
        ),
        (
            YAML,
            "b: &x {c: 1}\n<<: *x\na: 1\n".into(),
            vec!["merges another map", "line 2"],
        ),
        (
            YAML,
            "b:\n\tc: 1\na: 1\n".into(),
            vec!["line 2", "indented with a tab"],
        ),
        (
            YAML,
            "a: 1\nb: 2\na: 3\n".into(),
            vec!["`a` is there twice, first on line 1", "line 3"],
        ),
        (
            YAML,
            "b: {c: 1, c: 2}\na: 1\n".into(),
            vec!["`c` is there twice", "line 1"],
        ),
        (
            YAML,
            "a: 1\n---\na: 2\n".into(),
            vec!["more than one document", "line 2"],
        ),
        (
            YAML,
            "a: 1\n...\n---\na: 2\n".into(),
            vec!["more than one document"],
        ),
        (
            YAML,
            "a: !vault 1\n".into(),
            vec!["`a` carries a tag", "line 1"],
        ),
        (
            YAML,
            "a: |\n  one\n  two\n".into(),
            vec!["`a` is a block of lines"],
        ),
        (YAML, "a: {b: 1}\n".into(), vec!["`a` is a map", "line 1"]),
        (YAML, "a: \"no end\n".into(), vec!["not YAML"]),
        (
            YAML,
            "b: 1\n".into(),
            vec!["no `a` in the top of the file", "line 1"],
        ),
        (YAML, "".into(), vec!["holds no YAML value"]),
        (YAML, "a: x\0y\n".into(), vec!["NUL"]),
        (
            NGINX,
            with("upstream core { server b:1; }\n"),
            vec!["`core` is defined twice, first on line 1", "line 3"],
        ),
        (
            NGINX,
            with("upstream CORE { server b:1; }\n"),
            vec!["`core` is defined twice", "line 3"],
        ),
        (
            NGINX,
            with("include conf.d/*.conf;\n"),
            vec!["`conf.d/*.conf` is included", "line 3"],
        ),
        (
            NGINX,
            nginx.replace("server a:1;", "include servers;"),
            vec!["an include inside the upstream", "line 1"],
        ),
        (
            NGINX,
            with("server { return 200 \"}; }\n"),
            vec!["a quote that is never closed", "line 3"],
        ),
        (
            NGINX,
            with("server { return 200 \"a\"b; }\n"),
            vec!["unexpected `b`", "line 3"],
        ),
        (
            NGINX,
            with("server {\n"),
            vec!["a block that is never closed", "line 3"],
        ),
        (NGINX, with("}\n"), vec!["unexpected `}`", "line 3"]),
        (
            NGINX,
            with("content_by_lua_block { x = \"}\" }\n"),
            vec!["a block of Lua", "line 3"],
        ),
        (
            NGINX,
            with("map $a $b { default core; }\n"),
            vec!["names `core` as well", "line 3"],
        ),
        (
            NGINX,
            "server { include upstreams; }\n".into(),
            vec!["no upstream `core`", "line 1 includes `upstreams`"],
        ),
        (
            REPLACE,
            "an old and an old one\n".into(),
            vec!["`old` is there 2 times, not 1: lines 1, 1"],
        ),
        (
            REPLACE,
            "nothing of it\n".into(),
            vec!["`old` is not there"],
        ),
    ];
    for (edit, text, words) in rows {
        eprintln!("{}: {text:?}", &edit[..8]);
        let site = Site::edits(edit, text);
        let file = site.file().display().to_string();
        let words: Vec<&str> = words.into_iter().chain([file.as_str()]).collect();
        site.refuses(&words);
    }
}

#[test]
fn odd_modes_and_a_missing_line_end_are_kept_as_they_are() {
    let root = rustix::process::geteuid().is_root();
    let braces = "upstream core { server a:1; }\n\
        server { return 200 '{ \"a\": \"}\" }'; if ($x = \"{\") { set $y \"a;b\"; } location ~ \"^/{1,2}$\" { proxy_pass http://core; } }";
    let rows = [
        (YAML, "a: old", "a: new", 0o640),
        (
            YAML,
            "# é\r\na: old\r\nb: 1\r\n",
            "# é\r\na: new\r\nb: 1\r\n",
            0o444,
        ),
        (REPLACE, "old", "new", 0o4751),
        (REPLACE, "\r\nold\n\rx", "\r\nnew\n\rx", 0o1777),
        (REPLACE, "old\n\n\n", "new\n\n\n", 0o600),
        (NGINX, braces, "proxy_pass https://core; } }", 0o2640),
    ];
    for (edit, before, after, mode) in rows {
        let site = Site::edits(edit, before);
        if root {
            chown(site.file(), Some(4321), Some(1234)).unwrap();
        } else {
            eprintln!("SKIPPED: another owner can only be tried as root");
        }
        fs::set_permissions(site.file(), Permissions::from_mode(mode)).unwrap();
        let was = fs::metadata(site.file()).unwrap();
        let said = site.walk();
        said.expect(0, &[]);
        let text = fs::read_to_string(site.file()).unwrap();
        assert!(text.ends_with(after), "{text:?}");
        assert!(edit == NGINX || text == after, "{text:?}");
        let is = fs::metadata(site.file()).unwrap();
        assert_eq!(is.mode(), was.mode(), "{said}");
        assert_eq!((is.uid(), is.gid(), is.nlink()), (was.uid(), was.gid(), 1));
        let names = fs::read_dir(site.folder()).unwrap().count();
        assert_eq!(names, 1, "nothing is left behind: {said}");
        let [backup] = &site.backups()[..] else {
            panic!("one backup: {said}")
        };
        assert_eq!(fs::read_to_string(backup).unwrap(), before);
    }
}

/// Somebody at a run.
struct Ben {
    client: Client,
    updates: tokio::sync::mpsc::Receiver<Update>,
    folded: Folded,
}

impl Ben {
    /// Starts the only run of a site without attaching, and attaches by its socket.
    fn starts(site: &Site) -> (Self, String) {
        let said = site
            .home
            .runsheet(&["run", "book.toml", "--env", "here", "--detach"]);
        assert_eq!(said.code, 0, "{said}");
        let runs = site.home.path().join("state/runsheet/runs");
        let run = fs::read_dir(runs).unwrap().next().unwrap().unwrap();
        let run = run.file_name().into_string().unwrap();
        let (client, updates) = Client::connect(Attach {
            socket: site.home.path().join(format!("run/runsheet/{run}.sock")),
            name: "ben".into(),
            watch: false,
        });
        let folded = Folded::default();
        (
            Self {
                client,
                updates,
                folded,
            },
            run,
        )
    }

    async fn until(&mut self, what: &str, so: impl Fn(&StepAt, &str) -> bool) {
        let seen = |folded: &Folded| {
            let said = format!("{:?}", folded.entries.last());
            let first = folded.run.steps.first();
            first.is_some_and(|step| so(&step.at, &said))
        };
        while !seen(&self.folded) {
            let update = tokio::time::timeout(Duration::from_secs(30), self.updates.recv()).await;
            let update =
                update.unwrap_or_else(|_| panic!("never {what}: {:#?}", self.folded.entries));
            self.folded.take(&update.expect("still connected")).unwrap();
        }
    }

    fn says_yes(&self) {
        let step = &self.folded.run.steps[0];
        self.client.wish(Intent::Approve {
            step: runsheet::names::StepId::new("change").unwrap(),
            attempt: step.attempt,
            digest: step.shown.as_ref().unwrap().digest.clone(),
            typed: None,
        });
    }

    fn goes_back(&self) {
        let step = runsheet::names::StepId::new("change").unwrap();
        self.client.wish(Intent::GoBack { step });
    }
}

fn all_output(site: &Site, run: &str) -> String {
    let files = fs::read_dir(site.home.folder(run).join("output")).unwrap();
    files
        .map(|file| String::from_utf8_lossy(&fs::read(file.unwrap().path()).unwrap()).into_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_between_the_diff_and_the_yes_is_left_as_somebody_made_it() {
    type Hand = fn(&Path);
    let hands: [(&str, Hand); 5] = [
        ("sha256", |file| {
            fs::write(file, "a: old # theirs\n").unwrap()
        }),
        ("mode 8180 (hex) now, 81a4 when shown", |file| {
            fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
        }),
        ("is a symbolic link", |file| {
            fs::rename(file, file.with_extension("real")).unwrap();
            symlink("file.real", file).unwrap();
        }),
        ("has 2 names", |file| {
            fs::hard_link(file, file.with_extension("twin")).unwrap()
        }),
        ("is another one than shown", |file| {
            let folder = file.parent().unwrap();
            fs::rename(folder, folder.with_extension("away")).unwrap();
            fs::create_dir(folder).unwrap();
            fs::write(file, "a: old\n").unwrap();
        }),
    ];
    for (words, hand) in hands {
        let site = Site::edits(YAML, "a: old\n");
        fs::set_permissions(site.file(), Permissions::from_mode(0o644)).unwrap();
        let (mut ben, run) = Ben::starts(&site);
        ben.until("at the gate", |at, _| *at == StepAt::AtGate)
            .await;
        hand(&site.file());
        let before = Machine::of(&site.folder());
        ben.says_yes();
        ben.until("stuck", |at, _| matches!(at, StepAt::Stuck { .. }))
            .await;
        let said = all_output(&site, &run);
        assert!(
            said.contains("refused: ") && said.contains(words),
            "{words}: {said}"
        );
        assert!(
            said.contains(&site.file().display().to_string()) || words.contains("another"),
            "{said}"
        );
        assert_eq!(Machine::of(&site.folder()), before, "{words}: {said}");
        assert!(site.backups().is_empty(), "{words}: {said}");
        site.home.must_verify(&run);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_whose_backup_has_gone_says_so_and_touches_nothing() {
    type Hand = fn(&Path);
    let hands: [(&str, Hand); 4] = [
        ("is not there", |backup| fs::remove_file(backup).unwrap()),
        ("is not what the file was", |backup| {
            fs::write(backup, "something else").unwrap()
        }),
        ("is a symbolic link", |backup| {
            fs::rename(backup, backup.with_extension("x")).unwrap();
            symlink(backup.with_extension("x"), backup).unwrap();
        }),
        ("cannot enter the folder", |backup| {
            fs::remove_dir_all(backup.parent().unwrap()).unwrap()
        }),
    ];
    for (words, hand) in hands {
        let site = Site::edits(YAML, "a: old\n");
        let (mut ben, run) = Ben::starts(&site);
        ben.until("at the gate", |at, _| *at == StepAt::AtGate)
            .await;
        ben.says_yes();
        ben.until("done", |at, _| matches!(at, StepAt::Done { .. }))
            .await;
        assert_eq!(fs::read_to_string(site.file()).unwrap(), "a: new\n");
        let [backup] = &site.backups()[..] else {
            panic!("one backup")
        };
        hand(backup);
        let before = Machine::of(&site.folder());
        ben.goes_back();
        ben.until(words, |_, said| said.contains(words)).await;
        assert_eq!(Machine::of(&site.folder()), before, "{words}");
        let said = format!("{:?}", ben.folded.entries.last());
        assert!(said.contains(&backup.display().to_string()), "{said}");
        site.home.must_verify(&run);
    }
}

/// A step that prints a list, and one that would leave a file for each of its items.
fn with_a_list(prints: &str) -> Site {
    let steps = format!(
        "do.command.run = '{prints}'\ncapture = {{ name = \"ITEMS\", as = \"lines\" }}\n\
         undo = {{ nothing = \"it only reads\" }}\nverify = [{{ command = \"true\" }}]\n\
         [[step]]\nid = \"each\"\nphase = \"all\"\ntitle = \"Each\"\non = \"web\"\n\
         for-each = {{ name = \"ITEM\", in = \"ITEMS\" }}\nat-once = 8\n\
         do.command.run = 'touch \"$FILE.$ITEM\"'\nundo = {{ nothing = \"a test\" }}\n\
         verify = [{{ file = \"{{{{FILE}}}}.{{{{ITEM}}}}\" }}]\n"
    );
    Site::new(&BOOK.replace("DO", &steps))
}

#[test]
fn a_list_that_is_empty_or_too_long_stops_the_run_before_anything_is_done() {
    with_a_list("true").refuses_list(&[
        "step change",
        "it printed nothing on standard output, and an empty list",
    ]);
    with_a_list("seq 10000").refuses_list(&[
        "the list ITEMS has 10000 items, which are 10000 lanes; a step has 1000 at most",
    ]);
    with_a_list("printf \"a\\\\033b\\\\n\"")
        .refuses_list(&["step change", "a control character in it: a\\u{1b}b"]);
    with_a_list("printf \"caf\\\\351\\\\n\"").refuses_list(&["step change", "is not UTF-8"]);
    with_a_list("head -c 5000 /dev/zero | tr \"\\\\0\" x")
        .refuses_list(&["step change", "a line is longer than 4096 bytes"]);
    // Ten thousand that the author wrote down are told before there is a run.
    let listed: Vec<String> = (0..10_000).map(|n| format!("\"{n}\"")).collect();
    let each = format!(
        "for-each = {{ name = \"ITEM\", in = [{}] }}\ndo.command.run = 'touch \"$FILE.$ITEM\"'\n\
         undo = {{ nothing = \"a test\" }}\nverify = [{{ file = \"{{{{FILE}}}}.{{{{ITEM}}}}\" }}]\n",
        listed.join(", ")
    );
    let site = Site::new(&BOOK.replace("DO", &each));
    let before = Machine::of(&site.folder());
    site.walk().expect(
        1,
        &["`in` has 10000 items", "1000 lanes at most", "book.toml:"],
    );
    assert_eq!(Machine::of(&site.folder()), before);
}

impl Site {
    #[track_caller]
    fn refuses_list(&self, words: &[&str]) {
        let before = Machine::of(&self.folder());
        let said = self.walk();
        said.expect(4, words);
        assert_eq!(Machine::of(&self.folder()), before, "{said}");
        self.home.must_verify(&said.run());
    }
}

#[test]
fn an_answer_that_is_no_number_is_named_and_proves_nothing() {
    for (prints, words) in [
        ("echo none", "not a number: none"),
        ("true", "not a number: nothing printed"),
        ("seq 3", "not a number, but 3 lines"),
        ("echo 12 kB", "not a number: 12 kB"),
        ("echo nan", "not a number: nan"),
        ("echo 1e999", "not a number: 1e999"),
        ("printf \"7\\\\033[2J\"", "not a number: 7"),
    ] {
        for bound in ["at-least = 3", "at-most = 3"] {
            let step = format!(
                "do.command.run = 'true'\nundo = {{ nothing = \"it does nothing\" }}\n\
                 verify = [{{ command = '{prints}', {bound} }}]\n"
            );
            let site = Site::new(&BOOK.replace("DO", &step));
            let before = Machine::of(&site.folder());
            let said = site.walk();
            said.expect(4, &["change", words]);
            assert!(
                !said.err.contains('\u{1b}') && !said.out.contains('\u{1b}'),
                "{said}"
            );
            assert_eq!(Machine::of(&site.folder()), before, "{said}");
        }
        // A wait ends with its time, and says what it saw.
        let step = format!(
            "do.wait = {{ until = {{ command = '{prints}', at-most = 3 }}, within = \"1s\", every = \"1s\" }}\n"
        );
        let site = Site::new(&BOOK.replace("DO", &step));
        site.walk().expect(4, &[words]);
    }
}
