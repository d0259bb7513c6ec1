//! A hundred thousand hostile inputs, through every door at once, and what came out on the terminal's side.

#[path = "../../../../tests/faults/dice.rs"]
mod dice;
#[path = "../../../../tests/faults/size.rs"]
mod size;

mod corpus;
mod forms;
mod grammar;
mod judges;
mod listed;
mod night;
mod split;
mod told;
mod xterm;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use self::corpus::input;
use self::dice::Dice;
use self::grammar::violation;
use self::judges::{Done, Emulator, tmux};
use self::night::night;
use self::xterm::{Letters, xterm};
use super::stage::{FANCY, PLAIN};
use crate::report::{in_table, inline, span};
use crate::tui::clean;
use crate::tui::plain::split;

/// How many inputs one night meets.
const TOGETHER: u64 = 80;

/// How many inputs as they came, and which share of the screens, real terminals are shown.
const SHOWN: u64 = 20_000;
const SCREENS: u64 = 20;
const MOST: usize = 1 << 20;

/// What keeps one raw input from hiding the next ones: a string ends, VT52 mode is left, the printer is let go.
const RELEASE: &[u8] = b"\x18\x1b\\\x1b<\x1b[4i\n";

/// What a text becomes in a line, a cell, a text box and a table; `told` has every text in a fence, a note and JSON.
fn as_lines(input: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(input);
    let mut told = split(&mut Vec::new(), &[input, b"\n"].concat());
    told.extend([
        clean::line(&text),
        clean::cell(&text),
        clean::typed(&text),
        span(&text),
        in_table(&inline(&text)),
    ]);
    told
}

/// What came of some nights.
#[derive(Default)]
struct Tally {
    screens: u64,
    raw_grammar: u64,
    raw: Done,
    /// What real terminals are shown: what was drawn with letters beyond ASCII, and without.
    drawn: Vec<u8>,
    drawn_plain: Vec<u8>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.screens += other.screens;
        self.raw_grammar += other.raw_grammar;
        self.raw.clipboard += other.raw.clipboard;
        self.raw.title += other.raw.title;
        self.raw.replies += other.raw.replies;
        self.drawn.extend(other.drawn);
        self.drawn_plain.extend(other.drawn_plain);
    }

    /// One night: its inputs are judged as lines and as they came, and its screens as they were sent.
    fn night(
        &mut self,
        seed: u64,
        number: u64,
        count: u64,
        ours: &mut Emulator,
        raw: &mut Emulator,
    ) {
        let mut dice = Dice::new(seed.wrapping_add(number << 32));
        let mut inputs = Vec::new();
        for number in number * TOGETHER..count.min((number + 1) * TOGETHER) {
            let input = input(number, &mut dice);
            for text in as_lines(&input) {
                if let Some(found) = violation(text.as_bytes(), true) {
                    panic!(
                        "seed {seed}, input {number} {:?} as a line: {found}",
                        input.escape_ascii().to_string()
                    );
                }
            }
            // The control: the same bytes as they came.
            self.raw_grammar += u64::from(violation(&input, false).is_some());
            let done = raw.does(&input);
            self.raw.clipboard += done.clipboard.min(1);
            self.raw.title += done.title.min(1);
            self.raw.replies += done.replies.min(1);
            inputs.push(input);
        }
        let look = if number % 4 == 3 { PLAIN } else { FANCY };
        for (screen, frame) in night(&inputs, look, &mut dice).into_iter().enumerate() {
            let found = violation(&frame, false).or_else(|| {
                let odd = frame
                    .iter()
                    .position(|byte| !look.unicode && !byte.is_ascii())?;
                Some(format!("at byte {odd}: not ASCII"))
            });
            if let Some(found) = found {
                panic!("seed {seed}, night {number}, screen {screen}: {found}");
            }
            assert_eq!(
                ours.does(&frame),
                Done::default(),
                "seed {seed}, night {number}, screen {screen}"
            );
            self.screens += 1;
            if self.screens.is_multiple_of(SCREENS) && self.drawn.len() < MOST {
                let shown = if look.unicode {
                    &mut self.drawn
                } else {
                    &mut self.drawn_plain
                };
                shown.extend_from_slice(&frame);
            }
        }
    }
}

/// What came in, for real terminals. It is the same in every run: what it does to them is beyond us, but known.
fn raw() -> Vec<u8> {
    let mut dice = Dice::new(0x5eed);
    // Every fifth: of every form, and not of the first ones alone.
    let inputs = (0..SHOWN).map(|number| [&input(number * 5, &mut dice), RELEASE].concat());
    inputs.flatten().collect()
}

