//! One conversation with `agent.sh`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;

use super::claim::Claim;
use super::error::Fault;
use super::frames::{Frame, Greeting, LONGEST, number};
use super::receipt::{Answer, Chunk, ReceiptState, Settled, Signal, Signalled};
use super::script::{Script, printable, quote};
use super::stream::{copy, copy_file, garbled, read_line, until};
use super::survey::Survey;

const AGENT: &str = include_str!("agent.sh");

pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// The ends of a shell that was started as `sh -s`.
pub(super) struct Ends {
    pub(super) input: Writer,
    pub(super) output: Reader,
    pub(super) noise: Reader,
    /// The host keys that ssh takes for the machine.
    pub(super) host_keys: Vec<String>,
    /// Whatever has to live as long as the channel.
    pub(super) hold: Box<dyn std::any::Any + Send>,
}

/// A loaded agent, waiting for a verb or in the middle of one.
pub(super) struct Channel {
    input: Writer,
    output: BufReader<Reader>,
    noise: BufReader<Reader>,
    /// Begins every verb; 128 random bits.
    word: String,
    survey: Survey,
    host_keys: Vec<String>,
    /// Where the spool can be read without the agent: on this machine only.
    near: Option<PathBuf>,
    _hold: Box<dyn std::any::Any + Send>,
}

