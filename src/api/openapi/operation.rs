//! One operation: its parameters, body, answers and problems.

use crate::api::access::Access;
use crate::api::auth::{USER_HEADER, USER_PARAMETER};
use crate::api::field_error::FieldError;
use crate::api::openapi::formats::{json_answer, reference};
use crate::api::openapi::parameters;
use crate::api::openapi::problems::Problems;
use crate::api::problem::Problem;
use crate::config::{ConfigError, ConfigErrors, Environment};
use serde_json::{Map, Value, json};

/// The description of a route, in addition to the table of routes.
pub(crate) struct Operation {
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    description: String,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Operation {
    /// An operation with this id, in the group `tag`.
    pub(crate) fn new(id: &'static str, tag: &'static str) -> Self {
        Self {
            id,
            tag,
            summary: "",
            description: String::new(),
            parameters: Vec::new(),
            body: None,
            answers: Map::new(),
            problems: Vec::new(),
        }
    }

    /// Sets the heading and the description.
    pub(crate) fn says(self, summary: &'static str, description: impl Into<String>) -> Self {
        Self {
            summary,
            description: description.into(),
            ..self
        }
    }

    pub(crate) fn with(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Sets the body.
    pub(crate) fn takes(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    /// Adds a successful answer, as in the document.
    pub(crate) fn answers(mut self, status: u16, response: Value) -> Self {
        self.answers.insert(status.to_string(), response);
        self
    }

    /// Adds the answer, parameters and problem of a page of a list.
    pub(crate) fn answers_page(self, page: &Value) -> Self {
        let wrong = FieldError::parameter("limit", "must be a whole number from 1 to 100");
        self.with(parameters::limit())
            .with(parameters::after())
            .answers(200, json_answer("A page.", page))
            .fails([Problem::invalid(vec![wrong])])
    }

    /// Adds problems to those that every route with the same access has.
    pub(crate) fn fails(mut self, problems: impl IntoIterator<Item = Problem>) -> Self {
        self.problems.extend(problems);
        self
    }

    /// The operation in the document, for `path` and `access`.
    pub(crate) fn into_json(self, path: &str, access: &Access, problems: &mut Problems) -> Value {
        let Self {
            id,
            tag,
            summary,
            description,
            parameters,
            body,
            mut answers,
            problems: own,
        } = self;
        let mut all_parameters = if path.contains("{id}") {
            vec![parameters::id(path)]
        } else {
            Vec::new()
        };
        all_parameters.extend(parameters);
        if names_a_user(access) {
            all_parameters.push(reference("parameters", USER_PARAMETER));
            all_parameters.push(reference("parameters", USER_HEADER));
        }
        all_parameters.push(reference("parameters", "X-Request-Id"));
        for (_, response) in &mut answers {
            response["headers"]["X-Request-Id"] = reference("headers", "X-Request-Id");
        }
        answers.extend(problems.responses(own.into_iter().chain(usual_problems(access))));
        if matches!(access, Access::Open(_)) {
            let description =
                "Refused before the request reached Reelay, for example by a Cloudflare rule.";
            answers.insert("4XX".to_owned(), json!({ "description": description }));
        }
        let mut operation = json!({
            "operationId": id,
            "tags": [tag],
            "summary": summary,
            "description": description,
            "security": security(access),
            "parameters": all_parameters,
            "responses": answers,
        });
        if let Some(body) = body {
            operation["requestBody"] = body;
        }
        operation
    }
}

/// Whether the request may name the user it acts for.
fn names_a_user(access: &Access) -> bool {
    matches!(
        access,
        Access::User(_) | Access::Sender(_) | Access::Owner(_) | Access::OwnerOrAddress(_)
    )
}

fn security(access: &Access) -> Value {
    match access {
        Access::Open(_) | Access::Signed(_) => json!([]),
        Access::Anyone(_) | Access::User(_) | Access::Sender(_) | Access::Owner(_) => {
            json!([{ "token": [] }])
        }
        Access::OwnerOrAddress(_) => json!([{ "token": [] }, { "signedAddress": [] }]),
        Access::Operator(_) => json!([{ "operator": [] }]),
    }
}

/// The problems of every route with this access.
fn usual_problems(access: &Access) -> Vec<Problem> {
    let unauthorized = Problem::unauthorized("The token is not valid or has expired.");
    let mut problems = match access {
        Access::Open(_) | Access::Signed(_) => Vec::new(),
        Access::Operator(_) => vec![unauthorized, Problem::operators_only()],
        Access::Anyone(_)
        | Access::User(_)
        | Access::Sender(_)
        | Access::Owner(_)
        | Access::OwnerOrAddress(_) => {
            vec![unauthorized, Problem::too_many_requests(10)]
        }
    };
    if names_a_user(access) {
        let detail =
            "must name the user the key acts for (or send userId in the body or the query)";
        problems.extend([
            Problem::invalid(vec![FieldError::header(USER_HEADER, detail)]),
            Problem::foreign_user(),
        ]);
    }
    if matches!(access, Access::Owner(_) | Access::OwnerOrAddress(_)) {
        problems.extend([Problem::no_generation(), Problem::ambiguous_generation()]);
    }
    problems.push(Problem::misconfigured(
        &missing_settings(),
        Environment::Production,
    ));
    problems.push(Problem::unavailable());
    problems
}

/// An example of wrong settings.
fn missing_settings() -> ConfigErrors {
    let mut errors = ConfigErrors::default();
    for (variable, wanted) in [
        ("JWT_SECRET", "a random secret of at least 32 bytes"),
        (
            "NEXTJS_URL",
            "the https address of the app, unless WEBHOOK_URL is set",
        ),
    ] {
        errors.add(ConfigError::missing(variable, wanted));
    }
    errors
}
