use super::*;

/// Serves a file in pieces of some bytes until the search comes to something.
fn served(search: &mut Search, file: &[u8], piece: usize) -> Came {
    let length = file.len() as u64;
    for _ in 0..10_000_000_u32 {
        if let Some(came) = search.came(length) {
            return came;
        }
        let (offset, most) = search.wanted().expect("it goes on");
        let from = usize::try_from(offset).unwrap().min(file.len());
        let to = (from + piece.min(most as usize)).min(file.len());
        assert!(search.take(offset, &file[from..to]));
    }
    panic!("it never ends");
}

fn go(search: &mut Search, toward: Toward, file: &[u8], piece: usize) -> Option<(u64, bool)> {
    search.go(toward);
    match served(search, file, piece) {
        Came::Upon { place, around } => Some((place.line, around)),
        Came::ToNothing => None,
    }
}

fn search(typed: &str) -> Search {
    Search::new(Pattern::new(typed), "f".into())
}

const POEM: &[u8] = b"One\ntwo \x1b[31mred\x1b[0m one\n\xc3\x84pfel\n50%\r99%\none";

#[test]
fn lines_are_found_forward_and_back_and_around_wherever_a_piece_ends() {
    for piece in 1..POEM.len() + 2 {
        let mut one = search("one");
        assert_eq!(go(&mut one, Toward::End(0), POEM, piece), Some((1, false)));
        assert_eq!(go(&mut one, Toward::End(1), POEM, piece), Some((2, false)));
        let second = one.at.unwrap().start;
        assert_eq!(&POEM[second as usize..][..3], b"two");
        let third = go(&mut one, Toward::End(second + 1), POEM, piece);
        assert_eq!(third, Some((5, false)));
        let last = one.at.unwrap().start;
        let around = go(&mut one, Toward::End(last + 1), POEM, piece);
        assert_eq!(around, Some((1, true)));
        let back = go(&mut one, Toward::Start(0), POEM, piece);
        assert_eq!(back, Some((5, true)));
        let before = go(&mut one, Toward::Start(last), POEM, piece);
        assert_eq!(before, Some((2, false)));
    }
}

#[test]
fn small_letters_find_any_case_and_a_capital_only_itself() {
    let found = |typed: &str| {
        let mut search = search(typed);
        go(&mut search, Toward::End(0), POEM, 7).map(|(line, _)| line)
    };
    assert_eq!(found("one"), Some(1));
    assert_eq!(found("One"), Some(1));
    assert_eq!(found("oNe"), None);
    assert_eq!(found("äpfel"), Some(3));
    assert_eq!(found("Äpfel"), Some(3));
    assert_eq!(found("o red one"), Some(2), "escape sequences are no text");
    assert_eq!(found("31m"), None);
    assert_eq!(
        found("%99"),
        None,
        "a carriage return ends what is one text"
    );
    assert_eq!(found("99%"), Some(4));
}

#[test]
fn a_beginning_that_fails_is_not_forgotten() {
    assert_eq!(
        Pattern::new("aab").within("aaab aab".chars()),
        [(1, 4), (5, 8)]
    );
    assert_eq!(Pattern::new("abab").within("abaabab".chars()), [(3, 7)]);
    assert_eq!(Pattern::new("aa").within("aaaa".chars()), [(0, 2), (2, 4)]);
    assert_eq!(Pattern::new("").within("aaaa".chars()), []);
}

#[test]
fn a_file_without_it_is_read_once_and_an_empty_one_ends_too() {
    let mut none = search("nowhere");
    assert_eq!(go(&mut none, Toward::End(9), POEM, 3), None);
    assert_eq!(none.at, None);
    none.go(Toward::Start(9));
    assert_eq!(none.came(POEM.len() as u64), Some(Came::ToNothing));
    assert_eq!(go(&mut search("x"), Toward::End(0), b"", 3), None);
    assert_eq!(go(&mut search("x"), Toward::Start(0), b"", 3), None);
}

#[test]
fn what_grows_is_searched_on_from_where_it_ended() {
    let mut one = search("one");
    assert_eq!(go(&mut one, Toward::End(1), b"one\no", 9), Some((1, true)));
    let longer = b"one\none\n";
    assert_eq!(go(&mut one, Toward::End(1), longer, 9), Some((2, false)));
    assert_eq!(go(&mut one, Toward::End(5), longer, 9), Some((1, true)));
}

#[test]
fn more_lines_than_are_held_are_all_found_both_ways() {
    let lines = 2 * KEPT + 10;
    let file = b"x\n".repeat(lines);
    let mut search = search("x");
    let end = file.len() as u64;
    let piece = PIECE as usize;
    let back = go(&mut search, Toward::Start(end), &file, piece);
    assert_eq!(back, Some((lines as u64, false)));
    assert!(search.found.len() <= KEPT && search.let_go > 0);
    let first = go(&mut search, Toward::End(0), &file, piece);
    assert_eq!(first, Some((1, false)));
    let all = go(&mut search, Toward::Start(end), &file, piece);
    assert_eq!(all, Some((lines as u64, false)));
    let second = go(&mut search, Toward::Start(4), &file, piece);
    assert_eq!(second, Some((2, false)));
    let around = go(&mut search, Toward::Start(0), &file, piece);
    assert_eq!(around, Some((lines as u64, true)));
}

#[test]
fn a_search_that_was_stopped_asks_for_nothing_and_goes_on_later() {
    let mut search = search("one");
    search.go(Toward::End(1));
    let (offset, _) = search.wanted().unwrap();
    assert_eq!(search.wanted(), None, "one piece at a time");
    assert!(search.stop() && !search.stop());
    assert!(search.take(offset, &POEM[..9]));
    assert_eq!(search.came(POEM.len() as u64), None);
    assert_eq!(search.wanted(), None);
    assert_eq!(go(&mut search, Toward::End(1), POEM, 4), Some((2, false)));
}
