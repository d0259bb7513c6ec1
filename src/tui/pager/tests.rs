use super::*;
use crate::problem::hidden;

fn feed(file: &[u8], unicode: bool) -> Feed {
    Feed::new(Paged {
        file: "f".into(),
        length: file.len() as u64,
        unicode,
    })
}

fn piece(file: &[u8], offset: u64, most: u32) -> Update {
    let from = usize::try_from(offset).unwrap().min(file.len());
    let to = (from + most as usize).min(file.len());
    Update::Piece {
        file: "f".into(),
        offset,
        bytes: file[from..to].to_vec(),
        length: file.len() as u64,
    }
}

/// All that a pager gets of a file that takes a few bytes at a time.
fn read(file: &[u8], unicode: bool) -> String {
    let mut feed = feed(file, unicode);
    let mut text = Vec::new();
    while !feed.is_over() {
        if let Some((_, offset, most)) = feed.wanted() {
            feed.take(&piece(file, offset, most));
        }
        let some = feed.ready().len().min(7000);
        text.extend(&feed.ready()[..some]);
        feed.taken(some);
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn a_pager_gets_what_may_be_shown_and_no_control() {
    let nasty = "a\x1b[31mb\x1b]0;title\x07c\u{9b}1m\u{202e}d\r\n10%\r20%\x08\ne\tf\n漢\tg\nlast";
    let text = read(nasty.as_bytes(), true);
    assert_eq!(text, "abc1m\\u{202e}d\n20%\ne       f\n漢      g\nlast\n");
    let ascii = read("漢字 ü\n".as_bytes(), false);
    assert_eq!(ascii, "?? ?\n");
    let mut seed = 11_u64;
    let mut bytes = Vec::new();
    for _ in 0..200_000 {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        bytes.push((seed >> 56) as u8);
    }
    let text = read(&bytes, true);
    assert!(text.len() > 100_000);
    assert!(!text.chars().any(|c| c != '\n' && hidden(c)));
}

#[test]
fn a_file_of_any_length_is_read_only_as_fast_as_the_pager_takes_it() {
    let file = vec![b'x'; 100_000];
    let mut feed = Feed::new(Paged {
        file: "f".into(),
        length: 1 << 40,
        unicode: true,
    });
    let (_, offset, most) = feed.wanted().unwrap();
    assert_eq!(feed.wanted(), None, "one piece at a time");
    feed.take(&piece(&file, offset, most));
    let held = feed.ready().len();
    assert!(held > 0 && held <= 2 * PIECE as usize, "{held}");
    assert_eq!(feed.wanted(), None, "and none before that was taken");
    feed.taken(held);
    assert_eq!(feed.wanted().unwrap().1, u64::from(PIECE));
}

#[test]
fn a_line_of_any_length_passes_in_pieces() {
    let file = vec![b'x'; 3 * LONGEST + 5];
    assert_eq!(read(&file, true).len(), file.len() + 1);
}

#[test]
fn after_a_lost_line_it_is_asked_again_and_after_the_last_it_says_that_the_rest_is_missing() {
    let file = b"one\ntwo\n";
    let mut feed = feed(file, true);
    let wanted = feed.wanted();
    assert!(wanted.is_some() && feed.wanted().is_none());
    let why = || "gone".to_owned();
    feed.take(&Update::Disconnected {
        why: why(),
        last: false,
    });
    feed.take(&Update::Connected {
        run: crate::names::RunId::new("20261121-020000-move-k3f9").unwrap(),
        client: 1,
        now: crate::clock::Timestamp::UNIX_EPOCH,
        caught_up_at: 0,
    });
    assert_eq!(feed.wanted(), wanted);
    feed.take(&Update::Disconnected {
        why: why(),
        last: true,
    });
    assert!(feed.ready().ends_with(b"the rest is missing here]\n"));
    assert_eq!(feed.wanted(), None);
}

#[test]
fn a_pager_is_split_at_blanks_and_no_shell_sees_it() {
    let of = |named: Option<&str>| {
        let named = named.map(str::to_owned);
        Pager::from_env(|name| named.clone().filter(|_| name == "PAGER")).words
    };
    assert_eq!(of(None), ["less"]);
    assert_eq!(of(Some("  ")), ["less"]);
    assert_eq!(of(Some("less -R  -i")), ["less", "-R", "-i"]);
    assert_eq!(of(Some("cat;id $(id)")), ["cat;id", "$(id)"]);
}
