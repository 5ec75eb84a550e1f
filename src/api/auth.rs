//! Identifies the caller: a user by an HS256 JWT, the app's own server by `API_KEY`, an operator by
//! `ADMIN_KEY` or an admin's JWT, or a development user. Pure.

use crate::api::field_error::FieldError;
use crate::api::problem::Problem;
use crate::config::{Config, Environment};
use crate::ids::{USER_ID_RULE, is_user_id};
use crate::machine::queue::MAX_PRIORITY;
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, UntrustedToken};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The longest token that is accepted, in bytes.
const MAX_TOKEN: usize = 8 * 1024;
/// The header in which a key or an admin names the user it acts for.
pub const USER_HEADER: &str = "X-User-Id";
/// The query parameter with the same meaning.
pub const USER_PARAMETER: &str = "userId";

const MISSING: &str = "Send a token as Authorization: Bearer <token>.";
const INVALID: &str = "The token is not valid or has expired.";
const BAD_PRIORITY: &str = "The token's claim maxPriority must be a whole number from 0 to 10.";
const ONLY_IN_DEVELOPMENT: &str = "A dev_ token is accepted only while ENVIRONMENT is development. Instead, sign a JWT \
     with JWT_SECRET for each user, or use API_KEY on your server.";
const HINT: &str = "In development this works: Authorization: Bearer dev_u_1";

/// A caller with a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    User {
        id: String,
        /// Whether the token may use the operator routes and act for any user.
        admin: bool,
        /// The highest priority that the token itself allows.
        max_priority: Option<u8>,
    },
    /// The app's own server: may act for any user.
    Service,
    /// A caller with the admin key: may act for any user and use the operator routes.
    Operator,
}

/// How much the clock of a token's issuer may differ from this one, in seconds.
const LEEWAY: u64 = 60;
/// The prefix of a development token.
const DEVELOPMENT: &str = "dev_";

#[derive(Deserialize)]
struct UserClaims {
    sub: String,
    #[serde(default)]
    role: Option<String>,
    #[serde(default, rename = "maxPriority")]
    max_priority: Option<Value>,
}

/// Identifies the caller by the `Authorization` header. In development, a refusal names a token
/// that works.
pub fn authenticate(
    authorization: Option<&str>,
    config: &Config,
    now_seconds: u64,
) -> Result<Caller, Problem> {
    identify(authorization, config, now_seconds).map_err(|why| refused(config, why))
}

/// 401 for this reason. In development, it names a token that works.
pub fn refused(config: &Config, why: &str) -> Problem {
    match config.environment {
        Environment::Development => Problem::unauthorized(&format!("{why} {HINT}")),
        Environment::Production => Problem::unauthorized(why),
    }
}

/// Whether the header has a development token outside development.
pub fn is_misplaced(authorization: Option<&str>, config: &Config) -> bool {
    let token = authorization.and_then(bearer);
    config.environment != Environment::Development
        && token.is_some_and(|token| token.starts_with(DEVELOPMENT))
}

/// The bearer token of a header, if it has one.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn identify(
    authorization: Option<&str>,
    config: &Config,
    now_seconds: u64,
) -> Result<Caller, &'static str> {
    let token = authorization.and_then(bearer).ok_or(MISSING)?;
    if token.len() > MAX_TOKEN {
        return Err(INVALID);
    }
    if config
        .api_key
        .as_deref()
        .is_some_and(|key| equal(key, token))
    {
        return Ok(Caller::Service);
    }
    if config
        .admin_key
        .as_deref()
        .is_some_and(|key| equal(key, token))
    {
        return Ok(Caller::Operator);
    }
    match (token.strip_prefix(DEVELOPMENT), config.environment) {
        (Some(_), Environment::Production) => Err(ONLY_IN_DEVELOPMENT),
        (Some(id), Environment::Development) if is_user_id(id) => Ok(Caller::User {
            id: id.to_owned(),
            admin: false,
            max_priority: None,
        }),
        (Some(_), Environment::Development) => Err(INVALID),
        (None, _) => {
            let claims = claims_of(token, &config.jwt_secret, now_seconds).ok_or(INVALID)?;
            user_of(claims)
        }
    }
}

/// The claims of a signed, unexpired token. A token with a `crit` header is refused, because no
/// extension is supported (RFC 7515, section 4.1.11).
fn claims_of(token: &str, secret: &[u8], now_seconds: u64) -> Option<UserClaims> {
    let untrusted = UntrustedToken::<Map<String, Value>>::try_from(token).ok()?;
    if untrusted.header().other_fields.contains_key("crit") {
        return None;
    }
    let token = Hs256
        .validator::<UserClaims>(&Hs256Key::new(secret))
        .validate(&untrusted)
        .ok()?;
    let (_, claims) = token.into_parts();
    let (latest, earliest) = (
        now_seconds.checked_add(LEEWAY)?,
        now_seconds.saturating_sub(LEEWAY),
    );
    let (latest, earliest) = (i64::try_from(latest).ok()?, i64::try_from(earliest).ok()?);
    let expired = claims.expiration?.timestamp() <= earliest;
    let too_early = [claims.not_before, claims.issued_at]
        .into_iter()
        .flatten()
        .any(|time| time.timestamp() > latest);
    let valid = !expired && !too_early && is_user_id(&claims.custom.sub);
    valid.then_some(claims.custom)
}

