//! What may be read, and what an answer may look like.

use std::fs;
use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::stage::{Stage, on_each_shell};
use super::*;

#[test]
fn reading_refuses_by_name_what_an_edit_must_not_touch() {
    on_each_shell(|stage| {
        let path = stage.write("conf/site.conf", "text\n");
        symlink(&path, stage.path("conf/link")).unwrap();
        stage.write("conf/hard", "x");
        fs::hard_link(stage.path("conf/hard"), stage.path("conf/twin")).unwrap();
        stage.write("conf/large", vec![b'a'; LIMIT + 1]);
        stage.write("conf/latin", b"caf\xe9\n");
        stage.write("conf/nul", b"a\0b");
        for (name, reason, word) in [
            ("conf/link", Reason::Unsafe, "symbolic link"),
            ("conf/hard", Reason::Unsafe, "2 names"),
            ("conf/large", Reason::Unsafe, "4194305 bytes"),
            ("conf", Reason::Unsafe, "not a regular file"),
            ("conf/none", Reason::Missing, "not there"),
            ("none/none", Reason::Missing, "cannot enter"),
            ("conf/latin", Reason::Unsupported, "line 1"),
            ("conf/nul", Reason::Unsupported, "NUL"),
        ] {
            let error = stage.read(&stage.path(name)).unwrap_err();
            assert_eq!(error.reason(), reason, "{name}: {error}");
            assert!(error.what().contains(word), "{name}: {error}");
        }
    });
}

#[test]
fn paths_that_are_not_plain_are_refused() {
    for path in [
        "", "etc/x", "/", "//x", "/a/../b", "/a/./b", "/a/", "/a\nb", "/a\0b", "-x",
    ] {
        let error = read_program(path).unwrap_err();
        assert_eq!(error.reason(), Reason::Request, "{path:?}");
    }
}

#[test]
fn a_forged_answer_is_refused() {
    let stage = Stage::new(&["sh"]);
    let path = stage.write("conf/site.conf", "text\n");
    let good = stage.run(&read_program(&path).unwrap()).stdout;
    let good = String::from_utf8(good).unwrap();
    assert!(parse_read(&path, good.as_bytes()).is_ok());
    for (find, replace) in [
        ("runsheet-file 1", "Welcome!\nrunsheet-file 1"),
        ("content 5", "content 4"),
        ("content 5", "content +5"),
        ("content 5", "content 99999999999999999999"),
        ("text\n", "TEXT\n"),
        ("-end\n", "-end\nmore"),
        ("-end\n", "-changed\n"),
        ("sha256 ", "sha256 0"),
        (" 81", " a1"),
        ("folder ", "folder x"),
    ] {
        let forged = good.replacen(find, replace, 1);
        assert_ne!(forged, good, "{find}");
        assert!(
            parse_read(&path, forged.as_bytes()).is_err(),
            "{find} {replace}"
        );
    }
    for cut in 0..good.len() {
        assert!(parse_read(&path, &good.as_bytes()[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn each_exit_code_is_read_back() {
    for exit in SwapExit::ALL {
        assert_eq!(SwapExit::from_code(exit.code()), Some(exit));
    }
    assert_eq!(SwapExit::from_code(1), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_of_any_bytes_is_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(parse_read("/x", &bytes).is_err());
        let framed = [b"runsheet-file 1\nreal /\n".as_slice(), &bytes].concat();
        prop_assert!(parse_read("/x", &framed).is_err());
    }
}
