//! Pauses of one video service, or of one of its models. They are independent of each other and of
//! the pause of the whole queue: each holds until it is resumed itself.

use crate::machine::message::message;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a pause stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub provider: String,
    /// One model of the provider; `None` for all of them.
    pub model: Option<String>,
}

/// A pause of a part of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamPause {
    pub scope: Scope,
    pub since: Millis,
}

/// Everything that is paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pauses {
    /// When the whole queue was paused.
    pub queue: Option<Millis>,
    pub upstreams: Vec<UpstreamPause>,
}

/// Pauses a video service or a model: no job of it starts, and running jobs continue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseUpstream {
    pub scope: Scope,
}
message!(PauseUpstream -> Pauses);

/// Ends the pause of exactly this scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeUpstream {
    pub scope: Scope,
}
message!(ResumeUpstream -> Pauses);

impl Scope {
    /// Whether an upstream, as `{provider}/{model}`, belongs to it.
    pub fn covers(&self, upstream: &str) -> bool {
        let Some((provider, model)) = upstream.split_once('/') else {
            return false;
        };
        provider == self.provider && self.model.as_deref().is_none_or(|own| own == model)
    }
}

/// `{provider}`, or `{provider}/{model}`.
impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.provider)?;
        match &self.model {
            Some(model) => write!(formatter, "/{model}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn a_scope_covers_a_provider_or_exactly_one_model_of_it() {
        let scope = |model: Option<&str>| Scope {
            provider: "acme".to_owned(),
            model: model.map(str::to_owned),
        };
        for (scope, upstream, covers) in [
            (scope(None), "acme/veo-3.1", true),
            (scope(None), "acme-2/veo-3.1", false),
            (scope(None), "other/acme", false),
            (scope(None), "acme", false),
            (scope(Some("veo-3.1")), "acme/veo-3.1", true),
            (scope(Some("veo-3.1")), "acme/veo-3.1-fast", false),
            (scope(Some("veo-3.1")), "other/veo-3.1", false),
        ] {
            assert_eq!(scope.covers(upstream), covers, "{scope} and {upstream}");
        }
    }
}
