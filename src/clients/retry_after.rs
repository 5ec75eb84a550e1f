//! `Retry-After`: seconds or a date (RFC 9110, section 10.2.3).

use crate::time::{Millis, SECOND};
use std::time::{Duration, UNIX_EPOCH};

/// The wait that a header requests, in milliseconds from `now`; `None` if it is neither.
pub fn parse(value: &str, now: Millis) -> Option<Millis> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(seconds.saturating_mul(SECOND));
    }
    // Some services send fractions.
    if let Ok(seconds) = value.parse::<f64>() {
        let wait = Duration::try_from_secs_f64(seconds).ok()?;
        return u64::try_from(wait.as_millis()).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let at = u64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()?;
    Some(at.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn seconds_and_dates_are_understood_and_the_past_means_now() {
        let now = 1_445_412_470_000;
        assert_eq!(parse("120", now), Some(120_000));
        assert_eq!(parse("2.5", now), Some(2_500));
        assert_eq!(parse("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(10_000));
        assert_eq!(parse("Wed, 21 Oct 2015 07:00:00 GMT", now), Some(0));
        for none in ["soon", "-5", "NaN", "inf"] {
            assert_eq!(parse(none, now), None, "{none}");
        }
    }
}
