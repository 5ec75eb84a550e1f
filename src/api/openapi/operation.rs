//! One operation: what is asked, what is answered, and what can be wrong with it.

use crate::api::auth::{USER_HEADER, USER_PARAMETER};
use crate::api::field_error::FieldError;
use crate::api::openapi::formats::reference;
use crate::api::openapi::parameters;
use crate::api::openapi::problems::Problems;
use crate::api::problem::Problem;
use serde_json::{Map, Value, json};

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everyone, without a token.
    Open,
    /// Any valid token: the answer is the same for everyone.
    Anyone,
    /// The user whose it is, or who acts for them.
    Owner,
    /// The same, or whoever holds a signed address.
    OwnerOrAddress,
    Operator,
    /// Whoever can sign the body.
    Signed,
}

/// One method of one path.
pub(crate) struct Operation {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    tag: &'static str,
    access: Access,
    summary: &'static str,
    description: String,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Operation {
    pub(crate) fn get(path: &'static str, id: &'static str) -> Self {
        Self::new("get", path, id)
    }

    pub(crate) fn post(path: &'static str, id: &'static str) -> Self {
        Self::new("post", path, id)
    }

    pub(crate) fn delete(path: &'static str, id: &'static str) -> Self {
        Self::new("delete", path, id)
    }

    fn new(method: &'static str, path: &'static str, id: &'static str) -> Self {
        Self {
            method,
            path,
            id,
            tag: "Generations",
            access: Access::Owner,
            summary: "",
            description: String::new(),
            parameters: Vec::new(),
            body: None,
            answers: Map::new(),
            problems: Vec::new(),
        }
    }

    pub(crate) fn path(&self) -> &'static str {
        self.path
    }

    pub(crate) fn method(&self) -> &'static str {
        self.method
    }

    pub(crate) fn of(self, tag: &'static str, access: Access) -> Self {
        Self { tag, access, ..self }
    }

    /// A heading, and what it does.
    pub(crate) fn says(self, summary: &'static str, description: impl Into<String>) -> Self {
        Self { summary, description: description.into(), ..self }
    }

    pub(crate) fn with(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// A JSON body.
    pub(crate) fn takes(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// An answer that is a success, whole as the document has it.
    pub(crate) fn answers(mut self, status: u16, response: Value) -> Self {
        self.answers.insert(status.to_string(), response);
        self
    }

    /// What can go wrong besides what can go wrong with any call of that access.
    pub(crate) fn fails(mut self, problems: impl IntoIterator<Item = Problem>) -> Self {
        self.problems.extend(problems);
        self
    }

    pub(crate) fn into_json(self, problems: &mut Problems) -> Value {
        let Self {
            method: _,
            path,
            id,
            tag,
            access,
            summary,
            description,
            parameters,
            body,
            mut answers,
            problems: own,
        } = self;
        let mut all_parameters = if path.contains("{id}") { vec![parameters::id(path)] } else { Vec::new() };
        all_parameters.extend(parameters);
        if matches!(access, Access::Owner | Access::OwnerOrAddress) {
            all_parameters.push(reference("parameters", USER_PARAMETER));
            all_parameters.push(reference("parameters", USER_HEADER));
        }
        all_parameters.push(reference("parameters", "X-Request-Id"));
        for (_, response) in &mut answers {
            response["headers"]["X-Request-Id"] = reference("headers", "X-Request-Id");
        }
        let ambiguous = if path.contains("{id}") && matches!(access, Access::Owner | Access::OwnerOrAddress) {
            Some(Problem::ambiguous_generation())
        } else {
            None
        };
        let failures = own.into_iter().chain(usual_problems(access)).chain(ambiguous);
        answers.extend(problems.responses(failures));
        if access == Access::Open {
            let description = "Refused before Reelay was asked, such as by a rule of Cloudflare's.";
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

fn security(access: Access) -> Value {
    match access {
        Access::Open | Access::Signed => json!([]),
        Access::Anyone | Access::Owner => json!([{ "token": [] }]),
        Access::OwnerOrAddress => json!([{ "token": [] }, { "signedAddress": [] }]),
        Access::Operator => json!([{ "operator": [] }]),
    }
}

/// What can go wrong with any call of an access.
fn usual_problems(access: Access) -> Vec<Problem> {
    let unauthorized = Problem::unauthorized("The token is not valid or has expired.");
    let limited = Problem::too_many_requests(10);
    let mut problems = match access {
        Access::Open | Access::Signed => Vec::new(),
        Access::Anyone => vec![unauthorized, limited],
        Access::Owner | Access::OwnerOrAddress => {
            let detail = "must name the user the key acts for (or userId in the body or the query does)";
            let nobody = Problem::invalid(vec![FieldError::header("X-User-Id", detail)]);
            vec![nobody, unauthorized, Problem::foreign_user(), limited]
        }
        Access::Operator => vec![unauthorized, Problem::operators_only()],
    };
    problems.push(Problem::misconfigured("The worker is misconfigured: NEXTJS_URL is required.".to_owned()));
    problems.push(Problem::unavailable());
    problems
}
