//! The programs, run for real in folders of their own.
//!
//! A folder that cannot be written is not among the plays: as root, every folder can be.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use proptest::prelude::*;

use super::stage::{Stage, back, mode, on_each_shell};
use super::*;

#[test]
fn a_swap_keeps_owner_and_mode_and_its_restore_gives_the_same_bytes() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "old\r\nno final newline");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let root = rustix::process::geteuid().is_root();
        if root {
            std::os::unix::fs::chown(&path, Some(4321), Some(1234)).unwrap();
        } else {
            eprintln!("SKIPPED: another owner can only be tried as root");
        }
        let mut swap = stage.swap(&path, "new\n");
        swap.validate = Some("printf 'fine at %s\\n' \"$(pwd)\"".to_owned());
        assert_eq!(swap.stamp.mode, 0o640);
        let (exit, said) = stage.apply(&swap);
        assert_eq!(exit, SwapExit::Done, "{said}");
        assert!(said.contains("fine at /\n"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
        assert_eq!(mode(&path), 0o640);
        if root {
            let meta = fs::metadata(&path).unwrap();
            assert_eq!((meta.uid(), meta.gid()), (4321, 1234));
        }
        assert_eq!(mode(stage.root.join("kept/away")), 0o700);
        assert_eq!(stage.left(), ["site.conf"]);

        let (exit, said) = stage.apply(&swap);
        assert_eq!(exit, SwapExit::Already, "{said}");
        let (exit, said) = stage.restore(&swap);
        assert_eq!(exit, SwapExit::Done, "{said}");
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "old\r\nno final newline"
        );
        assert_eq!(stage.read(&path).unwrap().stamp.owner(), swap.stamp.owner());
        assert_eq!(mode(&path), 0o640);
        assert_eq!(stage.restore(&swap).0, SwapExit::Already);
        assert_eq!(stage.left(), ["site.conf"]);
    });
}

#[test]
fn a_file_that_changed_since_it_was_shown_is_left_alone() {
    type Hand = fn(&Stage, &str);
    let hands: [(&str, Hand, SwapExit); 7] = [
        (
            "content",
            |_, path| fs::write(path, "theirs").unwrap(),
            SwapExit::Changed,
        ),
        (
            "mode",
            |_, path| fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap(),
            SwapExit::Changed,
        ),
        (
            "gone",
            |_, path| fs::remove_file(path).unwrap(),
            SwapExit::Changed,
        ),
        (
            "link",
            |stage, path| {
                fs::rename(path, stage.path("conf/real")).unwrap();
                symlink(stage.path("conf/real"), path).unwrap();
            },
            SwapExit::Unsafe,
        ),
        (
            "hard link",
            |stage, path| fs::hard_link(path, stage.path("other")).unwrap(),
            SwapExit::Unsafe,
        ),
        (
            "folder in its place",
            |_, path| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            },
            SwapExit::Unsafe,
        ),
        (
            "another folder with the same file",
            |stage, path| {
                let content = fs::read(path).unwrap();
                fs::rename(stage.path("conf"), stage.path("moved")).unwrap();
                fs::create_dir(stage.path("conf")).unwrap();
                fs::write(path, content).unwrap();
            },
            SwapExit::Changed,
        ),
    ];
    on_each_shell(|stage| {
        for (name, hand, expected) in hands {
            let stage = Stage::new(&stage.shell);
            let path = stage.write("conf/site.conf", "old");
            let swap = stage.swap(&path, "new");
            hand(&stage, &path);
            let (exit, said) = stage.apply(&swap);
            assert_eq!(exit, expected, "{name}: {said}");
            assert_ne!(fs::read(&path).unwrap_or_default(), b"new", "{name}");
            assert!(!stage.root.join("kept").exists(), "{name}");
            assert!(stage.left().iter().all(|it| !it.starts_with('.')), "{name}");
        }
    });
}

#[test]
fn a_swap_whose_validation_fails_is_taken_back() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "old");
        for (validate, word) in [
            ("echo no good; exit 3", "exit 3"),
            ("if", "validate: exit"),
            ("cd / && kill -9 $(sh -c 'echo $PPID')", "validate: exit"),
        ] {
            let mut swap = stage.swap(&path, "new");
            swap.backup = stage.path(&format!("kept/{}", validate.len()));
            swap.validate = Some(validate.to_owned());
            let (exit, said) = stage.apply(&swap);
            assert_eq!(exit, SwapExit::Restored, "{validate}: {said}");
            assert!(said.contains(word), "{said}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
            assert_eq!(stage.left(), ["site.conf"]);
        }
    });
}

