//! The shell command that sets a secret of the worker.

use crate::config::Environment;

/// The secrets that `reelay-secrets` makes.
pub const MADE: [&str; 4] = ["JWT_SECRET", "WEBHOOK_SECRET", "API_KEY", "ADMIN_KEY"];
/// How the names of secrets end.
const SECRETS: [&str; 3] = ["_SECRET", "_KEY", "_ACCOUNT"];
/// An address that is a secret, because whoever knows it may post there.
const SECRET_ADDRESS: &str = "ALERT_WEBHOOK_URL";

/// The command that sets this setting; `None` if it is no secret, or if `.dev.vars` has it.
pub fn that_sets(setting: &str, is_missing: bool, environment: Environment) -> Option<String> {
    let is_secret =
        setting == SECRET_ADDRESS || SECRETS.iter().any(|ending| setting.ends_with(ending));
    if !is_secret || environment == Environment::Development {
        return None;
    }
    // It never replaces a secret.
    if is_missing && MADE.contains(&setting) {
        return Some("npx reelay-secrets".to_owned());
    }
    // The key of a service account has several lines, so it comes from its file.
    let source = if setting.ends_with("_ACCOUNT") {
        " < key.json"
    } else {
        ""
    };
    Some(format!("npx wrangler secret put {setting}{source}"))
}
