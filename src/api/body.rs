//! Reading a request's body: JSON only, and never more than the limit into memory.

use crate::api::json_text::read_object;
use crate::api::problem::Problem;
use futures::StreamExt;
use serde_json::{Map, Value};
use worker::{ByteStream, Request};

/// The largest body, in bytes.
pub const MAX_BODY: usize = 10 * 1024 * 1024;

/// How much of a body that is too large is read to its end and thrown away, in bytes: what the
/// platform lets in.
const MAX_DISCARDED: usize = 100 * 1024 * 1024;

/// Whether a content type is JSON's.
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

/// What is known of a body's length before it is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Announced {
    /// It is not too long. The platform passes on no more than was announced.
    Whole,
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

/// Reads all of a body in one go.
async fn whole(request: &mut Request) -> Result<Vec<u8>, Problem> {
    request
        .bytes()
        .await
        .map_err(|_| Problem::malformed_json("it broke off"))
}

/// Reads a body whole if it is not longer than `limit`; the rest of one that is stays unread.
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
        bytes.extend(chunk.map_err(|_| Problem::malformed_json("it broke off"))?);
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
        let chunk = chunk.map_err(|_| Problem::malformed_json("it broke off"))?;
        if bytes.len() + chunk.len() > MAX_BODY {
            drop(bytes);
            discard(chunks).await;
            return Err(Problem::too_large(MAX_BODY));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads on without keeping anything: a caller that is cut off while sending never sees its answer.
async fn discard(mut chunks: ByteStream) {
    let mut discarded = 0;
    while discarded < MAX_DISCARDED
        && let Some(Ok(chunk)) = chunks.next().await
    {
        discarded += chunk.len();
    }
}
