//! A video's file, opened but not yet read. It is never held in memory as a whole.

use crate::clients::http::{HttpAnswer, HttpCall, Lost};
use crate::clients::retry_after;
use crate::clock;
use crate::machine::outcome::{Failure, Outcome, Trouble, UpstreamAnswer};
use crate::time::{Millis, SECOND};
use futures::stream::LocalBoxStream;
use futures::{Stream, StreamExt};
use url::Url;
use worker::Method;

/// The time limit for a download's response headers, for each address in a chain of redirects.
pub(crate) const HEADERS_TIMEOUT: Millis = 30 * SECOND;
/// The time limit for a whole download.
pub(crate) const TIMEOUT: Millis = 300 * SECOND;
/// The most redirects that a download follows.
const MAX_REDIRECTS: usize = 5;

/// The content codings that change the bytes (IANA's registry of HTTP content codings).
const COMPRESSIONS: [&str; 10] = [
    "br",
    "compress",
    "dcb",
    "dcz",
    "deflate",
    "gzip",
    "pack200-gzip",
    "x-compress",
    "x-gzip",
    "zstd",
];

/// A video being downloaded.
pub struct Download {
    pub(crate) bytes: Bytes,
    /// The announced length, in bytes.
    pub(crate) length: Option<u64>,
}

/// The source of the bytes.
pub(crate) enum Bytes {
    /// Directly from an answer: with a known length the bytes stay inside the platform.
    Answer(Box<HttpAnswer>),
    /// Chunk by chunk.
    Chunks(LocalBoxStream<'static, Result<Vec<u8>, Lost>>),
}

impl Download {
    /// A video of unknown length, produced chunk by chunk; an `Err` means that it ended early.
    pub fn from_chunks(chunks: impl Stream<Item = Result<Vec<u8>, Lost>> + 'static) -> Self {
        Self {
            bytes: Bytes::Chunks(chunks.boxed_local()),
            length: None,
        }
    }

    /// The bytes, chunk by chunk, whatever their source.
    pub fn into_chunks(self) -> LocalBoxStream<'static, Result<Vec<u8>, Lost>> {
        match self.bytes {
            Bytes::Answer(answer) => answer.chunks().boxed_local(),
            Bytes::Chunks(chunks) => chunks,
        }
    }
}

/// The header to send with the request to one address.
pub(crate) type Credential = Option<(&'static str, String)>;

/// Opens a file, following redirects. `visit` returns the header to send to an address, or `None`
/// if the address must not be visited.
pub(crate) async fn open(
    start: Url,
    visit: impl Fn(&Url) -> Option<Credential>,
) -> Outcome<Download> {
    accept(follow(start, visit).await?)
}

/// The first answer that is not a redirect.
pub(crate) async fn follow(
    start: Url,
    visit: impl Fn(&Url) -> Option<Credential>,
) -> Outcome<HttpAnswer> {
    let mut credential = visit(&start).ok_or_else(forbidden)?;
    let mut url = start;
    for _ in 0..=MAX_REDIRECTS {
        let mut headers = vec![("accept-encoding", "identity")];
        headers.extend(
            credential
                .as_ref()
                .map(|(name, value)| (*name, value.as_str())),
        );
        let call = HttpCall {
            method: Method::Get,
            url: url.as_str(),
            headers: &headers,
            body: None,
            headers_within: HEADERS_TIMEOUT,
            all_within: TIMEOUT,
        };
        let answer = call.send().await?;
        if !(300..=399).contains(&answer.status()) {
            return Ok(answer);
        }
        let next = answer
            .header("location")
            .and_then(|location| url.join(&location).ok());
        answer.discard();
        url =
            next.ok_or_else(|| retry("The video's address redirects without a usable target."))?;
        credential = visit(&url).ok_or_else(forbidden)?;
    }
    Err(retry("The video's address redirects too many times."))
}

/// Accepts an answer as the file itself.
pub(crate) fn accept(answer: HttpAnswer) -> Outcome<Download> {
    let status = answer.status();
    let asked = answer
        .header("retry-after")
        .and_then(|value| retry_after::parse(&value, clock::now()));
    if status != 200 {
        return Err(refused_fetch(answer, asked));
    }
    if answer
        .header("content-encoding")
        .is_some_and(|codings| is_compressed(&codings))
    {
        answer.discard();
        return Err(retry(
            "The video was sent compressed (Content-Encoding), which was not requested.",
        ));
    }
    let length = answer
        .header("content-length")
        .and_then(|length| length.parse().ok());
    Ok(Download {
        bytes: Bytes::Answer(Box::new(answer)),
        length,
    })
}

/// The error for an answer that is not the file.
pub(crate) fn refused_fetch(answer: HttpAnswer, after: Option<Millis>) -> Trouble {
    let status = answer.status();
    answer.discard();
    let failure = Failure::storage(format!(
        "The download of the video failed with HTTP {status}."
    ));
    Trouble::Retry { after, failure }.answered(UpstreamAnswer { status, code: None })
}

/// The error for an address that this worker never visits. A retry would not help.
fn forbidden() -> Trouble {
    let sentence = "The video's address is not allowed: it is not HTTPS, contains credentials, or names a host \
                    that is neither public nor the video service's own.";
    Trouble::Refused(Failure::storage(sentence))
}

/// Whether an answer's `Content-Encoding` changes the bytes of the file. Names that change no byte,
/// such as `identity`, or `aws-chunked` left over from an upload, do not matter: the bytes are
/// checked anyway.
fn is_compressed(codings: &str) -> bool {
    codings
        .split(',')
        .any(|coding| COMPRESSIONS.contains(&coding.trim().to_ascii_lowercase().as_str()))
}

/// The same for a string that is not a usable address.
pub(crate) fn unusable_address() -> Trouble {
    Trouble::Refused(Failure::storage("The video's address is invalid."))
}

pub(crate) fn retry(sentence: &str) -> Trouble {
    Trouble::retry(Failure::storage(sentence))
}
