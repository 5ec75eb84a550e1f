//! How a provider is configured, and the configured providers.

use crate::upstream::provider::Provider;
use crate::variables::{ConfigError, Variables};
use std::rc::Rc;

/// How a provider is configured.
#[derive(Clone, Copy)]
pub struct Registration {
    /// Its name in the model registry and on jobs.
    pub name: &'static str,
    /// Reads its variables; `None` if they are not set.
    pub open: Open,
}

/// Opens a provider from the worker's variables.
pub type Open = fn(&Variables<'_>) -> Result<Option<Rc<dyn Provider>>, ConfigError>;

/// The configured providers.
#[derive(Clone)]
pub struct Providers(Vec<(&'static str, Rc<dyn Provider>)>);

impl Providers {
    /// Opens the providers whose variables are set; there must be at least one.
    pub fn open(registry: &[Registration], variables: &Variables<'_>) -> Result<Self, ConfigError> {
        let mut providers = Vec::new();
        for registration in registry {
            if let Some(provider) = (registration.open)(variables)? {
                providers.push((registration.name, provider));
            }
        }
        if providers.is_empty() {
            let wanted = "set: the service account for Vertex AI (or GEMINI_API_KEY for Gemini Omni, or VEO3_API_KEY for a gateway)";
            return Err(ConfigError::new("VERTEX_SERVICE_ACCOUNT", wanted));
        }
        Ok(Self(providers))
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
