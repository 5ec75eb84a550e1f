//! Videos in R2: streamed in, verified before use, deleted when unwanted.

pub use crate::clients::upload::Label;

use crate::clients::file::{Bytes, Download};
use crate::clients::upload;
use crate::clients::upload::{MAX_VIDEO, Sent};
use crate::clients::video_file::{Stretch, VideoKind, Walk};
use crate::machine::job::Video;
use crate::machine::outcome::{Failure, Outcome, Trouble};
use crate::time::Millis;
use worker::{Bucket, Range};

/// Streams a video into R2, compares the size in R2 with the announced or counted one, and checks
/// that the file is a complete video. `idle` is the longest time without a byte.
pub async fn store(
    bucket: &Bucket,
    label: &Label<'_>,
    download: Download,
    idle: Millis,
) -> Outcome<Video> {
    let Sent { kind, length } = match (download.length, download) {
        (Some(length), _) if length > MAX_VIDEO => Err(upload::too_large()),
        (
            Some(length),
            Download {
                bytes: Bytes::Answer(answer),
                ..
            },
        ) => upload::put_stream(bucket, label, *answer, length, idle).await,
        (_, download) => upload::put_parts(bucket, label, download, idle).await,
    }?;
    check(bucket, &label.key, kind, length).await
}

/// Reads an image of an order into memory.
pub async fn read(bucket: &Bucket, key: &str) -> Outcome<Vec<u8>> {
    let refused = |sentence| Trouble::Refused(Failure::storage(sentence));
    let object = bucket.get(key).execute().await.map_err(lost)?;
    let object = object.ok_or_else(|| refused("An image of the order is missing."))?;
    let body = object
        .body()
        .ok_or_else(|| refused("An image of the order is empty."))?;
    body.bytes().await.map_err(lost)
}

/// Deletes a file; a missing file counts as deleted.
pub async fn delete(bucket: &Bucket, key: &str) -> Outcome<()> {
    bucket.delete(key).await.map_err(lost)
}

/// Checks the size of the stored file and, with a few short reads, its boxes (see [`Walk`]).
async fn check(bucket: &Bucket, key: &str, kind: VideoKind, size: u64) -> Outcome<Video> {
    let mut walk = Walk::new(kind, size);
    let missing = || Trouble::retry(Failure::storage("The stored video is missing."));
    let mut video = None;
    while let Some(Stretch { offset, length }) = walk.next() {
        let part = bucket
            .get(key)
            .range(Range::OffsetWithLength { offset, length })
            .execute()
            .await;
        let part = part.map_err(lost)?.ok_or_else(missing)?;
        let stored = Video {
            key: key.to_owned(),
            size: part.size(),
            etag: part.etag(),
            format: kind.extension().to_owned(),
        };
        video = Some(stored.verified(size)?);
        let body = part.body().ok_or(Trouble::Unknown)?;
        let bytes = body.bytes().await.map_err(lost)?;
        walk.read(&bytes)?;
    }
    video.ok_or_else(missing)
}

/// The outcome of an R2 call that failed is unknown.
pub(crate) fn lost(_: worker::Error) -> Trouble {
    Trouble::Unknown
}
