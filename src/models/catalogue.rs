//! The models offered here, and how an order's model is found.

use super::{Aliases, KnownProvider, MODELS, Model, PROVIDERS};
use crate::time::Millis;

/// Why a model is not offered. Each variant has the end of a sentence that says what to use
/// instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOffered {
    Provider(String),
    Model(String),
    /// The model was served earlier.
    Retired(String),
}

/// The models offered here: those of the configured providers.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue<'a> {
    /// The names of the configured providers.
    pub providers: &'a [&'static str],
    pub aliases: &'a Aliases,
    /// The operator's choice for an order that names no model, if any.
    pub default_model: Option<&'a str>,
    /// How many submits a minute the operator allows, whatever the model's own limit.
    pub submits_per_minute: Option<u64>,
    /// The time of the request, because models retire.
    pub now: Millis,
}

impl Catalogue<'_> {
    /// The models that are offered.
    pub fn models(&self) -> impl Iterator<Item = &'static Model> {
        MODELS
            .iter()
            .filter(|model| self.providers.contains(&model.provider) && !model.is_retired(self.now))
    }

    /// The model of an order that names neither model nor provider.
    pub fn default(&self) -> Option<&'static Model> {
        self.find(None, None).ok()
    }

    /// Finds the model of an order.
    pub fn find(
        &self,
        provider: Option<&str>,
        model: Option<&str>,
    ) -> Result<&'static Model, NotOffered> {
        if let Some(word) = provider.filter(|word| !self.providers_called(word).any(|_| true)) {
            return Err(self.unknown_provider(word));
        }
        let Some(id) = model else {
            let default = self.default_model.and_then(|id| self.of(provider, id));
            let first = || self.models().find(|model| is_called(model, provider));
            return default
                .or_else(first)
                .ok_or_else(|| self.unknown_model(provider, None));
        };
        let id = self.aliases.resolve(id);
        self.of(provider, id).ok_or_else(|| {
            // A model of any provider: the app may not know which providers are configured now.
            let once = MODELS
                .iter()
                .find(|model| model.id == id && model.is_retired(self.now));
            once.map_or_else(|| self.unknown_model(provider, Some(id)), retired)
        })
    }

    fn of(&self, provider: Option<&str>, id: &str) -> Option<&'static Model> {
        self.models()
            .find(|model| model.id == id && is_called(model, provider))
    }

    fn providers_called(&self, word: &str) -> impl Iterator<Item = &'static KnownProvider> {
        let called = PROVIDERS
            .iter()
            .filter(move |provider| means(provider, word));
        called.filter(|provider| self.providers.contains(&provider.name))
    }

    fn unknown_provider(&self, word: &str) -> NotOffered {
        let known = PROVIDERS.iter().filter(|provider| means(provider, word));
        let why = must_be(known);
        let here = self.providers.join(", ");
        NotOffered::Provider(format!(
            "{why} one of {here} (or google, for any provider that has the model)"
        ))
    }

    fn unknown_model(&self, provider: Option<&str>, id: Option<&str>) -> NotOffered {
        let served = self
            .models()
            .filter(|model| is_called(model, provider))
            .map(|model| model.id);
        let mut known: Vec<&str> = Vec::new();
        for id in served {
            if !known.contains(&id) {
                known.push(id);
            }
        }
        let elsewhere = PROVIDERS.iter().filter(|known| {
            let mut models = MODELS.iter().filter(|model| model.provider == known.name);
            let is_here = self.providers.contains(&known.name);
            !is_here && models.any(|model| Some(model.id) == id)
        });
        NotOffered::Model(format!(
            "{} one of {}",
            must_be(elsewhere),
            known.join(", ")
        ))
    }
}

/// The beginning of a sentence about something that these providers, which are not configured,
/// would offer.
fn must_be<'a>(elsewhere: impl Iterator<Item = &'a KnownProvider>) -> String {
    let settings: Vec<&str> = elsewhere.map(|provider| provider.setting).collect();
    if settings.is_empty() {
        "must be".to_owned()
    } else {
        format!(
            "is not configured here (it needs {}): it must be",
            settings.join(" or ")
        )
    }
}

fn means(provider: &KnownProvider, word: &str) -> bool {
    provider.name == word || provider.synonyms.contains(&word)
}

fn is_called(model: &Model, word: Option<&str>) -> bool {
    let provider = PROVIDERS
        .iter()
        .find(|provider| provider.name == model.provider);
    word.is_none_or(|word| provider.is_some_and(|provider| means(provider, word)))
}

fn retired(model: &'static Model) -> NotOffered {
    let since = model
        .retires_at
        .and_then(|date| date.split('T').next())
        .unwrap_or("some time");
    let instead = model
        .replacement
        .map(|id| format!(": ask for {id} instead"))
        .unwrap_or_default();
    NotOffered::Retired(format!(
        "{} was retired by its provider on {since}{instead}",
        model.id
    ))
}
