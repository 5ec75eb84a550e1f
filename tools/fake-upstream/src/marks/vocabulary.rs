//! Each step's faults and their names.

use super::Raw;

/// One of Google's error answers, with which a job is certainly not accepted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refusal {
    /// `429`: bare, without details.
    Exhausted,
    /// `429-retry:DELAY`: with a `RetryInfo` of that delay.
    RetryInfo(String),
    /// `429-quota[:DELAY]`: the daily quota, with a `RetryInfo` if a delay is given.
    DailyQuota(Option<String>),
    /// `500`.
    Internal,
    /// `503`.
    Unavailable,
    /// `401`.
    Unauthenticated,
    /// `400-safety`: the prompt was refused.
    Safety,
    /// `404`.
    NotFound,
}

impl Refusal {
    fn read(fault: &str, argument: Option<&str>) -> Option<Self> {
        let refusal = match fault {
            "429-retry" => return argument.map(|delay| Self::RetryInfo(delay.to_owned())),
            "429-quota" => return Some(Self::DailyQuota(argument.map(str::to_owned))),
            "429" => Self::Exhausted,
            "500" => Self::Internal,
            "503" => Self::Unavailable,
            "401" => Self::Unauthenticated,
            "400-safety" => Self::Safety,
            "404" => Self::NotFound,
            _ => return None,
        };
        argument.is_none().then_some(refusal)
    }
}

/// The faults of a submit. Those marked as accepted put the job into the ledger: it is paid,
/// whatever the caller receives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SubmitFault {
    /// An error answer; nothing was accepted.
    Refuse(Refusal),
    /// `500-after`: accepted, but a proxy answers 500 with a web page; Google's own error would be
    /// a refusal.
    InternalAfter,
    /// `hang-before`: held for ever, not accepted.
    HangBefore,
    /// `hang-after`: accepted, never answered.
    HangAfter,
    /// `reset-before`: the connection is reset, nothing was accepted.
    ResetBefore,
    /// `reset-after`: accepted, then the connection is reset.
    ResetAfter,
    /// `garbage`: accepted, 200 with something that is not JSON.
    Garbage,
    /// `html`: accepted, 200 with a web page.
    Html,
    /// `html-502`: accepted, but a proxy answers 502 with a web page.
    HtmlBadGateway,
    /// `no-name`: accepted, 200 with `{}`.
    NoName,
    /// `redirect`: 307 to the other host, not accepted.
    Redirect,
    /// `raw:ANSWER`: that answer, not accepted.
    Raw(Raw),
    /// `raw-after:ANSWER`: accepted, that answer.
    RawAfter(Raw),
}

impl SubmitFault {
    /// Reads the part of a mark after `submit:`.
    pub(super) fn read(fault: &str, argument: Option<&str>) -> Option<Self> {
        if let Some(refusal) = Refusal::read(fault, argument) {
            return Some(Self::Refuse(refusal));
        }
        let read = match fault {
            "raw" => return Raw::read(argument).map(Self::Raw),
            "raw-after" => return Raw::read(argument).map(Self::RawAfter),
            "500-after" => Self::InternalAfter,
            "hang-before" => Self::HangBefore,
            "hang-after" => Self::HangAfter,
            "reset-before" => Self::ResetBefore,
            "reset-after" => Self::ResetAfter,
            "garbage" => Self::Garbage,
            "html" => Self::Html,
            "html-502" => Self::HtmlBadGateway,
            "no-name" => Self::NoName,
            "redirect" => Self::Redirect,
            _ => return None,
        };
        argument.is_none().then_some(read)
    }
}

/// The faults of a poll.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PollFault {
    /// An error answer.
    Refuse(Refusal),
    /// `hang`: never answered.
    Hang,
    /// `reset`: the connection is reset.
    Reset,
    /// `garbage`: 200 with something that is not JSON.
    Garbage,
    /// `html`: 200 with a web page.
    Html,
    /// `raw:ANSWER`: that answer, whether or not the render has finished.
    Raw(Raw),
    /// `done-false`: while the render runs, `"done": false` is included; an interaction is
    /// `queued`.
    DoneFalse,
}

impl PollFault {
    /// Reads the part of a mark after `poll:`.
    pub(super) fn read(fault: &str, argument: Option<&str>) -> Option<Self> {
        if let Some(refusal) = Refusal::read(fault, argument) {
            return Some(Self::Refuse(refusal));
        }
        let read = match fault {
            "raw" => return Raw::read(argument).map(Self::Raw),
            "hang" => Self::Hang,
            "reset" => Self::Reset,
            "garbage" => Self::Garbage,
            "html" => Self::Html,
            "done-false" => Self::DoneFalse,
            _ => return None,
        };
        argument.is_none().then_some(read)
    }
}

/// The ends of an operation without a correct video.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ResultFault {
    /// `rai[:CODE]`: filtered, with reasons (and the support code in them) and without samples.
    Filtered(Option<u64>),
    /// `code13` or `error:CODE`: `google.rpc.Status` with that code.
    Error(i32),
    /// `empty`: done, with a response that has no video.
    Empty,
    /// `error-and-response`: both at once.
    ErrorAndResponse,
    /// `never`: never done.
    Never,
    /// `raw:ANSWER`: that answer, whose body is JSON.
    Raw(Raw),
    /// `at:URL`: done, with a video at this address.
    At(String),
}

