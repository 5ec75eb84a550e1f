//! Verifies that a webhook is from the upstream.
//!
//! A module of its own, so that no other part of the API sends requests to the upstream.

use crate::config::upstream_webhook::UpstreamWebhooks;
use crate::upstream::jwks;
use crate::upstream::webhook::SignedClaim;

/// Whether one of the signatures is by one of the configured secrets, or by a key that the upstream
/// publishes.
pub async fn is_genuine(settings: &UpstreamWebhooks, claim: &SignedClaim, body: &[u8]) -> bool {
    if claim.is_signed_by(settings.secrets(), body) {
        return true;
    }
    !claim.ed25519.is_empty()
        && jwks::has_signed(&settings.keys_url, &claim.ed25519, &claim.message(body)).await
}
