//! How a verdict reads.
//!
//! `tests/verify_journal.py` prints the same words, so that the two can be compared line by line.

use std::fmt;

use super::verify::{HeadAnswer, Verdict};

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = self.head.records;
        match records {
            0 => writeln!(f, "records     0")?,
            _ => writeln!(f, "records     {records}, head {}", self.head.hash)?,
        }
        if let Some(tail) = self.tail {
            writeln!(
                f,
                "torn tail   line {}, offset {}: {} bytes of a record that was never finished",
                tail.line, tail.offset, tail.bytes
            )?;
        }
        if let Some(damage) = &self.damage {
            writeln!(f, "damage      {damage}")?;
        }
        match self.answer {
            Some(HeadAnswer::At(line)) => writeln!(f, "given head  line {line}")?,
            Some(HeadAnswer::NotFound) => writeln!(f, "given head  NOT FOUND")?,
            None => {}
        }
        match &self.files {
            Some(files) => {
                let problems = files.problems.len();
                let recorded = files.recorded;
                writeln!(
                    f,
                    "files       {recorded} recorded, {problems} with problems"
                )?;
                for problem in &files.problems {
                    writeln!(f, "problem     {problem}")?;
                }
                for name in &files.unrecorded {
                    writeln!(f, "unrecorded  output/{name}")?;
                }
                if files.times > 0 {
                    let times = files.times;
                    writeln!(
                        f,
                        "times       {times} files say when output came; no record commits to them"
                    )?;
                }
            }
            None => writeln!(f, "files       not looked at")?,
        }
        write!(f, "verdict     ")?;
        match self.answer {
            _ if records == 0 && self.damage.is_none() => write!(f, "PROBLEMS: there is no record"),
            Some(HeadAnswer::NotFound) if self.damage.is_none() => {
                write!(f, "PROBLEMS: the given head is not in this journal")
            }
            _ if !self.is_ok() => write!(f, "PROBLEMS: this is not what was recorded"),
            None => write!(f, "internally consistent; completeness NOT established"),
            Some(HeadAnswer::At(line)) if line < records => write!(
                f,
                "unchanged up to the given head, line {line} of {records}; after it, \
                 internally consistent, completeness NOT established"
            ),
            Some(_) => write!(
                f,
                "unchanged up to the given head, which is the last record"
            ),
        }
    }
}
