//! The only source of the choices that the world makes.
//!
//! The same world is driven by a seed ([`Seeded`]), by chosen answers to its decisions
//! ([`Counter`]), or by the bytes of a fuzzer ([`Bytes`]).

mod bytes;
mod counter;
mod seeded;

pub(crate) use bytes::Bytes;
pub(crate) use counter::Counter;
pub(crate) use seeded::Seeded;

/// Answers every choice.
pub(crate) trait Driver {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64;

    /// Whether a step is cut off here; usually with a probability of `per_mille` in a thousand.
    fn decide(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// How many decisions were made.
    fn decided(&self) -> u64 {
        0
    }

    /// Random bits. No two answers are equal, because ids are made of them.
    fn bits(&mut self) -> u128 {
        u128::from(self.below(u64::MAX)) << 64 | u128::from(self.below(u64::MAX))
    }
}

/// The world's choices, answered by a driver.
pub(crate) struct Choices {
    driver: Box<dyn Driver>,
}

impl Choices {
    pub(crate) fn new(driver: impl Driver + 'static) -> Self {
        Self {
            driver: Box::new(driver),
        }
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.driver.below(high - low + 1)
    }

    /// True with a probability of `per_mille` in a thousand.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.driver.below(1_000) < per_mille
    }

    /// Whether a step is cut off here.
    pub(crate) fn decide(&mut self, per_mille: u64) -> bool {
        self.driver.decide(per_mille)
    }

    pub(crate) fn decided(&self) -> u64 {
        self.driver.decided()
    }

    pub(crate) fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        let index = self.driver.below(among.len() as u64);
        among[usize::try_from(index).unwrap_or(0)]
    }

    /// Random bits for a step.
    pub(crate) fn bits(&mut self) -> u128 {
        self.driver.bits()
    }
}
