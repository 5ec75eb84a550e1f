//! Videos in R2: streamed in, sized up before anyone relies on them, deleted when unwanted.

pub use crate::clients::upload::Label;

use crate::clients::file::{Bytes, Download};
use crate::clients::upload;
use crate::clients::upload::{MAX_VIDEO, Sent, Unsent};
use crate::clients::video_file::{Kind, Stretch, Walk};
use crate::machine::job::Video;
use crate::machine::outcome::{ErrorCode, Failure, Outcome};
use crate::time::Millis;
use worker::{Bucket, Range};

/// Streams a video into R2, compares what R2 then holds with what was announced or counted, and looks whether that is a
/// whole video. `idle` is how long no byte may come.
pub async fn store(bucket: &Bucket, label: &Label<'_>, download: Download, idle: Millis) -> Outcome<Video> {
    let sent = match (download.length, download) {
        (Some(length), _) if length > MAX_VIDEO => Err(Unsent::TooLarge),
        (Some(length), Download { bytes: Bytes::Answer(answer), .. }) => {
            upload::put_stream(bucket, label, *answer, length, idle).await
        }
        (_, download) => upload::put_parts(bucket, label, download, idle).await,
    };
    let Sent { kind, length } = match sent {
        Ok(sent) => sent,
        Err(unsent) => return unsent.into(),
    };
    let stored = match bucket.head(label.key.as_str()).await {
        Ok(Some(object)) => {
            let format = kind.extension().to_owned();
            Video { key: label.key.clone(), size: object.size(), etag: object.etag(), format }.verified(length)
        }
        Ok(None) => return again("The stored video is not there."),
        Err(_) => return Outcome::Unknown,
    };
    match check(bucket, &label.key, kind, length).await {
        Ok(()) => stored,
        Err(unsent) => unsent.into(),
    }
}

/// Reads an image of an order whole.
pub async fn read(bucket: &Bucket, key: &str) -> Outcome<Vec<u8>> {
    let failure = |sentence: &str| Failure::new(ErrorCode::StorageFailed, sentence);
    match bucket.get(key).execute().await {
        Ok(Some(object)) => match object.body() {
            Some(body) => body.bytes().await.map_or(Outcome::Unknown, Outcome::Done),
            None => Outcome::Refused(failure("An image of the order is empty.")),
        },
        Ok(None) => Outcome::Refused(failure("An image of the order is no longer there.")),
        Err(_) => Outcome::Unknown,
    }
}

/// Deletes a video; one that is not there counts as deleted.
pub async fn delete(bucket: &Bucket, key: &str) -> Outcome<()> {
    match bucket.delete(key).await {
        Ok(()) => Outcome::Done(()),
        Err(_) => Outcome::Unknown,
    }
}

/// Looks through the stored file by a few short reads (see [`Walk`]).
async fn check(bucket: &Bucket, key: &str, kind: Kind, size: u64) -> Result<(), Unsent> {
    let mut walk = Walk::new(kind, size);
    while let Some(Stretch { offset, length }) = walk.next() {
        let part = bucket.get(key).range(Range::OffsetWithLength { offset, length }).execute().await;
        let part = part.map_err(|_| Unsent::Unknown)?.ok_or(Unsent::Unknown)?;
        let body = part.body().ok_or(Unsent::Unknown)?;
        let bytes = body.bytes().await.map_err(|_| Unsent::Unknown)?;
        walk.read(&bytes)?;
    }
    Ok(())
}

fn again(sentence: &str) -> Outcome<Video> {
    Outcome::Retry { after: None, failure: Failure::new(ErrorCode::StorageFailed, sentence) }
}
