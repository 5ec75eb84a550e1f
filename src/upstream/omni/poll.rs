//! Polling an interaction: the state of its render, and the place of its video.

use crate::clients::error_body::{ErrorBody, fields};
use crate::clients::reply::{Reply, answer};
use crate::machine::job::Progress;
use crate::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use crate::upstream::google;
use crate::upstream::google::filter;
use crate::upstream::google::inline_video;
use crate::upstream::google::operation;
use crate::upstream::google::video::{BYTES, FoundVideo};
use crate::upstream::omni::interaction::{cost, error, failed, found, video, words};
use crate::upstream::omni::wire::is_id;
use serde::Deserialize;
use serde_json::Value;

/// The prefix of a video's address in the Files API.
const FILE: &str = "files/";
/// The prefix of a video's address inside the interaction itself.
const INLINE: &str = "inline:";

/// The result of polling an interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollAnswer {
    /// The final result of this poll.
    Told(Progress),
    /// The video is in a file, which may not be ready yet.
    File {
        id: String,
        cost_micros: Option<u64>,
    },
}

/// The place of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilePlace<'a> {
    /// A file of the Files API.
    File { id: &'a str },
    /// An interaction.
    Interaction { id: &'a str },
    /// Any other address.
    Elsewhere { uri: &'a str },
}

/// A file of the Files API.
#[derive(Deserialize)]
struct File {
    state: Option<String>,
}

/// The result of polling the interaction with this id. Only its own final state ends a render.
pub fn read_poll(reply: &Reply, id: &str) -> Outcome<PollAnswer> {
    if !reply.is_success() {
        return Err(operation::failed_poll(reply));
    }
    let body = ErrorBody::read(&reply.body);
    let interaction = body
        .json
        .as_array()
        .and_then(|answers| answers.first())
        .unwrap_or(&body.json);
    let status = interaction
        .get("status")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let refused = |code, sentence: &str| {
        let sentence = google::with_words(sentence, words(interaction).as_deref());
        Err(Trouble::Refused(Failure::new(code, sentence)))
    };
    let look = match status.as_str() {
        "completed" => completed(interaction, id),
        // The model is idle: before its work, or after it.
        "idle" if video(interaction).is_some() || words(interaction).is_some() => {
            completed(interaction, id)
        }
        "idle" if error(interaction).is_some() => Err(Trouble::Refused(failed(interaction))),
        "in_progress" | "queued" | "idle" => Ok(PollAnswer::Told(Progress::Running)),
        "failed" => Err(Trouble::Refused(failed(interaction))),
        "cancelled" => refused(
            ErrorCode::ProviderUnavailable,
            "The render was cancelled at the video service.",
        ),
        "incomplete" => refused(
            ErrorCode::ProviderUnavailable,
            "The video service stopped before the video was complete.",
        ),
        "budget_exceeded" => refused(
            ErrorCode::ProviderQuotaExhausted,
            "The budget set at the video service is used up.",
        ),
        "requires_action" | "requires_continuation" => refused(
            ErrorCode::ProviderUnavailable,
            "The video service asked a question instead of rendering.",
        ),
        _ if body.is_error() => Err(operation::failed_poll(reply)),
        _ => Err(Trouble::Unknown),
    };
    look.map_err(|trouble| trouble.answered(answer(reply, &body)))
}

/// The result of polling the file with this id.
pub fn read_file(reply: &Reply, id: &str, cost_micros: Option<u64>) -> Outcome<Progress> {
    if !reply.is_success() {
        return Err(operation::failed_poll(reply));
    }
    let state = serde_json::from_slice::<File>(&reply.body)
        .ok()
        .and_then(|file| file.state);
    match state.map(|state| state.to_ascii_uppercase()).as_deref() {
        Some("PROCESSING") => Ok(Progress::Running),
        Some("ACTIVE") => Ok(Progress::Ready {
            uri: format!("{FILE}{id}"),
            cost_micros,
        }),
        Some("FAILED") => Err(Trouble::Refused(google::unavailable(
            "The video service failed to prepare the video's file.",
        ))),
        Some(_) | None => Err(Trouble::Unknown),
    }
}

/// The bytes of a video inside an interaction; `None` if there are none that can be decoded.
pub fn read_inline(reply: &Reply) -> Option<Vec<u8>> {
    let interaction = serde_json::from_slice::<Value>(&reply.body).ok()?;
    let data = video(&interaction)
        .and_then(|video| video.get("data")?.as_str())
        .filter(|data| !data.is_empty());
    let elsewhere = || {
        fields(&interaction, &BYTES)
            .into_iter()
            .filter_map(Value::as_str)
            .find(|text| !text.is_empty())
    };
    inline_video::decode(data.or_else(elsewhere)?).ok()
}

/// The place that the address of a video names; `None` if it is not an address.
pub fn place(uri: &str) -> Option<FilePlace<'_>> {
    if let Some(id) = uri.strip_prefix(FILE) {
        return is_id(id).then_some(FilePlace::File { id });
    }
    match uri.strip_prefix(INLINE) {
        Some(id) => is_id(id).then_some(FilePlace::Interaction { id }),
        None => Some(FilePlace::Elsewhere { uri }),
    }
}

fn completed(interaction: &Value, id: &str) -> Outcome<PollAnswer> {
    let cost_micros = cost(interaction);
    let found = video(interaction)
        .and_then(found)
        .ok_or_else(|| Trouble::Refused(without_video(interaction)))?;
    let uri = match found {
        FoundVideo::At(uri) => match file_id(uri) {
            Some(file) => {
                return Ok(PollAnswer::File {
                    id: file.to_owned(),
                    cost_micros,
                });
            }
            None => uri.to_owned(),
        },
        FoundVideo::Inline => format!("{INLINE}{id}"),
    };
    Ok(PollAnswer::Told(Progress::Ready { uri, cost_micros }))
}

/// Why an interaction completed without a video: the model's own text, if there is any.
fn without_video(interaction: &Value) -> Failure {
    if let Some(words) = words(interaction) {
        return filter::rejected(&words);
    }
    filter::verdict(interaction).unwrap_or_else(|| {
        let sentence =
            "The video service made no video: its safety filter refused it, or videos are not available in your region.";
        Failure::new(ErrorCode::ProviderRejectedContent, sentence)
    })
}

/// The id in the address of a file, found as the SDK finds it.
fn file_id(uri: &str) -> Option<&str> {
    let rest = uri
        .strip_prefix(FILE)
        .or_else(|| uri.split_once("/files/").map(|(_, rest)| rest))?;
    let end =
        rest.find(|character: char| !character.is_ascii_lowercase() && !character.is_ascii_digit());
    let id = rest.get(..end.unwrap_or(rest.len()))?;
    is_id(id).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
            now: 0,
        }
    }

    fn poll(body: &str) -> Outcome<PollAnswer> {
        read_poll(&reply(200, body), "v1_abc")
    }

    fn refusal(body: &str) -> (ErrorCode, String) {
        let Err(Trouble::Refused(failure)) = poll(body) else {
            panic!("{:?}", poll(body))
        };
        (failure.code, failure.message)
    }

    #[test]
    fn what_says_nothing_of_the_render_is_asked_again() {
        for body in [
            r#"{"error":{"code":404,"message":"gone"}}"#,
            r#"[{"error":{"code":"429"}}]"#,
            r#"{"error":"x"}"#,
        ] {
            assert!(matches!(poll(body), Err(Trouble::Retry { .. })), "{body}");
        }
        for body in [
            "<html>",
            "{}",
            r#"{"status":"pondering"}"#,
            r#"{"status":7}"#,
        ] {
            assert_eq!(poll(body), Err(Trouble::Unknown), "{body}");
        }
        for status in [404, 429, 500] {
            assert!(
                matches!(
                    read_poll(&reply(status, "{}"), "i"),
                    Err(Trouble::Retry { .. })
                ),
                "{status}"
            );
        }
        for status in ["in_progress", "queued"] {
            let body = format!(r#"{{"status":"{status}"}}"#);
            assert_eq!(poll(&body), Ok(PollAnswer::Told(Progress::Running)));
        }
    }

    #[test]
    fn a_video_is_found_in_the_last_answer_of_the_model_with_its_price() {
        let found = poll(
            r#"{"status":"completed","usage":{"output_tokens_by_modality":[{"modality":"text","tokens":1},{"modality":"video","tokens":57920}]},
            "steps":[{"type":"model_output","content":[{"type":"video","uri":"https://h/v1beta/files/old"}]},
            {"type":"user_input","content":[{"type":"image","data":"eA=="},{"type":"video","data":"eA=="}]},{"type":"thought","content":7},
            {"type":"model_output","content":[{"type":"text","text":"x"},{"type":"video","uri":"https://h/v1beta/files/abc123:download?alt=media"}]}]}"#,
        );
        assert_eq!(
            found,
            Ok(PollAnswer::File {
                id: "abc123".to_owned(),
                cost_micros: Some(1_013_600)
            })
        );
        let video = |content: &str| {
            poll(&format!(
                r#"{{"status":"completed","steps":[{{"type":"model_output","content":[{content}]}}]}}"#
            ))
        };
        let ready = |uri: &str| {
            Ok(PollAnswer::Told(Progress::Ready {
                uri: uri.to_owned(),
                cost_micros: None,
            }))
        };
        assert_eq!(
            video(r#"{"type":"video","data":"eA==","uri":null}"#),
            ready("inline:v1_abc")
        );
        assert_eq!(
            video(r#"{"type":"video","uri":"https://cdn.example/v.mp4"}"#),
            ready("https://cdn.example/v.mp4")
        );
        assert_eq!(
            video(r#"{"type":"video","video":{"url":"https://h/v"}}"#),
            ready("https://h/v")
        );
    }

    #[test]
    fn a_video_in_the_place_of_another_wire_is_found_and_read() {
        let ready = |uri: &str| {
            Ok(PollAnswer::Told(Progress::Ready {
                uri: uri.to_owned(),
                cost_micros: None,
            }))
        };
        for place in [
            r#""videos":[{"uri":"https://h/v"}]"#,
            r#""response":{"generatedVideos":[{"video":{"uri":"https://h/v"}}]}"#,
            r#""output_video":{"uri":"https://h/v"}"#,
            r#""outputs":[{"type":"text","text":"Here."},{"type":"video","uri":"https://h/v"}]"#,
        ] {
            assert_eq!(
                poll(&format!(r#"{{"status":"completed",{place}}}"#)),
                ready("https://h/v"),
                "{place}"
            );
        }
        let input = r#""steps":[{"type":"user_input","content":[{"type":"image","data":"eHh4"}]}]"#;
        for place in [
            r#""videos":[{"bytesBase64Encoded":"AAEC"}]"#,
            r#""response":{"generatedSamples":[{"video":{"encodedVideo":"AAEC"}}]}"#,
            r#""output_video":{"data":"AAEC"}"#,
        ] {
            let body = format!(r#"{{"status":"completed",{input},{place}}}"#);
            assert_eq!(poll(&body), ready("inline:v1_abc"), "{place}");
            assert_eq!(
                read_inline(&reply(200, &body)),
                Some(vec![0, 1, 2]),
                "{place}"
            );
        }
    }

    #[test]
    fn an_interaction_at_rest_is_read_by_what_it_holds() {
        let idle = |rest: &str| poll(&format!(r#"{{"status":"idle"{rest}}}"#));
        let running = Ok(PollAnswer::Told(Progress::Running));
        assert_eq!(idle(""), running);
        assert_eq!(
            idle(r#","steps":[{"type":"user_input","content":[{"type":"text","text":"a dog"}]}]"#),
            running
        );
        let step = |content: &str| {
            format!(r#","steps":[{{"type":"model_output","content":[{content}]}}]"#)
        };
        let uri = idle(&step(r#"{"type":"video","uri":"https://h/v"}"#));
        assert!(
            matches!(uri, Ok(PollAnswer::Told(Progress::Ready { .. }))),
            "{uri:?}"
        );
        let text = idle(&step(r#"{"type":"text","text":"I cannot."}"#));
        assert!(matches!(text, Err(Trouble::Refused(failure)) if failure.message == "I cannot."));
        let error = idle(r#","errors":[{"code":"internal","message":"x"}]"#);
        assert!(matches!(error, Err(Trouble::Refused(_))), "{error:?}");
    }

    #[test]
    fn the_models_own_words_tell_why_there_is_no_video() {
        let said = |contents: &str| {
            refusal(&format!(
                r#"{{"status":"completed","steps":[{{"type":"user_input","content":[{{"type":"text","text":"a dog"}}]}},{{"type":"model_output","content":[{contents}]}}]}}"#
            ))
        };
        let text = r#"{"type":"text","text":"I can't show real people."}"#;
        for contents in [
            text.to_owned(),
            format!(r#"{{"type":"thought","signature":"x"}},{text}"#),
            format!(r#"{{"type":"video","uri":""}},{text}"#),
        ] {
            assert_eq!(
                said(&contents),
                (
                    ErrorCode::ProviderRejectedContent,
                    "I can't show real people.".to_owned()
                )
            );
        }
        let two = r#"{"type":"text","text":"I can't."},{"type":"text","text":"Try a cat"}"#;
        assert_eq!(said(two).1, "I can't. Try a cat.");
        let flat = r#"{"status":"completed","outputs":[{"type":"text","text":"I can't."}]}"#;
        assert_eq!(refusal(flat).1, "I can't.");
    }

    #[test]
    fn an_end_without_a_video_is_told_in_clear_words() {
        for body in [
            r#"{"status":"completed"}"#,
            r#"{"status":"completed","steps":[{"type":"model_output","content":[{"type":"video","uri":""}]}]}"#,
        ] {
            let (code, sentence) = refusal(body);
            assert_eq!(code, ErrorCode::ProviderRejectedContent);
            assert!(
                sentence.contains("safety filter") && sentence.contains("region"),
                "{sentence}"
            );
        }
        for (status, code) in [
            ("cancelled", ErrorCode::ProviderUnavailable),
            ("incomplete", ErrorCode::ProviderUnavailable),
            ("requires_action", ErrorCode::ProviderUnavailable),
            ("requires_continuation", ErrorCode::ProviderUnavailable),
            ("budget_exceeded", ErrorCode::ProviderQuotaExhausted),
            ("failed", ErrorCode::ProviderUnavailable),
        ] {
            assert_eq!(
                refusal(&format!(r#"{{"status":"{status}"}}"#)).0,
                code,
                "{status}"
            );
        }
    }

    #[test]
    fn a_failure_is_explained_by_its_step_or_its_errors() {
        let step = |code: u8, message: &str| {
            format!(
                r#"{{"status":"failed","steps":[{{"type":"model_output","error":{{"code":{code},"message":"{message}"}}}}]}}"#
            )
        };
        assert_eq!(
            refusal(&step(3, "Against the usage guidelines.")).0,
            ErrorCode::ProviderRejectedContent
        );
        assert_eq!(
            refusal(&step(3, "Too long.")),
            (ErrorCode::InvalidRequest, "Too long.".to_owned())
        );
        assert_eq!(refusal(&step(8, "")).0, ErrorCode::ProviderQuotaExhausted);
        assert_eq!(refusal(&step(13, "")).0, ErrorCode::ProviderUnavailable);
        let error = |code: &str, message: &str| {
            format!(
                r#"{{"status":"failed","errors":[{{"code":"https://h/errors/{code}","message":"{message}"}}]}}"#
            )
        };
        assert_eq!(
            refusal(&error("x", "The safety filter.")),
            (
                ErrorCode::ProviderRejectedContent,
                "The safety filter.".to_owned()
            )
        );
        assert_eq!(
            refusal(&error("content_blocked", "No.")).0,
            ErrorCode::ProviderRejectedContent
        );
        assert_eq!(
            refusal(&error("INVALID_ARGUMENT", "No.")),
            (ErrorCode::InvalidRequest, "No.".to_owned())
        );
        assert_eq!(
            refusal(&error("quota_exceeded", "No.")).0,
            ErrorCode::ProviderQuotaExhausted
        );
        assert_eq!(
            refusal(&error("internal", "No.")).0,
            ErrorCode::ProviderUnavailable
        );
    }

    #[test]
    fn a_file_is_waited_for_until_it_is_active() {
        let state = |state: &str| {
            read_file(
                &reply(200, &format!(r#"{{"name":"files/abc","state":"{state}"}}"#)),
                "abc",
                Some(5),
            )
        };
        assert_eq!(state("PROCESSING"), Ok(Progress::Running));
        assert_eq!(
            state("ACTIVE"),
            Ok(Progress::Ready {
                uri: "files/abc".to_owned(),
                cost_micros: Some(5)
            })
        );
        assert!(
            matches!(state("FAILED"), Err(Trouble::Refused(failure)) if failure.code == ErrorCode::ProviderUnavailable)
        );
        assert_eq!(
            (
                state("STATE_UNSPECIFIED"),
                read_file(&reply(200, "{}"), "abc", None)
            ),
            (Err(Trouble::Unknown), Err(Trouble::Unknown))
        );
        assert!(matches!(
            read_file(&reply(403, "{}"), "abc", None),
            Err(Trouble::Retry { .. })
        ));
        assert_eq!(place("files/abc"), Some(FilePlace::File { id: "abc" }));
    }

    #[test]
    fn a_video_in_the_answer_itself_is_decoded() {
        let body = r#"{"status":"completed","steps":[{"type":"model_output","content":[{"type":"video","data":"AAEC"}]}]}"#;
        assert_eq!(read_inline(&reply(200, body)), Some(vec![0, 1, 2]));
        assert_eq!(read_inline(&reply(200, &body.replace("AAEC", "!"))), None);
        assert_eq!(
            place("inline:v1_abc"),
            Some(FilePlace::Interaction { id: "v1_abc" })
        );
    }
}
