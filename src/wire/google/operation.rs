//! What a poll found of a long-running operation.

use super::{Found, ROOTS, Reply, filter, find_video, stamped, unavailable, with_words};
use crate::machine::job::Progress;
use crate::machine::outcome::{ErrorCode, Failure, Outcome};
use crate::wire::error_body::{ErrorBody, is_empty};
use crate::wire::{delay, sentence};
use serde_json::{Value, json};

/// An answer to a poll that says nothing about the render.
pub(in crate::wire) fn failed_poll<T>(reply: &Reply) -> Outcome<T> {
    let body = ErrorBody::read(&reply.body);
    let sentence = match reply.status {
        200..=299 => "Asking for the render was answered with an error.".to_owned(),
        status => format!("Asking for the render was answered with HTTP {status}."),
    };
    stamped(Outcome::Retry { after: delay::asked(reply, &body), failure: unavailable(&sentence) }, reply, &body)
}

/// What a poll found. Only the operation's own final word ends a render; every other trouble is asked again. A video in the
/// answer itself is at `inline`.
pub(in crate::wire) fn read_operation(reply: &Reply, inline: &str) -> Outcome<Progress> {
    if !reply.is_success() {
        return failed_poll(reply);
    }
    let Ok(answer) = serde_json::from_slice::<Value>(&reply.body) else { return Outcome::Unknown };
    let operation = answer.as_array().and_then(|answers| answers.first()).unwrap_or(&answer);
    let Value::Object(fields) = operation else { return Outcome::Unknown };
    let error = fields.get("error").filter(|error| !is_empty(error));
    match fields.get("done") {
        Some(Value::Bool(true)) => {}
        Some(Value::String(done)) if done.eq_ignore_ascii_case("true") => {}
        // An error that is not the operation's is about the question.
        None | Some(Value::Null | Value::Bool(false)) if error.is_some() => return failed_poll(reply),
        None | Some(Value::Null | Value::Bool(false)) => return Outcome::Done(Progress::Running),
        Some(_) => return Outcome::Unknown,
    }
    if let Some(error) = error {
        let error = ErrorBody::of(json!({ "error": error }));
        return stamped(Outcome::Refused(failed_operation(&error)), reply, &error);
    }
    match ROOTS.iter().find_map(|root| find_video(fields.get(*root)?)) {
        Some(Found::At(uri)) => Outcome::Done(Progress::Ready { uri: uri.to_owned(), cost_micros: None }),
        Some(Found::Inline) => Outcome::Done(Progress::Ready { uri: inline.to_owned(), cost_micros: None }),
        None => {
            let verdict = filter::verdict(operation);
            let failure = verdict.unwrap_or_else(|| unavailable("The video service finished without a video."));
            stamped(Outcome::Refused(failure), reply, &ErrorBody::default())
        }
    }
}

/// The word of a failed operation, by its code: gRPC's or HTTP's, as a number or a word, or none.
pub(in crate::wire) fn failed_operation(error: &ErrorBody) -> Failure {
    let words = error.sentence.as_deref();
    let is_filtered = words.is_some_and(filter::is_meant)
        || error.has_code_like(&["safety", "blocked", "prohibited", "content_policy", "content_filter"]);
    let invalid = || match words {
        Some(words) => Failure::new(ErrorCode::InvalidRequest, sentence::ended(words)),
        None => Failure::new(ErrorCode::InvalidRequest, "The video service refused the order."),
    };
    let used_up = || {
        let sentence = with_words("The video service's quota is used up.", words);
        Failure::new(ErrorCode::ProviderQuotaExhausted, sentence)
    };
    match error.meaning() {
        None | Some(400 | 403) if is_filtered => filter::rejected(words.unwrap_or_default()),
        Some(400 | 422) => invalid(),
        Some(402 | 429) => used_up(),
        None if error.has_code_like(&["quota", "exhausted", "billing", "budget"]) => used_up(),
        None if error.has_code_like(&["invalid"]) => invalid(),
        _ => unavailable(&with_words("The video service failed to render the video.", words)),
    }
}

#[cfg(test)]
mod tests {
    use super::read_operation;
    use crate::machine::job::Progress;
    use crate::machine::outcome::{ErrorCode, Outcome, UpstreamAnswer};
    use crate::wire::google::Reply;

