//! Live events of a generation's timeline: Server-Sent Events.

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

/// `Retry-After` for a caller who has too many streams open, in seconds. A stream ends when its
/// client disconnects.
const STREAMS_RETRY: u32 = 10;
/// The maximum number of digits in an event's id.
const MAX_DIGITS: usize = 18;
const HEADER: &str = "Last-Event-ID";
const PARAMETER: &str = "lastEventId";

/// `GET /api/generations/{id}/events`: every step from the first, or from the one after the last
/// that the caller has seen.
pub(crate) async fn follow(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    let after = last_event_id(
        call.header(HEADER).as_deref(),
        call.parameter(PARAMETER).as_deref(),
    )
    .map_err(|error| Problem::invalid(vec![error]))?;
    if call.request.inner().method() == "HEAD" {
        // HEAD needs no stream.
        view::job(call, &key, &View).await?;
        return Ok(as_events(Answer::empty(200)));
    }
    match stub::follow(&call.env, &key, &Follow { after })
        .await
        .map_err(|error| view::silent(&error))?
    {
        Followed::Stream(body) => Ok(as_events(Answer::stream(200, body))),
        // Stops a browser's EventSource, which otherwise reconnects after every end.
        Followed::Reply(Ok(NoStream::NothingLeft)) => Ok(Answer::empty(204)),
        Followed::Reply(Ok(NoStream::TooMany)) => Err(Problem::too_many_streams(STREAMS_RETRY)),
        Followed::Reply(Err(refusal)) => Err(view::refused(refusal)),
    }
}

fn as_events(answer: Answer) -> Answer {
    answer
        .with("Content-Type", EVENT_STREAM)
        .with("Cache-Control", "no-store")
        // Stops proxies from buffering events.
        .with("X-Accel-Buffering", "no")
}

/// The id of the last event that a client has; 0 if it has none. The header takes precedence: when
/// an `EventSource` reconnects, it sends its newest id there, but its URL is unchanged.
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

/// At most `MAX_DIGITS` digits.
fn number(text: &str) -> Result<u64, ()> {
    let plain = text.len() <= MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain {
        text.parse().map_err(|_| ())
    } else {
        Err(())
    }
}
