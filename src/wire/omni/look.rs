//! Looking at an interaction: how its render stands, and where its video is.

use super::is_id;
use crate::machine::job::Progress;
use crate::machine::outcome::{ErrorCode, Failure, Outcome};
use crate::wire::google::{self, Reply, RpcStatus};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

/// Millionths of a US dollar for a million tokens of video, by Google's price list of November 2026: $17.50, which at
/// 5,792 tokens a second of 720p is $0.10 a second.
const MICROS_PER_MILLION_TOKENS: u64 = 17_500_000;

/// Where a video is: in a file of the Files API.
const FILE: &str = "files/";
/// Where a video is: in the interaction itself.
const INLINE: &str = "inline:";

/// What an interaction tells of its render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// All there is to know.
    Told(Outcome<Progress>),
    /// The video is in a file, which may not be ready yet.
    File { id: String, cost_micros: Option<u64> },
}

/// Where the address of a video leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// To a file of the Files API.
    File { id: &'a str },
    /// Into an interaction.
    Interaction { id: &'a str },
    /// To somewhere else.
    Elsewhere { uri: &'a str },
}

/// A file of the Files API.
#[derive(Deserialize)]
struct File {
    state: Option<String>,
}

/// What a look at the interaction of this id found. Only its own final word ends a render.
pub fn read_poll(reply: &Reply, id: &str) -> Look {
    if reply.status != 200 {
        return Look::Told(google::failed_poll(reply));
    }
    let Ok(interaction) = serde_json::from_slice::<Value>(&reply.body) else { return Look::Told(Outcome::Unknown) };
    let refused = |code, sentence: &str| Look::Told(Outcome::Refused(Failure::new(code, sentence)));
    match interaction.get("status").and_then(Value::as_str) {
        Some("in_progress" | "queued") => Look::Told(Outcome::Done(Progress::Running)),
        Some("completed") => completed(&interaction, id),
        Some("failed") => Look::Told(Outcome::Refused(failed(&interaction))),
        Some("cancelled") => refused(ErrorCode::ProviderUnavailable, "The render was cancelled at the video service."),
        Some("incomplete") => {
            refused(ErrorCode::ProviderUnavailable, "The video service stopped before the video was complete.")
        }
        Some("budget_exceeded") => {
            refused(ErrorCode::ProviderQuotaExhausted, "The budget set at the video service is used up.")
        }
        Some("requires_action" | "requires_continuation") => {
            refused(ErrorCode::ProviderUnavailable, "The video service asked a question back instead of rendering.")
        }
        Some(_) | None => Look::Told(Outcome::Unknown),
    }
}

/// What a look at the file of this id found.
pub fn read_file(reply: &Reply, id: &str, cost_micros: Option<u64>) -> Outcome<Progress> {
    if reply.status != 200 {
        return google::failed_poll(reply);
    }
    let state = serde_json::from_slice::<File>(&reply.body).ok().and_then(|file| file.state);
    match state.map(|state| state.to_ascii_uppercase()).as_deref() {
        Some("PROCESSING") => Outcome::Done(Progress::Running),
        Some("ACTIVE") => Outcome::Done(Progress::Ready { uri: format!("{FILE}{id}"), cost_micros }),
        Some("FAILED") => {
            Outcome::Refused(google::unavailable("The video service failed to prepare the file of the video."))
        }
        Some(_) | None => Outcome::Unknown,
    }
}

/// The bytes of a video that an interaction holds itself; `None` when it holds none that can be read.
pub fn read_inline(reply: &Reply) -> Option<Vec<u8>> {
    let interaction = serde_json::from_slice::<Value>(&reply.body).ok()?;
    let data = video(&interaction)?.get("data")?.as_str()?;
    STANDARD.decode(data).ok()
}

/// Where the address of a video leads; `None` when it is not one.
pub fn place(uri: &str) -> Option<Place<'_>> {
    if let Some(id) = uri.strip_prefix(FILE) {
        return is_id(id).then_some(Place::File { id });
    }
    match uri.strip_prefix(INLINE) {
        Some(id) => is_id(id).then_some(Place::Interaction { id }),
        None => Some(Place::Elsewhere { uri }),
    }
}

fn completed(interaction: &Value, id: &str) -> Look {
    let cost_micros = cost(interaction);
    let Some(video) = video(interaction) else {
        let sentence =
            "The video service made no video: its safety filter refused, or it serves no videos in your region.";
        return Look::Told(Outcome::Refused(Failure::new(ErrorCode::ProviderRejectedContent, sentence)));
    };
    let uri = video.get("uri").and_then(Value::as_str).filter(|uri| !uri.is_empty());
    match uri.map(|uri| (uri, file_id(uri))) {
        Some((_, Some(file))) => Look::File { id: file.to_owned(), cost_micros },
        Some((uri, None)) => Look::Told(Outcome::Done(Progress::Ready { uri: uri.to_owned(), cost_micros })),
        None => Look::Told(Outcome::Done(Progress::Ready { uri: format!("{INLINE}{id}"), cost_micros })),
    }
}

/// The last video of the model's own steps; what comes before the user's last input belongs to another turn.
fn video(interaction: &Value) -> Option<&Value> {
    let steps = interaction.get("steps").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let answers = steps.iter().rev().take_while(|step| !is(step, "user_input")).filter(|step| is(step, "model_output"));
    let mut contents = answers.filter_map(|step| step.get("content")?.as_array()).flat_map(|all| all.iter().rev());
    let found = contents.find(|content| is(content, "video") && is_somewhere(content));
    found.or_else(|| interaction.get("output_video").filter(|video| is_somewhere(video)))
}

fn is_somewhere(video: &Value) -> bool {
    ["uri", "data"].iter().any(|field| video.get(field).and_then(Value::as_str).is_some_and(|text| !text.is_empty()))
}

fn is(item: &Value, kind: &str) -> bool {
    item.get("type").and_then(Value::as_str) == Some(kind)
}

/// The id in the address of a file, the way the SDK finds it.
fn file_id(uri: &str) -> Option<&str> {
    let rest = uri.strip_prefix(FILE).or_else(|| uri.split_once("/files/").map(|(_, rest)| rest))?;
    let end = rest.find(|character: char| !character.is_ascii_lowercase() && !character.is_ascii_digit());
    let id = rest.get(..end.unwrap_or(rest.len()))?;
    is_id(id).then_some(id)
}

/// What the video's tokens cost, where they are told.
fn cost(interaction: &Value) -> Option<u64> {
    let counts = interaction.pointer("/usage/output_tokens_by_modality")?.as_array()?;
    let is_video = |count: &&Value| {
        count.get("modality").and_then(Value::as_str).is_some_and(|modality| modality.eq_ignore_ascii_case("video"))
    };
    let tokens = counts.iter().find(is_video)?.get("tokens")?.as_u64()?;
    tokens.checked_mul(MICROS_PER_MILLION_TOKENS).map(|millionths| millionths / 1_000_000)
}

/// Why an interaction failed: the status of its last step that has one, else its errors.
fn failed(interaction: &Value) -> Failure {
    let steps = interaction.get("steps").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let status = steps.iter().rev().find_map(|step| RpcStatus::deserialize(step.get("error")?).ok());
    if let Some(status) = status {
        return google::failed_operation(&status);
    }
    let errors = interaction.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let told = |error: &Value, field: &str| error.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some((code, message)) = errors.first().map(|error| (told(error, "code"), told(error, "message"))) else {
        return google::unavailable("The video service failed to render the video.");
    };
    // The code is an address whose last word tells.
    let word = code.rsplit('/').next().unwrap_or_default().to_lowercase();
    let names = |words: &[&str]| words.iter().any(|known| word.contains(known));
    if google::mentions_safety(&message) || names(&["safety", "blocked", "prohibited"]) {
        return google::rejected(&message);
    }
    if names(&["quota", "exhausted", "billing", "budget"]) {
        return Failure::new(ErrorCode::ProviderQuotaExhausted, "The video service's quota is used up.");
    }
    if names(&["invalid"]) {
        return Failure::new(ErrorCode::InvalidRequest, google::shortened(&message));
    }
    google::unavailable("The video service failed to render the video.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, retry_after: None, body: body.as_bytes().to_vec(), now: 0 }
    }

    fn look(body: &str) -> Look {
        read_poll(&reply(200, body), "v1_abc")
    }

    fn refusal(body: &str) -> (ErrorCode, String) {
        let Look::Told(Outcome::Refused(failure)) = look(body) else { panic!("{:?}", look(body)) };
        (failure.code, failure.message)
    }

    #[test]
    fn what_says_nothing_of_the_render_is_asked_again() {
        for body in ["<html>", "{}", r#"{"status":"pondering"}"#, r#"{"status":7}"#] {
            assert_eq!(look(body), Look::Told(Outcome::Unknown), "{body}");
        }
        for status in [404, 429, 500] {
            assert!(matches!(read_poll(&reply(status, "{}"), "i"), Look::Told(Outcome::Retry { .. })), "{status}");
        }
        for status in ["in_progress", "queued"] {
            let body = format!(r#"{{"status":"{status}"}}"#);
            assert_eq!(look(&body), Look::Told(Outcome::Done(Progress::Running)));
        }
    }

    #[test]
    fn a_video_is_found_in_the_last_answer_of_the_model_with_its_price() {
        let found = look(
            r#"{"status":"completed","usage":{"output_tokens_by_modality":[{"modality":"text","tokens":1},{"modality":"video","tokens":57920}]},
            "steps":[{"type":"model_output","content":[{"type":"video","uri":"https://h/v1beta/files/old"}]},
            {"type":"user_input","content":[{"type":"image","data":"eA=="},{"type":"video","data":"eA=="}]},{"type":"thought","content":7},
            {"type":"model_output","content":[{"type":"text","text":"x"},{"type":"video","uri":"https://h/v1beta/files/abc123:download?alt=media"}]}]}"#,
        );
        assert_eq!(found, Look::File { id: "abc123".to_owned(), cost_micros: Some(1_013_600) });
        let video = |content: &str| {
            look(&format!(r#"{{"status":"completed","steps":[{{"type":"model_output","content":[{content}]}}]}}"#))
        };
        let ready = |uri: &str| Look::Told(Outcome::Done(Progress::Ready { uri: uri.to_owned(), cost_micros: None }));
        assert_eq!(video(r#"{"type":"video","data":"eA==","uri":null}"#), ready("inline:v1_abc"));
        assert_eq!(video(r#"{"type":"video","uri":"https://cdn.example/v.mp4"}"#), ready("https://cdn.example/v.mp4"));
    }

    #[test]
    fn an_end_without_a_video_is_told_in_clear_words() {
        for body in [
            r#"{"status":"completed"}"#,
            r#"{"status":"completed","steps":[{"type":"model_output","content":[{"type":"video","uri":""}]}]}"#,
        ] {
            let (code, sentence) = refusal(body);
            assert_eq!(code, ErrorCode::ProviderRejectedContent);
            assert!(sentence.contains("safety filter") && sentence.contains("region"), "{sentence}");
        }
        for (status, code) in [
            ("cancelled", ErrorCode::ProviderUnavailable),
            ("incomplete", ErrorCode::ProviderUnavailable),
            ("requires_action", ErrorCode::ProviderUnavailable),
            ("requires_continuation", ErrorCode::ProviderUnavailable),
            ("budget_exceeded", ErrorCode::ProviderQuotaExhausted),
            ("failed", ErrorCode::ProviderUnavailable),
        ] {
            assert_eq!(refusal(&format!(r#"{{"status":"{status}"}}"#)).0, code, "{status}");
        }
    }

    #[test]
    fn a_failure_is_explained_by_its_step_or_its_errors() {
        let step = |code: u8, message: &str| {
            format!(
                r#"{{"status":"failed","steps":[{{"type":"model_output","error":{{"code":{code},"message":"{message}"}}}}]}}"#
            )
        };
        assert_eq!(refusal(&step(3, "Against the usage guidelines.")).0, ErrorCode::ProviderRejectedContent);
        assert_eq!(refusal(&step(3, "Too long.")), (ErrorCode::InvalidRequest, "Too long.".to_owned()));
        assert_eq!(refusal(&step(8, "")).0, ErrorCode::ProviderQuotaExhausted);
        assert_eq!(refusal(&step(13, "")).0, ErrorCode::ProviderUnavailable);
        let error = |code: &str, message: &str| {
            format!(r#"{{"status":"failed","errors":[{{"code":"https://h/errors/{code}","message":"{message}"}}]}}"#)
        };
        assert_eq!(
            refusal(&error("x", "The safety filter.")),
            (ErrorCode::ProviderRejectedContent, "The safety filter.".to_owned())
        );
        assert_eq!(refusal(&error("content_blocked", "No.")).0, ErrorCode::ProviderRejectedContent);
        assert_eq!(refusal(&error("INVALID_ARGUMENT", "No.")), (ErrorCode::InvalidRequest, "No.".to_owned()));
        assert_eq!(refusal(&error("quota_exceeded", "No.")).0, ErrorCode::ProviderQuotaExhausted);
        assert_eq!(refusal(&error("internal", "No.")).0, ErrorCode::ProviderUnavailable);
    }

    #[test]
    fn a_file_is_waited_for_until_it_is_active() {
        let state = |state: &str| {
            read_file(&reply(200, &format!(r#"{{"name":"files/abc","state":"{state}"}}"#)), "abc", Some(5))
        };
        assert_eq!(state("PROCESSING"), Outcome::Done(Progress::Running));
        assert_eq!(
            state("ACTIVE"),
            Outcome::Done(Progress::Ready { uri: "files/abc".to_owned(), cost_micros: Some(5) })
        );
        assert!(matches!(state("FAILED"), Outcome::Refused(failure) if failure.code == ErrorCode::ProviderUnavailable));
        assert_eq!(
            (state("STATE_UNSPECIFIED"), read_file(&reply(200, "{}"), "abc", None)),
            (Outcome::Unknown, Outcome::Unknown)
        );
        assert!(matches!(read_file(&reply(403, "{}"), "abc", None), Outcome::Retry { .. }));
        assert_eq!(place("files/abc"), Some(Place::File { id: "abc" }));
    }

    #[test]
    fn a_video_in_the_answer_itself_is_decoded() {
        let body =
            r#"{"status":"completed","steps":[{"type":"model_output","content":[{"type":"video","data":"AAEC"}]}]}"#;
        assert_eq!(read_inline(&reply(200, body)), Some(vec![0, 1, 2]));
        assert_eq!(read_inline(&reply(200, &body.replace("AAEC", "!"))), None);
        assert_eq!(place("inline:v1_abc"), Some(Place::Interaction { id: "v1_abc" }));
    }
}
