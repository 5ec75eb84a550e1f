//! The query of a list. Pure.

use crate::machine::Status;
use crate::wire::api::FieldError;

/// How many entries a page has unless asked otherwise.
pub const DEFAULT_LIMIT: u32 = 20;
/// How many entries a page has at most.
pub const MAX_LIMIT: u32 = 100;
/// The longest cursor, in characters.
pub const MAX_CURSOR: usize = 512;

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
