//! Veo over the Gemini API: `:predictLongRunning`, operations, files.
//!
//! Source: the bodies that Google's SDK sends and reads (google-genai 2.34).

use crate::clients::reply::Reply;
use crate::machine::outcome::Outcome;
use crate::upstream::google;
use crate::upstream::google::refusal;
use crate::upstream::google::veo::Instance;
use crate::upstream::render_request::RenderRequest;
use crate::upstream::webhook::WebhookConfig;
use serde::Serialize;

/// The credential that the upstream may refuse.
const CREDENTIAL: &str = "the API key";
/// The scheme of the address of a video inside the answer itself; the operation's name follows.
const INLINE: &str = "inline:";

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
pub fn submit_body(request: &RenderRequest<'_>) -> String {
    let render = request.options;
    let body = SubmitBody {
        instances: [Instance::of(request)],
        parameters: Parameters {
            sample_count: 1,
            duration_seconds: render.duration_seconds,
            aspect_ratio: &render.aspect_ratio,
            resolution: &render.resolution,
            negative_prompt: render.negative_prompt.as_deref(),
            seed: render.seed,
            person_generation: render.person_generation.as_deref(),
        },
        webhook_config: request.webhook.map(Into::into),
    };
    serde_json::to_string(&body).unwrap_or_default()
}

/// What the answer to a submit proves. Anything that may mean an accepted render is `Unknown`.
pub fn read_submit(reply: &Reply) -> Outcome<String> {
    refusal::read_submit(reply, CREDENTIAL, |body| {
        let name = google::bare_name(body.get("name")?.as_str()?);
        google::is_operation_name(name).then(|| name.to_owned())
    })
}

/// The address of a video inside the answer to a poll.
pub fn inline_uri(operation: &str) -> String {
    format!("{INLINE}{operation}")
}

/// The operation whose answer contains the video at this address; `None` if the video is elsewhere.
pub fn inline_operation(uri: &str) -> Option<&str> {
    uri.strip_prefix(INLINE)
        .filter(|operation| google::is_operation_name(operation))
}

