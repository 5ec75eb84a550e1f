//! Who calls: a user by an HS256 JWT, the app's own server by the service key, or a development user. Pure.

use crate::config::{Config, Environment};
use crate::wire::api::{FieldError, Problem, USER_ID_RULE, is_user_id};
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, UntrustedToken};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The longest token looked at, in bytes.
const MAX_TOKEN: usize = 8 * 1024;
/// The header by which the service key names its user.
pub const USER_HEADER: &str = "X-User-Id";

/// A caller with a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    User {
        id: String,
        /// Whether the token opens the operator routes.
        admin: bool,
    },
    /// The app's own server: acts for whom it names.
    Service,
}

#[derive(Deserialize)]
struct UserClaims {
    sub: String,
    #[serde(default)]
    role: Option<String>,
}

/// Finds the caller of a request by its `Authorization` header.
pub fn authenticate(authorization: Option<&str>, config: &Config, now_seconds: u64) -> Result<Caller, Problem> {
    const MISSING: &str = "Send a token as Authorization: Bearer <token>.";
    const INVALID: &str = "The token is not valid or has expired.";
    let (scheme, token) =
        authorization.and_then(|header| header.trim().split_once(' ')).ok_or_else(|| Problem::unauthorized(MISSING))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::unauthorized(MISSING));
    }
    let token = token.trim();
    if token.len() > MAX_TOKEN {
        return Err(Problem::unauthorized(INVALID));
    }
    if config.api_key.as_deref().is_some_and(|key| equal(key, token)) {
        return Ok(Caller::Service);
    }
    let development = config.environment == Environment::Development;
    let user = match token.strip_prefix("dev_") {
        Some(id) if development && is_user_id(id) => Some(Caller::User { id: id.to_owned(), admin: false }),
        Some(_) | None => user_of(token, &config.jwt_secret, now_seconds),
    };
    user.ok_or_else(|| Problem::unauthorized(INVALID))
}

/// The user of a signed, unexpired token.
fn user_of(token: &str, secret: &[u8], now_seconds: u64) -> Option<Caller> {
    let untrusted = UntrustedToken::new(token).ok()?;
    let token = Hs256.validator::<UserClaims>(&Hs256Key::new(secret)).validate(&untrusted).ok()?;
    let claims = token.claims();
    let now = i64::try_from(now_seconds).ok()?;
    let expired = claims.expiration?.timestamp() <= now;
    let too_early = claims.not_before.is_some_and(|not_before| not_before.timestamp() > now);
    let UserClaims { sub, role } = &claims.custom;
    if expired || too_early || !is_user_id(sub) {
        return None;
    }
    Some(Caller::User { id: sub.clone(), admin: role.as_deref() == Some("admin") })
}

impl Caller {
    /// The user a request acts for. `header` is the `X-User-Id`, `body` the body's `userId`, valid already.
    pub fn acting_for(&self, header: Option<&str>, body: Option<&str>) -> Result<String, Problem> {
        match self {
            Self::User { id, .. } => {
                let own = [header, body].into_iter().flatten().all(|named| named == id);
                if own { Ok(id.clone()) } else { Err(Problem::foreign_user()) }
            }
            Self::Service => match (header, body) {
                (Some(header), Some(body)) if header != body => {
                    let detail = "must name the same user as the body's userId, or be left out";
                    Err(Problem::invalid(vec![FieldError::header(USER_HEADER, detail)]))
                }
                (None, None) => {
                    let detail = "must name the user the service key acts for (or the body's userId does)";
                    Err(Problem::invalid(vec![FieldError::header(USER_HEADER, detail)]))
                }
                (Some(user), _) | (None, Some(user)) if is_user_id(user) => Ok(user.to_owned()),
                (Some(_) | None, _) => {
                    Err(Problem::invalid(vec![FieldError::header(USER_HEADER, format!("must be {USER_ID_RULE}"))]))
                }
            },
        }
    }
}

/// Compares in a time that tells nothing of either text, its length included.
fn equal(one: &str, other: &str) -> bool {
    Sha256::digest(one).ct_eq(&Sha256::digest(other)).into()
}
