//! A home with programs that write down what they are given, and the values that they are given.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::home::Home;
use super::said::Said;

/// What is tried. None of it may ever be run, split, expanded, or taken for an option.
pub fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "plain",
        "two words",
        "  led and followed  ",
        "it's",
        "a \"quoted\" word",
        "$(touch owned)",
        "`touch owned`",
        "$HOME ${HOME} $V",
        "; touch owned #",
        "& touch owned &",
        "| touch owned",
        "> owned",
        "-rf",
        "--",
        "--help",
        "-oProxyCommand=touch owned",
        "*",
        "?[a-z]*",
        "{a,b}",
        "~root",
        "~",
        "\\",
        "\\n\\0\\x41",
        "trailing\\",
        "!history",
        "%s%n%d",
        "%",
        "{{",
        "}}",
        "{{V}}",
        "{{.State}}",
        "a{{b",
        "ä€𝄞",
        "#",
        "# not",
        "a: b",
        "- a",
        "&x *x",
        "|",
        ">",
        "[a]",
        "{a: b}",
        "null",
        "no",
        "0x10",
        "1e3",
        "a;b{c}d",
        "a/b",
        "..",
        "a/../b",
        ".",
        "host:22",
        "[::1]",
        "::1",
        "10.0.0.9",
        "user@host",
        "a\tb",
        "a\nb",
        "a\rb",
        "\u{1b}[2J",
        "\u{202e}left",
        "\u{feff}mark",
        "\u{a0}",
        "'\"'\"'",
        "$'\\x41'",
        "=x",
        "a=b",
        "@file",
        "<in",
        "",
    ]
    .map(str::to_owned)
    .into();
    values.push("x".repeat(4_000));
    values.push("y' ".repeat(6_000));
    values
}

/// Recorders: each writes its name and arguments, a NUL after each, into a file of its own.
pub fn recorders(folder: &Path) -> PathBuf {
    let (bin, calls) = (folder.join("bin"), folder.join("calls"));
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir_all(&calls).unwrap();
    let id = "a".repeat(64);
    let real = |name: &str| {
        let path = std::env::var("PATH").unwrap();
        let all = path.split(':').map(|at| Path::new(at).join(name));
        all.into_iter()
            .find(|at| at.exists())
            .unwrap_or_default()
            .display()
            .to_string()
    };
    let docker =
        format!("case $* in inspect*State*) echo '{id} running' ;; inspect*) echo {id} ;; esac");
    for (name, then) in [
        ("record", String::new()),
        ("docker", docker),
        ("rsync", format!("exec {} \"$@\"", real("rsync"))),
        ("curl", "printf 'HTTP/1.1 200 OK\\r\\n\\r\\n'".to_owned()),
    ] {
        let text = format!(
            "#!/bin/sh\nf=$(mktemp '{0}/.XXXXXXXX') || exit 9\nprintf '%s\\0' {name} \"$@\" \"${{V-}}\" >\"$f\"\n\
             mv \"$f\" \"$f.call\"\nmv \"$f.call\" '{0}'/\"${{f##*/.}}\"\n{then}\n",
            calls.display()
        );
        fs::write(bin.join(name), text).unwrap();
        fs::set_permissions(bin.join(name), PermissionsExt::from_mode(0o755)).unwrap();
    }
    bin
}

/// The calls so far: the name, the arguments, and the variable `V` that came along.
pub fn calls(folder: &Path) -> Vec<Vec<Vec<u8>>> {
    let files = fs::read_dir(folder.join("calls")).unwrap();
    files
        .map(|file| {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            let bytes = bytes.strip_suffix(b"\0").unwrap();
            bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
        })
        .collect()
}

/// A runbook with these steps, on these hosts.
pub fn book(steps: &[(&str, String)], more: &str) -> String {
    let mut text = "format = 1\ntitle = \"Values\"\n[hosts]\nweb = \"the machine\"\n\
         [params.ROOT]\nask = \"where\"\nkind = \"path\"\n"
        .to_owned();
    text.push_str(more);
    text.push_str("[[phase]]\nid = \"all\"\ntitle = \"All\"\n");
    for (id, what) in steps {
        text.push_str(&format!(
            "[[step]]\nid = \"{id}\"\nphase = \"all\"\ntitle = \"{id}\"\non = \"web\"\n{what}\n"
        ));
        if !what.contains("undo") {
            text.push_str("undo = { nothing = \"a test\" }\n");
        }
    }
    text
}

/// A home with recorders and files for every place.
pub struct Desk {
    pub home: Home,
}

impl Desk {
    pub fn new(web: &str) -> Self {
        let mut home = Home::new();
        let bin = recorders(home.path());
        let path = std::env::var("PATH").unwrap();
        home.set("PATH", format!("{}:{path}", bin.display()));
        let desk = Self { home };
        for folder in ["files", "files/src", "files/dst", "files/named"] {
            fs::create_dir(desk.at(folder)).unwrap();
        }
        let root = desk.at("files").display().to_string();
        desk.home.write(
            "environments.toml",
            format!("[here]\nkind = \"rehearsal\"\nhosts.web = {web}\nparams.ROOT = \"{root}\"\n"),
        );
        desk
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The files in which a value is to be put, or is looked for.
    pub fn files(&self, value: &str) {
        let quoted = serde_json::to_string(value).unwrap();
        fs::write(self.at("files/set.yml"), "k: old # here\nz: 1\n").unwrap();
        fs::write(
            self.at("files/key.yml"),
            format!("m:\n  {quoted}: old\nz: 1\n"),
        )
        .unwrap();
        fs::write(self.at("files/replace.txt"), "<old>").unwrap();
        fs::write(self.at("files/find.txt"), format!("<[{value}]>")).unwrap();
        fs::write(
            self.at("files/nginx.conf"),
            "upstream core { server a:1; }\n",
        )
        .unwrap();
        // Where no such name can be made, none can arrive.
        let named = self.at("files/named").join(value.trim_start_matches('/'));
        if let Some(parent) = named.parent() {
            let _ = fs::create_dir_all(parent);
        }
        let _ = fs::write(&named, "old");
        let source = self.at("files/src").join(value.trim_start_matches('/'));
        if fs::create_dir_all(&source).is_ok() {
            let _ = fs::write(source.join("in it"), "copied");
        }
    }

    pub fn walk(&self, settings: &[String]) -> Said {
        let mut words = vec![
            "run",
            "book.toml",
            "--env",
            "here",
            "--unattended",
            "--answers",
            "yes.toml",
            "--despite-problems",
        ];
        for setting in settings {
            words.extend(["--set", setting]);
        }
        self.home.runsheet(&words)
    }

    /// The steps that were obstructed, and those of which something was started.
    pub fn ways(&self, said: &Said) -> (BTreeMap<String, String>, BTreeSet<String>) {
        let (mut refused, mut started) = (BTreeMap::new(), BTreeSet::new());
        for entry in self.home.events(&said.run()) {
            let text = entry.to_string();
            let step = super::home::find(&entry, "step")
                .and_then(|it| it.as_str())
                .unwrap_or_default()
                .to_owned();
            if text.contains("step-obstructed") {
                let what = super::home::find(&entry, "what").and_then(|it| it.as_str());
                refused.insert(step, what.unwrap_or_default().to_owned());
            } else if text.contains("leg-started") {
                started.insert(step);
            }
        }
        (refused, started)
    }

    pub fn nothing_ran(&self, said: &Said) {
        let mut folders = vec![self.home.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let name = entry.file_name();
                assert!(
                    name != "owned" && name != "history",
                    "a value was run: {said}"
                );
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                }
            }
        }
    }
}