/// The program as it is sent: without whole-line comments and indentation, the call at the end.
pub(super) fn program(word: &str, spool: Option<&Path>) -> String {
    let mut text = String::with_capacity(AGENT.len());
    for line in AGENT.lines().map(str::trim_start) {
        if !line.is_empty() && !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    let spool = spool.map(|path| path.to_string_lossy()).unwrap_or_default();
    text.push_str(&format!("rs_agent {word} {} END\n", quote(&spool)));
    text
}

/// 128 random bits in hexadecimal.
pub(super) fn random_word() -> std::io::Result<String> {
    let mut bytes = [0u8; 16];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Channel {
    /// Loads the agent and waits for its greeting. Whatever a login prints before it is skipped.
    pub(super) async fn open(ends: Ends, spool: Option<PathBuf>) -> Result<Self, Fault> {
        let word = random_word()?;
        let mut channel = Self {
            input: ends.input,
            output: BufReader::with_capacity(64 * 1024, ends.output),
            noise: BufReader::new(ends.noise),
            word,
            survey: Greeting::nothing(),
            host_keys: ends.host_keys,
            near: spool.as_ref().map(|spool| spool.join("jobs")),
            _hold: ends.hold,
        };
        let program = program(&channel.word, spool.as_deref());
        if let Err(fault) = channel.greet(&program).await {
            return Err(channel.last_words(fault).await);
        }
        Ok(channel)
    }

    async fn greet(&mut self, program: &str) -> Result<(), Fault> {
        self.input.write_all(program.as_bytes()).await?;
        self.input.flush().await?;
        let greeting = format!("runsheet {}", self.word);
        let mut skipped = 0;
        loop {
            let line = self.line().await?;
            if line == greeting.as_bytes() {
                break;
            }
            skipped += line.len() as u64 + 1;
            if skipped > 8 * LONGEST {
                return Err(Fault::Garbled("64 KiB came before the greeting".into()));
            }
        }
        self.read_survey().await
    }

    /// Adds what was said on standard error to a fault, if the other side has gone.
    async fn last_words(&mut self, fault: Fault) -> Fault {
        let Fault::Gone(why) = fault else {
            return fault;
        };
        let mut said = Vec::new();
        let mut noise = (&mut self.noise).take(4096);
        let read = noise.read_to_end(&mut said);
        // a reader that fails or stays open has said what it will say
        let _ = tokio::time::timeout(Duration::from_millis(500), read).await;
        match String::from_utf8_lossy(&said).trim() {
            "" => Fault::Gone(why),
            said => Fault::Gone(said.into()),
        }
    }

    /// What the machine said when the channel opened, or when it was last surveyed.
    pub(super) fn known(&self) -> &Survey {
        &self.survey
    }

    /// Whether an idle channel still stands: nothing has come, not even its end.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.output.fill_buf().now_or_never().is_none()
    }

    async fn read_survey(&mut self) -> Result<(), Fault> {
        let mut greeting = Greeting::default();
        loop {
            let line = self.line().await?;
            match greeting.take(&line) {
                None => {}
                Some(Ok(survey)) => {
                    self.survey = Survey {
                        host_keys: self.host_keys.clone(),
                        ..survey
                    };
                    return Ok(());
                }
                Some(Err(())) => return Err(garbled(&line)),
            }
        }
    }

    /// Asks the machine about itself again.
    pub(super) async fn survey(&mut self) -> Result<Survey, Fault> {
        self.send("H\n").await?;
        self.read_survey().await?;
        Ok(self.survey.clone())
    }

    /// Sends a start and follows it. A claim that exists already is only followed.
    pub(super) async fn start(
        &mut self,
        claim: &Claim,
        script: &Script,
        out: &mpsc::Sender<Chunk>,
    ) -> Result<Settled, Fault> {
        let shell = script.shell().program();
        let stage = if script.wants_terminal() {
            "tty"
        } else {
            "plain"
        };
        let line = format!(
            "S {claim} {shell} {} {stage}\n{}\n",
            self.reach(),
            script.line()
        );
        self.send(&line).await?;
        self.follow(claim, 0, out).await
    }

    /// Follows a claim from `offset` on.
    pub(super) async fn attach(
        &mut self,
        claim: &Claim,
        offset: u64,
        out: &mpsc::Sender<Chunk>,
    ) -> Result<Settled, Fault> {
        let line = format!("F {claim} {offset} {}\n", self.reach());
        self.send(&line).await?;
        self.follow(claim, offset, out).await
    }

    fn reach(&self) -> &'static str {
        if self.near.is_some() { "near" } else { "far" }
    }

    async fn follow(
        &mut self,
        claim: &Claim,
        mut at: u64,
        out: &mpsc::Sender<Chunk>,
    ) -> Result<Settled, Fault> {
        let mut file = None;
        loop {
            let line = self.line().await?;
            let frame = Frame::read(&line).ok_or_else(|| garbled(&line))?;
            if let Some(settled) = frame.settled() {
                return match settled {
                    Settled::Exited { bytes, .. } if bytes > at => Err(garbled(&line)),
                    settled => Ok(settled),
                };
            }
            match frame {
                Frame::Output { offset, len } if offset == at => {
                    copy(&mut self.output, &mut at, offset.saturating_add(len), out).await?;
                }
                Frame::Grown(size) if size > at => {
                    if file.is_none() {
                        let Some(jobs) = &self.near else {
                            return Err(garbled(&line));
                        };
                        let path = jobs.join(format!("{}_out", claim.token));
                        file = Some(Arc::new(std::fs::File::open(path)?));
                    }
                    if let Some(file) = &file {
                        copy_file(file, &mut at, size, out).await?;
                    }
                }
                Frame::Error(said) => return Err(Fault::Said(said)),
                _ => return Err(garbled(&line)),
            }
        }
    }

    /// Asks for a receipt.
    pub(super) async fn probe(&mut self, claim: &Claim) -> Result<ReceiptState, Fault> {
        let (frame, line) = self.exchange(&format!("P {claim}\n")).await?;
        frame.state().ok_or_else(|| garbled(&line))
    }

    /// Closes the fence if it is open, and tells the receipt.
    pub(super) async fn revoke(&mut self, claim: &Claim) -> Result<ReceiptState, Fault> {
        let (frame, line) = self.exchange(&format!("V {claim}\n")).await?;
        frame.state().ok_or_else(|| garbled(&line))
    }

    /// Sends a signal to the command's process group.
    pub(super) async fn signal(
        &mut self,
        claim: &Claim,
        signal: Signal,
    ) -> Result<Signalled, Fault> {
        self.sent(&format!("K {claim} {}\n", signal.name())).await
    }

    /// Types on the terminal of a command that has one.
    pub(super) async fn type_keys(
        &mut self,
        claim: &Claim,
        keys: &[u8],
    ) -> Result<Signalled, Fault> {
        self.sent(&format!("W {claim}\n{}\n", printable(keys)))
            .await
    }

    /// Gives the terminal of a command a size.
    pub(super) async fn resize(
        &mut self,
        claim: &Claim,
        (rows, columns): (u16, u16),
    ) -> Result<Signalled, Fault> {
        self.sent(&format!("T {claim} {rows} {columns}\n")).await
    }

    async fn sent(&mut self, verb: &str) -> Result<Signalled, Fault> {
        let (frame, line) = self.exchange(verb).await?;
        match frame {
            Frame::Signalled(true) => Ok(Signalled::Sent),
            Frame::Signalled(false) | Frame::Lost(_) => Ok(Signalled::NotRunning),
            _ => Err(garbled(&line)),
        }
    }

    /// Removes a settled receipt. One that is in another spool is none of ours.
    pub(super) async fn acknowledge(&mut self, claim: &Claim) -> Result<(), Fault> {
        let (frame, line) = self.exchange(&format!("A {claim}\n")).await?;
        match frame {
            Frame::Acknowledged | Frame::Lost(_) => Ok(()),
            _ => Err(garbled(&line)),
        }
    }

    /// Kills the process group of a question that another channel gave up on.
    pub(super) async fn kill_question(&mut self, pid: u32) -> Result<(), Fault> {
        self.exchange(&format!("Z {pid}\n")).await.map(|_| ())
    }

    /// Asks a question. `pid` is set as soon as the other side has told the process.
    pub(super) async fn ask(
        &mut self,
        script: &Script,
        cap: usize,
        pid: &mut Option<u32>,
    ) -> Result<Answer, Fault> {
        let mark = random_word()?;
        let line = format!("Q {mark} {}\n{}\n", script.shell().program(), script.line());
        self.send(&line).await?;
        let noise = &mut self.noise;
        let output = &mut self.output;
        let told = async {
            let first = read_line(output).await?;
            let first = String::from_utf8_lossy(&first);
            if let Some(code) = first.strip_prefix(&mark) {
                // the shell could not be started at all
                return Ok((Vec::new(), false, code.to_owned()));
            }
            let process = first.strip_prefix("P ").and_then(number).map(u32::try_from);
            let Some(Ok(process)) = process else {
                return Err(garbled(first.as_bytes()));
            };
            *pid = Some(process).filter(|process| *process > 1);
            let (stdout, cut) = until(output, mark.as_bytes(), cap).await?;
            let code = read_line(output).await?;
            Ok((stdout, cut, String::from_utf8_lossy(&code).into_owned()))
        };
        let complained = async {
            let mark = format!("{mark}\n");
            until(noise, mark.as_bytes(), 0).await?;
            until(noise, mark.as_bytes(), cap).await
        };
        let ((stdout, cut, code), (stderr, cut_too)) = tokio::try_join!(told, complained)?;
        match number(code.trim_start()).map(i32::try_from) {
            Some(Ok(code)) if code <= 255 => Ok(Answer {
                code,
                stdout,
                stderr,
                cut: cut || cut_too,
            }),
            _ => Err(garbled(code.as_bytes())),
        }
    }

    async fn exchange(&mut self, verb: &str) -> Result<(Frame, Vec<u8>), Fault> {
        self.send(verb).await?;
        let line = self.line().await?;
        match Frame::read(&line) {
            Some(Frame::Error(said)) => Err(Fault::Said(said)),
            Some(frame) => Ok((frame, line)),
            None => Err(garbled(&line)),
        }
    }

    /// Sends a verb, and the program it comes with.
    async fn send(&mut self, verb: &str) -> Result<(), Fault> {
        let verb = format!("{} {verb}", self.word);
        self.input.write_all(verb.as_bytes()).await?;
        self.input.flush().await?;
        Ok(())
    }

    async fn line(&mut self) -> Result<Vec<u8>, Fault> {
        read_line(&mut self.output).await
    }
}

impl Greeting {
    /// What is known before the greeting.
    fn nothing() -> Survey {
        Survey {
            hostname: String::new(),
            machine_id: None,
            boot_id: None,
            uid: None,
            host_keys: Vec::new(),
            bash: false,
            terminal: false,
            receipts: super::survey::Receipts::Impossible("not surveyed".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_one_function_and_one_call() {
        let text = program("w", None);
        assert!(text.starts_with("rs_agent() {\n"));
        assert!(text.ends_with("\n}\nrs_agent w '' END\n"));
        assert!(!text.lines().any(|line| line.starts_with('#')));
    }
}
