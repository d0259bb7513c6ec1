//! Holds the modules to their stairs: each may use what is below it, and nothing beside or above.
//!
//! The sources are read as text, with comments and strings taken out, and every path that begins at the
//! crate's root is looked up: `crate::x`, `crate::{x, y::z}`, and as many `super::` as lead there.

mod house {
    pub mod code;
}

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use house::code::{bare, roots};

/// The stairs, from the ground up. What stands on one line stands side by side.
const STAIRS: &[&[&str]] = &[
    &["names", "clock"],
    &["problem", "template", "paths"],
    &["transport"],
    &["edit", "probe"],
    &["kinds"],
    &["runbook"],
    &["run"],
    &["journal", "wire"],
    &["engine", "client", "report"],
    &["tui"],
    &["cli"],
];

/// What a module may not use although it is below: a screen never touches a machine.
const NEVER: &[(&str, &str)] = &[("tui", "engine"), ("tui", "transport"), ("tui", "journal")];

/// How many lines a file has at most.
const LONGEST: usize = 400;

/// What no source of ours has, with the reason.
const UNWANTED: &[(&str, &str)] = &[
    ("#[allow", "a lint is obeyed or the code is changed"),
    ("#![allow", "a lint is obeyed or the code is changed"),
    ("todo!", "nothing half-finished"),
    ("unimplemented!", "nothing half-finished"),
    ("unsafe ", "no unsafe code"),
];

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source with its path from the source folder.
fn sources() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![source_folder()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(source_folder()).unwrap();
                let text = fs::read_to_string(&path).unwrap();
                found.insert(name.to_str().unwrap().to_owned(), text);
            }
        }
    }
    assert!(found.len() > 50, "these are not all: {}", found.len());
    found
}

fn stair(module: &str) -> Option<usize> {
    STAIRS.iter().position(|stair| stair.contains(&module))
}

/// The modules from the crate's root to a file: `report/steps/legs.rs` is `[report, steps, legs]`.
fn place(file: &str) -> Vec<&str> {
    let mut place: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    if place.last() == Some(&"mod") {
        place.pop();
    }
    place
}

/// Every use of a module that the stairs forbid, as `src/FILE:LINE: …`.
fn missteps(file: &str, text: &str) -> Vec<String> {
    let place = place(file);
    let own = place[0];
    // The crate's root lists the modules, and a module's tests may call on its neighbours.
    if own == "lib" || own == "main" || place.contains(&"tests") {
        return Vec::new();
    }
    let Some(here) = stair(own) else {
        return vec![format!(
            "src/{file}:1: the module {own} has no place on the stairs"
        )];
    };
    let mut missteps = Vec::new();
    for (line, used) in roots(&bare(text), place.len()) {
        let Some(there) = stair(&used) else {
            continue;
        };
        let way = match used == own {
            true => continue,
            false if NEVER.contains(&(own, used.as_str())) => "never",
            false if there < here => continue,
            false if there == here => "sideways",
            false => "up",
        };
        missteps.push(format!("src/{file}:{line}: {own} reaches {way} to {used}"));
    }
    missteps
}

#[test]
fn every_module_uses_only_what_is_below_it() {
    let missteps: Vec<String> = sources()
        .iter()
        .flat_map(|(file, text)| missteps(file, text))
        .collect();
    assert!(missteps.is_empty(), "\n{}\n", missteps.join("\n"));
}

#[test]
fn every_file_can_be_read_in_one_sitting() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(file, lines)| format!("src/{file}: {lines} lines, more than {LONGEST}"))
        .collect();
    assert!(long.is_empty(), "\n{}\n", long.join("\n"));
}

#[test]
fn nothing_is_half_finished_or_hushed_up() {
    let mut found = Vec::new();
    for (file, text) in sources() {
        for (number, line) in bare(&text).lines().enumerate() {
            for (word, why) in UNWANTED {
                if line.contains(word) {
                    let number = number + 1;
                    found.push(format!("src/{file}:{number}: `{}`: {why}", word.trim()));
                }
            }
        }
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn an_engine_never_dies_of_its_own_words() {
    // `eprintln!` panics where standard error takes nothing, and an engine's is a file on a disk that fills.
    let dies = |text: &str| text.contains("println!(") || text.contains("eprint!(");
    assert!(dies("eprintln!(\"x\")"));
    let found: Vec<String> = sources()
        .into_iter()
        .filter(|(file, text)| {
            file.starts_with("engine") && !file.ends_with("tests.rs") && dies(&bare(text))
        })
        .map(|(file, _)| file)
        .collect();
    assert!(found.is_empty(), "use `mutter` in {found:?}");
}

#[test]
fn a_step_up_or_aside_is_seen_however_it_is_written() {
    let text = r#"
        use crate::names::RunId;
        use crate::{clock::Clock, tui::run, run::{Run, Event}};
        // use crate::cli::main;
        const A: &str = "crate::engine::x";
        fn f() { let _ = crate::client::Client::connect; super::super::wire::read(); super::tails::x(); }
    "#;
    assert_eq!(
        missteps("report/clean.rs", text),
        [
            "src/report/clean.rs:3: report reaches up to tui",
            "src/report/clean.rs:6: report reaches sideways to client",
        ]
    );
    assert_eq!(
        missteps("wire/mod.rs", "use super::report::Story;"),
        ["src/wire/mod.rs:1: wire reaches up to report"]
    );
    assert_eq!(
        missteps("tui/app.rs", "use crate::engine::spawn;"),
        ["src/tui/app.rs:1: tui reaches never to engine"]
    );
    assert_eq!(missteps("attic.rs", "").len(), 1);
}
