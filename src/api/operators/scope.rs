//! The provider and the model that an operator names. Pure.

use crate::api::field_error::FieldError;
use crate::api::strict::StrictObject;
use crate::machine::queue::Scope;
use crate::models::{MODELS, PROVIDERS};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The body of a pause: `{}`, `{"provider": "…"}` or `{"provider": "…", "model": "…"}`. `None` means
/// the whole queue.
pub fn scope(body: &Map<String, Value>) -> Result<Option<Scope>, Vec<FieldError>> {
    read(body, |_| false)
}

/// The same for the end of a pause. It may also name what is paused now, which an older version of
/// the worker may have known.
pub fn paused_scope(
    body: &Map<String, Value>,
    paused: &[Scope],
) -> Result<Option<Scope>, Vec<FieldError>> {
    read(body, |scope| paused.contains(scope))
}

fn read(
    body: &Map<String, Value>,
    is_paused: impl Fn(&Scope) -> bool,
) -> Result<Option<Scope>, Vec<FieldError>> {
    let mut object = StrictObject::new(body, "", &["provider", "model"]);
    let provider = object.word("provider", &provider_rule(), |text| Some(text.to_owned()));
    let model = object.word("model", "must be the id of a model", |text| {
        Some(text.to_owned())
    });
    let scope = match (provider, model) {
        (Some(provider), model) => Some(Scope { provider, model }),
        (None, Some(_)) if object.value("provider").is_none() => {
            object.refuse("provider", "is required when a model is named");
            None
        }
        (None, _) => None,
    };
    if let Some(scope) = scope.as_ref().filter(|scope| !is_paused(scope)) {
        check(&mut object, scope);
    }
    object.finish(scope)
}

/// Refuses names that no order can have.
fn check(object: &mut StrictObject<'_>, scope: &Scope) {
    if !is_provider(&scope.provider) {
        return object.refuse("provider", provider_rule());
    }
    let mut own = MODELS
        .iter()
        .filter(|model| model.provider == scope.provider);
    if let Some(named) = &scope.model
        && !own.clone().any(|model| model.id == named)
    {
        let ids: Vec<&str> = own.by_ref().map(|model| model.id).collect();
        let rule = format!("must be one of {} for {}", ids.join(", "), scope.provider);
        object.refuse("model", rule);
    }
}

/// Whether a provider has this name.
pub(crate) fn is_provider(name: &str) -> bool {
    PROVIDERS.iter().any(|provider| provider.name == name)
}

/// The names of all providers.
pub(crate) fn provider_names() -> Vec<&'static str> {
    PROVIDERS.iter().map(|provider| provider.name).collect()
}

/// The ids of all models, retired ones included.
pub(crate) fn model_ids() -> BTreeSet<&'static str> {
    MODELS.iter().map(|model| model.id).collect()
}

/// What the name of a provider must be.
pub(crate) fn provider_rule() -> String {
    format!("must be one of {}", provider_names().join(", "))
}
