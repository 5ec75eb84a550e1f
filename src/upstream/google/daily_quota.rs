//! The daily quota: how it is named, and when it resets.
//!
//! Source: "Requests per day (RPD) quotas reset at midnight Pacific time"
//! (ai.google.dev/gemini-api/docs/rate-limits).

use crate::clients::error_body::ErrorBody;
use crate::time::{DAY, HOUR, Millis};
use chrono::{DateTime, Datelike, NaiveDate, Weekday};
use serde_json::Value;

/// How far Pacific standard time is behind UTC.
const STANDARD: Millis = 8 * HOUR;
/// The same in summer.
const SUMMER: Millis = 7 * HOUR;

/// Whether an error is about the daily quota: by the id of a violated quota, else by its message.
pub(crate) fn is_used_up(body: &ErrorBody) -> bool {
    let ids = body.fields(&[
        "quotaId",
        "quota_id",
        "quotaMetric",
        "quota_metric",
        "quota_limit",
    ]);
    let by_id = ids.into_iter().filter_map(Value::as_str).any(|id| {
        let id = id.to_lowercase();
        id.contains("perday") || id.contains("per_day") || id.contains("daily")
    });
    by_id || body.mentions(&["per day", "per-day", "per_day", "perday", "daily", "(rpd)"])
}

/// The time until the next midnight in California.
pub(crate) fn until_reset(now: Millis) -> Millis {
    let local = now.saturating_sub(offset(now));
    let midnight = (local / DAY + 1) * DAY;
    // Clocks change at 2:00, so midnight has the offset of the moment eight hours after it in UTC.
    (midnight + offset(midnight + STANDARD)).saturating_sub(now)
}

/// How far local time is behind UTC: summer time begins at 2:00 on the second Sunday in March and
/// ends at 2:00 on the first Sunday in November (15 U.S.C. 260a).
fn offset(now: Millis) -> Millis {
    let change = |month: u32, sunday: u8, hours: Millis| {
        let at = i64::try_from(now)
            .ok()
            .and_then(DateTime::from_timestamp_millis)?;
        let day = NaiveDate::from_weekday_of_month_opt(at.year(), month, Weekday::Sun, sunday)?;
        let midnight =
            u64::try_from(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis()).ok()?;
        Some(midnight + 2 * HOUR + hours)
    };
    match (change(3, 2, STANDARD), change(11, 1, SUMMER)) {
        (Some(begins), Some(ends)) if (begins..ends).contains(&now) => SUMMER,
        _ => STANDARD,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_used_up, until_reset};
    use crate::clients::error_body::ErrorBody;
    use crate::time::{HOUR, MINUTE};
    use chrono::DateTime;

    fn until(now: &str) -> u64 {
        let at = DateTime::parse_from_rfc3339(now).expect("a time");
        until_reset(u64::try_from(at.timestamp_millis()).expect("after 1970"))
    }

    #[test]
    fn a_day_ends_at_midnight_in_california() {
        assert_eq!(
            until("2026-11-28T17:00:00Z"),
            15 * HOUR,
            "winter: 09:00 there"
        );
        assert_eq!(
            until("2026-07-01T17:00:00Z"),
            14 * HOUR,
            "summer: 10:00 there"
        );
        assert_eq!(until("2026-11-28T07:59:00-00:00"), MINUTE);
        assert_eq!(
            until("2026-11-28T08:00:00Z"),
            24 * HOUR,
            "at midnight the next day begins"
        );
        assert_eq!(until("2026-12-31T23:30:00-08:00"), 30 * MINUTE);
    }

    #[test]
    fn the_days_on_which_clocks_change_have_23_and_25_hours() {
        assert_eq!(until("2026-03-08T00:00:00-08:00"), 23 * HOUR);
        assert_eq!(until("2026-03-08T01:59:00-08:00"), 21 * HOUR + MINUTE);
        assert_eq!(until("2026-03-08T03:00:00-07:00"), 21 * HOUR);
        assert_eq!(until("2026-11-01T00:00:00-07:00"), 25 * HOUR);
        assert_eq!(until("2026-11-01T01:30:00-07:00"), 23 * HOUR + 30 * MINUTE);
        assert_eq!(until("2026-11-01T01:30:00-08:00"), 22 * HOUR + 30 * MINUTE);
        assert_eq!(until("2027-03-13T23:00:00-08:00"), HOUR, "the day before");
        assert_eq!(until("2027-11-06T12:00:00-07:00"), 12 * HOUR);
    }

    #[test]
    fn a_days_quota_is_known_by_its_id_or_its_words() {
        for body in [
            r#"{"error":{"code":429,"details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]}]}}"#,
            r#"[{"error":{"details":[{"violations":[{"quotaId":"XPerMinute"},{"quota_id":"x_per_day"}]}]}}]"#,
            r#"{"error":{"message":"You have reached your limit of 50 requests per day."}}"#,
            r#"{"message":"Daily limit reached"}"#,
            r#"{"error":{"code":"rate_limit_exceeded","message":"Limit reached for x on requests per day (RPD)"}}"#,
        ] {
            assert!(is_used_up(&ErrorBody::read(body.as_bytes())), "{body}");
        }
        for body in [
            r#"{"error":{"details":[{"violations":[{"quotaId":"XPerMinutePerProject"}]}]}}"#,
            "{}",
            "Slow down.",
        ] {
            assert!(!is_used_up(&ErrorBody::read(body.as_bytes())), "{body}");
        }
    }
}
