//! The name of an operation. It contains the location to poll, because the settings may have
//! changed since.

use crate::upstream::google;
use serde::Serialize;

/// The location that is not a region.
const GLOBAL: &str = "global";
/// The longest name of a region.
const MAX_LOCATION: usize = 40;

/// The scheme of the address of a video inside the answer itself; the operation's name follows.
pub(crate) const INLINE_SCHEME: &str = "inline:";

/// `projects/{project}/locations/{location}/publishers/google/models/{model}/operations/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationName<'a> {
    pub name: &'a str,
    /// The part before `/operations/`.
    pub model: &'a str,
    pub location: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PollBody<'a> {
    operation_name: &'a str,
}

impl<'a> OperationName<'a> {
    /// Parses a name; `None` for anything else, and for a name that could escape its path or change
    /// the host.
    pub fn parse(name: &'a str) -> Option<Self> {
        let (model, _) = name.split_once("/operations/")?;
        let segments: Vec<&str> = name.split('/').collect();
        let [
            "projects",
            project,
            "locations",
            location,
            "publishers",
            "google",
            "models",
            _,
            "operations",
            _,
        ] = segments[..]
        else {
            return None;
        };
        // A project of a domain has a colon: `example.com:project`.
        let plain = google::is_operation_name(&name.replacen(project, "p", 1));
        let usable =
            plain && project.split(':').all(google::is_plain_segment) && is_location(location);
        usable.then_some(Self {
            name,
            model,
            location,
        })
    }

    /// The path of a poll, below the API's version.
    pub fn poll_path(&self) -> String {
        format!("{}:fetchPredictOperation", self.model)
    }

    /// The body of a poll.
    pub fn poll_body(&self) -> String {
        serde_json::to_string(&PollBody {
            operation_name: self.name,
        })
        .unwrap_or_default()
    }

    /// The address of its video if the answer itself contains it.
    pub fn inline_uri(&self) -> String {
        format!("{}{}", INLINE_SCHEME, self.name)
    }
}

/// The host of a location, with its scheme.
pub fn host(location: &str) -> String {
    if location == GLOBAL {
        "https://aiplatform.googleapis.com".to_owned()
    } else {
        format!("https://{location}-aiplatform.googleapis.com")
    }
}

/// Whether it is `global` or looks like a region: `us-central1`.
pub fn is_location(location: &str) -> bool {
    let word = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
    };
    let region = location.len() <= MAX_LOCATION
        && location.contains('-')
        && location.starts_with(|first: char| first.is_ascii_lowercase())
        && location.ends_with(|last: char| last.is_ascii_digit())
        && location.chars().all(word);
    location == GLOBAL || region
}

#[cfg(test)]
mod tests {
    use super::{OperationName, host, is_location};

    #[test]
    fn a_name_says_where_to_ask() {
        let name =
            "projects/p/locations/europe-west4/publishers/google/models/veo-3.1/operations/a1b0-7c";
        let operation = OperationName::parse(name).expect("a name");
        assert_eq!(operation.location, "europe-west4");
        let path = "projects/p/locations/europe-west4/publishers/google/models/veo-3.1:fetchPredictOperation";
        assert_eq!(operation.poll_path(), path);
        assert_eq!(
            operation.poll_body(),
            format!(r#"{{"operationName":"{name}"}}"#)
        );
        assert_eq!(operation.inline_uri(), format!("inline:{name}"));
    }

    #[test]
    fn a_name_that_could_lead_elsewhere_is_none() {
        let with = |project: &str, location: &str, id: &str| {
            format!(
                "projects/{project}/locations/{location}/publishers/google/models/m/operations/{id}"
            )
        };
        assert!(OperationName::parse(&with("p", "global", "1")).is_some());
        for name in [
            with("..", "us-central1", "1"),
            with("p", "evil.example/x-1", "1"),
            with("p", "evil.example.com#-1", "1"),
            with("p", "us-central1", "1/x"),
            with("p", "us-central1", "a?b"),
            with("p", "us-central1", ""),
            with("", "us-central1", "1"),
            "models/m/operations/1".to_owned(),
            "projects/p/locations/us-central1/operations/1".to_owned(),
        ] {
            assert_eq!(OperationName::parse(&name), None, "{name}");
        }
    }

    #[test]
    fn each_location_has_its_host() {
        assert_eq!(
            host("us-central1"),
            "https://us-central1-aiplatform.googleapis.com"
        );
        assert_eq!(host("global"), "https://aiplatform.googleapis.com");
        for location in [
            "us-central1",
            "northamerica-northeast1",
            "me-central2",
            "global",
        ] {
            assert!(is_location(location), "{location}");
        }
        for location in [
            "",
            "us-central",
            "US-central1",
            "us",
            "1-a1",
            "us-central1.evil.example/a1",
            "globe",
        ] {
            assert!(!is_location(location), "{location}");
        }
    }
}
