//! The query of a list. Pure.

use crate::machine::queue::MINUTES_KEPT;
use crate::machine::{DAY, HOUR, MINUTE, Millis, Status};
use crate::wire::api::FieldError;

/// How many entries a page has unless asked otherwise, and at most.
const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 100;
/// The longest cursor, in characters.
const MAX_CURSOR: usize = 512;

/// Which page of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    pub status: Option<Status>,
    pub limit: u32,
    pub after: Option<String>,
}

/// Reads `status`, `limit` and `after`; every bad one is named.
pub fn list_query(parameter: impl Fn(&str) -> Option<String>) -> Result<ListQuery, Vec<FieldError>> {
    let given = |name: &str| parameter(name).filter(|value| !value.is_empty());
    let mut errors = Vec::new();
    let status = given("status").and_then(|word| {
        let status = Status::ALL.into_iter().find(|status| status.as_str() == word);
        if status.is_none() {
            let words = Status::ALL.map(Status::as_str).join(", ");
            errors.push(FieldError::parameter("status", format!("must be one of {words}")));
        }
        status
    });
    let limit = given("limit").map_or(DEFAULT_LIMIT, |text| {
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.unwrap_or_else(|| {
            errors.push(FieldError::parameter("limit", format!("must be a whole number from 1 to {MAX_LIMIT}")));
            DEFAULT_LIMIT
        })
    });
    let after = given("after");
    if after.as_ref().is_some_and(|cursor| cursor.len() > MAX_CURSOR) {
        errors.push(bad_cursor());
    }
    if errors.is_empty() { Ok(ListQuery { status, limit, after }) } else { Err(errors) }
}

pub(super) fn bad_cursor() -> FieldError {
    FieldError::parameter("after", "must be the nextCursor of an earlier page")
}

/// Reads the `window` of the metrics in milliseconds: such as `90m`, `6h` or `7d`, an hour if there is none.
pub fn metrics_window(text: Option<&str>) -> Result<Millis, FieldError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(HOUR) };
    let units = [("m", MINUTE), ("h", HOUR), ("d", DAY)];
    let read = units.into_iter().find_map(|(letter, unit)| {
        let number = text.strip_suffix(letter).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
        number.parse::<Millis>().ok()?.checked_mul(unit)
    });
    let detail = "must be a time such as 90m, 6h or 7d, from 1m to 7d";
    read.filter(|window| (MINUTE..=MINUTES_KEPT).contains(window))
        .ok_or_else(|| FieldError::parameter("window", detail))
}
