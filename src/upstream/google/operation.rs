//! The result of polling a long-running operation.

use crate::clients::error_body::{ErrorBody, is_empty};
use crate::clients::reply::{Reply, answer};
use crate::clients::{delay, sentence};
use crate::machine::job::Progress;
use crate::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use crate::upstream::google::video::{CONTAINERS, FoundVideo, ROOTS, find as find_video};
use crate::upstream::google::{filter, unavailable, with_words};
use serde_json::{Map, Value, json};

/// The error for an answer to a poll that says nothing about the render.
pub(crate) fn failed_poll(reply: &Reply) -> Trouble {
    let body = ErrorBody::read(&reply.body);
    let sentence = match reply.status {
        200..=299 => "The poll of the render was answered with an error.".to_owned(),
        status => format!("The poll of the render failed with HTTP {status}."),
    };
    Trouble::Retry {
        after: delay::asked(reply, &body),
        failure: unavailable(&sentence),
    }
    .answered(answer(reply, &body))
}

/// The result of a poll. Only the operation's own final answer ends a render; after any other error
/// the poll is repeated. A video in the answer itself is at `inline`.
pub(crate) fn read_operation(reply: &Reply, inline: &str) -> Outcome<Progress> {
    if !reply.is_success() {
        return Err(failed_poll(reply));
    }
    let json: Value = serde_json::from_slice(&reply.body).map_err(|_| Trouble::Unknown)?;
    let (operation, fields) = operation(&json).ok_or(Trouble::Unknown)?;
    let error = fields.get("error").filter(|error| !is_empty(error));
    match done(fields.get("done")).ok_or(Trouble::Unknown)? {
        true => {}
        // An error of an operation that is not done is about the poll, not about the render.
        false if error.is_some() => return Err(failed_poll(reply)),
        // An operation with a video that does not say whether it is done is done.
        false if is_unsaid(fields.get("done")) && made(fields).is_some() => {}
        false => return Ok(Progress::Running),
    }
    if let Some(error) = error {
        let error = ErrorBody::of(json!({ "error": error }));
        return Err(Trouble::Refused(failed_operation(&error)).answered(answer(reply, &error)));
    }
    let uri = match video(fields) {
        Some(FoundVideo::At(uri)) => uri,
        Some(FoundVideo::Inline) => inline,
        None => {
            let verdict = filter::verdict(operation);
            let failure = verdict
                .unwrap_or_else(|| unavailable("The video service finished without a video."));
            return Err(Trouble::Refused(failure).answered(answer(reply, &ErrorBody::default())));
        }
    };
    Ok(Progress::Ready {
        uri: uri.to_owned(),
        cost_micros: None,
    })
}

/// Whether an answer with a video says that the render is done; `None` if it says the opposite or
/// has no video.
pub(crate) fn says_done_with_video(body: &[u8]) -> Option<bool> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let (_, fields) = operation(&answer)?;
    video(fields)?;
    let field = fields.get("done");
    done(field).filter(|is_done| *is_done || is_unsaid(field))
}

/// The operation in an answer: the whole document, or the first item of a list.
fn operation(answer: &Value) -> Option<(&Value, &Map<String, Value>)> {
    let operation = answer
        .as_array()
        .and_then(|answers| answers.first())
        .unwrap_or(answer);
    Some((operation, operation.as_object()?))
}

/// The video in an operation's result.
fn made(fields: &Map<String, Value>) -> Option<FoundVideo<'_>> {
    ROOTS.iter().find_map(|root| find_video(fields.get(*root)?))
}

/// The video of an operation, in its result or beside it.
fn video(fields: &Map<String, Value>) -> Option<FoundVideo<'_>> {
    made(fields).or_else(|| {
        CONTAINERS
            .iter()
            .find_map(|name| find_video(fields.get(*name)?))
    })
}

/// Whether an operation is done, by its `done` field; `None` if the field is not readable.
fn done(field: Option<&Value>) -> Option<bool> {
    match field {
        None | Some(Value::Null) => Some(false),
        Some(Value::Bool(done)) => Some(*done),
        Some(Value::Number(done)) => done
            .as_u64()
            .filter(|done| *done <= 1)
            .map(|done| done == 1),
        Some(Value::String(done)) if done.eq_ignore_ascii_case("true") => Some(true),
        Some(Value::String(done)) if done.eq_ignore_ascii_case("false") => Some(false),
        Some(Value::String(_) | Value::Array(_) | Value::Object(_)) => None,
    }
}

fn is_unsaid(field: Option<&Value>) -> bool {
    field.is_none_or(Value::is_null)
}

