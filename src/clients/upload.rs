//! Uploads a video to R2.
//!
//! The first bytes of a file identify its format before anything is sent. A file of known length
//! goes through two buffers of the platform: one is filled while the other is written. Of a file of
//! unknown length, one part at a time is in memory.

use crate::clients::file::Download;
use crate::clients::http::HttpAnswer;
use crate::clients::source::{BUFFER, Source, chunks};
use crate::clients::video_file::{Flaw, TELLING, VideoKind};
use crate::clients::within::within;
use crate::machine::outcome::{Failure, Outcome, Trouble};
use crate::time::Millis;
use futures::StreamExt;
use futures::future::{Either, join, select};
use js_sys::{Array, Function, Reflect, Uint8Array};
use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{TransformStream, WritableStreamDefaultWriter};
use worker::{Bucket, Data, Delay, HttpMetadata, UploadedPart};

/// The largest video that is stored, in bytes, whatever the announced length.
pub(crate) const MAX_VIDEO: u64 = 2 * 1024 * 1024 * 1024;
/// The size in bytes of each part of an upload of unknown length. R2 requires at least 5 MiB and
/// equal sizes, except for the last part.
const PART: usize = 8 * 1024 * 1024;
/// The time limit for R2 to take a chunk, and to finish a file.
const R2_WITHIN: Duration = Duration::from_mins(1);
/// The time limit for R2 to abort an upload.
const LET_GO_WITHIN: Duration = Duration::from_secs(5);

/// The key and the metadata stored with the bytes.
#[derive(Debug)]
pub struct Label<'a> {
    pub key: String,
    pub generation_id: &'a str,
    pub user_id: &'a str,
    pub model: &'a str,
    pub attempt: u32,
}

/// What was sent.
pub(crate) struct Sent {
    pub(crate) kind: VideoKind,
    pub(crate) length: u64,
}

/// A retry may succeed.
impl From<Flaw> for Trouble {
    fn from(flaw: Flaw) -> Self {
        Self::retry(Failure::storage(flaw.to_string()))
    }
}

/// Uploads a file of known length.
pub(crate) async fn put_stream(
    bucket: &Bucket,
    label: &Label<'_>,
    answer: HttpAnswer,
    length: u64,
    idle: Millis,
) -> Outcome<Sent> {
    let mut source = Source::open(answer, idle).ok_or(Flaw::Empty)?;
    let first = beginning(&mut source).await?;
    let kind = VideoKind::of(&first.subarray(0, TELLING).to_vec())?;
    let pipe = fixed_length(length).ok_or_else(not_stored)?;
    let writer = pipe.writable().get_writer().map_err(|_| not_stored())?;
    let put = bucket
        .put(label.key.as_str(), Data::ReadableStream(pipe.readable()))
        .http_metadata(http_metadata(kind))
        .custom_metadata(custom_metadata(label))
        .execute();
    let mut put = pin!(put);
    let pumped = {
        let pumping = pin!(pump(&mut source, first, &writer, length));
        match select(pumping, put.as_mut()).await {
            Either::Left((pumped, _)) => pumped,
            // The upload ends before it has all bytes only if it fails.
            Either::Right((Ok(_), pumping)) => {
                return pumping.await.map(|()| Sent { kind, length });
            }
            Either::Right((Err(_), _)) => return Err(not_stored()),
        }
    };
    if let Err(trouble) = pumped {
        drop(writer.abort());
        select(put, pin!(Delay::from(LET_GO_WITHIN))).await;
        return Err(trouble);
    }
    match within(R2_WITHIN, put).await {
        Some(Ok(_)) => Ok(Sent { kind, length }),
        Some(Err(_)) => Err(not_stored()),
        None => Err(Trouble::Unknown),
    }
}

/// The first bytes of a file: enough to identify it, unless the file is shorter.
async fn beginning(source: &mut Source) -> Outcome<Uint8Array> {
    let buffer = || Uint8Array::new_with_length(BUFFER);
    let mut bytes = source.read(buffer()).await?.ok_or(Flaw::Empty)?;
    while bytes.length() < TELLING {
        let Some(more) = source.read(buffer()).await? else {
            break;
        };
        let both = Uint8Array::new_with_length(bytes.length() + more.length());
        both.set(&bytes, 0);
        both.set(&more, bytes.length());
        bytes = both;
    }
    Ok(bytes)
}

