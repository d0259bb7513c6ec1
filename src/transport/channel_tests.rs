use super::*;

async fn split(bytes: &[u8], mark: &[u8], cap: usize, buffer: usize) -> (Vec<u8>, bool, Vec<u8>) {
    let mut reader = BufReader::with_capacity(buffer, bytes);
    let (kept, cut) = until(&mut reader, mark, cap).await.unwrap();
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).await.unwrap();
    (kept, cut, rest)
}

#[tokio::test]
async fn a_mark_is_found_wherever_the_pieces_break() {
    let bytes = b"xabaabab-abac-rest";
    for buffer in 1..bytes.len() + 2 {
        let (kept, cut, rest) = split(bytes, b"abac", 100, buffer).await;
        assert_eq!(
            (kept.as_slice(), cut, rest.as_slice()),
            (&b"xabaabab-"[..], false, &b"-rest"[..])
        );
    }
}

#[tokio::test]
async fn beyond_the_cap_bytes_are_dropped_and_it_is_told() {
    for buffer in [1, 3, 64] {
        let (kept, cut, rest) = split(b"0123456789MARK 0\n", b"MARK", 4, buffer).await;
        assert_eq!(
            (kept.as_slice(), cut, rest.as_slice()),
            (&b"0123"[..], true, &b" 0\n"[..])
        );
    }
    assert!(!split(b"0123MARK", b"MARK", 4, 2).await.1);
}

#[tokio::test]
async fn an_end_before_the_mark_is_a_lost_channel() {
    let mut reader = BufReader::new(&b"no mar"[..]);
    assert!(matches!(
        until(&mut reader, b"mark", 9).await,
        Err(Fault::Gone(_))
    ));
}

#[tokio::test]
async fn a_line_without_end_is_refused() {
    let long = vec![b'a'; LONGEST as usize + 10];
    let mut reader = BufReader::new(&long[..]);
    assert!(matches!(
        read_line(&mut reader).await,
        Err(Fault::Garbled(_))
    ));
    let mut reader = BufReader::new(&b"D 0"[..]);
    assert!(matches!(read_line(&mut reader).await, Err(Fault::Gone(_))));
}

#[test]
fn the_program_is_one_function_and_one_call() {
    let text = program("w", None);
    assert!(text.starts_with("rs_agent() {\n"));
    assert!(text.ends_with("\n}\nrs_agent w '' END\n"));
    assert!(!text.lines().any(|line| line.starts_with('#')));
}
