//! The last moment before the new file gets the name: with each program that can exchange two names, and with none.

use std::fs;

use super::SwapExit;
use super::stage::{Stage, on_each_shell};

/// Lets only one program exchange two names, and does something just before it does that with the file.
fn only_trade_with(stage: &mut Stage, program: &str, hand: &str) {
    const PERL: &str = "exec perl -e 'exit(syscall(316, -100, $ARGV[0], -100, $ARGV[1], 2) != 0)' -- \"$3\" \"$4\"";
    for other in ["perl", "python3"] {
        let then = format!("case $* in *./new*|*./back*) {hand};; esac; exec \"$real\" \"$@\"");
        stage.wrap(other, if other == program { &then } else { "exit 1" });
    }
    // The mv of this machine may be too old to know it.
    let exchange = match program {
        "mv" => format!("case $* in *./new*|*./back*) {hand};; esac; PATH=${{PATH#*:}}; {PERL}"),
        _ => "exit 1".to_owned(),
    };
    let script = format!("case $1 in --exchange) {exchange};; esac; exec \"$real\" \"$@\"");
    stage.wrap("mv", &script);
}

#[test]
fn what_somebody_did_in_the_last_moment_goes_back() {
    for program in ["mv", "perl", "python3"] {
        if program == "mv" && std::env::consts::ARCH != "x86_64" {
            eprintln!("SKIPPED: the double of a new mv knows one architecture");
            continue;
        }
        for (hand, expected) in [
            ("printf theirs >\"$target\"", SwapExit::Changed),
            (
                "cp -p \"$target\" \"$target.x\"; /bin/mv -f \"$target.x\" \"$target\"",
                SwapExit::Changed,
            ),
            ("chmod 0777 \"$target\"", SwapExit::Changed),
            ("ln -sf /dev/null \"$target\"", SwapExit::Changed),
            ("ln \"$target\" \"$target.x\"", SwapExit::Changed),
            ("rm \"$target\"; mkfifo \"$target\"", SwapExit::Changed),
            (
                "rm \"$target\"; mkdir \"$target\"; : >\"$target/x\"",
                SwapExit::Changed,
            ),
            ("rm \"$target\"", SwapExit::Changed),
            (
                "/bin/mv \"${target%/*}\" \"${target%/*}.x\"",
                SwapExit::Restored,
            ),
            (":", SwapExit::Done),
        ] {
            let mut stage = Stage::new(&["sh"]);
            let path = stage.write("conf/site.conf", "old");
            let swap = stage.swap(&path, "new");
            // Once, and not again when what was done goes back.
            let once = format!(
                "target='{path}'; [ -e '{path}.done' ] || {{ : >'{0}/done'; {hand}; }}",
                stage.path("")
            );
            let once = once.replace(&format!("{path}.done"), &stage.path("done"));
            only_trade_with(&mut stage, program, &once);
            let (exit, said) = stage.apply(&swap);
            assert_eq!(exit, expected, "{program}, {hand}: {said}");
            assert!(!said.contains("cannot exchange"), "{program}: {said}");
            let there = fs::symlink_metadata(&path).map(|meta| meta.is_file());
            let new = there.unwrap_or(false) && fs::read(&path).unwrap() == b"new";
            assert_eq!(new, exit == SwapExit::Done, "{program}, {hand}");
            let folder = stage.root.join("conf");
            let left = fs::read_dir(if folder.exists() {
                folder
            } else {
                stage.root.join("conf.x")
            });
            let hidden = left
                .unwrap()
                .any(|it| it.unwrap().file_name().to_str().unwrap().starts_with('.'));
            assert!(!hidden, "{program}, {hand}: {said}");
        }
    }
}

#[test]
fn where_two_names_cannot_change_places_that_is_said() {
    on_each_shell(|stage| {
        let mut stage = Stage::new(&stage.shell);
        let path = stage.write("conf/site.conf", "old");
        let swap = stage.swap(&path, "new");
        only_trade_with(&mut stage, "none", ":");
        let (exit, said) = stage.apply(&swap);
        assert_eq!(exit, SwapExit::Done, "{said}");
        assert!(said.contains("cannot exchange two names"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(stage.left(), ["site.conf"]);
    });
}