impl ResultFault {
    /// Reads the part of a mark after `result:`.
    pub(super) fn read(fault: &str, argument: Option<&str>) -> Option<Self> {
        let read = match fault {
            "raw" => return Raw::read(argument).map(Self::Raw),
            "error" => return argument?.parse().ok().map(Self::Error),
            "at" => return argument.map(|address| Self::At(address.to_owned())),
            "rai" => {
                return match argument {
                    Some(code) => code.parse().ok().map(|code| Self::Filtered(Some(code))),
                    None => Some(Self::Filtered(None)),
                };
            }
            "code13" => Self::Error(13),
            "empty" => Self::Empty,
            "error-and-response" => Self::ErrorAndResponse,
            "never" => Self::Never,
            _ => return None,
        };
        argument.is_none().then_some(read)
    }
}

/// The faults of a download.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DownloadFault {
    /// An error answer.
    Refuse(Refusal),
    /// `html`: 200 with a web page.
    Html,
    /// `empty`: 200 with no bytes.
    Empty,
    /// `hang`: never answered.
    Hang,
    /// `redirect-other`: redirects to the bytes on another host.
    RedirectOther,
    /// `redirect-loop`: 302 to itself.
    RedirectLoop,
    /// `truncated`: half of the bytes that Content-Length announces, then the connection closes.
    Truncated,
    /// `reset`: half of the bytes, then a reset.
    Reset,
    /// `stall`: half of the bytes, then silence.
    Stall,
    /// `chunked`: no Content-Length.
    Chunked,
    /// `slow:N`: N bytes a second.
    Slow(u64),
    /// `type:TYPE`: this Content-Type, or with `none` no Content-Type.
    Type(Option<String>),
    /// `encoding:WORD`: this Content-Encoding, though the bytes are unchanged.
    Encoding(String),
    /// `gzip`: the film within gzip, with the matching Content-Encoding.
    Gzip,
    /// `json`: an error, with status 200 and the type of a video.
    Json,
    /// `half`: the first half of the film, announced as the whole.
    Half,
    /// `no-moov`: the film without the box that describes how to play it.
    NoMoov,
    /// `trailing`: the film followed by the end of a web page.
    Trailing,
    /// `webm`: a WebM, whatever its announced type.
    WebM,
    /// `redirect-to:URL`: redirects to this address.
    RedirectTo(String),
}

impl DownloadFault {
    /// Reads the part of a mark after `download:`.
    pub(super) fn read(fault: &str, argument: Option<&str>) -> Option<Self> {
        if let Some(refusal) = Refusal::read(fault, argument) {
            return Some(Self::Refuse(refusal));
        }
        let read = match fault {
            "slow" => {
                let rate = argument?.parse().ok()?;
                return (rate > 0).then_some(Self::Slow(rate));
            }
            "type" => {
                return argument
                    .map(|named| Self::Type((named != "none").then(|| named.to_owned())));
            }
            "encoding" => return argument.map(|named| Self::Encoding(named.to_owned())),
            "redirect-to" => return argument.map(|address| Self::RedirectTo(address.to_owned())),
            "gzip" => Self::Gzip,
            "json" => Self::Json,
            "half" => Self::Half,
            "no-moov" => Self::NoMoov,
            "trailing" => Self::Trailing,
            "webm" => Self::WebM,
            "html" => Self::Html,
            "empty" => Self::Empty,
            "hang" => Self::Hang,
            "redirect-other" => Self::RedirectOther,
            "redirect-loop" => Self::RedirectLoop,
            "truncated" => Self::Truncated,
            "reset" => Self::Reset,
            "stall" => Self::Stall,
            "chunked" => Self::Chunked,
            _ => return None,
        };
        argument.is_none().then_some(read)
    }
}

/// The faults of a request for a file's metadata.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FileFault {
    /// An error answer.
    Refuse(Refusal),
    /// `processing`: the file is not ready, and cannot be downloaded.
    Processing,
    /// `failed`: the file will never be ready.
    Failed,
    /// `hang`: never answered.
    Hang,
    /// `reset`: the connection is reset.
    Reset,
}

impl FileFault {
    /// Reads the part of a mark after `file:`.
    pub(super) fn read(fault: &str, argument: Option<&str>) -> Option<Self> {
        if let Some(refusal) = Refusal::read(fault, argument) {
            return Some(Self::Refuse(refusal));
        }
        let read = match fault {
            "processing" => Self::Processing,
            "failed" => Self::Failed,
            "hang" => Self::Hang,
            "reset" => Self::Reset,
            _ => return None,
        };
        argument.is_none().then_some(read)
    }
}

/// How a push differs from one correct delivery at the job's end. All named faults apply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PushFault {
    /// `twice`: delivered twice under one id.
    Twice,
    /// `forged`: with a signature that no key made.
    Forged,
    /// `old`: signed ten minutes ago.
    Old,
    /// `early`: right after acceptance, and not at the end.
    Early,
    /// `off`: not at all.
    Off,
}

impl PushFault {
    /// Reads the part of a mark after `push:`.
    pub(super) fn read(fault: &str) -> Option<Self> {
        Some(match fault {
            "twice" => Self::Twice,
            "forged" => Self::Forged,
            "old" => Self::Old,
            "early" => Self::Early,
            "off" => Self::Off,
            _ => return None,
        })
    }
}
