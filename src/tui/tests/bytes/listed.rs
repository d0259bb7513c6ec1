//! Whether the corpus has every form of xterm's own list, read where the list is on the machine.

use std::collections::BTreeSet;
use std::process::Command;

use super::corpus::{all, input};
use super::dice::Dice;

/// Where Debian's package of xterm lays it.
const LIST: &str = "/usr/share/doc/xterm/ctlseqs.txt.gz";

/// The patch of xterm whose list the tables were made after. A later list may have more: that is told, and fails nothing.
const PATCH: u32 = 379;

/// A form: what introduces it (`[` is a control sequence's), and the bytes of it that are not free. Numbers that it may be
/// given are a form of their own, behind a space.
type Form = (char, String);

fn letters(word: &str) -> &str {
    match word {
        "SP" => " ",
        "ETX" => "\u{3}",
        "ENQ" => "\u{5}",
        "FF" => "\u{c}",
        "SO" => "\u{e}",
        "SI" => "\u{f}",
        "ETB" => "\u{17}",
        "CAN" => "\u{18}",
        "SUB" => "\u{1a}",
        "FS" => "\u{1c}",
        other => other,
    }
}

/// Whether a word stands for a text or a number that is free: `Ps`, `Pm`, `Pr..Pr`.
fn is_free(word: &str) -> bool {
    word.split("..").all(|part| {
        let mut chars = part.chars();
        chars.next() == Some('P')
            && chars.next().is_some_and(|c| c.is_ascii_lowercase())
            && chars.next().is_none()
    })
}

/// The forms that a list has.
fn listed(list: &str) -> BTreeSet<Form> {
    let mut forms = BTreeSet::new();
    // The heading that the lines stand under, and what a character set's name may follow.
    let mut under: Option<(char, String)> = None;
    let (mut small, mut large) = (BTreeSet::new(), BTreeSet::new());
    for line in list.lines() {
        let heading = line.split("  ").next().unwrap_or_default();
        let mut words = heading.split(' ').peekable();
        let kind = match words.next() {
            Some("ESC") => 'E',
            Some("CSI") => '[',
            Some("OSC") => ']',
            Some("DCS") => 'P',
            Some("APC") => '_',
            Some("PM") => '^',
            Some("SOS") => 'X',
            _ => {
                let Some((kind, fixed)) = &under else {
                    continue;
                };
                let line = line.trim_start();
                // ` C = " >  -> Greek`, and two names for one set: ` C = C  or 5  -> Finnish`.
                if let (Some(names), true) = (line.strip_prefix("C = "), line.contains("->")) {
                    let names = names.split("->").next().unwrap_or_default();
                    for name in names.split([',']).flat_map(|name| name.split(" or ")) {
                        let name: String = name.split_whitespace().collect();
                        match fixed.as_str() {
                            "-" => large.insert(name),
                            _ => small.insert(name),
                        };
                    }
                }
                // `Ps = 1 0 4 9  -> what it does`; an arrow the other way is an answer.
                let number = line.split_once(" = ").filter(|(name, _)| is_free(name));
                if let (Some((_, rest)), true) = (number, line.contains("->")) {
                    let number: String = rest
                        .split(' ')
                        .take_while(|word| {
                            word.len() == 1 && word.chars().all(char::is_alphanumeric)
                        })
                        .collect();
                    if !number.is_empty() && matches!(kind, '[' | ']') {
                        forms.insert((*kind, format!("{fixed} {number}")));
                    }
                }
                continue;
            }
        };
        let mut fixed = String::new();
        for word in words {
            match word {
                "ST" | "BEL" => break,
                ";" if kind != 'E' => {}
                word if is_free(word) => {}
                word => fixed.push_str(letters(word)),
            }
        }
        let sets = kind == 'E' && heading.ends_with(" C") && fixed.len() == 2;
        if sets {
            fixed.pop();
        } else {
            forms.insert((kind, fixed.clone()));
        }
        under = Some((kind, fixed));
    }
    for (places, sets) in [("()*+", small), ("-./", large)] {
        for place in places.chars() {
            forms.extend(sets.iter().map(|set| ('E', format!("{place}{set}"))));
        }
    }
    forms
}

/// The forms of one input that has seven-bit introducers, as far as it is one.
fn made(input: &[u8]) -> Vec<Form> {
    let text = String::from_utf8_lossy(input);
    let Some(text) = text.strip_prefix('\u{1b}') else {
        return Vec::new();
    };
    let text = text.strip_suffix("owned").unwrap_or(text);
    let Some(kind) = text.chars().next() else {
        return Vec::new();
    };
    let rest = &text[kind.len_utf8()..];
    let free = |c: char| c.is_ascii_digit() || matches!(c, ';' | ':');
    let number = |text: &str| {
        text.chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
    };
    let mut forms = vec![('E', text.to_owned()), ('E', kind.to_string())];
    match kind {
        '[' => {
            let fixed: String = rest.chars().filter(|c| !free(*c)).collect();
            let numbers = rest.trim_start_matches(['?', '>', '=', '<']);
            forms.push((kind, format!("{fixed} {}", number(numbers))));
            forms.push((kind, fixed));
        }
        ']' => {
            let command = rest.chars().next().filter(char::is_ascii_alphabetic);
            let command = command.map_or_else(|| number(rest), String::from);
            forms.extend([(kind, format!(" {command}")), (kind, String::new())]);
        }
        'P' => {
            let told = rest.trim_start_matches(free);
            let end = |c: char| !(' '..='/').contains(&c);
            let fixed = told.split_inclusive(end).next().unwrap_or_default();
            forms.push((kind, fixed.to_owned()));
        }
        'X' | '^' | '_' => forms.push((kind, String::new())),
        _ => {}
    }
    forms
}

#[test]
fn every_form_of_the_list_is_in_the_corpus() {
    let list = Command::new("gzip").args(["-dc", LIST]).output();
    let list = match list {
        Ok(list) if list.status.success() => String::from_utf8_lossy(&list.stdout).into_owned(),
        _ => {
            eprintln!("SKIPPED the corpus beside xterm's list: there is no {LIST}, or no gzip");
            return;
        }
    };
    let patch = list.split_once("Patch #").map(|(_, rest)| rest);
    let patch = patch.and_then(|rest| rest.split(' ').next()?.parse::<u32>().ok());
    let wanted = listed(&list);
    assert!(wanted.len() > 450, "only {} forms are read", wanted.len());
    let mut dice = Dice::new(7);
    assert!(all() <= 100_000, "{} inputs for every form", all());
    let has: BTreeSet<Form> = (0..all())
        .flat_map(|number| made(&input(number, &mut dice)))
        .collect();
    let missing: Vec<&Form> = wanted.difference(&has).collect();
    if patch.is_some_and(|patch| patch > PATCH) {
        eprintln!("xterm's list of patch {patch:?} has more than the corpus: {missing:?}");
        return;
    }
    assert!(
        missing.is_empty(),
        "missing of {}: {missing:?}",
        wanted.len()
    );
}