/// The failure of an operation, by its code: gRPC's or HTTP's, as a number or a word, or none.
pub(crate) fn failed_operation(error: &ErrorBody) -> Failure {
    let words = error.sentence.as_deref();
    let is_filtered = words.is_some_and(filter::is_meant)
        || error.has_code_like(&[
            "safety",
            "blocked",
            "prohibited",
            "content_policy",
            "content_filter",
        ]);
    let invalid = || match words {
        Some(words) => Failure::new(ErrorCode::InvalidRequest, sentence::ended(words)),
        None => Failure::new(
            ErrorCode::InvalidRequest,
            "The video service refused the order.",
        ),
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
        _ => unavailable(&with_words(
            "The video service failed to render the video.",
            words,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::read_operation;
    use crate::clients::reply::Reply;
    use crate::machine::job::Progress;
    use crate::machine::outcome::{ErrorCode, Outcome, Trouble, UpstreamAnswer};

    fn poll(body: &str) -> Outcome<Progress> {
        read_operation(
            &Reply {
                status: 200,
                retry_after: None,
                body: body.into(),
                now: 0,
            },
            "inline:x",
        )
    }

    fn refused(body: &str) -> (ErrorCode, String) {
        let outcome = poll(body);
        let Err(Trouble::Refused(failure)) = outcome else {
            panic!("{body}: {outcome:?}")
        };
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
            assert_eq!(
                told,
                (ErrorCode::ProviderUnavailable, FAILED.to_owned()),
                "{error}"
            );
        }
        for (error, code) in [
            (r#"{"code":8}"#, ErrorCode::ProviderQuotaExhausted),
            (
                r#"{"code":"RESOURCE_EXHAUSTED","message":"q"}"#,
                ErrorCode::ProviderQuotaExhausted,
            ),
            (
                r#"{"code":429,"message":"q"}"#,
                ErrorCode::ProviderQuotaExhausted,
            ),
            (
                r#"{"status":"RESOURCE_EXHAUSTED"}"#,
                ErrorCode::ProviderQuotaExhausted,
            ),
            (r#"{"code":3,"message":"No."}"#, ErrorCode::InvalidRequest),
            (
                r#"{"code":"INVALID_ARGUMENT","message":"No."}"#,
                ErrorCode::InvalidRequest,
            ),
            (
                r#"{"code":"3","message":"It violates the usage guidelines."}"#,
                ErrorCode::ProviderRejectedContent,
            ),
            (
                r#"{"message":"Blocked by our safety filters."}"#,
                ErrorCode::ProviderRejectedContent,
            ),
            (
                r#"{"code":"content_blocked","message":"No."}"#,
                ErrorCode::ProviderRejectedContent,
            ),
            (
                r#"{"code":13,"message":"the safety system is down"}"#,
                ErrorCode::ProviderUnavailable,
            ),
            ("7", ErrorCode::ProviderUnavailable),
            ("true", ErrorCode::ProviderUnavailable),
        ] {
            assert_eq!(
                refused(&format!(r#"{{"done":true,"error":{error}}}"#)).0,
                code,
                "{error}"
            );
        }
    }

    #[test]
    fn no_error_is_none_and_an_error_of_the_question_ends_nothing() {
        let video = r#""response":{"videos":[{"uri":"https://h/v"}]}"#;
        for none in [
            "null",
            "{}",
            r#"{"code":0}"#,
            r#"{"code":0,"message":"","details":[]}"#,
            r#""""#,
            "false",
        ] {
            let ready = Progress::Ready {
                uri: "https://h/v".to_owned(),
                cost_micros: None,
            };
            assert_eq!(
                poll(&format!(r#"{{"done":true,"error":{none},{video}}}"#)),
                Ok(ready),
                "{none}"
            );
        }
        for running in [
            "{}",
            r#"{"done":false}"#,
            r#"{"done":null,"error":null,"response":null}"#,
            r#"[{"name":"n"}]"#,
        ] {
            assert_eq!(poll(running), Ok(Progress::Running), "{running}");
        }
        for body in [
            r#"{"error":{"code":404,"message":"gone"}}"#,
            r#"{"error":"gone"}"#,
            r#"[{"error":{"code":"429"}}]"#,
        ] {
            assert!(matches!(poll(body), Err(Trouble::Retry { .. })), "{body}");
        }
        for body in [
            "<html>",
            r#"{"done":2}"#,
            r#"{"done":"perhaps"}"#,
            "7",
            "[]",
            "[1]",
        ] {
            assert_eq!(poll(body), Err(Trouble::Unknown), "{body}");
        }
    }

    #[test]
    fn a_video_makes_an_operation_done_that_does_not_say_so() {
        let ready = |uri: &str| {
            Ok(Progress::Ready {
                uri: uri.to_owned(),
                cost_micros: None,
            })
        };
        let uri = "https://h/v";
        for body in [
            r#"{"done":1,"response":{"videos":[{"uri":"https://h/v"}]}}"#,
            r#"{"done":"True","response":{"video":"https://h/v"}}"#,
            r#"{"done":true,"videos":[{"uri":"https://h/v"}]}"#,
            r#"{"done":true,"generatedVideos":[{"video":{"uri":"https://h/v"}}]}"#,
            r#"{"done":true,"output":{"url":"https://h/v"}}"#,
            r#"{"done":true,"video":{"url":"https://h/v"}}"#,
            r#"{"name":"n","response":{"videos":[{"uri":"https://h/v"}]}}"#,
            r#"{"name":"n","done":null,"result":{"video":{"uri":"https://h/v"}}}"#,
        ] {
            assert_eq!(poll(body), ready(uri), "{body}");
        }
        for bytes in [
            r#"{"done":true,"response":{"videos":[{"gcsUri":"gs://b/o.mp4","bytesBase64Encoded":"QUJD"}]}}"#,
            r#"{"response":{"videos":[{"bytesBase64Encoded":"QUJD"}]}}"#,
        ] {
            assert_eq!(poll(bytes), ready("inline:x"), "{bytes}");
        }
        for running in [
            r#"{"done":false,"response":{"videos":[{"uri":"https://h/v"}]}}"#,
            r#"{"done":0,"videos":[{"uri":"https://h/v"}]}"#,
            r#"{"done":"false"}"#,
        ] {
            assert_eq!(poll(running), Ok(Progress::Running), "{running}");
        }
    }

    #[test]
    fn what_an_operation_failed_with_is_kept_for_the_log() {
        let body = r#"{"done":true,"error":{"code":13,"status":"INTERNAL","message":"a prompt"}}"#;
        let Err(Trouble::Refused(failure)) = poll(body) else {
            panic!("it failed")
        };
        assert_eq!(
            failure.upstream,
            Some(UpstreamAnswer {
                status: 200,
                code: Some("INTERNAL".to_owned())
            })
        );
    }
}
