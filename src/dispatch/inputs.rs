//! The images of an order, in R2 before the job is made: no job is ever without those it names.

use crate::machine::job::InputImage;
use futures::future::{join_all, try_join_all};
use worker::{Env, HttpMetadata, Result};

/// An image to be put into R2 before the job is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub image: InputImage,
    pub bytes: Vec<u8>,
}

/// Keeps the images. A repeat of the same request writes the same bytes to the same places.
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

/// Removes the images of an order that was refused. What cannot be removed is left to the bucket's
/// own rules.
pub(crate) async fn remove(env: &Env, keys: &[String]) {
    if keys.is_empty() {
        return;
    }
    if let Ok(bucket) = env.bucket("VIDEOS") {
        drop(join_all(keys.iter().map(|key| bucket.delete(key.as_str()))).await);
    }
}
