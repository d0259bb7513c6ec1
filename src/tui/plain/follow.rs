//! What the step whose turn it is prints, told while it is printed.
//!
//! It may print faster than anybody reads and than a slow line takes. So there is a budget of lines, what does
//! not fit is counted, and the record has all of it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::names::{MachineName, StepId};
use crate::run::{Event, Output};
use crate::tui::app::{App, Effect};
use crate::tui::say;

use super::bare::{self, bare};

/// How many lines may come at once, and how many a second after that.
const BURST: f64 = 40.0;
const RATE: f64 = 10.0;

/// How many lines may wait to be told.
const MOST: usize = 80;

/// How many of the last lines are told of what came too fast.
const LAST: usize = 8;

/// How far a file may be ahead before some of it is passed over, and how much of its end is read then.
const AHEAD: u64 = 64 * 1024;
const TAIL: u64 = 2048;

/// How long a line may stand without its end before it is told as it is: a question waits for its answer.
const UNENDED: Duration = Duration::from_secs(1);

/// How often a line that is drawn over and over is told.
const REDRAWN: Duration = Duration::from_secs(10);

/// One file that is followed.
#[derive(Debug, Default)]
struct One {
    /// What stands before its lines; empty where the step has one output.
    label: String,
    next: u64,
    length: u64,
    asked: Option<u64>,
    left: Vec<u8>,
    /// Since when nothing was added to what is left.
    still_since: Duration,
    /// When what is left was told, and what that was.
    told: Option<(Duration, String)>,
    running: bool,
    /// Whether it belongs to the step whose turn it is.
    listed: bool,
}

/// What is followed, and what of it is still to be told.
#[derive(Debug)]
pub(super) struct Follow {
    files: BTreeMap<String, One>,
    queue: VecDeque<String>,
    /// Lines and bytes that were passed over since the last line was told.
    lines: u64,
    bytes: u64,
    budget: f64,
    spent_at: Duration,
    begun: bool,
    /// How many entries of the record were looked at.
    heard: usize,
}

impl Default for Follow {
    fn default() -> Self {
        Self {
            files: BTreeMap::new(),
            queue: VecDeque::new(),
            lines: 0,
            bytes: 0,
            budget: BURST,
            spent_at: Duration::ZERO,
            begun: false,
            heard: 0,
        }
    }
}

