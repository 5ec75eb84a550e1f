//! The only reader of time and randomness.

use crate::time::{Millis, Moment};
use uuid::Uuid;

/// Milliseconds since the Unix epoch.
#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> Millis {
    worker::Date::now().as_millis()
}

/// The time and 128 fresh bits, from the platform's cryptographic generator (a version-4 UUID fixes
/// six of them; mixing in a second one frees those).
pub fn moment() -> Moment {
    let random = Uuid::new_v4().as_u128() ^ Uuid::new_v4().as_u128().rotate_left(64);
    Moment { now: now(), random }
}
