//! A hand that does not rest: while a file is edited, it lets the file and another change places again and again.

use std::fs;
use std::time::Duration;

use runsheet::edit::swap::SwapExit;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::dice::{Dice, seed};
use super::hands::{NEW, OLD, World};
use super::size::{told, tries};
use super::swaps::{Way, end, program, run};

/// What the other file holds.
const THEIRS: &str = "listen: 443 # theirs\n";

/// What came of one edit under such a hand.
struct Came {
    swaps: u64,
    exit: Option<SwapExit>,
    /// Whether the program kept what it could not put back, and said so.
    kept: bool,
    wrong: Option<String>,
}

/// Where a text is: at the two names, or in what the program left.
fn places(world: &World, text: &str) -> (usize, usize) {
    let at = |name: &str| fs::read_to_string(world.at(name)).unwrap_or_default() == text;
    let named = usize::from(at("conf/site.conf")) + usize::from(at("ready/theirs"));
    let left = fs::read_dir(world.at("conf")).unwrap().flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
    let kept = left
        .flat_map(|entry| fs::read_dir(entry.path()).unwrap().flatten())
        .filter(|entry| fs::read_to_string(entry.path()).unwrap_or_default() == text)
        .count();
    (named, kept)
}

fn edit(pause: Duration) -> Came {
    let world = World::new();
    let program = program(&world, Way::Edit);
    let outside = world.outside();
    let mut child = run(&program);
    let mut swaps = 0;
    while child.try_wait().unwrap().is_none() {
        let (one, two) = (world.target(), world.at("ready/theirs"));
        renameat_with(CWD, one, CWD, two, RenameFlags::EXCHANGE).unwrap();
        swaps += 1;
        std::thread::sleep(pause);
    }
    let (exit, said) = end(child);
    let kept = said.contains("kept: ");
    let theirs = places(&world, THEIRS);
    let (old, new) = (places(&world, OLD), places(&world, NEW));
    let once = |(named, aside): (usize, usize)| named + aside == 1 && (aside == 0 || kept);
    let none = |at: (usize, usize)| at == (0, 0);
    let fits = match exit {
        Some(SwapExit::Done) => once(new) && none(old) && !kept,
        Some(SwapExit::NotRestored) => once(new) || once(old),
        Some(exit) => exit.is_as_before() && once(old) && (kept || none(new)),
        None => false,
    };
    let whole = once(theirs) && world.outside() == outside;
    let wrong = (!fits || !whole).then(|| {
        format!(
            "{exit:?} after {swaps}: theirs {theirs:?}, old {old:?}, new {new:?}\n{said}\n{:#?}",
            world.picture()
        )
    });
    Came {
        swaps,
        exit,
        kept,
        wrong,
    }
}

#[test]
fn a_file_that_does_not_rest_is_never_lost() {
    let seed = seed();
    let mut dice = Dice::new(seed);
    let (mut edits, mut swaps, mut done, mut kept) = (0, 0, 0, 0);
    let wanted = tries(7_500, 200_000);
    while swaps < wanted {
        let pause =
            [50, 200, 1_000, 4_000, 20_000, 90_000][usize::try_from(dice.below(6)).unwrap()];
        let came = edit(Duration::from_micros(pause + dice.below(pause)));
        assert!(came.wrong.is_none(), "seed {seed}: {}", came.wrong.unwrap());
        edits += 1;
        swaps += came.swaps;
        done += u64::from(came.exit == Some(SwapExit::Done));
        kept += u64::from(came.kept);
    }
    told(
        "an edited file that does not rest",
        &format!(
            "{swaps} swaps during {edits} edits: {} refused, {done} came where the file was as shown, {kept} kept \
             aside what they could not put back; 0 lost, 0 outside",
            edits - done
        ),
    );
}
