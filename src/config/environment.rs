//! Where a worker runs.

/// Where this worker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// `dev_<userId>` tokens are accepted, and the app may be reached without TLS.
    Development,
    Production,
}
