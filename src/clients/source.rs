//! Reads the bytes of a file: if possible without copying them through this worker's memory, and
//! with a limit on silence and slowness.

use crate::clients::file::{Bytes, Download};
use crate::clients::http::{HttpAnswer, Lost};
use crate::clients::pace::Pace;
use crate::clock;
use crate::machine::outcome::{Failure, Outcome, Trouble};
use crate::time::Millis;
use futures::future::{Either, select};
use futures::stream::LocalBoxStream;
use futures::{Stream, StreamExt};
use js_sys::{Reflect, Uint8Array};
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamByobReader, ReadableStreamGetReaderOptions, ReadableStreamReaderMode};
use worker::{AbortSignal, Delay, ResponseBody};

/// How many bytes one read asks for.
pub(crate) const BUFFER: u32 = 256 * 1024;

/// The bytes of an answer, read into buffers of the platform.
pub(crate) struct Source {
    reader: ReadableStreamByobReader,
    signal: AbortSignal,
    pace: Pace,
    ended: bool,
}

impl Source {
    /// The body of an answer; `None` if it has none.
    pub(crate) fn open(answer: HttpAnswer, idle: Millis) -> Option<Self> {
        let (response, signal) = answer.into_parts();
        let ResponseBody::Stream(stream) = response.body() else {
            return None;
        };
        let options = ReadableStreamGetReaderOptions::new();
        options.set_mode(ReadableStreamReaderMode::Byob);
        let reader = stream.get_reader_with_options(&options).unchecked_into();
        Some(Self {
            reader,
            signal,
            pace: Pace::new(idle),
            ended: false,
        })
    }

    /// The next bytes, in the memory of `buffer`, which is consumed; `None` at the end.
    pub(crate) async fn read(&mut self, buffer: Uint8Array) -> Outcome<Option<Uint8Array>> {
        let reading = JsFuture::from(self.reader.read_with_array_buffer_view(&buffer));
        let result = in_time(&mut self.pace, reading, |result| {
            result.as_ref().map_or(0, length)
        })
        .await?;
        let result = result.map_err(|_| cut_off())?;
        if self.signal.aborted() {
            return Err(cut_off());
        }
        let chunk = value(&result).filter(|chunk| chunk.length() > 0);
        self.ended = chunk.is_none();
        Ok(chunk)
    }

    /// The same bytes, chunk by chunk.
    pub(crate) fn chunks(self) -> impl Stream<Item = Outcome<Vec<u8>>> {
        let start = Some((self, Uint8Array::new_with_length(BUFFER)));
        futures::stream::unfold(start, |state| async move {
            let (mut source, buffer) = state?;
            match source.read(buffer).await {
                Ok(Some(chunk)) => {
                    let bytes = chunk.to_vec();
                    Some((Ok(bytes), Some((source, Uint8Array::new(&chunk.buffer())))))
                }
                Ok(None) => None,
                Err(trouble) => Some((Err(trouble), None)),
            }
        })
    }
}

/// A source that is dropped early closes its connection.
impl Drop for Source {
    fn drop(&mut self) {
        if !self.ended {
            // The result of the cancellation does not matter.
            drop(self.reader.cancel());
        }
    }
}

/// The bytes of a download, chunk by chunk, with a limit on silence and slowness.
pub(crate) fn chunks(
    download: Download,
    idle: Millis,
) -> LocalBoxStream<'static, Outcome<Vec<u8>>> {
    match download.bytes {
        Bytes::Answer(answer) => match Source::open(*answer, idle) {
            Some(source) => source.chunks().boxed_local(),
            None => futures::stream::empty().boxed_local(),
        },
        Bytes::Chunks(chunks) => {
            let start = Some((chunks, Pace::new(idle)));
            let watched = futures::stream::unfold(start, |state| async move {
                let (mut chunks, mut pace) = state?;
                let bytes = |next: &Option<Result<Vec<u8>, Lost>>| match next {
                    Some(Ok(chunk)) => chunk.len(),
                    Some(Err(Lost)) | None => 0,
                };
                match in_time(&mut pace, chunks.next(), bytes).await {
                    Ok(Some(Ok(chunk))) => Some((Ok(chunk), Some((chunks, pace)))),
                    Ok(Some(Err(Lost))) => Some((Err(cut_off()), None)),
                    Ok(None) => None,
                    Err(trouble) => Some((Err(trouble), None)),
                }
            });
            watched.boxed_local()
        }
    }
}

/// Waits for the next bytes, at most as long as the pace allows. Fails if the download is too slow.
async fn in_time<T>(
    pace: &mut Pace,
    next: impl Future<Output = T>,
    bytes: impl FnOnce(&T) -> usize,
) -> Outcome<T> {
    let asked_at = clock::now();
    let waiting = Delay::from(Duration::from_millis(pace.patience()));
    match select(pin!(next), pin!(waiting)).await {
        Either::Left((next, _)) => {
            let came = bytes(&next);
            let goes_on = came == 0 || pace.goes_on(came, clock::now().saturating_sub(asked_at));
            goes_on
                .then_some(next)
                .ok_or_else(|| retry("The download of the video was too slow."))
        }
        Either::Right(_) => Err(retry("The download of the video stalled.")),
    }
}

fn value(result: &JsValue) -> Option<Uint8Array> {
    Reflect::get(result, &"value".into()).ok()?.dyn_into().ok()
}

fn length(result: &JsValue) -> usize {
    value(result).map_or(0, |chunk| chunk.length() as usize)
}

fn cut_off() -> Trouble {
    retry("The download of the video ended early.")
}

fn retry(sentence: &str) -> Trouble {
    Trouble::retry(Failure::storage(sentence))
}
