//! Environments for these tests.

use reelay::config::Config;
use reelay::variables::{ConfigError, ConfigErrors};
use std::collections::BTreeMap;

pub(crate) const JWT_SECRET: &str = "test-jwt-secret-of-more-than-32-bytes";
pub(crate) const ADMIN_KEY: &str = "an-operators-admin-key";
pub(crate) const API_KEY: &str = "test-api-key-0123456789";
pub(crate) const WEBHOOK_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// The minimum that a production worker needs.
pub(crate) const REQUIRED: [(&str, &str); 4] = [
    ("NEXTJS_URL", "https://app.example.com"),
    ("WEBHOOK_SECRET", WEBHOOK_SECRET),
    ("VEO3_API_KEY", "test-veo-key"),
    ("JWT_SECRET", JWT_SECRET),
];

/// The settings of the required variables plus these. One of these may overwrite a required one
/// or, if empty, remove it. One wrong setting must give one error.
pub(crate) fn config_with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    errors_of(variables).map_err(|errors| {
        let [error] = errors.list() else {
            panic!("not one error: {errors}")
        };
        error.clone()
    })
}

/// The same with every error.
pub(crate) fn errors_of(variables: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let all: BTreeMap<&str, &str> = REQUIRED.iter().chain(variables).copied().collect();
    Config::parse(&|name: &str| all.get(name).map(|value| (*value).to_owned()))
}

/// Production settings with a service key.
pub(crate) fn production() -> Config {
    config_with(&[("API_KEY", API_KEY)]).expect("valid settings")
}

/// Development settings with a service key.
pub(crate) fn development() -> Config {
    config_with(&[("API_KEY", API_KEY), ("ENVIRONMENT", "development")]).expect("valid settings")
}
