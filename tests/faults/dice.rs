//! Chance that can be had again.

/// Numbers that come out of a seed, after Steele, Lea and Flood (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// The seed of `RUNSHEET_SEED`: what is to be walked again.
///
/// # Panics
///
/// It is not a number: what somebody wants to see again must not silently be something else.
pub fn given_seed() -> Option<u64> {
    let text = std::env::var("RUNSHEET_SEED").ok()?;
    let seed = text.parse();
    Some(seed.unwrap_or_else(|_| panic!("RUNSHEET_SEED is `{text}`: say a whole number")))
}

/// That seed, or one of this process.
pub fn seed() -> u64 {
    given_seed().unwrap_or_else(|| u64::from(std::process::id()) << 20 | 0x5eed)
}
