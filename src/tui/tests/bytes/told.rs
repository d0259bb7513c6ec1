//! The same night without a screen: told in lines, and reported on; judged as text, and as what Markdown makes of it.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::super::plain::hear::Reader;
use super::super::runbook::leg;
use super::super::stage::{FANCY, PLAIN, Stage, machine};
use super::corpus::input;
use super::dice::Dice;
use super::grammar::violation;
use super::night::plan;
use crate::client::Update;
use crate::journal::{Hash, Head, Verdict};
use crate::kinds::{Exhibit, Progress, Proposal};
use crate::probe::Holds;
use crate::report::{Evidence, Format, Tail, report};
use crate::run::{Decision, Finding, Intent};
use crate::tui::Look;

/// How many inputs one night meets.
const TOGETHER: u64 = 250;

/// What was told in lines, and the record of it.
struct Told {
    lines: String,
    evidence: Evidence,
}

/// A night in which everybody is hostile, and each of the texts is at least printed, shown at a gate, and a note.
fn night(inputs: &[Vec<u8>], look: Look) -> Told {
    let texts: Vec<String> = inputs
        .iter()
        .map(|input| String::from_utf8_lossy(input).into_owned())
        .collect();
    let mut turn = 0;
    let mut text = || {
        turn += 1;
        texts[turn % texts.len()].clone()
    };
    let mut reader = Reader::at(Stage::new(plan(&mut text), look));
    let mut lines = reader.hear();
    reader.stage.attach(&text(), true);
    let mut exhibits = vec![
        Exhibit::Command {
            at: machine("source"),
            text: text(),
            env: vec![(text(), text())],
        },
        Exhibit::Diff {
            at: machine("source"),
            path: text(),
            unified: format!("+{}\n-{}\n", text(), text()),
        },
        Exhibit::Warning { text: text() },
    ];
    exhibits.extend(texts.chunks(8).map(|some| Exhibit::Finding {
        label: some[0].clone(),
        text: some.concat(),
    }));
    let proposal = Proposal {
        exhibits,
        legs: vec![leg(&text(), &text(), Progress::None)],
        leaves: Default::default(),
        already: None,
    };
    let before = [(0, Holds::CannotSay, &*text())];
    reader.stage.show(vec![("source", proposal)], &before);
    lines += &reader.hear();
    for line in ["steps", "1", "", &text(), "note", &text(), "."] {
        lines += &reader.types(line);
    }
    reader.stage.approve().begin("source");
    let printed = inputs.join(&b'\n');
    reader.stage.prints("source", &printed, Progress::None);
    lines += &reader.hear();
    let odd = format!("search {}", text());
    for line in [
        "output",
        "output first",
        "more",
        "search e",
        "more",
        "search owned",
        &odd,
        "line 3",
        &text(),
    ] {
        lines += &reader.types(line);
    }
    let (step, attempt) = reader.stage.turn();
    let lane = machine("source");
    let why = text();
    reader.stage.found(Finding::LinkLost {
        machine: lane.clone(),
        why,
    });
    for two in texts.chunks(2) {
        let step = (two.len() == 2).then(|| step.clone());
        let text = format!("note {}", two.join("\n"));
        reader.stage.wish(1, Intent::Note { step, text });
    }
    reader.stage.lost("source", &text());
    lines += &reader.hear();
    // Nobody is let do this without a word.
    let reason = format!("why: {}", text());
    reader.stage.wish(
        1,
        Intent::Settle {
            step,
            attempt,
            lane,
            decision: Decision::Happened,
            reason,
        },
    );
    reader.stage.proved(&[(0, Holds::No, &text())]);
    lines += &reader.hear();
    let (id, why) = (99, text());
    reader.stage.update(Update::Refused { id, why });
    let reason = format!("why: {}", text());
    reader.stage.wish(1, Intent::End { reason });
    lines += &reader.hear();
    let tail = Tail {
        lines: String::from_utf8_lossy(&printed)
            .lines()
            .map(str::to_owned)
            .collect(),
        more: true,
    };
    let entries = reader.stage.app.folded.entries.clone();
    let files = reader.stage.files.keys().cloned();
    let evidence = Evidence {
        verdict: Verdict {
            head: Head {
                records: entries.len() as u64,
                hash: Hash::START,
            },
            tail: None,
            damage: None,
            answer: None,
            files: None,
        },
        tails: files.map(|file| (file, tail.clone())).collect(),
        entries,
    };
    Told { lines, evidence }
}

