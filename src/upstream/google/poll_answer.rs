//! The answer to a poll, which may contain the video itself: read and decoded as it streams in.

use crate::clients::file;
use crate::clients::file::Download;
use crate::clients::http::{HttpAnswer, Lost};
use crate::clients::reply::Reply;
use crate::clock;
use crate::machine::job::Progress;
use crate::machine::outcome::Outcome;
use crate::upstream::google::inline_video::InlineVideo;
use crate::upstream::google::poll_reader::PollReader;
use futures::{Stream, StreamExt};

/// The longest body of an error that is read, in bytes.
const MAX_ERROR: usize = 1024 * 1024;

/// Reads the answer to a poll. A video in the answer itself is at the address `inline`.
pub(crate) async fn read_poll(answer: HttpAnswer, inline: String) -> Outcome<Progress> {
    let (status, retry_after) = (answer.status(), answer.header("retry-after"));
    let mut reader = PollReader::new(inline);
    if !(200..=299).contains(&status) {
        // The body of an error can name a wait; otherwise the status matters more.
        return reader.finish(answer.reply(MAX_ERROR).await?);
    }
    let mut pieces = std::pin::pin!(answer.chunks());
    while let Some(piece) = pieces.next().await {
        if let Some(outcome) = reader.read(&piece?) {
            return outcome;
        }
    }
    reader.finish(Reply {
        status,
        retry_after,
        body: Vec::new(),
        now: clock::now(),
    })
}

/// The video inside the answer to a poll.
pub(crate) fn inline_video(answer: HttpAnswer) -> Outcome<Download> {
    if (200..=299).contains(&answer.status()) {
        return Ok(Download::from_chunks(decoded(answer.chunks())));
    }
    Err(file::refused_fetch(answer, None))
}

/// The bytes of the video in an answer. The stream ends with an error unless the video is complete;
/// nothing after the video is read.
fn decoded(
    answer: impl Stream<Item = Result<Vec<u8>, Lost>> + 'static,
) -> impl Stream<Item = Result<Vec<u8>, Lost>> + 'static {
    let start = Some((Box::pin(answer), InlineVideo::default()));
    futures::stream::unfold(start, |state| async move {
        let (mut answer, mut video) = state?;
        while !video.is_whole() {
            let mut bytes = Vec::new();
            let read = match answer.next().await {
                Some(Ok(piece)) => video.feed(&piece, &mut bytes).map_err(|_| Lost),
                Some(Err(Lost)) | None => Err(Lost),
            };
            match read {
                Ok(()) if bytes.is_empty() => {}
                Ok(()) => return Some((Ok(bytes), Some((answer, video)))),
                Err(Lost) => return Some((Err(Lost), None)),
            }
        }
        None
    })
}