#[test]
fn what_somebody_else_wrote_during_the_validation_is_not_taken_back() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "old");
        let mut swap = stage.swap(&path, "new");
        swap.validate = Some(format!("printf theirs > '{path}'; false"));
        let (exit, said) = stage.apply(&swap);
        assert_eq!(exit, SwapExit::NotRestored, "{said}");
        assert!(said.contains("By hand: cp -p"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    });
}

#[test]
fn a_swap_without_a_safe_backup_changes_nothing() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "old");
        let elsewhere = |backup: String| Swap {
            backup,
            ..stage.swap(&path, "new")
        };
        fs::create_dir(stage.path("kept")).unwrap();
        stage.write("kept/taken", "somebody's");
        stage.write("plain", "a file where a folder should be");
        symlink(stage.path("kept"), stage.path("linked")).unwrap();
        symlink(stage.path("conf"), stage.path("inside")).unwrap();
        for backup in ["kept/taken", "plain/x", "linked/x", "inside/deep/x"] {
            let (exit, said) = stage.apply(&elsewhere(stage.path(backup)));
            assert_eq!(exit, SwapExit::NoBackup, "{backup}: {said}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        }
        assert_eq!(
            fs::read_to_string(stage.path("kept/taken")).unwrap(),
            "somebody's"
        );
        let inside = elsewhere(stage.path("conf/x"));
        assert_eq!(swap_program(&inside).unwrap_err().reason(), Reason::Request);
    });
}

#[test]
fn a_restore_wants_the_edit_untouched_and_the_backup_whole() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "old");
        let swap = stage.swap(&path, "new");
        assert_eq!(stage.apply(&swap).0, SwapExit::Done);
        fs::write(&swap.backup, "not what was kept").unwrap();
        assert_eq!(stage.restore(&swap).0, SwapExit::NoBackup);
        fs::remove_file(&swap.backup).unwrap();
        assert_eq!(stage.restore(&swap).0, SwapExit::NoBackup);
        fs::write(&swap.backup, "old").unwrap();
        fs::write(&path, "edited since").unwrap();
        assert_eq!(stage.restore(&swap).0, SwapExit::Changed);
        assert_eq!(fs::read_to_string(&path).unwrap(), "edited since");
        fs::write(&path, "new").unwrap();
        let unsound = Restore {
            validate: Some("false".to_owned()),
            ..back(&swap)
        };
        let (exit, said) = stage.change(&restore_program(&unsound).unwrap());
        assert_eq!(exit, SwapExit::RestoredUnsound, "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    });
}

#[test]
fn a_folder_reached_through_a_link_is_told_and_resolved() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "text\n");
        symlink(stage.path("conf"), stage.path("way")).unwrap();
        let seen = stage.read(&stage.path("way/site.conf")).unwrap();
        assert_eq!(seen.stamp.via, [stage.path("way")]);
        assert_eq!(seen.stamp.folder, stage.path("conf"));
        let swap = stage.swap(&stage.path("way/site.conf"), "new");
        fs::remove_file(stage.path("way")).unwrap();
        fs::create_dir(stage.path("way")).unwrap();
        stage.write("way/site.conf", "text\n");
        assert_eq!(stage.apply(&swap).0, SwapExit::Changed);
        assert_eq!(fs::read_to_string(path).unwrap(), "text\n");
    });
}

