//! What Google's APIs have in common: answers, errors, operations, and the messages of the safety
//! filters.
//!
//! Source: the bodies that Google's SDK reads (google-genai 2.34 and 3.6), and Google's error model
//! (`google.rpc.Status` with `RetryInfo` and `QuotaFailure` details). Gateways use formats of their
//! own, so the HTTP status counts first.

pub mod daily_quota;
pub mod filter;
pub mod inline_video;
pub mod key_api;
pub mod key_check;
pub mod operation;
pub mod poll_answer;
pub mod poll_reader;
pub mod refusal;
pub mod veo;
pub mod video;

use crate::clients::sentence;
use crate::machine::outcome::{ErrorCode, Failure};

/// HTTP statuses by which an edge reports that it could not reach its origin.
const NEVER_REACHED: [u16; 4] = [521, 523, 525, 526];

pub fn unavailable(sentence: &str) -> Failure {
    Failure::new(ErrorCode::ProviderUnavailable, sentence)
}

/// Whether a name can be part of a path: `{…}/operations/{id}`, of plain segments.
pub(crate) fn is_operation_name(name: &str) -> bool {
    name.len() <= 512 && name.contains("operations/") && name.split('/').all(is_plain_segment)
}

/// The name without a scheme, host and version that gateways prepend.
pub(crate) fn bare_name(name: &str) -> &str {
    const VERSIONS: [&str; 4] = ["v1/", "v1beta/", "v1beta1/", "v1alpha/"];
    let behind_host = name
        .split_once("://")
        .map(|(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let path = behind_host.unwrap_or(name).trim_start_matches('/');
    let at_start = VERSIONS
        .iter()
        .find_map(|version| path.strip_prefix(version));
    // A gateway's own path precedes the version.
    let within = || {
        VERSIONS.iter().find_map(|version| {
            path.split_once(&format!("/{version}"))
                .map(|(_, rest)| rest)
        })
    };
    at_start
        .or_else(|| behind_host.and_then(|_| within()))
        .unwrap_or(path)
}

/// Whether a word is exactly one segment of a path.
pub(crate) fn is_plain_segment(segment: &str) -> bool {
    !segment.is_empty()
        && !segment.starts_with('.')
        && segment
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "._-".contains(character))
}

/// One of our sentences, followed by the upstream's own message if there is one.
pub(crate) fn with_words(sentence: &str, words: Option<&str>) -> String {
    match words {
        Some(words) => sentence::ended(&format!("{}: {words}", sentence.trim_end_matches('.'))),
        None => sentence.to_owned(),
    }
}
