//! An answer, before it is converted to the platform's response.

use crate::api::problem::Problem;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use worker::{Headers, Response, ResponseBody};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    content: Content,
}

enum Content {
    Empty,
    Json(String),
    /// Text in a format other than the app's JSON.
    Text(String),
    /// Serialised last, because it contains the request's id.
    Problem(Problem),
    Stream(ResponseBody),
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content: Content::Empty,
        }
    }

    /// JSON. It may contain signed URLs, so it must not be cached.
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Result<Self, Problem> {
        let text = serde_json::to_string(value).map_err(|_| Problem::unavailable())?;
        let answer = Self {
            status,
            headers: Vec::new(),
            content: Content::Json(text),
        };
        Ok(answer
            .with("Content-Type", JSON)
            .with("Cache-Control", "no-store"))
    }

    /// `{"success": true, field: value}`.
    pub(crate) fn success(field: &str, value: &impl Serialize) -> Result<Self, Problem> {
        Self::json(200, &Success { field, value })
    }

    /// Text of another content type, not to be cached.
    pub(crate) fn text(content_type: &str, text: String) -> Self {
        let answer = Self {
            status: 200,
            headers: Vec::new(),
            content: Content::Text(text),
        };
        answer
            .with("Content-Type", content_type)
            .with("Cache-Control", "no-store")
    }

    pub(crate) fn stream(status: u16, body: ResponseBody) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content: Content::Stream(body),
        }
    }

    pub(crate) fn problem(problem: Problem) -> Self {
        let mut answer = Self {
            status: problem.status,
            headers: problem.headers.clone(),
            content: Content::Empty,
        };
        if let Some(seconds) = problem.retry_after {
            answer = answer.with("Retry-After", seconds.to_string());
        }
        answer.content = Content::Problem(problem);
        answer
            .with("Content-Type", PROBLEM)
            .with("Cache-Control", "no-store")
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// The problem's code, if the answer is a problem.
    pub(crate) fn code(&self) -> Option<&'static str> {
        match &self.content {
            Content::Problem(problem) => Some(problem.code),
            Content::Empty | Content::Json(_) | Content::Text(_) | Content::Stream(_) => None,
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| *known == name)
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Converts it to the platform's response. HEAD gets the same headers without the content.
    pub(crate) fn into_response(self, request_id: &str, head: bool) -> Response {
        let headers = Headers::new();
        for (name, value) in &self.headers {
            // If the platform refuses a value, only that header is lost.
            let _ = headers.set(name, value);
        }
        let _ = headers.set("X-Request-Id", request_id);
        let _ = headers.set("X-Content-Type-Options", "nosniff");
        let builder = Response::builder()
            .with_status(self.status)
            .with_headers(headers);
        match self.content {
            Content::Json(_) | Content::Text(_) | Content::Problem(_) | Content::Stream(_)
                if head =>
            {
                builder.empty()
            }
            Content::Empty => builder.empty(),
            Content::Json(text) | Content::Text(text) => builder.fixed(text.into_bytes()),
            Content::Problem(problem) => {
                builder.fixed(serde_json::to_vec(&problem.body(request_id)).unwrap_or_default())
            }
            Content::Stream(body) => builder.body(body),
        }
    }
}

struct Success<'a, T> {
    field: &'a str,
    value: &'a T,
}

impl<T: Serialize> Serialize for Success<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("success", &true)?;
        map.serialize_entry(self.field, self.value)?;
        map.end()
    }
}
