//! How long to wait before a retry.

use crate::time::Millis;

/// Exponential backoff with equal jitter: between half and all of `base × 2^tries`, at most `cap`.
pub fn backoff(tries: u32, base: Millis, cap: Millis, random: u64) -> Millis {
    let full = doubled(tries, base, cap);
    let half = full / 2;
    half + random % (full - half + 1)
}

/// `base × 2^tries`, at most `cap`, at least 1.
pub fn doubled(tries: u32, base: Millis, cap: Millis) -> Millis {
    base.saturating_mul(1_u64 << tries.min(32)).min(cap).max(1)
}

/// Spreads `wait` by ±20 %, so that many simultaneous failures are not retried at the same time.
pub fn spread(wait: Millis, random: u64) -> Millis {
    let fifth = wait / 5;
    wait - fifth + random % (2 * fifth + 1)
}

#[cfg(test)]
mod tests {
    use super::{backoff, spread};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn backoff_stays_between_half_and_the_whole_step(tries in 0_u32..80, base in 1_u64..100_000, cap in 1_u64..10_000_000, random: u64) {
            let wait = backoff(tries, base, cap, random);
            let full = base.saturating_mul(1_u64 << tries.min(32)).min(cap);
            prop_assert!(wait >= full / 2 && wait <= full);
        }

        #[test]
        fn spread_stays_within_a_fifth(wait in 0_u64..100_000_000, random: u64) {
            let spread = spread(wait, random);
            prop_assert!(spread >= wait - wait / 5 && spread <= wait + wait / 5);
        }
    }
}
