use super::*;

fn served(output: &mut Output, file: &[u8]) {
    output.grew(file.len() as u64, Progress::None);
    while let Some(Wanted { offset, most }) = output.wanted() {
        let from = usize::try_from(offset).unwrap();
        let to = (from + most as usize).min(file.len());
        output.take(offset, &file[from..to], file.len() as u64);
    }
}

fn numbered(lines: usize) -> Vec<u8> {
    (0..lines)
        .flat_map(|n| format!("line {n}\n").into_bytes())
        .collect()
}

#[test]
fn plain_line_feeds_start_at_the_left_and_a_carriage_return_writes_over() {
    let mut output = Output::new("f".into(), 0, Progress::None);
    served(&mut output, b"one\ntwo\r\n10%\r50%\n");
    assert_eq!(output.last_lines(9), ["one", "two", "50%"]);
}

#[test]
fn a_flood_is_followed_at_its_end_and_read_back_to_its_first_line() {
    let file = numbered(200_000);
    let mut output = Output::new("f".into(), 0, Progress::None);
    served(&mut output, &file[..100]);
    served(&mut output, &file);
    assert_eq!(output.last_lines(1), ["line 199999"]);
    assert!(output.beyond().0 > 1_000_000, "the start is not held");
    assert!(output.is_at_end());
    output.top();
    served(&mut output, &file);
    assert!(output.screen().contents().starts_with("line 0\n"));
    assert!(!output.is_at_end());
    let mut last = 0;
    for _ in 0..40_000 {
        output.down(20);
        served(&mut output, &file);
        if output.is_at_end() {
            break;
        }
        last += 1;
    }
    assert!(
        output.is_at_end(),
        "going down ends at the end, after {last} pages"
    );
    assert_eq!(output.last_lines(1), ["line 199999"]);
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut output = Output::new("f".into(), 10, Progress::None);
    output.take(0, b"stray", 10);
    assert_eq!(
        output.wanted(),
        Some(Wanted {
            offset: 0,
            most: 10
        })
    );
    output.take(3, b"stray", 10);
    assert_eq!(output.screen().contents(), "");
}

#[test]
fn any_bytes_in_any_size_are_survived() {
    let mut output = Output::new("f".into(), 0, Progress::Rsync);
    let mut seed = 7_u64;
    for size in [(1, 1), (3, 2), (5, 9), (24, 80)] {
        output.resize(size.0, size.1);
        let mut bytes = Vec::new();
        for _ in 0..20_000 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            bytes.push((seed >> 56) as u8);
        }
        let length = output.length() + bytes.len() as u64;
        output.grew(length, Progress::Rsync);
        if let Some(wanted) = output.wanted() {
            output.take(wanted.offset, &bytes, length);
        }
        assert_eq!(output.progress(std::time::Duration::ZERO), None);
    }
}

#[test]
fn what_is_shown_of_a_flood_stays_until_the_next_piece_is_here() {
    let mut output = Output::new("f".into(), 0, Progress::None);
    served(&mut output, b"early\n");
    output.grew(10 * WINDOW, Progress::None);
    assert!(output.is_behind());
    let wanted = output.wanted().unwrap();
    assert_eq!(wanted.offset, 9 * WINDOW);
    assert_eq!(output.last_lines(2), ["early"]);
    output.take(wanted.offset, b"late\n", 10 * WINDOW);
    assert_eq!(output.last_lines(2), ["late"]);
}
