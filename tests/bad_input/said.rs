//! What commands say.

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Fails unless the command ended with this code and said all of these, on either output.
    #[track_caller]
    pub fn expect(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{self}");
        for words in words {
            let said = self.out.contains(words) || self.err.contains(words);
            assert!(said, "it did not say `{words}`:\n{self}");
        }
        assert!(!self.err.contains("panicked"), "{self}");
        self
    }

    /// The id of the run that it opened.
    #[track_caller]
    pub fn run(&self) -> String {
        let line = self.out.lines().find_map(|line| line.strip_prefix("run "));
        line.unwrap_or_else(|| panic!("no run was opened:\n{self}"))
            .to_owned()
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, out, err } = self;
        write!(f, "exit {code}\n── out\n{out}\n── err\n{err}")
    }
}
