//! How a provider is configured, and the configured providers.

use crate::upstream::provider::Provider;
use crate::variables::{ConfigError, ConfigErrors, Variables};
use std::rc::Rc;

/// How a provider is configured.
#[derive(Clone, Copy)]
pub struct Registration {
    /// Its name in the model registry and on jobs.
    pub name: &'static str,
    /// Reads its variables; `None` if they are not set.
    pub open: Open,
}

/// Opens a provider from the worker's variables. All that is wrong with them is reported at once.
pub type Open = fn(&Variables<'_>) -> Result<Option<Rc<dyn Provider>>, ConfigErrors>;

/// The configured providers.
#[derive(Clone)]
pub struct Providers(Vec<(&'static str, Rc<dyn Provider>)>);

impl Providers {
    /// Opens the providers that are configured; there must be at least one. Adds what is wrong to
    /// the errors.
    pub fn open(
        registry: &[Registration],
        variables: &Variables<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let mut providers = Vec::new();
        let mut are_valid = true;
        for registration in registry {
            match errors.keep_all((registration.open)(variables)) {
                Some(Some(provider)) => providers.push((registration.name, provider)),
                Some(None) => {}
                None => are_valid = false,
            }
        }
        if providers.is_empty() && are_valid {
            let wanted = "set: the service account for Vertex AI (or GEMINI_API_KEY for Gemini Omni, VEO3_API_KEY for a \
                          gateway, or DEMO=true to try Reelay without a key)";
            errors.add(ConfigError::new("VERTEX_SERVICE_ACCOUNT", wanted));
        }
        (are_valid && !providers.is_empty()).then_some(Self(providers))
    }

    pub fn find(&self, name: &str) -> Option<&dyn Provider> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, provider)| provider.as_ref())
    }

    /// Their names, in the order of the registry.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }
}
