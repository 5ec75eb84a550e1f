//! Answers from a byte string, as a fuzzer makes them, then from a fixed stream.

use super::{Driver, Seeded};

pub(crate) struct Bytes {
    given: std::vec::IntoIter<u8>,
    rest: Seeded,
    random: Seeded,
}

impl Bytes {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self {
            given: bytes.into_iter(),
            rest: Seeded::new(0),
            random: Seeded::new(1),
        }
    }
}

impl Driver for Bytes {
    /// Takes as many bytes as the bound needs, the highest first.
    fn below(&mut self, bound: u64) -> u64 {
        let needed = (u64::BITS - (bound - 1).leading_zeros()).div_ceil(8);
        let mut number = 0;
        for _ in 0..needed {
            let Some(byte) = self.given.next() else {
                return self.rest.below(bound);
            };
            number = number << 8 | u64::from(byte);
        }
        number % bound
    }

    fn bits(&mut self) -> u128 {
        self.random.bits()
    }
}
