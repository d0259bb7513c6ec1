//! The lines of `agent.sh`, read strictly.

use super::claim::Nonce;
use super::receipt::{ReceiptState, Settled};
use super::survey::{Receipts, Survey};

/// The longest line taken, in bytes; the program itself stays far below.
pub(super) const LONGEST: u64 = 8 * 1024;

/// One line of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    /// `O offset len`, and that many bytes follow.
    Output { offset: u64, len: u64 },
    /// `G size`: the output on this machine has grown to this size.
    Grown(u64),
    /// `D code bytes`: the end of a follow.
    Done { code: i32, bytes: u64 },
    /// `X code bytes`: the answer to a probe.
    Exited { code: i32, bytes: u64 },
    /// `R bytes`
    Running(u64),
    /// `V`
    Revoked,
    /// `N`
    None,
    /// `L why`
    Lost(String),
    /// `K sent` or `K gone`
    Signalled(bool),
    /// `A`
    Acknowledged,
    /// `E what`: it cannot do that.
    Error(String),
}

impl Frame {
    /// Reads a line without its newline.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(line);
        let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let pair = || rest.split_once(' ');
        let ended = || {
            let (code, bytes) = pair()?;
            let code: i32 = number(code)?.try_into().ok().filter(|code| *code <= 255)?;
            Some((code, number(bytes)?))
        };
        Some(match (verb, rest) {
            ("O", _) => {
                let (offset, len) = pair()?;
                Self::Output {
                    offset: number(offset)?,
                    len: number(len)?,
                }
            }
            ("G", _) => Self::Grown(number(rest)?),
            ("D", _) => ended().map(|(code, bytes)| Self::Done { code, bytes })?,
            ("X", _) => ended().map(|(code, bytes)| Self::Exited { code, bytes })?,
            ("R", _) => Self::Running(number(rest)?),
            ("V", "") => Self::Revoked,
            ("N", "") => Self::None,
            ("L", _) => Self::Lost(rest.into()),
            ("K", "sent") => Self::Signalled(true),
            ("K", "gone") => Self::Signalled(false),
            ("A", "") => Self::Acknowledged,
            ("E", _) => Self::Error(rest.into()),
            _ => return None,
        })
    }

    /// The end of a follow, if this is one.
    pub(super) fn settled(&self) -> Option<Settled> {
        Some(match self {
            Self::Done { code, bytes } => Settled::Exited {
                code: *code,
                bytes: *bytes,
            },
            Self::Revoked => Settled::Revoked,
            Self::None => Settled::NotStarted,
            Self::Lost(why) => Settled::Lost { why: why.clone() },
            _ => return None,
        })
    }

    /// The answer to a probe, if this is one.
    pub(super) fn state(&self) -> Option<ReceiptState> {
        Some(match self {
            Self::Exited { code, bytes } => ReceiptState::Exited {
                code: *code,
                bytes: *bytes,
            },
            Self::Running(bytes) => ReceiptState::Running { bytes: *bytes },
            Self::Revoked => ReceiptState::Revoked,
            Self::None => ReceiptState::None,
            Self::Lost(why) => ReceiptState::Lost { why: why.clone() },
            _ => return None,
        })
    }
}

/// Digits only: no sign, no blank, nothing beyond u64.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Gathers the `H key value` lines of a greeting.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    hostname: String,
    machine_id: Option<String>,
    boot_id: Option<String>,
    uid: Option<u32>,
    bash: bool,
    terminal: bool,
    receipts: Option<Receipts>,
}

impl Greeting {
    /// Takes one line. `Some(Ok)` is the whole survey, `Some(Err)` a line that makes no sense.
    pub(super) fn take(&mut self, line: &[u8]) -> Option<Result<Survey, ()>> {
        let text = String::from_utf8_lossy(line);
        let Some((key, value)) = text
            .strip_prefix("H ")
            .map(|rest| rest.split_once(' ').unwrap_or((rest, "")))
        else {
            return Some(Err(()));
        };
        let some = || Some(value.to_owned()).filter(|value| !value.is_empty());
        match key {
            "node" => self.hostname = value.into(),
            "machine" => self.machine_id = some(),
            "boot" => self.boot_id = some(),
            "uid" => self.uid = value.parse().ok(),
            "bash" => self.bash = value == "yes",
            "terminal" => self.terminal = value == "yes",
            "why" => self.receipts = Some(Receipts::Impossible(value.into())),
            "nonce" => match Nonce::new(value) {
                Ok(nonce) => self.receipts = Some(Receipts::Kept(nonce)),
                Err(bad) => self.receipts = Some(Receipts::Impossible(bad.to_string())),
            },
            "end" => {
                let whole = std::mem::take(self);
                return Some(whole.receipts.ok_or(()).map(|receipts| Survey {
                    hostname: whole.hostname,
                    machine_id: whole.machine_id,
                    boot_id: whole.boot_id,
                    uid: whole.uid,
                    host_keys: Vec::new(),
                    bash: whole.bash,
                    terminal: whole.terminal,
                    receipts,
                }));
            }
            _ => return Some(Err(())),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_read() {
        let read = |text: &str| Frame::read(text.as_bytes());
        assert_eq!(read("O 0 12"), Some(Frame::Output { offset: 0, len: 12 }));
        assert_eq!(
            read("D 255 7"),
            Some(Frame::Done {
                code: 255,
                bytes: 7
            })
        );
        assert_eq!(read("X 0 0"), Some(Frame::Exited { code: 0, bytes: 0 }));
        assert_eq!(read("L why not"), Some(Frame::Lost("why not".into())));
        assert_eq!(read("V"), Some(Frame::Revoked));
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "O",
            "O 1",
            "O -1 2",
            "O 1 2 3",
            "O +1 2",
            "O  1 2",
            "D 256 0",
            "D -1 0",
            "D 0",
            "D 0 18446744073709551616",
            "V 1",
            "K",
            "K maybe",
            "Z",
            "ok",
            "d 0 0",
            "X 0x1 0",
        ] {
            assert_eq!(Frame::read(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(Frame::read(b"\xff\xfe"), None);
    }

    #[test]
    fn a_greeting_without_a_word_on_receipts_is_refused() {
        let mut greeting = Greeting::default();
        assert_eq!(greeting.take(b"H uid 0"), None);
        assert_eq!(greeting.take(b"H end"), Some(Err(())));
        assert_eq!(greeting.take(b"hello"), Some(Err(())));
    }

    #[test]
    fn an_odd_nonce_means_no_receipts() {
        let mut greeting = Greeting::default();
        assert_eq!(greeting.take(b"H nonce $(x).y"), None);
        let Some(Ok(survey)) = greeting.take(b"H end") else {
            panic!("no survey")
        };
        assert!(survey.nonce().is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_it_panic(line: Vec<u8>) {
            let _ = Frame::read(&line);
            let _ = Greeting::default().take(&line);
        }
    }
}
