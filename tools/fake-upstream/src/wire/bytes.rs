//! The bytes of a video, made as they are sent and never held as a whole.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc;

use crate::call::Call;
use crate::gates::Closed;
use crate::journal::Step;

/// The playable film.
static SAMPLE: &[u8] = include_bytes!("../../assets/sample.mp4");
/// Byte `i` of the pattern is `i % 251`: prime, so no block of a power of two hides a shift.
const PATTERN_PERIOD: u64 = 251;
/// The largest piece sent at once.
const CHUNK_BYTES: u64 = 64 << 10;
/// Gives the bytes already handed over time to leave before the connection ends.
const SETTLE: Duration = Duration::from_millis(50);

/// What a file consists of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Video {
    /// The playable film.
    Sample,
    /// So many bytes of the pattern.
    Pattern(u64),
}

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
    /// At so many bytes a second.
    Slow(u64),
}

/// Answers 200 and sends the video. A closed `bytes` gate holds the second half.
pub(crate) fn deliver(call: Call, video: Video, manner: Manner) -> Response {
    let pieces = Pieces::new(video);
    let length = pieces.length;
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(send(call, pieces, manner, sender));
    let known = (manner != Manner::Chunked).then_some(length);
    let body = Body::new(ChannelBody { receiver, left: known });
    ([(header::CONTENT_TYPE, "video/mp4")], body).into_response()
}

/// Sends all pieces in their manner; ends early when the caller is gone.
async fn send(call: Call, pieces: Pieces, manner: Manner, sender: mpsc::Sender<Bytes>) {
    let half = pieces.length / 2;
    let step = if let Manner::Slow(rate) = manner { (rate / 20).clamp(1, CHUNK_BYTES) } else { CHUNK_BYTES };
    let mut offset = 0;
    while offset < pieces.length {
        if offset == half {
            tokio::select! {
                () = call.pass(Step::Bytes, Closed::Before) => {}
                () = sender.closed() => return,
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
                        () = sender.closed() => return,
                    }
                }
                Manner::Plain | Manner::Chunked | Manner::Slow(_) => {}
            }
        }
        let border = if offset < half { half } else { pieces.length };
        let end = (offset + step).min(border);
        if sender.send(pieces.get(offset, end)).await.is_err() {
            return;
        }
        if let Manner::Slow(rate) = manner {
            let micros = (end - offset).saturating_mul(1_000_000) / rate;
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
        offset = end;
    }
}

/// Any part of a video by its offsets.
struct Pieces {
    length: u64,
    /// The film itself, or a stretch of pattern long enough for any piece from any phase.
    store: Bytes,
    patterned: bool,
}

impl Pieces {
    fn new(video: Video) -> Self {
        match video {
            Video::Sample => Self { length: SAMPLE.len() as u64, store: Bytes::from_static(SAMPLE), patterned: false },
            Video::Pattern(length) => Self {
                length,
                store: (0..PATTERN_PERIOD + CHUNK_BYTES)
                    .map(|offset| u8::try_from(offset % PATTERN_PERIOD).unwrap_or_default())
                    .collect(),
                patterned: true,
            },
        }
    }

    fn get(&self, from: u64, to: u64) -> Bytes {
        let start = if self.patterned { from % PATTERN_PERIOD } else { from };
        let range = index(start)..index(start + (to - from));
        self.store.slice(range)
    }
}

/// Offsets into the store are small.
fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// A body that sends what comes through a channel. With a known length it promises that much, whatever comes.
struct ChannelBody {
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
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
