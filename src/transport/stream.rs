//! The bytes between the frames.

use std::fs::File;
use std::sync::Arc;

use rustix::buffer::spare_capacity;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

use super::error::Fault;
use super::frames::LONGEST;
use super::receipt::Chunk;

/// The largest piece of output handed on at once, in bytes.
const PIECE: u64 = 256 * 1024;

/// A line that nobody there should have said.
pub(super) fn garbled(line: &[u8]) -> Fault {
    let text = String::from_utf8_lossy(line);
    Fault::Garbled(text.chars().take(200).collect())
}

/// Reads a line and takes its newline off.
pub(super) async fn read_line<R: AsyncBufRead + Unpin>(from: &mut R) -> Result<Vec<u8>, Fault> {
    let mut line = Vec::new();
    from.take(LONGEST).read_until(b'\n', &mut line).await?;
    match line.pop() {
        Some(b'\n') => Ok(line),
        Some(_) if line.len() as u64 + 1 >= LONGEST => Err(garbled(&line)),
        _ => Err(Fault::Gone("the other side closed the channel".into())),
    }
}

/// Hands on what stands between `at` and `end`. Waits for the receiver as long as there is one; when
/// it has gone, the rest is read and dropped so that the end is still heard.
pub(super) async fn copy<R: AsyncRead + Unpin>(
    from: &mut R,
    at: &mut u64,
    end: u64,
    out: &mpsc::Sender<Chunk>,
) -> Result<(), Fault> {
    while *at < end {
        let want = (end - *at).min(PIECE);
        let mut bytes = Vec::with_capacity(want as usize);
        let got = from.take(want).read_buf(&mut bytes).await? as u64;
        if got == 0 {
            return Err(Fault::Gone(
                "the output ended before its announced length".into(),
            ));
        }
        // an error says that nobody listens any more
        let _ = out.send(Chunk { offset: *at, bytes }).await;
        *at += got;
    }
    Ok(())
}

/// As [`copy`], from a file of this machine. Read straight into the pieces and not through tokio's `File`,
/// which would copy every byte once more.
pub(super) async fn copy_file(
    from: &Arc<File>,
    at: &mut u64,
    end: u64,
    out: &mpsc::Sender<Chunk>,
) -> Result<(), Fault> {
    while *at < end {
        let (file, offset) = (from.clone(), *at);
        let want = (end - offset).min(PIECE);
        let reading = tokio::task::spawn_blocking(move || {
            // into memory that nobody clears first, which would cost a third of what the reading does
            let mut bytes = Vec::with_capacity(want as usize);
            rustix::io::pread(&*file, spare_capacity(&mut bytes), offset)?;
            Ok::<_, std::io::Error>(bytes)
        });
        let bytes = reading
            .await
            .map_err(|error| Fault::Gone(error.to_string()))??;
        if bytes.is_empty() {
            return Err(Fault::Gone(
                "the output ended before its announced length".into(),
            ));
        }
        *at += bytes.len() as u64;
        // an error says that nobody listens any more
        let _ = out.send(Chunk { offset, bytes }).await;
    }
    Ok(())
}

/// Reads up to and including `mark`. Returns what stood before it, at most `cap` bytes, and whether
/// there was more.
pub(super) async fn until<R: AsyncBufRead + Unpin>(
    from: &mut R,
    mark: &[u8],
    cap: usize,
) -> Result<(Vec<u8>, bool), Fault> {
    let mut kept = Vec::new();
    let mut cut = false;
    let mut keep = |bytes: &[u8]| {
        let room = cap - kept.len();
        cut |= bytes.len() > room;
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    };
    // the last bytes seen, which may be the beginning of the mark
    let mut tail: Vec<u8> = Vec::new();
    loop {
        let piece = from.fill_buf().await?;
        if piece.is_empty() {
            return Err(Fault::Gone("the other side closed the channel".into()));
        }
        let before = tail.len();
        let length = piece.len();
        tail.extend_from_slice(piece);
        if let Some(found) = tail.windows(mark.len()).position(|window| window == mark) {
            keep(&tail[..found]);
            from.consume(found + mark.len() - before);
            return Ok((kept, cut));
        }
        from.consume(length);
        let sure = tail.len().saturating_sub(mark.len() - 1);
        keep(&tail[..sure]);
        tail.drain(..sure);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::BufReader;

    use super::*;

    async fn split(
        bytes: &[u8],
        mark: &[u8],
        cap: usize,
        buffer: usize,
    ) -> (Vec<u8>, bool, Vec<u8>) {
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
}
