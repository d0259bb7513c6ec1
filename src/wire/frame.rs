//! Frames on a stream.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest frame in bytes. A larger length is a peer that does not speak this protocol.
pub const MAX_FRAME: u32 = 16 << 20;

/// Why a frame could not be had.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The stream failed.
    #[error("the connection failed: {0}")]
    Stream(#[from] std::io::Error),
    /// A frame claims to be longer than any is.
    #[error("a frame of {0} bytes; the other side does not speak this protocol")]
    TooLong(u64),
    /// A frame does not say anything known.
    #[error("a frame that cannot be understood ({0}); are both sides of the same version?")]
    Unknown(#[from] serde_json::Error),
}

/// Reads one frame; none where the other side closed the stream between frames.
///
/// # Errors
///
/// A stream that fails or ends inside a frame, a frame over [`MAX_FRAME`], and one that is not what is
/// expected.
pub async fn read<T: DeserializeOwned>(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<T>, WireError> {
    let mut length = [0u8; 4];
    match stream.read(&mut length[..1]).await? {
        0 => return Ok(None),
        _ => stream.read_exact(&mut length[1..]).await?,
    };
    let length = u32::from_be_bytes(length);
    if length > MAX_FRAME {
        return Err(WireError::TooLong(length.into()));
    }
    // Read through `take`, so that a peer that announces much and sends little costs little.
    let mut bytes = Vec::new();
    stream.take(length.into()).read_to_end(&mut bytes).await?;
    if bytes.len() < length as usize {
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
    }
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Writes one frame.
///
/// # Errors
///
/// A stream that fails, and a message over [`MAX_FRAME`].
pub async fn write<T: Serialize>(
    stream: &mut (impl AsyncWrite + Unpin),
    message: &T,
) -> Result<(), WireError> {
    let json = serde_json::to_vec(message)?;
    let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
    if length > MAX_FRAME {
        return Err(WireError::TooLong(json.len() as u64));
    }
    let mut frame = Vec::with_capacity(json.len() + 4);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&json);
    stream.write_all(&frame).await?;
    stream.flush().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ToEngine;

    #[tokio::test]
    async fn a_message_arrives_as_it_was_sent_and_the_end_is_told() {
        let sent = ToEngine::Hello {
            protocol: 1,
            name: "ana".into(),
            watch: false,
            from: 7,
        };
        let mut bytes = Vec::new();
        write(&mut bytes, &sent).await.unwrap();
        let mut stream = bytes.as_slice();
        assert_eq!(read::<ToEngine>(&mut stream).await.unwrap(), Some(sent));
        assert_eq!(read::<ToEngine>(&mut stream).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_cut_a_long_and_a_foreign_frame_are_errors() {
        let mut bytes = Vec::new();
        write(&mut bytes, &1u8).await.unwrap();
        for cut in 1..bytes.len() {
            assert!(
                read::<u8>(&mut &bytes[..cut]).await.is_err(),
                "cut at {cut}"
            );
        }
        let mut long: &[u8] = b"SSH-2.0-OpenSSH_9.2";
        assert!(matches!(
            read::<u8>(&mut long).await,
            Err(WireError::TooLong(_))
        ));
        assert!(matches!(
            read::<ToEngine>(&mut bytes.as_slice()).await,
            Err(WireError::Unknown(_))
        ));
    }
}
