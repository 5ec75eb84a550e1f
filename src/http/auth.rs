//! Who calls: a user by an HS256 JWT, the app's own server by the service key, an operator by the admin key or an
//! admin's JWT, or a development user. Pure.

use crate::config::{Config, Environment};
use crate::wire::api::{FieldError, Problem, USER_ID_RULE, is_user_id};
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, UntrustedToken};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The longest token looked at, in bytes.
const MAX_TOKEN: usize = 8 * 1024;
/// The header by which a key, or an admin, names the user acted for.
pub const USER_HEADER: &str = "X-User-Id";

/// A caller with a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    User {
        id: String,
        /// Whether the token opens the operator routes, and acts for whom it names.
        admin: bool,
    },
    /// The app's own server: acts for whom it names.
    Service,
    /// Whoever has the admin key: acts for whom it names, and may use the operator routes.
    Operator,
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
    if config.admin_key.as_deref().is_some_and(|key| equal(key, token)) {
        return Ok(Caller::Operator);
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
    /// Whether the operator routes are open to the caller.
    pub fn is_operator(&self) -> bool {
        matches!(self, Self::Operator | Self::User { admin: true, .. })
    }

    /// Whether the caller is this user.
    pub fn is_user(&self, user: &str) -> bool {
        matches!(self, Self::User { id, .. } if id == user)
    }

    /// Whether the caller is told what all users together spend, and may ask what takes the queue long.
    pub fn is_trusted(&self) -> bool {
        !matches!(self, Self::User { admin: false, .. })
    }

    /// Whom an audit line names: an admin's user id, or the variable whose key was shown.
    pub fn name(&self) -> &str {
        match self {
            Self::User { id, .. } => id,
            Self::Service => "API_KEY",
            Self::Operator => "ADMIN_KEY",
        }
    }

    /// The user a request acts for. `header` is the `X-User-Id`, `body` the body's `userId`, valid already.
    pub fn acting_for(&self, header: Option<&str>, body: Option<&str>) -> Result<String, Problem> {
        match self {
            Self::User { id, admin: true } if header.is_none() && body.is_none() => Ok(id.clone()),
            Self::User { id, admin: false } => {
                let own = [header, body].into_iter().flatten().all(|named| named == id);
                if own { Ok(id.clone()) } else { Err(Problem::foreign_user()) }
            }
            Self::Service | Self::Operator | Self::User { admin: true, .. } => match (header, body) {
                (Some(header), Some(body)) if header != body => {
                    let detail = "must name the same user as the body's userId, or be left out";
                    Err(Problem::invalid(vec![FieldError::header(USER_HEADER, detail)]))
                }
                (None, None) => {
                    let detail = "must name the user the key acts for (or the body's userId does)";
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
