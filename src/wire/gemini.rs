//! Veo over the Gemini API wire: `:predictLongRunning`, operations, files.
//!
//! Source: the bodies Google's SDK sends and reads (google-genai 2.34).

use super::google::{self, Operation, Reply};
use super::order::Order;
use super::push::WebhookConfig;
use super::veo::Instance;
use crate::machine::job::Progress;
use crate::machine::outcome::Outcome;
use serde::Serialize;
use serde_json::Value;

/// What the upstream may object to.
const CREDENTIAL: &str = "the API key";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubmitBody<'a> {
    instances: [Instance<'a>; 1],
    parameters: Parameters<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_config: Option<WebhookConfig<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameters<'a> {
    sample_count: u8,
    /// A JSON number: the server refuses `"8"`.
    duration_seconds: u32,
    aspect_ratio: &'a str,
    resolution: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person_generation: Option<&'a str>,
}

/// The body of a submit.
pub fn submit_body(order: &Order<'_>) -> String {
    let render = &order.request.render;
    let body = SubmitBody {
        instances: [Instance::of(order)],
        parameters: Parameters {
            sample_count: 1,
            duration_seconds: render.duration_seconds,
            aspect_ratio: &render.aspect_ratio,
            resolution: &render.resolution,
            negative_prompt: render.negative_prompt.as_deref(),
            seed: render.seed,
            person_generation: render.person_generation.as_deref(),
        },
        webhook_config: order.push.map(Into::into),
    };
    serde_json::to_string(&body).unwrap_or_default()
}

/// What the answer of a submit proves. Anything that leaves room for an accepted render is `Unknown`.
pub fn read_submit(reply: &Reply) -> Outcome<String> {
    if reply.status != 200 {
        return google::refused_submit(reply, CREDENTIAL);
    }
    let operation = serde_json::from_slice::<Operation>(&reply.body).ok();
    match operation.and_then(|operation| operation.name).filter(|name| google::is_operation_name(name)) {
        Some(name) => Outcome::Done(name),
        None => Outcome::Unknown,
    }
}

/// What a poll found.
pub fn read_poll(reply: &Reply) -> Outcome<Progress> {
    google::read_operation(
        reply,
        |response| response.get("generateVideoResponse"),
        |results| results.pointer("/generatedSamples/0/video/uri").and_then(Value::as_str).map(str::to_owned),
    )
}

#[cfg(test)]
mod tests {
    use super::{read_poll, read_submit};
    use crate::machine::job::Progress;
    use crate::machine::outcome::{ErrorCode, Outcome};
    use crate::wire::google::{DAILY_QUOTA_WAIT, Reply};

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, retry_after: None, body: body.as_bytes().to_vec(), now: 0 }
    }

    #[test]
    fn only_a_proof_of_refusal_allows_a_second_submit_i4() {
        let error = |code: u16| format!(r#"{{"error":{{"code":{code},"message":"m","status":"S"}}}}"#);
        for status in [429, 500, 503, 521] {
            assert!(
                matches!(read_submit(&reply(status, &error(status))), Outcome::Retry { .. } | Outcome::NotNow { .. }),
                "{status}"
            );
        }
        for status in [400, 401, 403, 404] {
            assert!(matches!(read_submit(&reply(status, &error(status))), Outcome::Refused(_)), "{status}");
        }
        for (status, body) in [(200, "<html>"), (200, "{}"), (400, "<html>"), (302, ""), (408, "{}")] {
            assert_eq!(read_submit(&reply(status, body)), Outcome::Unknown, "{status} {body}");
        }
        for status in [502, 504, 524] {
            assert_eq!(read_submit(&reply(status, &error(status))), Outcome::Unknown, "{status}");
        }
        for body in ["<html>", "{}", r#"{"error":{"code":13,"message":"m"}}"#] {
            assert_eq!(read_submit(&reply(500, body)), Outcome::Unknown, "500 {body}");
        }
    }

    #[test]
    fn an_operation_name_that_could_leave_its_path_is_not_taken() {
        for name in ["models/m/operations/../../x", "http://evil/operations/x", "models/m/operations/a?b", "x"] {
            let body = format!(r#"{{"name":"{name}"}}"#);
            assert_eq!(read_submit(&reply(200, &body)), Outcome::Unknown, "{name}");
        }
        let body = r#"{"name":"models/veo-3.1/operations/abc_1"}"#;
        assert_eq!(read_submit(&reply(200, body)), Outcome::Done("models/veo-3.1/operations/abc_1".to_owned()));
    }

    #[test]
    fn the_wait_asked_for_by_retry_info_is_taken_but_a_daily_quota_is_left_alone_for_long() {
        let body = r#"{"error":{"code":429,"message":"q","details":[{"@type":"x","retryDelay":"22.5s"}]}}"#;
        assert!(matches!(read_submit(&reply(429, body)), Outcome::NotNow { after: Some(22_500), .. }));
        let body = r#"{"error":{"code":429,"details":[{"violations":[{"quotaId":"GeneratePerDayPerProject"}]},
            {"retryDelay":"22s"}]}}"#;
        let Outcome::NotNow { after, failure } = read_submit(&reply(429, body)) else { panic!("it may be repeated") };
        assert_eq!((after, failure.code), (Some(DAILY_QUOTA_WAIT), ErrorCode::ProviderQuotaExhausted));
    }

    #[test]
    fn every_state_of_an_operation_is_understood() {
        assert_eq!(read_poll(&reply(200, r#"{"name":"n"}"#)), Outcome::Done(Progress::Running));
        assert_eq!(read_poll(&reply(200, r#"{"name":"n","done":false}"#)), Outcome::Done(Progress::Running));
        assert_eq!(read_poll(&reply(200, "<html>")), Outcome::Unknown);
        assert!(matches!(read_poll(&reply(404, "{}")), Outcome::Retry { .. }));
        let done = r#"{"done":true,"response":{"generateVideoResponse":{"generatedSamples":[{"video":{"uri":"https://h/f"}}]}}}"#;
        assert_eq!(
            read_poll(&reply(200, done)),
            Outcome::Done(Progress::Ready { uri: "https://h/f".to_owned(), cost_micros: None })
        );
        let code = |body: &str| {
            let outcome = read_poll(&reply(200, body));
            let Outcome::Refused(failure) = outcome else { panic!("{outcome:?}") };
            (failure.code, failure.message)
        };
        let filtered = r#"{"done":true,"response":{"generateVideoResponse":{"raiMediaFilteredCount":1,"raiMediaFilteredReasons":["No."]}}}"#;
        assert_eq!(code(filtered), (ErrorCode::ProviderRejectedContent, "No.".to_owned()));
        assert_eq!(code(r#"{"done":true,"error":{"code":13,"message":"x"}}"#).0, ErrorCode::ProviderUnavailable);
        assert_eq!(code(r#"{"done":true}"#).0, ErrorCode::ProviderUnavailable);
    }
}
