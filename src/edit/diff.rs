//! The difference of two texts, to be shown and to be kept.
//!
//! The same texts always give the same difference: an approval names its hash. So there is no
//! deadline on the search, at the price of some patience with very different large files.

use similar::udiff::UnifiedHunkHeader;
use similar::{ChangeTag, TextDiff};

/// How many equal lines are shown around a change.
const CONTEXT: usize = 3;

/// What a line of a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// In both texts.
    Same,
    /// Only in the old text.
    Removed,
    /// Only in the new text.
    Added,
    /// The heading of a group of lines, such as `@@ -1,7 +1,7 @@`.
    Hunk,
}

/// One line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// What it is.
    pub tag: Tag,
    /// The line without its line feed, a carriage return included; as hostile as the file it is from.
    pub text: String,
    /// Whether a line feed followed. Only the last line of a text can lack one.
    pub ended: bool,
}

/// The difference of two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    old: String,
    new: String,
    lines: Vec<DiffLine>,
}

impl Diff {
    /// Compares two texts, each with the label that names it, such as its path.
    pub fn new(old_label: &str, old: &str, new_label: &str, new: &str) -> Self {
        // Lines are parted here, at line feeds only: `similar` would also part them at a lone
        // carriage return, and `patch` does not.
        let old: Vec<&str> = old.split_inclusive('\n').collect();
        let new: Vec<&str> = new.split_inclusive('\n').collect();
        let diff = TextDiff::from_slices(&old, &new);
        let mut lines = Vec::new();
        for group in diff.grouped_ops(CONTEXT) {
            lines.push(DiffLine {
                tag: Tag::Hunk,
                text: UnifiedHunkHeader::new(&group).to_string(),
                ended: true,
            });
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let line = change.value();
                let text = line.strip_suffix('\n');
                lines.push(DiffLine {
                    tag: match change.tag() {
                        ChangeTag::Equal => Tag::Same,
                        ChangeTag::Delete => Tag::Removed,
                        ChangeTag::Insert => Tag::Added,
                    },
                    text: text.unwrap_or(line).to_owned(),
                    ended: text.is_some(),
                });
            }
        }
        Self {
            old: old_label.to_owned(),
            new: new_label.to_owned(),
            lines,
        }
    }

    /// The lines, hunk by hunk; none when the texts are equal.
    pub fn lines(&self) -> &[DiffLine] {
        &self.lines
    }

    /// Tells whether the texts are equal.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The label of the old text.
    pub fn old_label(&self) -> &str {
        &self.old
    }

    /// The label of the new text.
    pub fn new_label(&self) -> &str {
        &self.new
    }

    /// Counts the lines removed and added.
    pub fn counts(&self) -> (usize, usize) {
        let count = |tag| self.lines.iter().filter(|line| line.tag == tag).count();
        (count(Tag::Removed), count(Tag::Added))
    }

    /// Writes it the way `patch` reads it; empty when the texts are equal.
    ///
    /// Control characters in a label are escaped, so that a label cannot forge a line. The lines
    /// themselves are as they are in the texts.
    pub fn to_unified(&self) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let label = |text: &str| -> String {
            text.chars()
                .flat_map(|char| {
                    let escaped = char.is_control().then(|| char.escape_debug());
                    let kept = escaped.is_none().then_some(char);
                    escaped.into_iter().flatten().chain(kept)
                })
                .collect()
        };
        let mut unified = format!("--- {}\n+++ {}\n", label(&self.old), label(&self.new));
        for line in &self.lines {
            match line.tag {
                Tag::Same => unified.push(' '),
                Tag::Removed => unified.push('-'),
                Tag::Added => unified.push('+'),
                Tag::Hunk => {}
            }
            unified.push_str(&line.text);
            unified.push('\n');
            if !line.ended {
                unified.push_str("\\ No newline at end of file\n");
            }
        }
        unified
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_missing_final_newline_is_told() {
        let diff = Diff::new("a/x", "1\n2\r\n3", "b/x", "1\n2\r\n3\n");
        assert_eq!(
            diff.to_unified(),
            "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n 1\n 2\r\n-3\n\\ No newline at end of file\n+3\n"
        );
        assert_eq!(diff.counts(), (1, 1));
        assert_eq!(diff.lines()[0].tag, Tag::Hunk);
    }

    #[test]
    fn equal_texts_have_no_difference_and_labels_cannot_forge_lines() {
        let same = Diff::new("a", "x\n", "b", "x\n");
        assert!(same.is_empty() && same.to_unified().is_empty());
        let diff = Diff::new("a\n+++ forged", "x\n", "é\u{1b}[m", "y\n");
        assert!(
            diff.to_unified()
                .starts_with("--- a\\n+++ forged\n+++ é\\u{1b}[m\n@@")
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn patch_makes_the_new_text_of_the_old(
            old in "(?s)[ab\r\n]{1,40}", new in "(?s)[ab\r\n]{1,40}",
        ) {
            prop_assume!(old != new);
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &old).unwrap();
            let Ok(mut patch) = Command::new("patch")
                .args(["--binary", "-s", "-u", "-o", "-"])
                .arg(file.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
            else {
                eprintln!("SKIPPED: no patch here");
                return Ok(());
            };
            let unified = Diff::new("x", &old, "x", &new).to_unified();
            patch.stdin.take().unwrap().write_all(unified.as_bytes()).unwrap();
            let made = patch.wait_with_output().unwrap().stdout;
            prop_assert_eq!(made, new.as_bytes());
        }
    }
}
