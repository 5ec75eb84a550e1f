//! Access tokens: issued and recognised without being stored, so that those of an earlier run stay
//! valid.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::clock;
use crate::journal::TokenSeen;

/// The prefix of Google's access tokens.
const PREFIX: &str = "ya29.";

/// Issues tokens.
pub(crate) struct Tokens {
    lifetime: Duration,
    key: hmac::Key,
    made: AtomicU64,
    /// Tokens issued before this time are invalid, whatever their own expiry.
    not_before_ms: AtomicU64,
}

impl Tokens {
    pub(crate) fn new(lifetime: Duration, secret: &[u8]) -> Self {
        Self {
            lifetime,
            key: hmac::Key::new(hmac::HMAC_SHA256, secret),
            made: AtomicU64::new(0),
            not_before_ms: AtomicU64::new(0),
        }
    }

    /// How long a new token is valid.
    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A new token.
    pub(crate) fn make(&self) -> String {
        let issued = clock::unix_ms().max(self.not_before_ms.load(Ordering::Acquire));
        let lifetime = u64::try_from(self.lifetime.as_millis()).unwrap_or(u64::MAX);
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let said = format!("{issued}-{}-{number}", issued.saturating_add(lifetime));
        format!("{PREFIX}{said}.{}", self.sign(&said))
    }

    /// Invalidates every token issued so far.
    pub(crate) fn expire(&self) {
        self.not_before_ms
            .fetch_max(clock::unix_ms() + 1, Ordering::AcqRel);
    }

    /// Classifies an `Authorization` header.
    pub(crate) fn seen(&self, authorization: Option<&[u8]>) -> TokenSeen {
        let Some(authorization) = authorization else {
            return TokenSeen::Absent;
        };
        let bearer = std::str::from_utf8(authorization)
            .ok()
            .and_then(|text| text.strip_prefix("Bearer "));
        bearer.and_then(|token| self.read(token)).map_or(
            TokenSeen::Different,
            |(issued, expires)| {
                let over = issued < self.not_before_ms.load(Ordering::Acquire)
                    || expires <= clock::unix_ms();
                if over {
                    TokenSeen::Expired
                } else {
                    TokenSeen::Equal
                }
            },
        )
    }

    /// When one of these tokens was issued and when it expires.
    fn read(&self, token: &str) -> Option<(u64, u64)> {
        let (said, signature) = token.strip_prefix(PREFIX)?.split_once('.')?;
        if self.sign(said) != signature {
            return None;
        }
        let mut numbers = said.split('-').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    }

    fn sign(&self, said: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, said.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(tokens: &Tokens, token: &str) -> TokenSeen {
        tokens.seen(Some(format!("Bearer {token}").as_bytes()))
    }

    #[test]
    fn a_token_holds_until_its_time_is_over_or_all_are_ended() {
        let tokens = Tokens::new(Duration::from_mins(1), b"secret");
        let token = tokens.make();
        assert_eq!(seen(&tokens, &token), TokenSeen::Equal);
        tokens.expire();
        assert_eq!(seen(&tokens, &token), TokenSeen::Expired);
        assert_eq!(
            seen(&tokens, &tokens.make()),
            TokenSeen::Equal,
            "a token issued after that"
        );
        let short = Tokens::new(Duration::ZERO, b"secret");
        assert_eq!(seen(&short, &short.make()), TokenSeen::Expired);
    }

    #[test]
    fn a_token_of_another_maker_is_different() {
        let tokens = Tokens::new(Duration::from_mins(1), b"secret");
        let other = Tokens::new(Duration::from_mins(1), b"another");
        assert_eq!(seen(&tokens, &other.make()), TokenSeen::Different);
        assert_eq!(
            seen(&tokens, &format!("{}x", tokens.make())),
            TokenSeen::Different
        );
        assert_eq!(tokens.seen(Some(b"Basic abc")), TokenSeen::Different);
        assert_eq!(tokens.seen(None), TokenSeen::Absent);
    }
}
