//! The wait that an upstream requests before the next call, in every form in which services state
//! it.

use crate::clients::error_body::ErrorBody;
use crate::clients::reply::Reply;
use crate::clients::retry_after;
use crate::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use serde_json::Value;

/// `google.rpc.RetryInfo`, in the spellings of JSON and of protocol buffers.
const RETRY_INFO: [&str; 2] = ["retryDelay", "retry_delay"];
/// Fields equivalent to the header, in seconds unless they name a unit or a date.
const SECONDS: [&str; 5] = [
    "retry_after",
    "retryAfter",
    "retry_after_seconds",
    "retryAfterSeconds",
    "retry-after",
];
/// The same in milliseconds.
const MILLISECONDS: [&str; 3] = ["retry_after_ms", "retryAfterMs", "retry-after-ms"];
/// From this value on, a number of milliseconds is a point in time, not a wait: the year 2001, or
/// three decades.
const FIRST_TIME: Millis = 1_000_000_000_000;
/// The words that precede a delay in a sentence.
const PHRASES: [&str; 9] = [
    "retry in ",
    "retry after ",
    "retry-after ",
    "retry-after: ",
    "again in ",
    "again after ",
    "wait for ",
    "wait ",
    "available in ",
];

/// The wait that an answer requests, at most a day: from `RetryInfo`, else `Retry-After`, else an
/// equivalent field, else the sentence.
pub(crate) fn asked(reply: &Reply, body: &ErrorBody) -> Option<Millis> {
    let info = || body.fields(&RETRY_INFO).into_iter().find_map(retry_info);
    let header = || retry_after::parse(reply.retry_after.as_deref()?, reply.now);
    let milliseconds = || {
        body.fields(&MILLISECONDS)
            .into_iter()
            .find_map(|field| number(field, 1.0))
    };
    let seconds = || {
        body.fields(&SECONDS)
            .into_iter()
            .find_map(|field| like_the_header(field, reply.now))
    };
    let words = || in_words(body.sentence.as_deref()?);
    let asked = info()
        .or_else(header)
        .or_else(milliseconds)
        .or_else(seconds)
        .or_else(words)?;
    // A value this large is a Unix time at which to retry, not a wait.
    let wait = if asked >= FIRST_TIME {
        asked.saturating_sub(reply.now)
    } else {
        asked
    };
    Some(wait.min(DAY))
}

/// `"22.5s"`, or an object of seconds and nanoseconds.
fn retry_info(delay: &Value) -> Option<Millis> {
    let Value::Object(fields) = delay else {
        return like_the_header(delay, 0);
    };
    let part = |name: &str, unit: f64| fields.get(name).and_then(|field| number(field, unit));
    let (seconds, nanos) = (part("seconds", 1_000.0), part("nanos", 0.000_001));
    if seconds.is_none() && nanos.is_none() {
        return None;
    }
    Some(seconds.unwrap_or(0).saturating_add(nanos.unwrap_or(0)))
}

fn like_the_header(field: &Value, now: Millis) -> Option<Millis> {
    match field {
        Value::String(text) => duration(text).or_else(|| retry_after::parse(text, now)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            number(field, 1_000.0)
        }
    }
}

/// A number, or a number in a string, times `unit` milliseconds.
fn number(field: &Value, unit: f64) -> Option<Millis> {
    let number = match field.as_str() {
        Some(text) => text.trim().parse().ok()?,
        None => field.as_f64()?,
    };
    milliseconds(number * unit)
}

/// The first delay in a sentence: `Please retry in 26.6s.`, `try again in 2 minutes`, `in 1m2.5s`,
/// `in 850ms`.
fn in_words(sentence: &str) -> Option<Millis> {
    let sentence = sentence.to_lowercase();
    let after = |phrase: &&str| {
        let mut ends = sentence
            .match_indices(*phrase)
            .map(|(at, _)| at + phrase.len());
        ends.find_map(|end| said(sentence.get(end..)?))
    };
    PHRASES.iter().find_map(after)
}

fn said(rest: &str) -> Option<Millis> {
    let fillers = [
        "about ",
        "approximately ",
        "around ",
        "at least ",
        "another ",
        "~",
    ];
    let rest = fillers
        .iter()
        .find_map(|filler| rest.strip_prefix(filler))
        .unwrap_or(rest);
    let (total, left) = spans(rest.trim_start());
    if total.is_some() {
        return total;
    }
    // A number without a unit is in seconds, as in the header, if the sentence ends with it.
    let end = left
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(left.len());
    let (digits, after) = left.split_at(end);
    let ends = after
        .chars()
        .all(|character| ".,;!)".contains(character) || character.is_whitespace());
    if ends {
        milliseconds(digits.parse::<f64>().ok()? * 1_000.0)
    } else {
        None
    }
}

/// A text that is only a duration: `22s`, `1m2.5s`, `PT1M30S`; a number without a unit is in
/// seconds.
fn duration(text: &str) -> Option<Millis> {
    let text = text.trim().to_lowercase();
    if let Ok(seconds) = text.parse::<f64>() {
        return milliseconds(seconds * 1_000.0);
    }
    let (total, left) = spans(text.strip_prefix("pt").unwrap_or(&text));
    total.filter(|_| left.trim().is_empty())
}

/// Adds up the numbers with units at the beginning of a text: the sum, if there is any, and the
/// rest of the text.
fn spans(text: &str) -> (Option<Millis>, &str) {
    let (mut total, mut rest) = (None, text);
    while let Some((span, after)) = span(rest.trim_start().trim_start_matches("and ")) {
        total = Some(span.saturating_add(total.unwrap_or(0)));
        rest = after;
    }
    (total, rest)
}

