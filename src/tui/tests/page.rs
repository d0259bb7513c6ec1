//! The page about the screen, `docs/screen.md`: its tables are made of ours.

use std::fmt::Write as _;
use std::path::Path;

use super::stage::{FANCY, PLAIN};
use crate::tui::how::{HELP, Offered};
use crate::tui::keys::{Action, KEYS, Place};
use crate::tui::view::{PLACES, meanings};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screen.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_page_has_every_key_of_the_table_and_no_other() {
    let mut table = String::new();
    for (place, title) in PLACES {
        write!(
            table,
            "**{title}**\n\n| key | word | does |\n| --- | --- | --- |\n"
        )
        .unwrap();
        for row in KEYS.iter().filter(|row| row.place == place) {
            let names: Vec<&str> = row.keys.iter().map(|key| key.name).collect();
            let names = names.join(" or ");
            writeln!(table, "| {names} | {} | {} |", row.word, row.help).unwrap();
        }
        table.push('\n');
    }
    let (_, after) = page().split_once("## Keys\n\n").map(own).unwrap();
    assert_eq!(
        after.trim_end(),
        table.trim_end(),
        "it should end in\n{table}"
    );
    let shown = |place| PLACES.iter().any(|(known, _)| *known == place);
    for row in KEYS.iter().filter(|row| row.place != Place::Help) {
        assert!(shown(row.place), "{:?} is not on the help page", row.place);
    }
}

fn own((before, after): (&str, &str)) -> (String, String) {
    (before.to_owned(), after.to_owned())
}

#[test]
fn the_page_has_every_sign() {
    let page = page();
    let signs = meanings(FANCY.signs()).into_iter();
    for ((sign, says), (ascii, _)) in signs.zip(meanings(PLAIN.signs())) {
        let row = format!("| `{sign}` | `{ascii}` | {says} |");
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn the_page_has_the_pictures_it_shows() {
    let page = page();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let pictures: Vec<&str> = page
        .split("](")
        .filter_map(|part| part.split_once(')'))
        .map(|(path, _)| path)
        .filter(|path| path.ends_with(".svg"))
        .collect();
    assert!(pictures.len() > 8, "{pictures:?}");
    for picture in pictures {
        assert!(folder.join(picture).exists(), "{picture}");
    }
}

#[test]
fn the_readme_has_every_word_of_the_lines() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (_, lines) = readme.split_once("## Without a screen").unwrap();
    let (lines, _) = lines.split_once("\n## ").unwrap();
    let by_word = |row: &&crate::tui::keys::Binding| {
        row.place == Place::Run && row.action.offered() == Offered::Word
    };
    let of_keys = KEYS.iter().filter(by_word).map(|row| match row.action {
        Action::Help => HELP,
        _ => row.word,
    });
    let mut words = 0;
    for word in crate::tui::plain::named().chain(of_keys) {
        let told = [format!("`{word}`"), format!("`{word} ")];
        assert!(told.iter().any(|told| lines.contains(told)), "{word}");
        words += 1;
    }
    assert!(words > 12, "{words}");
}