impl Follow {
    /// Looks what there is to follow, and asks for what of it was not read.
    pub(super) fn reads(&mut self, app: &App) -> Vec<Effect> {
        let Some(current) = app.current() else {
            return Vec::new();
        };
        let found = app.outputs_of(current);
        let several = found.len() > 1;
        for one in self.files.values_mut() {
            (one.running, one.listed) = (false, false);
        }
        for printed in found {
            let begun = self.begun;
            let (name, length) = (printed.file, printed.length);
            let one = self.files.entry(name).or_insert_with(|| One {
                // Of what was printed before somebody came, they are told the end.
                next: if begun {
                    0
                } else {
                    length.saturating_sub(TAIL)
                },
                ..One::default()
            });
            one.length = one.length.max(length);
            (one.running, one.listed) = (printed.running, true);
            if several {
                one.label = label(&printed.lane, printed.leg);
            }
        }
        if self.begun {
            self.passed_by(app);
        }
        self.heard = app.folded.entries.len();
        self.begun = true;
        // Of a step whose turn is over, what was not told yet is told; then it is forgotten.
        self.files
            .retain(|_, one| one.listed || one.next < one.length || !one.left.is_empty());
        if self.queue.len() > MOST {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for (file, one) in &mut self.files {
            if one.asked.is_some() || one.next >= one.length {
                continue;
            }
            if one.length - one.next > AHEAD {
                let to = one.length - TAIL;
                self.bytes += to - one.next;
                one.next = to;
                one.left.clear();
            }
            one.asked = Some(one.next);
            effects.push(Effect::Read {
                file: file.clone(),
                offset: one.next,
                most: u32::try_from(one.length - one.next).unwrap_or(u32::MAX),
            });
        }
        effects
    }

    /// A part that started and ended since the last look may be of a step whose turn is over already.
    fn passed_by(&mut self, app: &App) {
        let mut started = Vec::new();
        let mut ended: Vec<(&StepId, &MachineName, u16, &Output)> = Vec::new();
        for entry in app.folded.entries.iter().skip(self.heard) {
            match &entry.event {
                Event::LegStarted {
                    step, lane, leg, ..
                } => started.push((step, lane, *leg)),
                Event::LegEnded {
                    step,
                    lane,
                    leg,
                    output: Some(output),
                    ..
                } if started.contains(&(step, lane, *leg)) => {
                    ended.push((step, lane, *leg, output));
                }
                _ => {}
            }
        }
        for (step, lane, leg, output) in &ended {
            let one = self.files.entry(output.file.clone()).or_default();
            one.length = one.length.max(output.bytes);
            if ended.iter().filter(|(of, ..)| of == step).count() > 1 {
                one.label = label(lane, *leg);
            }
        }
    }

    /// Takes a piece; gives whether it was one that was asked for here.
    pub(super) fn piece(&mut self, file: &str, offset: u64, bytes: &[u8], at: Duration) -> bool {
        let Some(one) = self.files.get_mut(file) else {
            return false;
        };
        if one.asked != Some(offset) || offset != one.next {
            return false;
        }
        one.asked = None;
        if bytes.is_empty() {
            // Shorter than it was said to be.
            one.length = offset;
            return true;
        }
        one.next += bytes.len() as u64;
        one.still_since = at;
        for line in bare::split(&mut one.left, bytes) {
            if !line.is_empty() {
                self.queue.push_back(format!("{}{line}", one.label));
            }
        }
        // No line feed for as long as that is no line.
        while one.left.len() > bare::PIECE {
            let rest = one.left.split_off(bare::PIECE);
            let piece = std::mem::replace(&mut one.left, rest);
            self.queue
                .push_back(format!("{}{}", one.label, bare(&piece)));
        }
        true
    }

    /// Forgets what was asked for: the connection was lost, and no answer comes.
    pub(super) fn forget_asked(&mut self) {
        for one in self.files.values_mut() {
            one.asked = None;
        }
    }

    /// Whether something that was printed is still to be read or told.
    pub(super) fn owes(&self) -> bool {
        !self.queue.is_empty() || self.files.values().any(|one| one.next < one.length)
    }

    /// Whether a line may be told later without anything new being heard.
    pub(super) fn waits(&self) -> bool {
        !self.queue.is_empty() || self.files.values().any(|one| !one.left.is_empty())
    }

    /// The lines that may be told now; none of them where the line is `slow` to take what was written before.
    pub(super) fn tell(&mut self, now: Duration, slow: bool) -> Vec<String> {
        let passed = now.saturating_sub(self.spent_at).as_secs_f64();
        self.budget = (self.budget + passed * RATE).min(BURST);
        self.spent_at = now;
        let runs = self.files.values().any(|one| one.running);
        self.unended(now, runs);
        let most = match slow {
            true => 0,
            false => self.budget as usize,
        };
        // While it runs the rest may be told a little later; once it has ended nobody waits for that.
        let patient = if runs || slow { MOST } else { most.max(LAST) };
        if self.queue.len() > patient {
            let over = self.queue.len() - LAST;
            self.queue.drain(..over);
            self.lines += over as u64;
        }
        let mut told = Vec::new();
        while told.len() < most
            && let Some(line) = self.queue.pop_front()
        {
            if let Some(over) = self.passed_over() {
                told.push(over);
            }
            told.push(format!("| {line}"));
        }
        self.budget -= told.len().min(most) as f64;
        told
    }

    /// Tells a line that has no end yet, where it has stood for a while or nothing comes any more.
    fn unended(&mut self, now: Duration, runs: bool) {
        for one in self.files.values_mut().filter(|one| !one.left.is_empty()) {
            let over = !runs && one.next >= one.length;
            let redrawn = one.left.contains(&b'\r');
            let long_ago = |at: Duration, pause| now.saturating_sub(at) >= pause;
            let due = match (redrawn, &one.told) {
                (true, Some((at, _))) => long_ago(*at, REDRAWN),
                (true, None) => true,
                (false, _) => long_ago(one.still_since, UNENDED),
            };
            if !over && !due {
                continue;
            }
            let line = bare(&one.left);
            let known = one.told.as_ref().is_some_and(|(_, told)| *told == line);
            if !known && !line.is_empty() {
                self.queue.push_back(format!("{}{line}", one.label));
                one.told = Some((now, line));
            }
            if over {
                one.left.clear();
            }
        }
    }

    fn passed_over(&mut self) -> Option<String> {
        let (lines, bytes) = (
            std::mem::take(&mut self.lines),
            std::mem::take(&mut self.bytes),
        );
        let what = match (lines, bytes) {
            (0, 0) => return None,
            (0, bytes) => say::size(bytes),
            (lines, 0) => say::count(usize::try_from(lines).unwrap_or(usize::MAX), "line"),
            (lines, bytes) => format!("{lines} lines and {}", say::size(bytes)),
        };
        Some(format!("| ({what} not told here; `output` reads them)"))
    }
}

/// What stands before the lines of one part of several.
fn label(lane: &MachineName, leg: u16) -> String {
    format!("[{lane} {}] ", leg + 1)
}
