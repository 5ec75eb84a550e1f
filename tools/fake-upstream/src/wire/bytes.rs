//! The bytes of a video, generated while they are sent and never held as a whole.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body::{Frame, SizeHint};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::call::Call;
use crate::gates::Closed;
use crate::journal::Step;
use crate::wire::film::{self, FILM, Film, Video, index};

/// The largest piece sent at once.
const CHUNK_BYTES: u64 = film::MOST;
/// How long the bytes already written have to leave before the connection ends.
const SETTLE: Duration = Duration::from_millis(50);

/// How a file is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Manner {
    /// With Content-Length, as fast as it is read.
    Plain,
    /// Half of it, then the connection closes.
    Truncated,
    /// Half of it, then a TCP reset.
    Reset,
    /// Half of it, then silence.
    Stall,
    /// Without Content-Length.
    Chunked,
    /// At this many bytes a second.
    Slow(u64),
}

/// Answers 200 and sends the video. A closed `bytes` gate holds the second half.
pub(crate) fn deliver(call: Call, video: &Video, manner: Manner, headers: HeaderMap) -> Response {
    answer(
        call,
        Pieces::of(vec![Part::Raw(Film::new(video))]),
        manner,
        headers,
    )
}

/// Answers 200 and sends a JSON body in which every [`FILM`] is replaced by the video in base64,
/// never held as a whole.
pub(crate) fn deliver_json(call: Call, body: &Value, video: &Video, manner: Manner) -> Response {
    let text = format!("{body:#}\n");
    // In its JSON notation.
    let place = FILM.replace('\u{1}', "\\u0001");
    let mut parts = Vec::new();
    for (index, words) in text.split(&place).enumerate() {
        if index > 0 {
            parts.push(Part::Base64(Film::new(video)));
        }
        parts.push(Part::Text(Bytes::copy_from_slice(words.as_bytes())));
    }
    let json = HeaderValue::from_static("application/json; charset=UTF-8");
    answer(
        call,
        Pieces::of(parts),
        manner,
        [(header::CONTENT_TYPE, json)].into_iter().collect(),
    )
}

fn answer(call: Call, pieces: Pieces, manner: Manner, headers: HeaderMap) -> Response {
    let length = pieces.length;
    let (sender, receiver) = mpsc::channel(2);
    let sending = Box::pin(send(call, pieces, manner, sender));
    let known = (manner != Manner::Chunked).then_some(length);
    let body = Body::new(ChannelBody {
        sending: Some(sending),
        receiver,
        left: known,
    });
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response
}

/// Sends all pieces in this manner; ends early when the caller is gone.
async fn send(call: Call, pieces: Pieces, manner: Manner, sender: mpsc::Sender<Bytes>) {
    let half = pieces.length / 2;
    let step = if let Manner::Slow(rate) = manner {
        (rate / 20).clamp(1, CHUNK_BYTES)
    } else {
        CHUNK_BYTES
    };
    let mut offset = 0;
    while offset < pieces.length {
        if offset == half {
            tokio::select! {
                () = call.pass(Step::Bytes, Closed::Before) => {}
                () = sender.closed() => return call.abandoned(),
            }
            match manner {
                Manner::Truncated => return tokio::time::sleep(SETTLE).await,
                Manner::Reset => {
                    tokio::time::sleep(SETTLE).await;
                    call.cut();
                    return;
                }
                Manner::Stall => {
                    tokio::select! {
                        _ = call.hang() => return,
                        () = sender.closed() => return call.abandoned(),
                    }
                }
                Manner::Plain | Manner::Chunked | Manner::Slow(_) => {}
            }
        }
        let border = if offset < half { half } else { pieces.length };
        let piece = pieces.get(offset, (offset + step).min(border));
        let end = offset + piece.len() as u64;
        if sender.send(piece).await.is_err() {
            return call.abandoned();
        }
        if let Manner::Slow(rate) = manner {
            let micros = (end - offset).saturating_mul(1_000_000) / rate;
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
        offset = end;
    }
}

/// Access to any range of a body by offsets.
struct Pieces {
    parts: Vec<Part>,
    length: u64,
}

/// A part of a body.
enum Part {
    Text(Bytes),
    Raw(Film),
    Base64(Film),
}

impl Pieces {
    fn of(parts: Vec<Part>) -> Self {
        Self {
            length: parts.iter().map(Part::length).sum(),
            parts,
        }
    }

    /// The bytes from one offset to another, but at most to the end of the part in which they
    /// begin.
    fn get(&self, from: u64, to: u64) -> Bytes {
        let mut start = 0;
        for part in &self.parts {
            let end = start + part.length();
            if from < end {
                return part.get(from - start, to.min(end) - start);
            }
            start = end;
        }
        Bytes::new()
    }
}

impl Part {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Raw(film) => film.length,
            Self::Base64(film) => film.length.div_ceil(3) * 4,
        }
    }

    fn get(&self, from: u64, to: u64) -> Bytes {
        match self {
            Self::Text(text) => text.slice(index(from)..index(to)),
            Self::Raw(film) => film.get(from, to),
            Self::Base64(film) => {
                // Four characters for every three bytes; the excess of a group is cut off.
                let (first, last) = (from / 4, to.div_ceil(4));
                let encoded = STANDARD.encode(film.get(first * 3, (last * 3).min(film.length)));
                Bytes::from(encoded).slice(index(from - first * 4)..index(to - first * 4))
            }
        }
    }
}

/// A body that sends the data of a channel. With a known length it announces that length, whatever
/// is sent.
struct ChannelBody {
    /// The sender. It starts when the body is first polled, after the head has left: its effects on
    /// the request's outcome or connection must not precede the answer.
    sending: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    receiver: mpsc::Receiver<Bytes>,
    left: Option<u64>,
}

impl HttpBody for ChannelBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(sending) = self.sending.take() {
            tokio::spawn(sending);
        }
        self.receiver.poll_recv(context).map(|piece| {
            let piece = piece?;
            if let Some(left) = &mut self.left {
                *left = left.saturating_sub(piece.len() as u64);
            }
            Some(Ok(Frame::data(piece)))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
