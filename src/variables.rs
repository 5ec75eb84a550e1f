//! The worker's variables and secrets, read by name.
//!
//! An error names the variable and what it must be. It never contains the value, which may be a
//! secret in the wrong variable.

use crate::address;
use crate::time::Millis;
use std::ops::RangeInclusive;
use thiserror::Error;
use url::{Host, Url};

/// A setting that is missing or invalid. It has the variable's name and what it must be, never the
/// value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the variable {variable} must be {wanted}")]
pub struct ConfigError {
    /// The variable's name.
    pub variable: &'static str,
    /// What it must be: the words after "must be".
    pub wanted: String,
}

impl ConfigError {
    pub fn new(variable: &'static str, wanted: impl Into<String>) -> Self {
        Self {
            variable,
            wanted: wanted.into(),
        }
    }
}

/// The variables of a worker; an empty value counts as an absent one.
pub struct Variables<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Variables<'a> {
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup }
    }

    /// The value without the space around it.
    pub fn text(&self, variable: &str) -> Option<String> {
        (self.lookup)(variable)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    pub fn required(&self, variable: &'static str, wanted: &str) -> Result<String, ConfigError> {
        self.text(variable)
            .ok_or_else(|| ConfigError::new(variable, format!("set to {wanted}")))
    }

    pub fn optional_number(
        &self,
        variable: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, ConfigError> {
        let Some(text) = self.text(variable) else {
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

    /// `true` or `false`; `false` if not set.
    pub fn switch(&self, variable: &'static str) -> Result<bool, ConfigError> {
        match self.text(variable).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ConfigError::new(variable, "true or false")),
        }
    }

    /// A key that is sent in a header; `None` if it is not set.
    pub fn header_key(&self, variable: &'static str) -> Result<Option<String>, ConfigError> {
        match self.text(variable) {
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
        let development = self.text("ENVIRONMENT").as_deref() == Some("development");
        let published = !development
            && self
                .text(variable)
                .is_some_and(|secret| is_published(&secret));
        if published {
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
        let text = self.text(variable).unwrap_or_else(|| default.to_owned());
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
