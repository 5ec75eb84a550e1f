//! Answers to questions about a prompt, as apps send them. They are joined into one text.

use crate::api::field_error::FieldError;
use crate::api::order::spelling::pointer_token;
use serde_json::{Map, Value};

/// The names of the field with the answers, and of the field with the questions.
const ANSWERS: [&str; 2] = ["clarificationResponses", "clarification_responses"];
const QUESTIONS: [&str; 2] = ["clarificationQuestions", "clarification_questions"];
/// The names of a question's text, of its id, and of an answer within an entry of a list.
const QUESTION: [&str; 1] = ["question"];
const ID: [&str; 3] = ["questionId", "question_id", "id"];
const ANSWER: [&str; 4] = ["answer", "value", "response", "text"];

/// The answers of a body: their JSON pointer and their text. `None` if there are none.
pub(crate) fn answers(body: &Map<String, Value>) -> Result<Option<(String, String)>, FieldError> {
    let Some((name, given)) = first(body, &ANSWERS) else {
        return Ok(None);
    };
    let place = format!("/{name}");
    let questions = first(body, &QUESTIONS).map(|(_, questions)| questions);
    let lines = match given {
        Value::String(text) => vec![text.trim().to_owned()],
        Value::Object(answers) => {
            let line = |(key, answer): (&String, &Value)| {
                line(
                    Some(&asked(questions, key)),
                    answer,
                    &format!("{place}/{}", pointer_token(key)),
                )
            };
            answers.iter().map(line).collect::<Result<_, _>>()?
        }
        Value::Array(entries) => {
            let line = |(index, entry)| entry_line(entry, questions, &format!("{place}/{index}"));
            entries
                .iter()
                .enumerate()
                .map(line)
                .collect::<Result<_, _>>()?
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            return Err(FieldError::field(
                place,
                "must be an object of questions and answers, or a list of answers",
            ));
        }
    };
    let lines: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    Ok(Some((place, lines.join("\n"))))
}

/// The line of a list's entry, which is an answer, or an object with a question and an answer.
fn entry_line(entry: &Value, questions: Option<&Value>, place: &str) -> Result<String, FieldError> {
    let Value::Object(entry) = entry else {
        return line(None, entry, place);
    };
    let Some((name, answer)) = first(entry, &ANSWER) else {
        return Err(FieldError::field(format!("{place}/answer"), "is required"));
    };
    let text = |names| first(entry, names).and_then(|(_, value)| value.as_str());
    let question = text(&QUESTION)
        .map(str::to_owned)
        .or_else(|| text(&ID).map(|id| asked(questions, id)));
    line(question.as_deref(), answer, &format!("{place}/{name}"))
}

/// The question with this key among the questions of the app; otherwise the key, which may be the
/// question.
fn asked(questions: Option<&Value>, key: &str) -> String {
    let found = match questions {
        Some(Value::Object(questions)) => questions.get(key),
        Some(Value::Array(questions)) => questions.iter().find(|question| {
            let id = question
                .as_object()
                .and_then(|question| first(question, &ID));
            id.is_some_and(|(_, id)| id.as_str() == Some(key))
        }),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => None,
    };
    let text = |value: &Value| {
        value
            .as_str()
            .or_else(|| value.get(QUESTION[0])?.as_str())
            .map(str::to_owned)
    };
    found.and_then(text).unwrap_or_else(|| key.to_owned())
}

/// `question: answer`, or `question? answer`; empty if there is no answer.
fn line(question: Option<&str>, answer: &Value, place: &str) -> Result<String, FieldError> {
    let answer = match answer {
        Value::Array(parts) => {
            let parts = parts
                .iter()
                .map(|part| word(part, place))
                .collect::<Result<Vec<_>, _>>()?;
            parts
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(", ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            word(answer, place)?
        }
    };
    let Some(question) = question
        .map(str::trim)
        .filter(|question| !question.is_empty() && !answer.is_empty())
    else {
        return Ok(answer);
    };
    let mark = if question.ends_with(['?', ':', '.', '!']) {
        ""
    } else {
        ":"
    };
    Ok(format!("{question}{mark} {answer}"))
}

fn word(value: &Value, place: &str) -> Result<String, FieldError> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Bool(true) => Ok("yes".to_owned()),
        Value::Bool(false) => Ok("no".to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(text.trim().to_owned()),
        Value::Array(_) | Value::Object(_) => Err(FieldError::field(
            place,
            "must be a string, a number, true or false, or a list of these",
        )),
    }
}

/// The first field of these names that is not null.
fn first<'a>(
    object: &'a Map<String, Value>,
    names: &[&'static str],
) -> Option<(&'static str, &'a Value)> {
    names
        .iter()
        .find_map(|name| Some((*name, object.get(*name).filter(|value| !value.is_null())?)))
}
