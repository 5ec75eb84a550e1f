//! Query parameters. Pure.

use crate::api::field_error::FieldError;
use crate::ids::{USER_ID_RULE, is_user_id};
use crate::machine::Status;
use crate::machine::delivery::DeliveryState;
use crate::machine::queue::MINUTES_KEPT;
use crate::time::{DAY, HOUR, MINUTE, Millis};
use chrono::DateTime;

/// The default number of entries per page.
pub const DEFAULT_LIMIT: u32 = 20;
/// The maximum number of entries per page.
pub const MAX_LIMIT: u32 = 100;
/// The longest lifetime of a signed URL, in seconds: seven days.
pub const MAX_EXPIRES_IN: u64 = 7 * 24 * 3_600;
/// The longest cursor, in characters.
pub const MAX_CURSOR: usize = 512;
/// The longest search text, in characters.
pub const MAX_SEARCH: usize = 100;

/// The requested page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    pub status: Option<Status>,
    /// The text that the id or the prompt must contain.
    pub search: Option<String>,
    pub limit: u32,
    pub after: Option<String>,
}

/// The requested page of all users' jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobsQuery {
    pub user_id: Option<String>,
    pub list: ListQuery,
}

/// The requested page of all webhook events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveriesQuery {
    /// One of [`DeliveryState::WORDS`].
    pub state: Option<&'static str>,
    pub limit: u32,
    pub after: Option<String>,
}

/// Reads parameters one by one and collects their errors.
struct Reader<F> {
    parameter: F,
    errors: Vec<FieldError>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn new(parameter: F) -> Self {
        Self {
            parameter,
            errors: Vec::new(),
        }
    }

    /// A parameter's value; an empty one counts as absent.
    fn given(&self, name: &str) -> Option<String> {
        (self.parameter)(name).filter(|value| !value.is_empty())
    }

    fn refuse(&mut self, error: FieldError) {
        self.errors.push(error);
    }

    /// A parameter parsed by `known`; `rule` is the error if it returns `None`.
    fn read<T>(
        &mut self,
        name: &'static str,
        rule: &str,
        known: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = known(&self.given(name)?);
        if value.is_none() {
            self.refuse(FieldError::parameter(name, rule));
        }
        value
    }

    fn status(&mut self) -> Option<Status> {
        let rule = format!(
            "must be one of {}",
            Status::ALL.map(Status::as_str).join(", ")
        );
        self.read("status", &rule, |word| {
            Status::ALL
                .into_iter()
                .find(|status| status.as_str() == word)
        })
    }

    fn state(&mut self) -> Option<&'static str> {
        let rule = format!("must be one of {}", DeliveryState::WORDS.join(", "));
        self.read("state", &rule, |word| {
            DeliveryState::WORDS
                .into_iter()
                .find(|state| *state == word)
        })
    }

    fn search(&mut self) -> Option<String> {
        let rule = format!("must have 1 to {MAX_SEARCH} characters");
        self.read("search", &rule, |text| {
            (text.chars().count() <= MAX_SEARCH).then(|| text.to_owned())
        })
    }

    fn limit(&mut self) -> u32 {
        let rule = format!("must be a whole number from 1 to {MAX_LIMIT}");
        let limit = self.read("limit", &rule, |text| {
            text.parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        });
        limit.unwrap_or(DEFAULT_LIMIT)
    }

    fn after(&mut self) -> Option<String> {
        let after = self.given("after");
        if after
            .as_ref()
            .is_some_and(|cursor| cursor.len() > MAX_CURSOR)
        {
            self.refuse(bad_cursor());
        }
        after
    }

    fn list(&mut self) -> ListQuery {
        let (status, search) = (self.status(), self.search());
        ListQuery {
            status,
            search,
            limit: self.limit(),
            after: self.after(),
        }
    }

    /// The query, or the errors of its parameters.
    fn finish<T>(self, query: T) -> Result<T, Vec<FieldError>> {
        if self.errors.is_empty() {
            Ok(query)
        } else {
            Err(self.errors)
        }
    }
}

/// Reads `status`, `search`, `limit` and `after`. The errors name every invalid one.
pub fn list_query(
    parameter: impl Fn(&str) -> Option<String>,
) -> Result<ListQuery, Vec<FieldError>> {
    let mut reader = Reader::new(parameter);
    let query = reader.list();
    reader.finish(query)
}

/// As [`list_query`], and `userId`.
pub fn jobs_query(
    parameter: impl Fn(&str) -> Option<String>,
) -> Result<JobsQuery, Vec<FieldError>> {
    let mut reader = Reader::new(parameter);
    let list = reader.list();
    let rule = format!("must be {USER_ID_RULE}");
    let user_id = reader.read("userId", &rule, |id| is_user_id(id).then(|| id.to_owned()));
    reader.finish(JobsQuery { user_id, list })
}

/// Reads `state`, `limit` and `after`.
pub fn deliveries_query(
    parameter: impl Fn(&str) -> Option<String>,
) -> Result<DeliveriesQuery, Vec<FieldError>> {
    let mut reader = Reader::new(parameter);
    let query = DeliveriesQuery {
        state: reader.state(),
        limit: reader.limit(),
        after: reader.after(),
    };
    reader.finish(query)
}

/// Reads `expiresIn`, the lifetime of a signed URL in seconds.
pub fn expires_in(
    parameter: impl Fn(&str) -> Option<String>,
) -> Result<Option<u64>, Vec<FieldError>> {
    let rule = format!("must be a whole number of seconds from 1 to {MAX_EXPIRES_IN}");
    let mut reader = Reader::new(parameter);
    let seconds = |text: &str| {
        text.parse()
            .ok()
            .filter(|seconds| (1..=MAX_EXPIRES_IN).contains(seconds))
    };
    let given = reader.read("expiresIn", &rule, seconds);
    reader.finish(given)
}

/// Reads the required `since`, as milliseconds since the Unix epoch.
pub fn since(parameter: impl Fn(&str) -> Option<String>) -> Result<Millis, Vec<FieldError>> {
    let time = parameter("since").and_then(|text| DateTime::parse_from_rfc3339(&text).ok());
    let at = time.and_then(|time| Millis::try_from(time.timestamp_millis().max(0)).ok());
    at.ok_or_else(|| {
        vec![FieldError::parameter(
            "since",
            "must be a time such as 2026-01-01T00:00:00Z",
        )]
    })
}

pub(crate) fn bad_cursor() -> FieldError {
    FieldError::parameter("after", "must be the nextCursor of an earlier page")
}

/// Reads the `window` of the metrics, such as `90m`, `6h` or `7d`, as milliseconds. The default is
/// an hour.
pub fn metrics_window(text: Option<&str>) -> Result<Millis, FieldError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(HOUR);
    };
    let units = [("m", MINUTE), ("h", HOUR), ("d", DAY)];
    let read = units.into_iter().find_map(|(letter, unit)| {
        let number = text
            .strip_suffix(letter)
            .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
        number.parse::<Millis>().ok()?.checked_mul(unit)
    });
    let detail = "must be a duration such as 15m, 1h or 7d, from 1m to 7d";
    read.filter(|window| (MINUTE..=MINUTES_KEPT).contains(window))
        .ok_or_else(|| FieldError::parameter("window", detail))
}