fn span(text: &str) -> Option<(Millis, &str)> {
    let end = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let number = number.parse::<f64>().ok()?;
    let rest = rest.trim_start_matches([' ', '-']);
    let end = rest
        .find(|character: char| !character.is_alphabetic())
        .unwrap_or(rest.len());
    let (unit, after) = rest.split_at(end);
    let unit = match unit {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => SECOND,
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        _ => return None,
    };
    #[allow(clippy::cast_precision_loss, reason = "a unit is at most a day")]
    let length = milliseconds(number * unit as f64)?;
    Some((length, after.trim_start_matches(',')))
}

/// Whole milliseconds, rounded up; `None` if `length` is negative or no number.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a value that is too large becomes the maximum"
)]
fn milliseconds(length: f64) -> Option<Millis> {
    // A float slightly above a whole number is that number.
    (length >= 0.0).then(|| (length - 1e-7).ceil().max(0.0) as Millis)
}

#[cfg(test)]
mod tests {
    use super::asked;
    use crate::clients::error_body::ErrorBody;
    use crate::clients::reply::Reply;
    use crate::time::{DAY, Millis};

    fn wait(header: Option<&str>, body: &str) -> Option<Millis> {
        let now = 1_445_412_470_000;
        let reply = Reply {
            status: 429,
            retry_after: header.map(str::to_owned),
            body: body.into(),
            now,
        };
        asked(&reply, &ErrorBody::read(&reply.body))
    }

    #[test]
    fn retry_info_is_read_as_a_string_or_an_object_wherever_it_stands() {
        for (delay, expected) in [
            (r#""22s""#, Some(22_000)),
            (r#""22.5s""#, Some(22_500)),
            (r#""0.847655010s""#, Some(848)),
            (r#""1m2.5s""#, Some(62_500)),
            (r#""22""#, Some(22_000)),
            ("22", Some(22_000)),
            (r#"{"seconds":26}"#, Some(26_000)),
            (r#"{"seconds":"26","nanos":600000000}"#, Some(26_600)),
            (r#"{"seconds":1,"nanos":"500000000"}"#, Some(1_500)),
            (r#"{"nanos":1}"#, Some(1)),
            (r#""900000s""#, Some(DAY)),
            (r#""-5s""#, None),
            (r#""soon""#, None),
            ("{}", None),
            ("null", None),
        ] {
            let detail = format!(
                r#"{{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":{delay}}}"#
            );
            let error = format!(
                r#"{{"error":{{"code":429,"message":"m","details":[{{"a":1}},{detail}]}}}}"#
            );
            assert_eq!(wait(None, &error), expected, "{delay}");
            assert_eq!(
                wait(None, &format!("[{error}]")),
                expected,
                "a list of {delay}"
            );
        }
    }

    #[test]
    fn the_header_and_fields_like_it_are_read() {
        assert_eq!(wait(Some("7"), "<html>"), Some(7_000));
        assert_eq!(wait(Some("2.5"), "{}"), Some(2_500));
        assert_eq!(
            wait(Some("Wed, 21 Oct 2015 07:28:00 GMT"), "{}"),
            Some(10_000)
        );
        assert_eq!(wait(Some("999999999"), "{}"), Some(DAY));
        assert_eq!(
            wait(Some("1445412485"), "{}"),
            Some(15_000),
            "a point in time"
        );
        assert_eq!(wait(None, r#"{"retry_after":1445412485}"#), Some(15_000));
        assert_eq!(
            wait(None, r#"{"error":{"retryAfterMs":1445412485000}}"#),
            Some(15_000)
        );
        assert_eq!(
            wait(Some("1445412400"), "{}"),
            Some(0),
            "the time has passed"
        );
        assert_eq!(
            wait(Some("7"), r#"{"error":{"details":[{"retryDelay":"3s"}]}}"#),
            Some(3_000),
            "RetryInfo takes precedence"
        );
        for body in [
            r#"{"retry_after":4}"#,
            r#"{"error":{"message":"m","retry_after":"4"}}"#,
            r#"{"error":{"metadata":{"retry_after_ms":4000}}}"#,
            r#"[{"error":{"retryAfter":"4s"}}]"#,
            r#"{"retryAfterMs":"4000"}"#,
        ] {
            assert_eq!(wait(None, body), Some(4_000), "{body}");
        }
    }

    #[test]
    fn words_are_read() {
        for (words, expected) in [
            (
                "You exceeded your current quota. Please retry in 26.6s.",
                26_600,
            ),
            ("Please retry in 10.689924287s.", 10_690),
            ("Please try again in 2 minutes", 120_000),
            ("Please try again in 1m2.5s. Visit https://h", 62_500),
            ("Rate limited: retry in 850ms", 850),
            ("Please retry after 30 seconds.", 30_000),
            ("Retry after 30.", 30_000),
            (
                "Please wait about 1 hour and 5 minutes, then go on.",
                3_900_000,
            ),
            ("Try again in 3 days.", DAY),
        ] {
            assert_eq!(
                wait(None, &format!(r#"{{"error":{{"message":"{words}"}}}}"#)),
                Some(expected),
                "{words}"
            );
            assert_eq!(wait(None, words), Some(expected), "plain: {words}");
        }
        for words in [
            "Please try again later.",
            "Try again in 2 business days",
            "Retry in a moment",
            "again in -5s",
        ] {
            assert_eq!(wait(None, words), None, "{words}");
        }
    }
}
