//! What happened, as lines to read or as a hash to compare (I12).

use reelay::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trace {
    Silent,
    Printed,
    /// FNV-1a over every line.
    Hashed(u64),
}

impl Trace {
    pub(crate) fn hashed() -> Self {
        Self::Hashed(0xCBF2_9CE4_8422_2325)
    }

    pub(crate) fn say(&mut self, real: Millis, line: impl FnOnce() -> String) {
        match self {
            Self::Silent => {}
            Self::Printed => println!("{:>12} {}", real - super::world::BEGINNING, line()),
            Self::Hashed(hash) => {
                for byte in real.to_le_bytes().into_iter().chain(line().into_bytes()) {
                    *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
                }
            }
        }
    }
}
