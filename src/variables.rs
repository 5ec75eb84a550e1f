//! The worker's variables and secrets, read by name.
//!
//! An error names the variable and what it must be. It never contains the value, which may be a
//! secret in the wrong variable.

use crate::address;
use crate::time::Millis;
use std::fmt;
use std::ops::RangeInclusive;
use thiserror::Error;
use url::{Host, Url};
use worker::Fetcher;

/// A setting that is missing or invalid. It has the variable's name and what it must be, never the
/// value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the variable {variable} must be {wanted}")]
pub struct ConfigError {
    /// The variable's name.
    pub variable: &'static str,
    /// What it must be: the words after "must be".
    pub wanted: String,
    /// Whether it is not set at all.
    pub is_missing: bool,
}

impl ConfigError {
    pub fn new(variable: &'static str, wanted: impl Into<String>) -> Self {
        Self {
            variable,
            wanted: wanted.into(),
            is_missing: false,
        }
    }

    /// A required variable that is not set.
    pub fn missing(variable: &'static str, wanted: &str) -> Self {
        Self {
            is_missing: true,
            ..Self::new(variable, format!("set to {wanted}"))
        }
    }
}

/// Every setting that is missing or invalid, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// The value that was read. An error is added to the list.
    pub fn keep<T>(&mut self, read: Result<T, ConfigError>) -> Option<T> {
        read.map_err(|error| self.add(error)).ok()
    }

    pub fn add(&mut self, error: ConfigError) {
        if !self.0.contains(&error) {
            self.0.push(error);
        }
    }

    /// The value that was read. All its errors are added to the list.
    pub fn keep_all<T>(&mut self, read: Result<T, Self>) -> Option<T> {
        let add_all = |errors: Self| errors.0.into_iter().for_each(|error| self.add(error));
        read.map_err(add_all).ok()
    }

    pub fn list(&self) -> &[ConfigError] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

/// All of them in one sentence, without its full stop.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(formatter, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// A variable has a value that cannot be read as a text, such as a list or an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotText;

/// What the platform gives the worker, by name.
pub trait Platform {
    /// A variable or a secret. A number, `true` and `false` are given as they are written.
    fn text(&self, name: &str) -> Result<Option<String>, NotText>;

    /// Whether the worker has this binding.
    fn has_binding(&self, name: &str) -> bool;

    /// The binding that serves the worker's own assets.
    fn assets(&self, name: &str) -> Option<Fetcher>;
}

/// Variables alone. Every binding counts as present, but none can be used.
impl<Lookup: Fn(&str) -> Option<String>> Platform for Lookup {
    fn text(&self, name: &str) -> Result<Option<String>, NotText> {
        Ok(self(name))
    }

    fn has_binding(&self, _: &str) -> bool {
        true
    }

    fn assets(&self, _: &str) -> Option<Fetcher> {
        None
    }
}

/// The variables of a worker; an empty value counts as an absent one.
pub struct Variables<'a> {
    source: &'a dyn Platform,
}

impl<'a> Variables<'a> {
    pub fn new(source: &'a dyn Platform) -> Self {
        Self { source }
    }

    /// Whether the worker has this binding.
    pub fn has_binding(&self, name: &str) -> bool {
        self.source.has_binding(name)
    }

    /// The binding that serves the worker's own assets.
    pub fn assets(&self, name: &str) -> Option<Fetcher> {
        self.source.assets(name)
    }

    /// Whether `ENVIRONMENT` is `development`.
    pub fn is_development(&self) -> bool {
        self.text("ENVIRONMENT")
            .is_ok_and(|word| word.as_deref() == Some("development"))
    }

    /// The value without the space around it.
    pub fn text(&self, variable: &'static str) -> Result<Option<String>, ConfigError> {
        let wanted = "a text in quotes, not a list or an object";
        let value = self.source.text(variable);
        let value = value.map_err(|NotText| ConfigError::new(variable, wanted))?;
        Ok(value
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty()))
    }

    pub fn required(&self, variable: &'static str, wanted: &str) -> Result<String, ConfigError> {
        self.text(variable)?
            .ok_or_else(|| ConfigError::missing(variable, wanted))
    }

    pub fn optional_number(
        &self,
        variable: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, ConfigError> {
        let Some(text) = self.text(variable)? else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        let wanted = || format!("a whole number from {} to {}", range.start(), range.end());
        number
            .map(Some)
            .ok_or_else(|| ConfigError::new(variable, wanted()))
    }

    pub fn number(
        &self,
        variable: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Result<u64, ConfigError> {
        Ok(self.optional_number(variable, range)?.unwrap_or(default))
    }

    /// `true` or `false`; `None` if not set.
    pub fn switch(&self, variable: &'static str) -> Result<Option<bool>, ConfigError> {
        match self.text(variable)?.as_deref() {
            None => Ok(None),
            Some("false") => Ok(Some(false)),
            Some("true") => Ok(Some(true)),
            Some(_) => Err(ConfigError::new(variable, "true or false")),
        }
    }

    /// A key that is sent in a header; `None` if it is not set.
    pub fn header_key(&self, variable: &'static str) -> Result<Option<String>, ConfigError> {
        match self.text(variable)? {
            Some(key) if !key.bytes().all(|byte| byte.is_ascii_graphic()) => Err(ConfigError::new(
                variable,
                "a key of visible ASCII characters",
            )),
            key => Ok(key),
        }
    }

    /// Refuses a secret that is published in this repository, unless `ENVIRONMENT` is
    /// `development`.
    pub fn refuse_published(
        &self,
        variable: &'static str,
        is_published: impl Fn(&str) -> bool,
    ) -> Result<(), ConfigError> {
        const WANTED: &str = "a secret of your own: the one published in .dev.vars is accepted only while ENVIRONMENT is \
             development";
        let secret = self.text(variable)?;
        let published = secret.is_some_and(|secret| is_published(&secret));
        if published && !self.is_development() {
            Err(ConfigError::new(variable, WANTED))
        } else {
            Ok(())
        }
    }

    /// `UPSTREAM_TIMEOUT_MS` (60000): how long a submit or a poll may take in total.
    pub fn upstream_timeout(&self) -> Result<Millis, ConfigError> {
        self.number("UPSTREAM_TIMEOUT_MS", 60_000, 1_000..=120_000)
    }

    /// An address to which secrets are sent: it requires TLS, except for a loopback host.
    pub fn safe_url(&self, variable: &'static str, default: &str) -> Result<Url, ConfigError> {
        let text = self.text(variable)?.unwrap_or_else(|| default.to_owned());
        base_url(&text).filter(is_safe).ok_or_else(|| {
            ConfigError::new(
                variable,
                "an https address with a valid host and without a query (http for a loopback host only)",
            )
        })
    }
}

/// An http or https address without a query, a fragment or a user; paths can be appended to it.
pub fn base_url(text: &str) -> Option<Url> {
    let url = address::parse(text)?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    (plain
        && url.password().is_none()
        && matches!(url.scheme(), "http" | "https")
        && url.has_host())
    .then_some(url)
}

/// Whether requests to the address are encrypted, or stay on this machine.
pub fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

/// Whether an address is on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
