//! Server-Sent Events (HTML Living Standard, section 9.2) of one generation.
//!
//! Each event is a few lines and an empty one. Its data is one line of JSON, which contains no line
//! break.

use crate::machine::Status;
use crate::machine::follow::{NumberedEntry, Snapshot, StreamEvent};
use crate::time::rfc3339;
use serde::Serialize;

/// The media type.
pub const EVENT_STREAM: &str = "text/event-stream";
/// The beginning of every stream: the reconnection delay of a client that was cut off, in
/// milliseconds.
pub const OPENING: &str = "retry: 2000\n\n";
/// A comment, which clients ignore.
const HEARTBEAT: &str = ": heartbeat\n\n";

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub(crate) struct StreamedStep<'a> {
    step: &'a str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    attempt: u32,
    #[serde(flatten)]
    progress: StreamedProgress,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub(crate) struct StreamedProgress {
    status: Status,
    phase: &'static str,
    progress: u8,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub(crate) struct StreamedEnd {
    status: Status,
}

/// Formats an event as its lines.
pub fn frame(event: &StreamEvent) -> String {
    match event {
        StreamEvent::Step { entry, stand } => {
            format!(
                "id: {}\n{}",
                entry.number,
                named("step", &step(entry, *stand))
            )
        }
        StreamEvent::Progress { stand } => named("progress", &progress(*stand)),
        StreamEvent::End { status } => named("end", &StreamedEnd { status: *status }),
        StreamEvent::Heartbeat => HEARTBEAT.to_owned(),
    }
}

fn step(entry: &NumberedEntry, stand: Snapshot) -> StreamedStep<'_> {
    StreamedStep {
        step: entry.entry.step.as_str(),
        at: rfc3339(entry.entry.at),
        detail: entry.entry.detail.as_deref(),
        attempt: stand.attempt,
        progress: progress(stand),
    }
}

fn progress(stand: Snapshot) -> StreamedProgress {
    StreamedProgress {
        status: stand.status,
        phase: stand.phase,
        progress: stand.progress,
    }
}

fn named(event: &str, data: &impl Serialize) -> String {
    // Structs of only strings and numbers always serialize to JSON.
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {event}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use super::{OPENING, frame};
    use crate::machine::Status;
    use crate::machine::follow::{NumberedEntry, Snapshot, StreamEvent};
    use crate::machine::job::{TimelineEntry, TimelineStep};

    const STAND: Snapshot = Snapshot {
        attempt: 2,
        status: Status::Processing,
        phase: "rendering",
        progress: 35,
    };

    #[test]
    fn a_step_has_the_number_of_its_entry_and_one_line_of_json() {
        let entry = TimelineEntry {
            at: 1_767_225_600_000,
            step: TimelineStep::Submitted,
            detail: None,
        };
        assert_eq!(
            frame(&StreamEvent::Step {
                entry: NumberedEntry { number: 7, entry },
                stand: STAND
            }),
            "id: 7\nevent: step\ndata: {\"step\":\"submitted\",\"at\":\"2026-01-01T00:00:00.000Z\",\"attempt\":2,\
             \"status\":\"processing\",\"phase\":\"rendering\",\"progress\":35}\n\n"
        );
    }

    #[test]
    fn no_line_break_of_a_detail_ends_an_event() {
        let detail = Some("one\ntwo\r\n\r\nid: 9\n\u{2028}".to_owned());
        let entry = TimelineEntry {
            at: 0,
            step: TimelineStep::Failed,
            detail: detail.clone(),
        };
        let text = frame(&StreamEvent::Step {
            entry: NumberedEntry { number: 1, entry },
            stand: STAND,
        });
        assert_eq!(text.lines().count(), 4, "{text}");
        let data = text
            .lines()
            .find_map(|line| line.strip_prefix("data: "))
            .unwrap_or_default();
        let data: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
        assert_eq!(data["detail"].as_str(), detail.as_deref());
    }

    #[test]
    fn only_steps_have_an_id_so_that_a_client_resumes_behind_the_last_one() {
        assert_eq!(
            [
                StreamEvent::Progress { stand: STAND },
                StreamEvent::End {
                    status: Status::Cancelled
                },
                StreamEvent::Heartbeat
            ]
            .map(|event| frame(&event)),
            [
                "event: progress\ndata: {\"status\":\"processing\",\"phase\":\"rendering\",\"progress\":35}\n\n",
                "event: end\ndata: {\"status\":\"cancelled\"}\n\n",
                ": heartbeat\n\n",
            ]
        );
        assert_eq!(OPENING, "retry: 2000\n\n");
    }
}
