//! The environment in which a worker runs.

/// The environment in which this worker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// `dev_<userId>` tokens are accepted, and the app may be reached without TLS.
    Development,
    Production,
}
