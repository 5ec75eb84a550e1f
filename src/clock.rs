//! The only reader of time and randomness.

use crate::time::{Millis, Moment};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Milliseconds since the Unix epoch.
#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> Millis {
    worker::Date::now().as_millis()
}

/// The time and 128 fresh random bits.
pub fn moment() -> Moment {
    let [moment] = moments();
    moment
}

/// Moments of the same time, each with bits of its own, for steps that follow each other at once.
/// All bits are derived from one draw of the platform's cryptographic generator, because a draw
/// takes longer than a hash.
pub fn moments<const COUNT: usize>() -> [Moment; COUNT] {
    let (now, drawn) = (now(), Uuid::new_v4());
    std::array::from_fn(|number| {
        let hash = Sha256::new()
            .chain_update(drawn.as_bytes())
            .chain_update(number.to_le_bytes())
            .finalize();
        let random = hash
            .iter()
            .take(16)
            .fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
        Moment { now, random }
    })
}