    fn poll(body: &str) -> Outcome<Progress> {
        read_operation(&Reply { status: 200, retry_after: None, body: body.into(), now: 0 }, "inline:x")
    }

    fn refused(body: &str) -> (ErrorCode, String) {
        let outcome = poll(body);
        let Outcome::Refused(failure) = outcome else { panic!("{body}: {outcome:?}") };
        (failure.code, failure.message)
    }

    #[test]
    fn an_error_of_any_shape_ends_a_finished_operation() {
        const FAILED: &str = "The video service failed to render the video: Internal error.";
        for error in [
            r#"{"message":"Internal error"}"#,
            r#"{"code":"INTERNAL","message":"Internal error"}"#,
            r#"{"code":13,"message":"Internal error","details":null}"#,
            r#"{"code":"13","message":"Internal error","details":[]}"#,
            r#""Internal error""#,
            r#"[{"message":"Internal error"}]"#,
            r#"{"error":{"code":500,"message":"Internal error"}}"#,
            r#"{"code":null,"status":"UNKNOWN","message":"Internal error"}"#,
        ] {
            let told = refused(&format!(r#"{{"name":"n","done":true,"error":{error}}}"#));
            assert_eq!(told, (ErrorCode::ProviderUnavailable, FAILED.to_owned()), "{error}");
        }
        for (error, code) in [
            (r#"{"code":8}"#, ErrorCode::ProviderQuotaExhausted),
            (r#"{"code":"RESOURCE_EXHAUSTED","message":"q"}"#, ErrorCode::ProviderQuotaExhausted),
            (r#"{"code":429,"message":"q"}"#, ErrorCode::ProviderQuotaExhausted),
            (r#"{"status":"RESOURCE_EXHAUSTED"}"#, ErrorCode::ProviderQuotaExhausted),
            (r#"{"code":3,"message":"No."}"#, ErrorCode::InvalidRequest),
            (r#"{"code":"INVALID_ARGUMENT","message":"No."}"#, ErrorCode::InvalidRequest),
            (r#"{"code":"3","message":"It violates the usage guidelines."}"#, ErrorCode::ProviderRejectedContent),
            (r#"{"message":"Blocked by our safety filters."}"#, ErrorCode::ProviderRejectedContent),
            (r#"{"code":"content_blocked","message":"No."}"#, ErrorCode::ProviderRejectedContent),
            (r#"{"code":13,"message":"the safety system is down"}"#, ErrorCode::ProviderUnavailable),
            ("7", ErrorCode::ProviderUnavailable),
            ("true", ErrorCode::ProviderUnavailable),
        ] {
            assert_eq!(refused(&format!(r#"{{"done":true,"error":{error}}}"#)).0, code, "{error}");
        }
    }

    #[test]
    fn no_error_is_none_and_an_error_of_the_question_ends_nothing() {
        let video = r#""response":{"videos":[{"uri":"https://h/v"}]}"#;
        for none in ["null", "{}", r#"{"code":0}"#, r#"{"code":0,"message":"","details":[]}"#, r#""""#, "false"] {
            let ready = Progress::Ready { uri: "https://h/v".to_owned(), cost_micros: None };
            assert_eq!(poll(&format!(r#"{{"done":true,"error":{none},{video}}}"#)), Outcome::Done(ready), "{none}");
        }
        for running in ["{}", r#"{"done":false}"#, r#"{"done":null,"error":null,"response":null}"#, r#"[{"name":"n"}]"#]
        {
            assert_eq!(poll(running), Outcome::Done(Progress::Running), "{running}");
        }
        for body in
            [r#"{"error":{"code":404,"message":"gone"}}"#, r#"{"error":"gone"}"#, r#"[{"error":{"code":"429"}}]"#]
        {
            assert!(matches!(poll(body), Outcome::Retry { .. }), "{body}");
        }
        for body in ["<html>", r#"{"done":1}"#, "7", "[]", "[1]"] {
            assert_eq!(poll(body), Outcome::Unknown, "{body}");
        }
    }

    #[test]
    fn what_an_operation_failed_with_is_kept_for_the_log() {
        let body = r#"{"done":true,"error":{"code":13,"status":"INTERNAL","message":"a prompt"}}"#;
        let Outcome::Refused(failure) = poll(body) else { panic!("it failed") };
        assert_eq!(failure.upstream, Some(UpstreamAnswer { status: 200, code: Some("INTERNAL".to_owned()) }));
    }
}
