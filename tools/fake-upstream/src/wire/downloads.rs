//! The faults of a download, on any wire.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::call::Call;
use crate::ledger::Operation;
use crate::marks::DownloadFault;
use crate::wire::answers;
use crate::wire::bytes::{FILM, Manner, Video, deliver, deliver_json};
use crate::world::locked;

/// Where the bytes are to be had.
pub(crate) enum Place {
    /// Where they belong.
    Here,
    /// On the other host, at this address.
    Elsewhere(String),
    /// Nowhere: the address leads to itself.
    Loop,
}

/// Decides the fault of this download, which `content` then keeps to: the answer it leads to, or the bytes' place.
pub(crate) async fn meet(call: &Call, operation: &Operation) -> Result<Place, Box<Response>> {
    let fault = decide(call, operation);
    Err(Box::new(match fault {
        Some(DownloadFault::Refuse(refusal)) => answers::refuse(operation.wire(), &refusal, &operation.model),
        Some(DownloadFault::Html) => answers::web_page(StatusCode::OK),
        Some(DownloadFault::Hang) => call.hang().await,
        Some(DownloadFault::RedirectOther) => {
            return Ok(Place::Elsewhere(format!("{}/files/{}", call.world.other_origin, operation.file)));
        }
        Some(DownloadFault::RedirectLoop) => return Ok(Place::Loop),
        _ => return Ok(Place::Here),
    }))
}

/// The mark this download meets, written down with the job.
fn decide(call: &Call, operation: &Operation) -> Option<DownloadFault> {
    let mark =
        locked(&call.world.faults).meet("download", &operation.id, &operation.marks.download, |marks| &marks.download);
    if let Some(mark) = &mark {
        call.meets(&mark.label);
    }
    if let Some(operation) = locked(&call.world.ledger).find(&operation.id) {
        operation.download.clone_from(&mark);
    }
    mark.map(|mark| mark.fault)
}

/// The bytes of a job's video, in the manner its last download decided.
pub(crate) fn content(call: &Call, operation: &Operation) -> Response {
    let fault = operation.download.as_ref().map(|mark| &mark.fault);
    if fault == Some(&DownloadFault::Empty) {
        return [(header::CONTENT_TYPE, "video/mp4")].into_response();
    }
    deliver(call.clone(), Video::of(operation), manner(fault))
}

/// A JSON answer with the video in it. What a fault says of bytes holds for this answer; what it says of an address
/// is passed over, as there is none.
pub(crate) fn inline(call: &Call, operation: &Operation, body: &Value) -> Response {
    if !body.to_string().contains(&Value::from(FILM).to_string()) {
        return answers::json_answer(StatusCode::OK, body);
    }
    let fault = decide(call, operation);
    let video = if fault == Some(DownloadFault::Empty) { Video::Pattern(0) } else { Video::of(operation) };
    deliver_json(call.clone(), body, video, manner(fault.as_ref()))
}

fn manner(fault: Option<&DownloadFault>) -> Manner {
    match fault {
        Some(DownloadFault::Truncated) => Manner::Truncated,
        Some(DownloadFault::Reset) => Manner::Reset,
        Some(DownloadFault::Stall) => Manner::Stall,
        Some(DownloadFault::Chunked) => Manner::Chunked,
        Some(DownloadFault::Slow(rate)) => Manner::Slow(*rate),
        _ => Manner::Plain,
    }
}
