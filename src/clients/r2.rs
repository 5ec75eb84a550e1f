//! Videos in R2: streamed in, sized up before anyone relies on them, deleted when unwanted.

use super::file::{Bytes, Download};
use super::http::Answer;
use crate::machine::job::Video;
use crate::machine::outcome::{ErrorCode, Failure, Outcome};
use futures::StreamExt;
use std::collections::HashMap;
use worker::{Bucket, Data, HttpMetadata, ResponseBody, UploadedPart};

/// The content type of every stored video.
const CONTENT_TYPE: &str = "video/mp4";
/// Bytes of each part of an upload of unknown length; R2 wants at least 5 MiB, all equal but the last.
const PART: usize = 8 * 1024 * 1024;
/// The largest video that is stored, in bytes.
const MAX_VIDEO: u64 = 2 * 1024 * 1024 * 1024;

/// What is remembered beside the bytes.
#[derive(Debug)]
pub struct Label<'a> {
    pub key: String,
    pub generation_id: &'a str,
    pub user_id: &'a str,
    pub model: &'a str,
    pub attempt: u32,
}

/// Streams a video into R2 and compares what R2 then holds with what was announced or counted.
///
/// A known length passes through the platform alone; without one the bytes go through memory a part at a time.
pub async fn store(bucket: &Bucket, label: &Label<'_>, download: Download) -> Outcome<Video> {
    let sent = match (download.length, download) {
        (Some(0), _) => return again("The video is empty."),
        (Some(length), _) if length > MAX_VIDEO => return too_large(),
        (Some(length), Download { bytes: Bytes::Answer(answer), .. }) => {
            put_stream(bucket, label, &answer, length).await
        }
        (_, download) => put_parts(bucket, label, download).await,
    };
    let expected = match sent {
        Ok(expected) => expected,
        Err(outcome) => return outcome,
    };
    match bucket.head(label.key.as_str()).await {
        Ok(Some(object)) => {
            Video { key: label.key.clone(), size: object.size(), etag: object.etag() }.verified(expected)
        }
        Ok(None) => again("The stored video is not there."),
        Err(_) => Outcome::Unknown,
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

async fn put_stream(bucket: &Bucket, label: &Label<'_>, answer: &Answer, length: u64) -> Result<u64, Outcome<Video>> {
    let ResponseBody::Stream(stream) = answer.response.body() else {
        return Err(again("The video is empty."));
    };
    let put = bucket
        .put(label.key.as_str(), Data::ReadableStream(stream.clone()))
        .http_metadata(http_metadata())
        .custom_metadata(custom_metadata(label))
        .execute()
        .await;
    match put {
        Ok(_) if !answer.is_cut_off() => Ok(length),
        Ok(_) | Err(_) => Err(again("The video ended before it was whole, or could not be stored.")),
    }
}

async fn put_parts(bucket: &Bucket, label: &Label<'_>, download: Download) -> Result<u64, Outcome<Video>> {
    let mut chunks = download.into_chunks();
    let upload = bucket
        .create_multipart_upload(label.key.as_str())
        .http_metadata(http_metadata())
        .custom_metadata(custom_metadata(label))
        .execute()
        .await;
    let Ok(upload) = upload else { return Err(again("The video could not be stored.")) };
    let mut parts = Vec::new();
    let mut buffer = Vec::with_capacity(PART);
    let mut total = 0_u64;
    let failure = loop {
        match chunks.next().await {
            Some(Ok(chunk)) => {
                total += chunk.len() as u64;
                buffer.extend(chunk);
            }
            Some(Err(_)) => break Some(again("The video ended before it was whole.")),
            None if total == 0 => break Some(again("The video is empty.")),
            None => break upload_part(&upload, &mut parts, buffer).await.err(),
        }
        if total > MAX_VIDEO {
            break Some(too_large());
        }
        while buffer.len() > PART {
            let rest = buffer.split_off(PART);
            let full = std::mem::replace(&mut buffer, rest);
            if let Err(outcome) = upload_part(&upload, &mut parts, full).await {
                abort(&upload).await;
                return Err(outcome);
            }
        }
    };
    if let Some(outcome) = failure {
        abort(&upload).await;
        return Err(outcome);
    }
    match upload.complete(parts).await {
        Ok(_) => Ok(total),
        Err(_) => Err(Outcome::Unknown),
    }
}

async fn upload_part(
    upload: &worker::MultipartUpload,
    parts: &mut Vec<UploadedPart>,
    bytes: Vec<u8>,
) -> Result<(), Outcome<Video>> {
    let number = u16::try_from(parts.len() + 1).map_err(|_| too_large())?;
    let part =
        upload.upload_part(number, bytes).await.map_err(|_| again("A part of the video could not be stored."))?;
    parts.push(part);
    Ok(())
}

/// An upload that cannot be aborted is dropped by R2 itself after seven days.
async fn abort(upload: &worker::MultipartUpload) {
    drop(upload.abort().await);
}

fn http_metadata() -> HttpMetadata {
    HttpMetadata { content_type: Some(CONTENT_TYPE.to_owned()), ..HttpMetadata::default() }
}

fn custom_metadata(label: &Label) -> HashMap<String, String> {
    HashMap::from([
        ("generationId".to_owned(), label.generation_id.to_owned()),
        ("userId".to_owned(), label.user_id.to_owned()),
        ("model".to_owned(), label.model.to_owned()),
        ("attempt".to_owned(), label.attempt.to_string()),
    ])
}

fn again(sentence: &str) -> Outcome<Video> {
    Outcome::Retry { after: None, failure: Failure::new(ErrorCode::StorageFailed, sentence) }
}

fn too_large() -> Outcome<Video> {
    Outcome::Refused(Failure::new(ErrorCode::StorageFailed, "The video is larger than can be stored."))
}
