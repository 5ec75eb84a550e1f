//! The secrets of `.dev.vars` are public, so a worker accepts them only in development. The
//! providers check their own secrets in the same way.

use crate::variables::{ConfigErrors, Variables};

/// The prefix of every key and token secret of `.dev.vars`.
const KEY: &str = "development-only";
/// The same for webhook secrets, which are written in base64.
const WEBHOOK_KEY: &str = "whsec_ZGV2ZWxvcG1lbnQtb25se";

/// Refuses the secrets of `.dev.vars` outside development.
pub(crate) fn refuse(variables: &Variables<'_>, errors: &mut ConfigErrors) {
    for variable in ["JWT_SECRET", "API_KEY", "ADMIN_KEY"] {
        errors.keep(variables.refuse_published(variable, |secret| secret.starts_with(KEY)));
    }
    for variable in [
        "WEBHOOK_SECRET",
        "ALERT_WEBHOOK_SECRET",
        "UPSTREAM_WEBHOOK_SECRET",
    ] {
        let any = |secrets: &str| {
            secrets
                .split(',')
                .any(|secret| secret.trim().starts_with(WEBHOOK_KEY))
        };
        errors.keep(variables.refuse_published(variable, any));
    }
}
