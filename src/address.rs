//! URLs as people write them, with hosts in any script: `https://bücher.example` is
//! `https://xn--bcher-kva.example/`.
//!
//! Mapping hosts (UTS #46) needs Unicode tables that would be a quarter of the upload, but the
//! platform's own `URL` has them. So `URL` parses the address first, and the `url` crate parses its
//! ASCII form.

use url::Url;

/// Parses a URL; `None` if it or its host is invalid.
pub fn parse(text: &str) -> Option<Url> {
    Url::parse(&ascii(text)?).ok()
}

#[cfg(target_arch = "wasm32")]
fn ascii(text: &str) -> Option<String> {
    Some(web_sys::Url::new(text).ok()?.href())
}

/// The same for tests on the host, with the tables of an older `idna` crate.
#[cfg(not(target_arch = "wasm32"))]
fn ascii(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, host) = authority
        .rsplit_once('@')
        .map_or(("", authority), |(user, host)| (user, host));
    if host.is_ascii() {
        return Some(text.to_owned());
    }
    let (host, port) = host
        .rsplit_once(':')
        .map_or((host, ""), |(host, port)| (host, port));
    let host = idna_with_tables::domain_to_ascii(host).ok()?;
    let (at, colon) = (
        if user.is_empty() { "" } else { "@" },
        if port.is_empty() { "" } else { ":" },
    );
    Some(format!("{scheme}://{user}{at}{host}{colon}{port}{path}"))
}
