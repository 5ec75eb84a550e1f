//! The images of an order. They are in R2 before the job is created, so no job ever lacks one.

use crate::machine::job::InputImage;
use futures::future::{join_all, try_join_all};
use worker::{Env, HttpMetadata, Result};

/// An image to store in R2 before the job is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub image: InputImage,
    pub bytes: Vec<u8>,
}

/// Stores the images. A repeated request writes the same bytes under the same keys.
pub(crate) async fn keep(env: &Env, uploads: Vec<Upload>) -> Result<()> {
    if uploads.is_empty() {
        return Ok(());
    }
    let bucket = env.bucket("VIDEOS")?;
    let puts = uploads.into_iter().map(|Upload { image, bytes }| {
        let metadata = HttpMetadata {
            content_type: Some(image.mime_type),
            ..HttpMetadata::default()
        };
        bucket
            .put(image.key, bytes)
            .http_metadata(metadata)
            .execute()
    });
    try_join_all(puts).await?;
    Ok(())
}

/// Deletes the images of an order that was refused. Images that cannot be deleted are left to the
/// bucket's lifecycle rules.
pub(crate) async fn remove(env: &Env, keys: &[String]) {
    if keys.is_empty() {
        return;
    }
    if let Ok(bucket) = env.bucket("VIDEOS") {
        drop(join_all(keys.iter().map(|key| bucket.delete(key.as_str()))).await);
    }
}