#[cfg(test)]
mod tests {
    use super::{inline_operation, inline_uri, read_submit};
    use crate::clients::reply::Reply;
    use crate::machine::outcome::{ErrorCode, Trouble, UpstreamAnswer};
    use crate::time::{DAY, MINUTE};

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
            now: 0,
        }
    }

    fn refused(status: u16, body: &str) -> (ErrorCode, String) {
        let outcome = read_submit(&reply(status, body));
        let Err(Trouble::Refused(failure)) = outcome else {
            panic!("{status} {body}: {outcome:?}")
        };
        (failure.code, failure.message)
    }

    /// Bodies that carry an error with the sentence `No.`.
    const SHAPES: [&str; 12] = [
        r#"{"error":{"code":400,"message":"No.","status":"S","details":null}}"#,
        r#"[{"error":{"code":400,"message":"No."}}]"#,
        r#"{"error":{"message":"No.","type":"some_error","param":"key","code":"400"}}"#,
        r#"{"error":"No."}"#,
        r#"{"code":"some_word","message":"No."}"#,
        r#"{"detail":"No."}"#,
        r#"{"detail":[{"loc":["body"],"msg":"No."}]}"#,
        r#"{"errors":["No."]}"#,
        "<html><title>No.</title></html>",
        "No.",
        "",
        "{}",
    ];

    #[test]
    fn only_a_proof_of_refusal_allows_a_second_submit_i4() {
        for body in SHAPES {
            for status in [400, 401, 402, 403, 404, 405, 410, 413, 415, 422, 451] {
                refused(status, body);
            }
            for status in [429, 503, 529] {
                let outcome = read_submit(&reply(status, body));
                assert!(
                    matches!(outcome, Err(Trouble::NotNow { after: None, .. })),
                    "{status} {body}: {outcome:?}"
                );
            }
            for status in [521, 523, 525, 526] {
                assert!(
                    matches!(
                        read_submit(&reply(status, body)),
                        Err(Trouble::NotNow { .. })
                    ),
                    "{status} {body}"
                );
            }
            for status in [301, 302, 307, 308] {
                assert!(
                    matches!(read_submit(&reply(status, body)), Err(Trouble::Refused(_))),
                    "{status} {body}"
                );
            }
            for status in [
                200, 202, 303, 304, 408, 409, 499, 500, 501, 502, 504, 520, 522, 524,
            ] {
                let outcome = read_submit(&reply(status, body));
                let means_refusal =
                    status < 300 && body.contains(r#""code""#) && body.contains("400");
                assert_eq!(
                    outcome == Err(Trouble::Unknown),
                    !means_refusal,
                    "{status} {body}: {outcome:?}"
                );
            }
        }
        let error =
            |code: &str| format!(r#"{{"error":{{"code":{code},"message":"m","status":"S"}}}}"#);
        assert!(matches!(
            read_submit(&reply(500, &error("500"))),
            Err(Trouble::Retry { .. })
        ));
        for body in [
            &error("13"),
            &error(r#""500""#),
            r#"{"error":{"code":500,"type":"server_error","message":"m"}}"#,
        ] {
            assert_eq!(
                read_submit(&reply(500, body)),
                Err(Trouble::Unknown),
                "not an error of Google itself: {body}"
            );
        }
        assert!(
            matches!(
                read_submit(&reply(418, &error("418"))),
                Err(Trouble::Refused(_))
            ),
            "an error code as a word"
        );
        assert_eq!(read_submit(&reply(418, "<html>")), Err(Trouble::Unknown));
    }

    #[test]
    fn an_error_in_a_success_is_read_by_its_code() {
        for code in [
            "429",
            r#""429""#,
            "503",
            "8",
            r#""RESOURCE_EXHAUSTED""#,
            r#""rate_limit_exceeded""#,
        ] {
            for body in [
                format!(r#"{{"error":{{"code":{code},"message":"m"}}}}"#),
                format!(r#"[{{"error":{{"code":{code}}}}}]"#),
            ] {
                assert!(
                    matches!(read_submit(&reply(200, &body)), Err(Trouble::NotNow { .. })),
                    "{body}"
                );
            }
        }
        for code in [
            "400",
            r#""401""#,
            "403",
            r#""invalid_api_key""#,
            "404",
            "422",
            "16",
        ] {
            let body = format!(r#"{{"error":{{"code":{code},"message":"m"}}}}"#);
            assert!(
                matches!(read_submit(&reply(200, &body)), Err(Trouble::Refused(_))),
                "{body}"
            );
        }
        for code in [
            "500", "13", r#""409""#, "408", "200", "null", r#""odd""#, "521",
        ] {
            let body = format!(r#"{{"error":{{"code":{code},"message":"m"}}}}"#);
            assert_eq!(
                read_submit(&reply(200, &body)),
                Err(Trouble::Unknown),
                "{body}"
            );
        }
    }

    #[test]
    fn the_upstreams_own_words_are_passed_on() {
        let openai =
            r#"{"error":{"message":"bad key","type":"auth_error","param":"key","code":"401"}}"#;
        let refused_key = (
            ErrorCode::ProviderUnavailable,
            "The video service refused the API key: bad key.".to_owned(),
        );
        assert_eq!(refused(401, openai), refused_key);
        assert_eq!(refused(403, "<title>bad key</title>"), refused_key);
        assert_eq!(refused(401, "").1, "The video service refused the API key.");
        let google = r#"{"error":{"code":400,"message":"API key not valid.","details":[{"reason":"API_KEY_INVALID"}]}}"#;
        assert_eq!(
            refused(400, google).1,
            "The video service refused the API key: API key not valid."
        );
        let quota = r#"{"code":"insufficient_user_quota","message":"用户额度不足"}"#;
        assert_eq!(refused(403, quota).0, ErrorCode::ProviderQuotaExhausted);
        assert!(
            refused(403, quota).1.ends_with("quota left: 用户额度不足."),
            "{}",
            refused(403, quota).1
        );
        let budget = r#"{"error":{"type":"budget_exceeded","message":"Budget has been exceeded!","code":"400"}}"#;
        assert_eq!(refused(400, budget).0, ErrorCode::ProviderQuotaExhausted);
        assert_eq!(refused(402, "{}").0, ErrorCode::ProviderQuotaExhausted);
        let details = r#"{"error":{"code":400,"message":"Bad seed","status":"INVALID_ARGUMENT","details":null}}"#;
        assert_eq!(
            refused(400, details),
            (ErrorCode::InvalidRequest, "Bad seed.".to_owned())
        );
        assert_eq!(
            refused(
                422,
                r#"{"detail":[{"loc":["body","seed"],"msg":"too large"}]}"#
            )
            .1,
            "body.seed: too large."
        );
        assert_eq!(
            refused(413, "").1,
            "The video service refused the order with HTTP 413."
        );
        assert_eq!(
            refused(404, r#"{"message":"It is no longer available"}"#).0,
            ErrorCode::ModelRetired
        );
        assert_eq!(refused(404, "").0, ErrorCode::ProviderUnavailable);
        assert_eq!(
            refused(400, r#"{"message":"violates our safety policies"}"#).0,
            ErrorCode::ProviderRejectedContent
        );
        assert_eq!(
            refused(
                451,
                r#"{"error":{"code":"content_policy_violation","message":"No."}}"#
            )
            .0,
            ErrorCode::ProviderRejectedContent
        );
    }

    #[test]
    fn every_success_with_a_name_is_an_acceptance() {
        let accepted = Ok("models/veo-3.1/operations/abc_1".to_owned());
        for (status, rest) in [
            (200, ""),
            (202, ""),
            (201, r#","done":false"#),
            (200, r#","done":null"#),
            (200, r#","error":null,"response":null,"metadata":null"#),
            (202, r#","done":"no","extra":[1]"#),
        ] {
            let body = format!(r#"{{"name":"models/veo-3.1/operations/abc_1"{rest}}}"#);
            assert_eq!(
                read_submit(&reply(status, &body)),
                accepted,
                "{status} {body}"
            );
            assert_eq!(
                read_submit(&reply(status, &format!("[{body}]"))),
                accepted,
                "in a list"
            );
        }
    }

    #[test]
    fn an_operation_name_that_could_leave_its_path_is_not_taken() {
        for name in [
            "models/m/operations/../../x",
            "http://evil/../operations/x",
            "models/m/operations/a?b",
            "x",
        ] {
            let body = format!(r#"{{"name":"{name}"}}"#);
            assert_eq!(
                read_submit(&reply(200, &body)),
                Err(Trouble::Unknown),
                "{name}"
            );
        }
        // The operation is polled at the configured address, whatever host its name contains.
        for (name, bare) in [
            (
                "https://other.example/v1beta/models/m/operations/x",
                "models/m/operations/x",
            ),
            (
                "https://other.example/google/v1/operations/x",
                "operations/x",
            ),
            ("http://other.example/operations/x", "operations/x"),
            ("/v1beta/models/m/operations/x", "models/m/operations/x"),
            ("v1beta/operations/x", "operations/x"),
            ("/operations/x", "operations/x"),
            ("models/v1/operations/x", "models/v1/operations/x"),
        ] {
            let body = format!(r#"{{"name":"{name}"}}"#);
            assert_eq!(
                read_submit(&reply(200, &body)),
                Ok(bare.to_owned()),
                "{name}"
            );
        }
        let uri = inline_uri("models/m/operations/1");
        assert_eq!(inline_operation(&uri), Some("models/m/operations/1"));
        assert_eq!(
            (
                inline_operation("inline:models/../x"),
                inline_operation("https://h/v")
            ),
            (None, None)
        );
    }

    #[test]
    fn the_wait_asked_for_is_taken_and_a_daily_quota_waits_for_its_reset() {
        let body = r#"{"error":{"code":429,"message":"q","details":[{"@type":"x","retryDelay":"22.5s"}]}}"#;
        assert!(matches!(
            read_submit(&reply(429, body)),
            Err(Trouble::NotNow {
                after: Some(22_500),
                ..
            })
        ));
        assert!(matches!(
            read_submit(&reply(503, body)),
            Err(Trouble::NotNow {
                after: Some(22_500),
                ..
            })
        ));
        let header = Reply {
            retry_after: Some("7".to_owned()),
            ..reply(503, "<html>")
        };
        assert!(matches!(
            read_submit(&header),
            Err(Trouble::NotNow {
                after: Some(7_000),
                ..
            })
        ));
        let body = r#"{"error":{"code":429,"details":[{"violations":[{"quotaId":"GeneratePerDayPerProject"}]},
            {"retryDelay":"22s"}]}}"#;
        let used_up = Reply {
            now: DAY,
            ..reply(429, body)
        };
        let Err(Trouble::NotNow { after, failure }) = read_submit(&used_up) else {
            panic!("it may be repeated")
        };
        // It is 16:00 in California.
        assert_eq!(after, Some(8 * 60 * MINUTE + MINUTE / 2));
        assert_eq!(failure.code, ErrorCode::ProviderQuotaExhausted);
        let longer = Reply {
            now: DAY,
            ..reply(429, &body.replace("22s", "40000s"))
        };
        assert!(matches!(
            read_submit(&longer),
            Err(Trouble::NotNow {
                after: Some(40_000_000),
                ..
            })
        ));
    }

    #[test]
    fn status_and_code_are_kept_for_the_log() {
        let body = r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"a prompt"}}"#;
        let Err(Trouble::Refused(failure)) = read_submit(&reply(403, body)) else {
            panic!("refused")
        };
        assert_eq!(
            failure.upstream,
            Some(UpstreamAnswer {
                status: 403,
                code: Some("PERMISSION_DENIED".to_owned())
            })
        );
        let Err(Trouble::NotNow { failure, .. }) = read_submit(&reply(503, "<html>")) else {
            panic!("not now")
        };
        assert_eq!(
            failure.upstream,
            Some(UpstreamAnswer {
                status: 503,
                code: None
            })
        );
    }
}
