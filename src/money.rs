//! Amounts of money: whole millionths of a US dollar inside, dollars on the wire.

/// Millionths of a dollar as the nearest number of dollars, up to nine billion of them.
pub fn dollars(micros: u64) -> f64 {
    let half = |bits: u64| f64::from(u32::try_from(bits).unwrap_or(u32::MAX));
    (half(micros >> 32) * 4_294_967_296.0 + half(micros & u64::from(u32::MAX))) / 1e6
}
