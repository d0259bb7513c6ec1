//! Keeps the values of secrets out of what is kept or shown.

use std::sync::Arc;

/// Knows the values that nobody may see. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Mask(Arc<Vec<Vec<u8>>>);

/// Masks a stream piece by piece. A value that is cut by the border between two pieces is masked too.
///
/// A masked byte becomes one `*`, so that the place of every other byte stays what it is on the machine:
/// a stream that was cut is taken up again at the length of the file. What that tells is how long
/// the secret is.
pub(super) struct Masker {
    mask: Mask,
    /// Bytes that are not given out yet, behind as many given out as a value could have begun in.
    window: Vec<u8>,
    stars: Vec<bool>,
    /// How much of the window was given out, or never is because an earlier engine gave it out.
    given: usize,
}

impl Mask {
    /// Takes the values; an empty one hides nothing.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let values = values.into_iter().filter(|value| !value.is_empty());
        Self(Arc::new(values.map(|v| v.as_bytes().to_vec()).collect()))
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes before a place can be part of a value that ends behind it.
    pub fn reach(&self) -> usize {
        self.0.iter().map(Vec::len).max().unwrap_or(1) - 1
    }

    /// Whether a text has a value in it.
    pub fn covers(&self, text: &str) -> bool {
        self.0.iter().any(|v| find(text.as_bytes(), v, 0).is_some())
    }

    /// Whether a text has so many stars on end that a value may have stood there.
    pub fn may_have_hidden(&self, text: &str) -> bool {
        let shortest = self.0.iter().map(Vec::len).min();
        let stars = text.split(|c| c != '*').map(str::len).max();
        shortest.is_some_and(|shortest| stars.unwrap_or(0) >= shortest)
    }

    /// The text with every value replaced by stars.
    pub fn text(&self, text: &str) -> String {
        if !self.covers(text) {
            return text.to_owned();
        }
        let mut masker = Masker::new(self.clone(), 0);
        let mut bytes = masker.push(text.as_bytes());
        bytes.extend(masker.finish());
        // A value is whole characters, and so is what is left between values.
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Masker {
    /// Begins a stream, or goes on with one: its first `skip` bytes are context and not given out.
    pub fn new(mask: Mask, skip: usize) -> Self {
        Self {
            mask,
            window: Vec::new(),
            stars: Vec::new(),
            given: skip,
        }
    }

    /// Takes a piece, and gives out what no value can reach into any more.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let before = self.window.len();
        self.window.extend_from_slice(piece);
        self.stars.resize(self.window.len(), false);
        for value in self.mask.0.iter() {
            let mut from = before.saturating_sub(value.len() - 1);
            while let Some(at) = find(&self.window, value, from) {
                self.stars[at..at + value.len()].fill(true);
                from = at + 1;
            }
        }
        let open = self.open();
        let out = self.give(open);
        let keep = self.window.len().saturating_sub(self.mask.reach());
        let cut = keep.min(self.given);
        self.window.drain(..cut);
        self.stars.drain(..cut);
        self.given -= cut;
        out
    }

    /// Gives out the rest, once nothing follows.
    pub fn finish(&mut self) -> Vec<u8> {
        self.give(self.window.len())
    }

    /// Where the first value may have begun that is not whole yet.
    fn open(&self) -> usize {
        let first = self.window.len().saturating_sub(self.mask.reach());
        (first..self.window.len())
            .find(|at| {
                let rest = &self.window[*at..];
                let begins = |value: &Vec<u8>| value.len() > rest.len() && value.starts_with(rest);
                self.mask.0.iter().any(begins)
            })
            .unwrap_or(self.window.len())
    }

    fn give(&mut self, up_to: usize) -> Vec<u8> {
        let range = self.given.min(up_to)..up_to;
        let pairs = self.window[range.clone()].iter().zip(&self.stars[range]);
        let out = pairs
            .map(|(b, star)| if *star { b'*' } else { *b })
            .collect();
        self.given = self.given.max(up_to);
        out
    }
}

/// The first place of `value` in `bytes` from `from` on.
fn find(bytes: &[u8], value: &[u8], from: usize) -> Option<usize> {
    let first = *value.first()?;
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == first)?;
        if bytes[at..].starts_with(value) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(mask: &Mask, pieces: &[&[u8]]) -> Vec<u8> {
        let mut masker = Masker::new(mask.clone(), 0);
        let mut out: Vec<u8> = pieces.iter().flat_map(|p| masker.push(p)).collect();
        out.extend(masker.finish());
        out
    }

    #[test]
    fn a_secret_is_masked_wherever_the_stream_is_cut() {
        let mask = Mask::new(["hunter2", "", "ter2x"]);
        let text = b"a hunter2 hunt hunter2x hunter";
        for cut in 0..text.len() {
            let (before, after) = text.split_at(cut);
            assert_eq!(
                masked(&mask, &[before, after]),
                b"a ******* hunt ******** hunter"
            );
        }
    }

    #[test]
    fn a_text_keeps_its_other_words() {
        let mask = Mask::new(["pä\"ss"]);
        assert_eq!(mask.text("is pä\"ss?"), "is ******?");
        assert!(!mask.covers("pass"));
    }

    proptest! {
        /// However the stream is cut, and wherever an engine dies and another takes it up.
        #[test]
        fn cuts_and_restarts_change_nothing(
            text in "[ab]{0,40}",
            values in prop::collection::vec("[ab]{1,5}", 1..3),
            cuts in prop::collection::vec(0usize..40, 0..6),
            dies in 0usize..40,
        ) {
            let mask = Mask::new(values.iter().map(String::as_str));
            let whole = masked(&mask, &[text.as_bytes()]);
            for value in &values {
                for (at, _) in text.match_indices(value.as_str()) {
                    prop_assert!(whole[at..at + value.len()].iter().all(|b| *b == b'*'));
                }
            }
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(text.len())).collect();
            cuts.sort_unstable();
            cuts.push(text.len());
            let mut masker = Masker::new(mask.clone(), 0);
            let (mut file, mut at) = (Vec::new(), 0);
            for cut in cuts {
                if dies < cut && at <= dies {
                    let back = file.len().saturating_sub(mask.reach());
                    masker = Masker::new(mask.clone(), file.len() - back);
                    at = back;
                }
                file.extend(masker.push(&text.as_bytes()[at..cut]));
                at = cut;
            }
            file.extend(masker.finish());
            prop_assert_eq!(file, whole);
        }
    }
}
