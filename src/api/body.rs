//! Reads a request's body: only JSON, and never more than the limit into memory.

use crate::api::json_text::read_object;
use crate::api::problem::Problem;
use futures::StreamExt;
use serde_json::{Map, Value};
use worker::{ByteStream, Request};

/// The largest body, in bytes.
pub const MAX_BODY: usize = 10 * 1024 * 1024;

/// The largest body of an operator's request, in bytes.
pub(crate) const MAX_SMALL_BODY: usize = 64 * 1024;

/// How much of a body that is too large is read and discarded, in bytes: the platform's own limit.
const MAX_DISCARDED: usize = 100 * 1024 * 1024;

/// Whether a content type is JSON.
pub fn is_json(content_type: Option<&str>) -> bool {
    let Some(essence) = content_type.and_then(|value| value.split(';').next()) else {
        return false;
    };
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads the body as a JSON object.
pub(crate) async fn json_object(request: &mut Request) -> Result<Map<String, Value>, Problem> {
    let header = |name: &str| request.headers().get(name).ok().flatten();
    if !is_json(header("Content-Type").as_deref()) {
        return Err(Problem::unsupported_media_type());
    }
    let bytes = match announced(request, MAX_BODY)? {
        Announced::Whole => whole(request).await?,
        Announced::Nothing => read(request).await?,
    };
    read_object(&bytes)
}

/// Reads a small body as a JSON object; an empty one counts as an empty object.
pub(crate) async fn small_object(request: &mut Request) -> Result<Map<String, Value>, Problem> {
    let bytes = bounded(request, MAX_SMALL_BODY).await?;
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    let header = |name: &str| request.headers().get(name).ok().flatten();
    if !is_json(header("Content-Type").as_deref()) {
        return Err(Problem::unsupported_media_type());
    }
    read_object(&bytes)
}

/// What the `Content-Length` header says about a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Announced {
    /// The body is within the limit. The platform passes on no more than was announced.
    Whole,
    /// There is no usable `Content-Length`.
    Nothing,
}

fn announced(request: &Request, limit: usize) -> Result<Announced, Problem> {
    let length = request.headers().get("Content-Length").ok().flatten();
    match length.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if length > limit as u64 => Err(Problem::too_large(limit)),
        Some(_) => Ok(Announced::Whole),
        None => Ok(Announced::Nothing),
    }
}

/// Reads the whole body at once.
async fn whole(request: &mut Request) -> Result<Vec<u8>, Problem> {
    request
        .bytes()
        .await
        .map_err(|_| Problem::malformed_json("it ended early"))
}

/// Reads a body of at most `limit` bytes. The rest of a longer one is not read.
pub(crate) async fn bounded(request: &mut Request, limit: usize) -> Result<Vec<u8>, Problem> {
    if announced(request, limit)? == Announced::Whole {
        return whole(request).await;
    }
    let mut bytes = Vec::new();
    if request.inner().body().is_none() {
        return Ok(bytes);
    }
    let mut chunks = request
        .stream()
        .map_err(|_| Problem::malformed_json("it could not be read"))?;
    while let Some(chunk) = chunks.next().await {
        bytes.extend(chunk.map_err(|_| Problem::malformed_json("it ended early"))?);
        if bytes.len() > limit {
            return Err(Problem::too_large(limit));
        }
    }
    Ok(bytes)
}

async fn read(request: &mut Request) -> Result<Vec<u8>, Problem> {
    if request.inner().body().is_none() {
        return Ok(Vec::new());
    }
    let mut bytes = Vec::new();
    let mut chunks = request
        .stream()
        .map_err(|_| Problem::malformed_json("it could not be read"))?;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed_json("it ended early"))?;
        if bytes.len() + chunk.len() > MAX_BODY {
            drop(bytes);
            discard(chunks).await;
            return Err(Problem::too_large(MAX_BODY));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads and discards the rest: a caller that is cut off while sending never sees its answer.
async fn discard(mut chunks: ByteStream) {
    let mut discarded = 0;
    while discarded < MAX_DISCARDED
        && let Some(Ok(chunk)) = chunks.next().await
    {
        discarded += chunk.len();
    }
}
