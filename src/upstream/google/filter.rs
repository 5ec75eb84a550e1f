//! The messages of the safety filters, anywhere in an answer.
//!
//! Sources: answers of Veo over both of its APIs, and Google's list of the filters' support codes.

use crate::clients::error_body::{fields, sentence_of};
use crate::clients::sentence;
use crate::machine::outcome::{ErrorCode, Failure};
use serde_json::Value;

/// The fields that say why there is no video.
const REASONS: [&str; 2] = ["raiMediaFilteredReasons", "rai_media_filtered_reasons"];
/// The fields that say how many videos were filtered.
const COUNTS: [&str; 2] = ["raiMediaFilteredCount", "rai_media_filtered_count"];
/// The message for a filter that gives no reason.
const UNEXPLAINED: &str = "The video service's safety filter refused the video.";

/// The filter's verdict in an answer without a video; `None` if there is none.
pub(crate) fn verdict(answer: &Value) -> Option<Failure> {
    if let Some(reason) = fields(answer, &REASONS).into_iter().find_map(sentence_of) {
        return Some(rejected(&reason));
    }
    let counts = fields(answer, &COUNTS);
    let filtered = counts.iter().any(|count| match count.as_str() {
        Some(text) => text.trim().parse::<u64>().is_ok_and(|count| count > 0),
        None => count.as_u64().is_some_and(|count| count > 0),
    });
    filtered.then(|| rejected(UNEXPLAINED))
}

/// Whether a sentence is about a content policy.
pub(crate) fn is_meant(sentence: &str) -> bool {
    let sentence = sentence.to_lowercase();
    let words = [
        "safety",
        "usage guidelines",
        "responsible ai",
        "prohibited",
        "support codes",
        "content policy",
        "content_policy",
        "content filter",
        "content_filter",
        "moderation",
    ];
    words.iter().any(|word| sentence.contains(word))
}

/// The failure with the safety filter's own message and the meaning of its support codes.
pub(crate) fn rejected(reason: &str) -> Failure {
    let categories = categories(reason);
    let reason = sentence::clean(reason).unwrap_or_else(|| UNEXPLAINED.to_owned());
    let explained = if categories.is_empty() {
        sentence::ended(&reason)
    } else {
        format!(
            "{}. The filter found: {}.",
            reason.trim_end_matches('.'),
            categories.join(", ")
        )
    };
    Failure::new(ErrorCode::ProviderRejectedContent, explained)
}

/// The categories that the safety filters' support codes mean, each once.
fn categories(reason: &str) -> Vec<&'static str> {
    let Some((_, codes)) = reason.split_once("upport code") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for code in codes.split(|character: char| !character.is_ascii_digit()) {
        if let Some(category) = category(code).filter(|category| !found.contains(category)) {
            found.push(category);
        }
    }
    found
}

fn category(code: &str) -> Option<&'static str> {
    Some(match code {
        "58061214" | "17301594" => "children",
        "29310472" | "15236754" => "a celebrity",
        "64151117" | "42237218" => "a general safety violation",
        "62263041" => "dangerous content",
        "57734940" | "22137204" => "hate",
        "74803281" | "29578790" | "42876398" => "another safety issue",
        "39322892" => "people or faces",
        "92201652" => "personal information",
        "89371032" | "49114662" | "63429089" | "72817394" | "60599140" => "prohibited content",
        "35561574" | "35561575" => "third-party content",
        "90789179" | "43188360" => "sexual content",
        "78610348" => "toxic content",
        "61493863" | "56562880" => "violence",
        "32635315" => "vulgarity",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{rejected, verdict};
    use serde_json::json;

    #[test]
    fn support_codes_are_explained_once_each() {
        let reason =
            "Veo could not generate the video. Support codes: 15236754, 29310472, 61493863";
        assert_eq!(
            rejected(reason).message,
            format!("{reason}. The filter found: a celebrity, violence.")
        );
        assert_eq!(
            rejected("No. Support codes: 1").message,
            "No. Support codes: 1."
        );
        assert_eq!(rejected("15236754 boats").message, "15236754 boats.");
    }

    #[test]
    fn the_reason_is_found_flat_or_nested() {
        for answer in [
            json!({"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["No boats."]}),
            json!({"response": {"generateVideoResponse": {"raiMediaFilteredReasons": ["No boats."]}}}),
            json!({"response": {"raiMediaFilteredReasons": "No boats."}}),
            json!({"response": {"generatedVideos": [], "rai_media_filtered_reasons": ["", "No boats."]}}),
            json!({"generate_video_response": {"raiMediaFilteredReasons": [{"reason": "No boats."}]}}),
        ] {
            assert_eq!(
                verdict(&answer).map(|failure| failure.message).as_deref(),
                Some("No boats."),
                "{answer}"
            );
        }
        for answer in [
            json!({"raiMediaFilteredCount": "1"}),
            json!({"a": {"rai_media_filtered_count": 2, "raiMediaFilteredReasons": []}}),
        ] {
            assert!(
                verdict(&answer).is_some_and(|failure| failure.message.contains("safety filter")),
                "{answer}"
            );
        }
        for answer in [
            json!({}),
            json!({"raiMediaFilteredCount": 0, "raiMediaFilteredReasons": null}),
        ] {
            assert_eq!(verdict(&answer), None, "{answer}");
        }
    }
}