/// Copies all bytes from the source into R2's stream.
async fn pump(
    source: &mut Source,
    first: Uint8Array,
    writer: &WritableStreamDefaultWriter,
    length: u64,
) -> Outcome<()> {
    let (mut chunk, mut spare) = (first, Uint8Array::new_with_length(BUFFER));
    let mut total = 0;
    loop {
        total += u64::from(chunk.length());
        if total > length {
            return Err(unlike_announced());
        }
        let writing = within(R2_WITHIN, JsFuture::from(writer.write_with_chunk(&chunk)));
        let (written, next) = join(writing, source.read(spare)).await;
        written.and_then(Result::ok).ok_or_else(not_stored)?;
        match next? {
            Some(next) => (spare, chunk) = (emptied(&chunk), next),
            None if total == length => break,
            None => return Err(unlike_announced()),
        }
    }
    let closed = within(R2_WITHIN, JsFuture::from(writer.close())).await;
    closed.and_then(Result::ok).map(drop).ok_or_else(not_stored)
}

/// The buffer of a written chunk, for the next read.
fn emptied(chunk: &Uint8Array) -> Uint8Array {
    let buffer = chunk.buffer();
    if buffer.byte_length() < BUFFER {
        Uint8Array::new_with_length(BUFFER)
    } else {
        Uint8Array::new(&buffer)
    }
}

/// Uploads a file of unknown length, part by part.
pub(crate) async fn put_parts(
    bucket: &Bucket,
    label: &Label<'_>,
    download: Download,
    idle: Millis,
) -> Outcome<Sent> {
    let mut chunks = chunks(download, idle);
    let mut buffer = Vec::with_capacity(PART);
    while buffer.len() < TELLING as usize {
        let Some(chunk) = chunks.next().await else {
            break;
        };
        buffer.extend(chunk?);
    }
    let kind = VideoKind::of(&buffer)?;
    let upload = bucket
        .create_multipart_upload(label.key.as_str())
        .http_metadata(http_metadata(kind))
        .custom_metadata(custom_metadata(label))
        .execute();
    let upload = upload.await.map_err(|_| not_stored())?;
    match send_parts(&upload, &mut chunks, buffer).await {
        Ok((parts, length)) => upload
            .complete(parts)
            .await
            .map(|_| Sent { kind, length })
            .map_err(|_| Trouble::Unknown),
        Err(unsent) => {
            // An upload that cannot be aborted is dropped by R2 itself after seven days.
            drop(upload.abort().await);
            Err(unsent)
        }
    }
}

async fn send_parts(
    upload: &worker::MultipartUpload,
    chunks: &mut (impl StreamExt<Item = Outcome<Vec<u8>>> + Unpin),
    mut buffer: Vec<u8>,
) -> Outcome<(Vec<UploadedPart>, u64)> {
    let mut parts = Vec::new();
    let mut total = buffer.len() as u64;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        total += chunk.len() as u64;
        if total > MAX_VIDEO {
            return Err(too_large());
        }
        buffer.extend(chunk);
        while buffer.len() > PART {
            let rest = buffer.split_off(PART);
            let full = std::mem::replace(&mut buffer, rest);
            send_part(upload, &mut parts, full).await?;
        }
    }
    send_part(upload, &mut parts, buffer).await?;
    Ok((parts, total))
}

async fn send_part(
    upload: &worker::MultipartUpload,
    parts: &mut Vec<UploadedPart>,
    bytes: Vec<u8>,
) -> Outcome<()> {
    let number = u16::try_from(parts.len() + 1).map_err(|_| too_large())?;
    let sent = within(R2_WITHIN, upload.upload_part(number, bytes)).await;
    parts.push(sent.and_then(Result::ok).ok_or_else(not_stored)?);
    Ok(())
}

/// The platform's stream with a fixed length, which R2 requires.
fn fixed_length(length: u64) -> Option<TransformStream> {
    let class: Function = Reflect::get(&js_sys::global(), &"FixedLengthStream".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let length = js_sys::BigInt::from(length);
    Reflect::construct(&class, &Array::of1(&JsValue::from(length)))
        .ok()?
        .dyn_into()
        .ok()
}

fn http_metadata(kind: VideoKind) -> HttpMetadata {
    HttpMetadata {
        content_type: Some(kind.content_type().to_owned()),
        ..HttpMetadata::default()
    }
}

fn custom_metadata(label: &Label) -> HashMap<String, String> {
    HashMap::from([
        ("generationId".to_owned(), label.generation_id.to_owned()),
        ("userId".to_owned(), label.user_id.to_owned()),
        ("model".to_owned(), label.model.to_owned()),
        ("attempt".to_owned(), label.attempt.to_string()),
    ])
}

fn not_stored() -> Trouble {
    Trouble::retry(Failure::storage("The video could not be stored."))
}

fn unlike_announced() -> Trouble {
    Trouble::retry(Failure::storage(
        "The video does not have the announced length.",
    ))
}

pub(crate) fn too_large() -> Trouble {
    Trouble::Refused(Failure::storage("The video is too large to store."))
}
