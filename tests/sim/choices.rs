//! The one source of every choice the world makes.
//!
//! A [`Driver`] answers one question, "a number below this bound", so the same world can be driven by a
//! seed, by a counter that walks through every answer, or by the bytes of a fuzzer.

/// Answers each choice with a number below its bound.
pub(crate) trait Driver {
    fn below(&mut self, bound: u64) -> u64;
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, fast, and equal on every machine.
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbouring seeds must not give neighbouring streams.
        let mut seeded = Self(seed ^ 0x5EED_0F4E_E1A7_0001);
        seeded.next();
        Self(seeded.next() ^ seed.rotate_left(32))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl Driver for Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }
}

/// What the world asks.
pub(crate) struct Choices {
    driver: Box<dyn Driver>,
}

impl Choices {
    pub(crate) fn new(driver: impl Driver + 'static) -> Self {
        Self { driver: Box::new(driver) }
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.driver.below(high - low + 1)
    }

    /// True `per_mille` times in a thousand.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.driver.below(1_000) < per_mille
    }

    pub(crate) fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        let index = self.driver.below(among.len() as u64);
        among[usize::try_from(index).unwrap_or(0)]
    }

    /// Random bits for a step.
    pub(crate) fn bits(&mut self) -> u128 {
        u128::from(self.driver.below(u64::MAX)) << 64 | u128::from(self.driver.below(u64::MAX))
    }
}
