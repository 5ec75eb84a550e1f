//! Amounts of money: whole millionths of a US dollar internally, dollars in the API.

/// Millionths of a dollar in dollars, rounded to the nearest representable number; exact enough up
/// to nine billion dollars.
pub fn dollars(micros: u64) -> f64 {
    let half = |bits: u64| f64::from(u32::try_from(bits).unwrap_or(u32::MAX));
    (half(micros >> 32) * 4_294_967_296.0 + half(micros & u64::from(u32::MAX))) / 1e6
}