/// The first thing in a Markdown text that is more than text of ours and of others: what would be loaded, followed or
/// run. A viewer may also make a link of an address that stands there to be read; where that leads is what it says.
fn active(markdown: &str) -> Option<String> {
    Parser::new_ext(markdown, Options::all()).find_map(|event| {
        let found = match &event {
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::TaskListMarker(_) => true,
            Event::Start(tag) => matches!(
                tag,
                Tag::Link { .. }
                    | Tag::Image { .. }
                    | Tag::HtmlBlock
                    | Tag::FootnoteDefinition(_)
                    | Tag::MetadataBlock(_)
                    | Tag::BlockQuote(Some(_))
            ),
            _ => false,
        };
        found.then(|| format!("{event:?}"))
    })
}

/// The headings of a Markdown text, by their levels.
fn headings(markdown: &str) -> Vec<u8> {
    let levels =
        Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
            Event::Start(Tag::Heading { level, .. }) => Some(level as u8),
            _ => None,
        });
    levels.collect()
}

#[test]
fn a_hundred_thousand_hostile_inputs_are_told_and_reported_as_text() {
    let count = super::size::tries(100_000, 400_000);
    let seed = super::dice::seed();
    let harmless = vec![b"word".to_vec(); TOGETHER as usize];
    let calm = report(&night(&harmless, FANCY).evidence, Format::Markdown).unwrap();
    let calm = headings(&calm);
    let nights = super::spread(count.div_ceil(TOGETHER), |numbers| {
        let (mut told, mut reported) = (0, 0);
        for number in numbers {
            let mut dice = Dice::new(seed.wrapping_add(number << 32));
            let here = number * TOGETHER..count.min((number + 1) * TOGETHER);
            let inputs: Vec<_> = here.map(|number| input(number, &mut dice)).collect();
            let look = if number % 4 == 3 { PLAIN } else { FANCY };
            let night = night(&inputs, look);
            let markdown = report(&night.evidence, Format::Markdown).unwrap();
            let json = report(&night.evidence, Format::Json).unwrap();
            for (what, text) in [
                ("lines", &night.lines),
                ("markdown", &markdown),
                ("json", &json),
            ] {
                if let Some(found) = violation(text.as_bytes(), true) {
                    panic!("seed {seed}, night {number}, {what}: {found}");
                }
            }
            let odd = |c: char| c == '\t' || !look.unicode && !c.is_ascii();
            assert_eq!(night.lines.find(odd), None, "seed {seed}, night {number}");
            assert_eq!(active(&markdown), None, "seed {seed}, night {number}");
            assert_eq!(headings(&markdown), calm, "seed {seed}, night {number}");
            let value = serde_json::from_str::<serde_json::Value>(&json);
            assert!(value.is_ok(), "seed {seed}, night {number}: {value:?}");
            told += night.lines.len();
            reported += markdown.len() + json.len();
        }
        (told, reported)
    });
    let told: usize = nights.iter().map(|(told, _)| told).sum();
    let reported: usize = nights.iter().map(|(_, reported)| reported).sum();
    super::size::told(
        "hostile bytes without a screen",
        &format!(
            "seed {seed}: {count} inputs, {told} bytes told in lines and {reported} bytes of reports, \
             no control, no HTML, no link, no heading"
        ),
    );
}

#[test]
fn what_is_more_than_text_is_found_in_markdown() {
    for bad in [
        "a <b>x</b>",
        "<script>alert(1)</script>",
        "[x](http://owned)",
        "<http://owned>",
        "![x](http://owned)",
        "[x]: http://owned\n\n[x]",
        "a $x$ b",
        "- [x] done",
    ] {
        assert!(active(bad).is_some(), "{bad}");
    }
    assert_eq!(active("a \\<b\\> `<b>` http://owned"), None);
    assert_eq!(headings("# a\n\nb\n=\n\n    # c"), [1, 1]);
}