fn user_of(claims: UserClaims) -> Result<Caller, &'static str> {
    let UserClaims {
        sub,
        role,
        max_priority,
    } = claims;
    let read = |claim: Value| {
        let number = claim.as_u64().and_then(|number| u8::try_from(number).ok());
        number
            .filter(|number| *number <= MAX_PRIORITY)
            .ok_or(BAD_PRIORITY)
    };
    Ok(Caller::User {
        id: sub,
        admin: role.as_deref() == Some("admin"),
        max_priority: max_priority.map(read).transpose()?,
    })
}

impl Caller {
    /// Whether the caller may use the operator routes.
    pub fn is_operator(&self) -> bool {
        matches!(self, Self::Operator | Self::User { admin: true, .. })
    }

    /// Whether the caller is this user.
    pub fn is_user(&self, user: &str) -> bool {
        matches!(self, Self::User { id, .. } if id == user)
    }

    /// Whether the caller may see what all users together spend, and request a long window of
    /// metrics.
    pub fn is_trusted(&self) -> bool {
        !matches!(self, Self::User { admin: false, .. })
    }

    /// The highest priority that the caller may order: for a user, what the token allows, else
    /// `setting`.
    pub fn max_priority(&self, setting: u8) -> u8 {
        match self {
            Self::User {
                admin: false,
                max_priority,
                ..
            } => max_priority.unwrap_or(setting),
            Self::User { admin: true, .. } | Self::Service | Self::Operator => MAX_PRIORITY,
        }
    }

    /// The caller's name in an audit line: an admin's user id, or the variable of the key.
    pub fn name(&self) -> &str {
        match self {
            Self::User { id, .. } => id,
            Self::Service => "API_KEY",
            Self::Operator => "ADMIN_KEY",
        }
    }

    /// The user of a token; `None` for a key.
    pub fn user_id(&self) -> Option<&str> {
        match self {
            Self::User { id, .. } => Some(id),
            Self::Service | Self::Operator => None,
        }
    }

    /// The user a request acts for. `named` is the user named outside the body, `body` the body's
    /// `userId`, which is already validated.
    pub fn acting_for(&self, named: Option<&str>, body: Option<&str>) -> Result<String, Problem> {
        if let (Some(named), Some(body)) = (named, body)
            && named != body
            && !matches!(self, Self::User { admin: false, .. })
        {
            let detail = "must name the same user as the body's userId, or be left out";
            return Err(Problem::invalid(vec![FieldError::header(
                USER_HEADER,
                detail,
            )]));
        }
        self.known_for(body)?;
        let user = self.known_for(named.or(body))?;
        user.or_else(|| self.user_id().map(str::to_owned))
            .ok_or_else(|| {
                let detail =
                    "must name the user the key acts for (or send userId in the body or the query)";
                Problem::invalid(vec![FieldError::header(USER_HEADER, detail)])
            })
    }

    /// The user a request acts for, if it is known: an ordinary user's own id, or the user whom a
    /// key or an admin names.
    pub fn known_for(&self, named: Option<&str>) -> Result<Option<String>, Problem> {
        match (self, named) {
            (
                Self::User {
                    id, admin: false, ..
                },
                Some(named),
            ) if named != id => Err(Problem::foreign_user()),
            (
                Self::User {
                    id, admin: false, ..
                },
                _,
            ) => Ok(Some(id.clone())),
            (_, None) => Ok(None),
            (_, Some(user)) if is_user_id(user) => Ok(Some(user.to_owned())),
            (_, Some(_)) => Err(Problem::invalid(vec![FieldError::header(
                USER_HEADER,
                format!("must be {USER_ID_RULE}"),
            )])),
        }
    }
}

/// The user whom a request of `caller` names in its header and its query. All places must name the
/// same user.
pub fn named(
    caller: &Caller,
    header: Option<String>,
    parameters: [Option<String>; 2],
) -> Result<Option<String>, Problem> {
    let mut named = header;
    if let Caller::User { admin: false, .. } = caller {
        named
            .iter()
            .chain(parameters.iter().flatten())
            .try_for_each(|user| caller.known_for(Some(user)).map(drop))?;
    }
    for user in parameters.into_iter().flatten() {
        let wrong = |detail: String| {
            Err(Problem::invalid(vec![FieldError::parameter(
                USER_PARAMETER,
                detail,
            )]))
        };
        if !is_user_id(&user) {
            return wrong(format!("must be {USER_ID_RULE}"));
        }
        if named.as_ref().is_some_and(|other| *other != user) {
            return wrong(format!(
                "must name the same user as {USER_HEADER}, or be left out"
            ));
        }
        named = Some(user);
    }
    Ok(named)
}

/// Compares in a time that depends on neither text nor its length.
fn equal(one: &str, other: &str) -> bool {
    Sha256::digest(one).ct_eq(&Sha256::digest(other)).into()
}
