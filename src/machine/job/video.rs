//! A stored video.

use serde::{Deserialize, Serialize};

/// A stored video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Video {
    /// The key in R2.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// The `ETag` R2 gave the object, without quotes.
    pub etag: String,
    /// `mp4` or `webm`.
    pub format: String,
}