#[test]
fn hostile_names_and_content_arrive_byte_for_byte() {
    const NASTY: [&str; 12] = [
        "-rf",
        "it's; $(touch owned) `touch owned`",
        "\\n \\\\ %s %d",
        "*?[a] {a,b} ~",
        "\"double\" $HOME ${x:-y}",
        "a b  c",
        "é Á 漢 \u{1f980} \u{81}\u{88}".trim_ascii(),
        "#",
        "!!",
        "'''",
        "=x",
        "EOF",
    ];
    on_each_shell(|stage| {
        for name in NASTY {
            let plain: String = name.chars().filter(|it| !it.is_control()).collect();
            let path = stage.write(&format!("conf/{plain}"), name);
            let content = format!("{name}\r\n\t{}\n\n{name}", NASTY.join("\n"));
            let mut swap = stage.swap(&path, &content);
            swap.backup = stage.path(&format!("kept $(x) 'q'/{plain}"));
            let (exit, said) = stage.apply(&swap);
            assert_eq!(exit, SwapExit::Done, "{name}: {said}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
            assert_eq!(stage.restore(&swap).0, SwapExit::Done);
            assert_eq!(fs::read_to_string(&path).unwrap(), name);
            fs::remove_file(path).unwrap();
        }
        assert!(stage.left().is_empty(), "{:?}", stage.left());
    });
}

#[test]
fn a_change_while_the_new_content_is_written_is_seen_before_the_rename() {
    for (hand, expected) in [
        ("printf theirs >\"$target\"", SwapExit::Changed),
        (
            "cp -p \"$target\" \"$target.x\"; mv \"$target.x\" \"$target\"",
            SwapExit::Changed,
        ),
        ("chmod 0777 \"$target\"", SwapExit::Changed),
        (
            "rm \"$target\"; ln -s /dev/null \"$target\"",
            SwapExit::Changed,
        ),
        ("ln \"$target\" \"$target.x\"", SwapExit::Changed),
        ("mv \"${target%/*}\" \"${target%/*}.x\"", SwapExit::Changed),
        (":", SwapExit::Done),
    ] {
        let mut stage = Stage::new(&["sh"]);
        let path = stage.write("conf/site.conf", "old");
        let swap = stage.swap(&path, "new");
        // Everything durable is so before the last look, so this stands between both looks.
        stage.wrap(
            "sync",
            &format!("target='{path}'; case $* in ./new) {hand};; esac; exec \"$real\" \"$@\""),
        );
        let (exit, said) = stage.apply(&swap);
        assert_eq!(exit, expected, "{hand}: {said}");
        let there = fs::read(&path).unwrap_or_default();
        assert_eq!(there == b"new", expected == SwapExit::Done, "{hand}");
    }
}

#[test]
fn no_program_is_given_the_content_as_an_argument() {
    let mut stage = Stage::new(&["sh"]);
    let path = stage.write("conf/site.conf", "OLD-SECRET-TEXT");
    let log = stage.path("log");
    for program in [
        "stat",
        "sha256sum",
        "cp",
        "mv",
        "chmod",
        "chown",
        "mkdir",
        "rm",
        "sync",
        "id",
        "dd",
    ] {
        stage.wrap(
            program,
            &format!("printf '%s ' \"$0\" \"$@\" >>'{log}'; env >>'{log}'; exec \"$real\" \"$@\""),
        );
    }
    let swap = stage.swap(&path, "NEW-SECRET-TEXT");
    assert_eq!(stage.apply(&swap).0, SwapExit::Done);
    assert_eq!(stage.restore(&swap).0, SwapExit::Done);
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("/chown "), "{log}");
    assert!(!log.contains("SECRET-TEXT"), "{log}");
}

#[test]
fn a_signal_during_the_validation_takes_the_edit_back() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "old");
        let mut swap = stage.swap(&path, "new");
        // `read` is a builtin, so this is the shell's own line: its fourth field is its parent.
        swap.validate =
            Some("read -r a b c parent rest </proc/self/stat; kill -TERM $parent".to_owned());
        let (exit, said) = stage.apply(&swap);
        assert_eq!(exit, SwapExit::Restored, "{said}");
        assert!(said.contains("cut short by a signal"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    });
}

#[test]
fn a_cut_program_runs_nothing() {
    let stage = Stage::new(&["sh"]);
    let path = stage.write("conf/site.conf", "old");
    let program = swap_program(&stage.swap(&path, "new")).unwrap();
    for cut in (0..program.len() - "runsheet_edit </dev/null\n".len()).step_by(97) {
        stage.run(&program[..cut]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert!(!stage.root.join("kept").exists());
    }
}

#[test]
fn a_file_of_the_largest_size_is_swapped() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "é\n".repeat(LIMIT / 3));
        let seen = stage.read(&path).unwrap();
        let content = "'x\n".repeat(LIMIT / 3);
        let swap = stage.swap(&path, &content);
        assert_eq!(stage.apply(&swap).0, SwapExit::Done);
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
        assert_eq!(stage.restore(&swap).0, SwapExit::Done);
        assert_eq!(fs::read_to_string(&path).unwrap(), seen.content);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_swapped_and_restored_is_as_it_was(
        old in "(?s)[^\0]{0,80}",
        new in "(?s)[^\0]{0,80}",
        mode in 0o400_u32..0o1000,
    ) {
        prop_assume!(old != new);
        let stage = Stage::new(&["sh"]);
        let path = stage.write("conf/file", &old);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode | 0o400)).unwrap();
        let seen = stage.read(&path).unwrap();
        prop_assert_eq!(&seen.content, &old);
        let swap = stage.swap(&path, &new);
        prop_assert_eq!(stage.apply(&swap).0, SwapExit::Done);
        prop_assert_eq!(fs::read(&path).unwrap(), new.as_bytes());
        prop_assert_eq!(stage.restore(&swap).0, SwapExit::Done);
        prop_assert_eq!(fs::read(&path).unwrap(), old.as_bytes());
        prop_assert_eq!(stage.read(&path).unwrap().stamp.mode, mode | 0o400);
    }
}
