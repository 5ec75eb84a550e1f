//! A generation's timeline as it happens: Server-Sent Events.

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::field_error::FieldError;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::ids::JobKey;
use crate::machine::job::View;
use crate::objects::messages::{Follow, NoStream};
use crate::objects::sse::EVENT_STREAM;
use crate::objects::stub;
use crate::objects::stub::Followed;

/// When a caller who has too many streams open may find one free, in seconds: streams end when
/// their clients do.
const STREAMS_RETRY: u32 = 10;
/// The longest number of an event, in digits.
const MAX_DIGITS: usize = 18;
const HEADER: &str = "Last-Event-ID";
const PARAMETER: &str = "lastEventId";

/// `GET /api/generations/{id}/events`: every step from the first on, or from the one after the
/// caller's last.
pub(crate) async fn follow(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    let after = last_event_id(
        call.header(HEADER).as_deref(),
        call.parameter(PARAMETER).as_deref(),
    )
    .map_err(|error| Problem::invalid(vec![error]))?;
    if call.request.inner().method() == "HEAD" {
        // Nobody would read a stream.
        view::job(call, &key, &View).await?;
        return Ok(as_events(Answer::empty(200)));
    }
    match stub::follow(&call.env, &key, &Follow { after })
        .await
        .map_err(|error| view::silent(&error))?
    {
        Followed::Stream(body) => Ok(as_events(Answer::stream(200, body))),
        // Stops a browser's EventSource, which comes back after every end.
        Followed::Reply(Ok(NoStream::NothingLeft)) => Ok(Answer::empty(204)),
        Followed::Reply(Ok(NoStream::TooMany)) => Err(Problem::too_many_streams(STREAMS_RETRY)),
        Followed::Reply(Err(refusal)) => Err(view::refused(refusal)),
    }
}

fn as_events(answer: Answer) -> Answer {
    answer
        .with("Content-Type", EVENT_STREAM)
        .with("Cache-Control", "no-store")
        // Some proxies would otherwise gather events before they pass them on.
        .with("X-Accel-Buffering", "no")
}

/// The number of the last event a client has, 0 if it has none. The header goes first: an
/// `EventSource` sends its newest id there, to an address that still names the first.
pub fn last_event_id(header: Option<&str>, parameter: Option<&str>) -> Result<u64, FieldError> {
    const RULE: &str = "must be the id of an event";
    let given = |text: Option<&str>| {
        text.map(str::trim)
            .filter(|text| !text.is_empty())
            .map(number)
    };
    let header = given(header)
        .transpose()
        .map_err(|()| FieldError::header(HEADER, RULE))?;
    let parameter = given(parameter)
        .transpose()
        .map_err(|()| FieldError::parameter(PARAMETER, RULE))?;
    Ok(header.or(parameter).unwrap_or(0))
}

/// Digits, and no more of them than any number of ours has.
fn number(text: &str) -> Result<u64, ()> {
    let plain = text.len() <= MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain {
        text.parse().map_err(|_| ())
    } else {
        Err(())
    }
}