/// Gives numbers out to as many hands as there are cores, each to one of them; what each made of its own.
fn spread<T: Send>(
    numbers: u64,
    work: impl Fn(&mut dyn Iterator<Item = u64>) -> T + Sync,
) -> Vec<T> {
    let next = AtomicU64::new(0);
    let hand = || {
        let mut own = std::iter::from_fn(|| {
            let number = next.fetch_add(1, Ordering::Relaxed);
            (number < numbers).then_some(number)
        });
        work(&mut own)
    };
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        let hands: Vec<_> = (0..cores.min(4)).map(|_| scope.spawn(hand)).collect();
        let ends = hands.into_iter().map(|hand| hand.join());
        ends.map(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn nights(seed: u64, count: u64) -> Tally {
    let some = spread(count.div_ceil(TOGETHER), |numbers| {
        let mut tally = Tally::default();
        let (mut ours, mut raw) = (Emulator::new(40, 120), Emulator::new(5, 20));
        for number in numbers {
            tally.night(seed, number, count, &mut ours, &mut raw);
        }
        tally
    });
    let mut all = Tally::default();
    some.into_iter().for_each(|one| all.add(one));
    all
}

/// Shows all to one kind of real terminal: what was drawn must do nothing, and what came must do all; what it did, told.
fn real(
    name: &str,
    seed: u64,
    drawn: &[u8],
    came: &[u8],
    show: impl Fn(&[u8], &str) -> Result<Done, String> + Sync,
) -> String {
    let (ours, raw) = thread::scope(|scope| {
        let raw = scope.spawn(|| show(came, "raw"));
        let ours = show(drawn, "ours");
        (ours, raw.join())
    });
    match (ours, raw) {
        (Ok(ours), Ok(Ok(raw))) => {
            assert_eq!(
                ours,
                Done::default(),
                "seed {seed}: what was drawn, in {name}"
            );
            assert!(
                raw.clipboard > 0 && raw.title > 0 && raw.replies > 0,
                "the raw bytes in {name}: {raw:?}"
            );
            format!(
                "{name}: {} bytes of ours did nothing, the raw ones {} to clipboards, {} to titles and the like, \
                 {} bytes typed back",
                drawn.len(),
                raw.clipboard,
                raw.title,
                raw.replies
            )
        }
        (Err(why), _) | (_, Ok(Err(why))) => format!("SKIPPED in {name}: {why}"),
        (_, Err(panic)) => std::panic::resume_unwind(panic),
    }
}

#[test]
fn a_hundred_thousand_hostile_inputs_do_nothing_to_a_terminal() {
    let count = size::tries(100_000, 2_000_000);
    let seed = dice::seed();
    let all = nights(seed, count);
    assert!(
        all.raw_grammar > count / 2,
        "the grammar lets {} of {count} pass",
        count - all.raw_grammar
    );
    for (what, tripped) in [
        ("clipboard", all.raw.clipboard),
        ("title", all.raw.title),
        ("reply", all.raw.replies),
    ] {
        assert!(
            tripped > 0,
            "as they came none of {count} did something to the {what}"
        );
    }
    let (drawn, plain, came) = (&all.drawn, &all.drawn_plain, &raw());
    // They mostly wait: all at the same time.
    let told = thread::scope(|scope| {
        let judges = [
            scope.spawn(|| real("tmux", seed, drawn, came, tmux)),
            scope.spawn(|| {
                let show = |bytes: &[u8], _: &str| xterm(bytes, Letters::Utf8);
                real("xterm", seed, drawn, came, show)
            }),
            scope.spawn(|| {
                let show = |bytes: &[u8], _: &str| xterm(bytes, Letters::Latin1);
                real("an xterm without UTF-8", seed, plain, came, show)
            }),
        ];
        judges.map(|judge| match judge.join() {
            Ok(told) => told,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    });
    size::told(
        "hostile bytes",
        &format!(
            "seed {seed}: {count} inputs, {} screens, 0 let through; as they came {} break the grammar, \
             {} set the emulator's clipboard, {} its title, {} are answered; {}",
            all.screens,
            all.raw_grammar,
            all.raw.clipboard,
            all.raw.title,
            all.raw.replies,
            told.join("; ")
        ),
    );
}
