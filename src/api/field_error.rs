//! An error in one part of a request, or in a setting.

use serde::Serialize;

/// One invalid part of a request, as listed in the `errors` of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct FieldError {
    #[serde(flatten)]
    pub place: Place,
    /// What it must be.
    pub detail: String,
    /// A code, if there is a more specific one than `invalid_request`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The shell command that sets this setting of a deployed worker; absent if no command does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// Exactly one of these locates the invalid part. JSON pointers (RFC 6901) are for bodies only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Place {
    Pointer(String),
    Header(&'static str),
    Parameter(&'static str),
    /// A variable or secret of the worker.
    Setting(&'static str),
}

impl FieldError {
    /// An invalid field of the body, by its JSON pointer.
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            place: Place::Pointer(pointer.into()),
            detail: detail.into(),
            code: None,
            command: None,
        }
    }

    /// An invalid request header.
    pub fn header(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            place: Place::Header(name),
            detail: detail.into(),
            code: None,
            command: None,
        }
    }

    /// An invalid query parameter.
    pub fn parameter(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            place: Place::Parameter(name),
            detail: detail.into(),
            code: None,
            command: None,
        }
    }

    /// A wrong setting of the worker.
    pub fn setting(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            place: Place::Setting(name),
            detail: detail.into(),
            code: None,
            command: None,
        }
    }

    /// Adds a code for programs.
    #[must_use]
    pub fn with_code(self, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// The name of the invalid part.
    pub fn name(&self) -> &str {
        match &self.place {
            Place::Pointer(pointer) => pointer,
            Place::Header(name) | Place::Parameter(name) | Place::Setting(name) => name,
        }
    }
}
