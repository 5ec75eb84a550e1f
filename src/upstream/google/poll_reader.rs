//! The answer to a poll, which may contain a whole video: read only as far as needed to understand
//! it.
//!
//! Long strings are cut short as they arrive. What remains is the outline of the answer, which is
//! valid JSON again, so one reader ([`operation`]) understands short and long answers. Inside a
//! long string the outline is closed as if the answer ended there. If it then says that the render
//! is done and contains its video, the rest is not read.

use crate::clients::reply::Reply;
use crate::machine::job::Progress;
use crate::machine::outcome::{Outcome, Trouble};
use crate::upstream::google::operation;

/// The longest answer accepted without a video, and the longest outline kept, in bytes.
const MAX_KEPT: usize = 256 * 1024;
/// How many bytes of an answer are read before its meaning is known.
const MAX_READ: usize = 256 * 1024 * 1024;
/// How many bytes of each string are kept. Addresses and sentences are shorter.
const MAX_STRING: usize = 16 * 1024;
/// The length in bytes from which a string may be a video.
const LONG: usize = 512;
/// The longest escape in JSON, in bytes.
const ESCAPE: usize = 6;

/// Reads an answer piece by piece.
pub struct PollReader {
    /// The address of a video inside the answer itself.
    inline: String,
    read: usize,
    outline: Outline,
}

/// An answer with its long strings cut short.
#[derive(Default)]
struct Outline {
    text: Vec<u8>,
    /// The closing brackets of the open objects and arrays, the outermost first.
    closers: Vec<u8>,
    string: Option<OpenString>,
}

/// A string that has not ended.
#[derive(Default)]
struct OpenString {
    /// In bytes.
    length: usize,
    is_escaped: bool,
    /// The rest of it is dropped.
    is_cut: bool,
    /// The outline was already closed within it once.
    is_tried: bool,
}

impl PollReader {
    pub fn new(inline: String) -> Self {
        Self {
            inline,
            read: 0,
            outline: Outline::default(),
        }
    }

    /// Reads the next piece of a successful answer, and returns its meaning once that is known.
    pub fn read(&mut self, piece: &[u8]) -> Option<Outcome<Progress>> {
        self.read += piece.len();
        for byte in piece {
            self.outline.push(*byte);
        }
        if let Some(closed) = self.outline.closed() {
            let says_done = operation::says_done_with_video(&closed) == Some(true);
            let ready = Ok(Progress::Ready {
                uri: self.inline.clone(),
                cost_micros: None,
            });
            // An address may be cut off here, and an error's code may follow the error.
            let reply = Reply {
                status: 200,
                retry_after: None,
                body: closed,
                now: 0,
            };
            if says_done && operation::read_operation(&reply, &self.inline) == ready {
                return Some(ready);
            }
        }
        let is_hopeless = self.outline.text.len() > MAX_KEPT || self.read > MAX_READ;
        is_hopeless.then_some(Err(Trouble::Unknown))
    }

    /// Returns the meaning of the complete answer. `reply` has its status and headers and, for a
    /// failed call, its body; otherwise the body is what was read here.
    pub fn finish(self, mut reply: Reply) -> Outcome<Progress> {
        if self.read > MAX_KEPT && operation::says_done_with_video(&self.outline.text).is_none() {
            return Err(Trouble::Unknown);
        }
        if reply.is_success() {
            reply.body = self.outline.text;
        }
        operation::read_operation(&reply, &self.inline)
    }
}

impl Outline {
    fn push(&mut self, byte: u8) {
        let Some(string) = &mut self.string else {
            match byte {
                b'"' => self.string = Some(OpenString::default()),
                b'{' => self.closers.push(b'}'),
                b'[' => self.closers.push(b']'),
                b'}' | b']' => drop(self.closers.pop()),
                _ => {}
            }
            return self.text.push(byte);
        };
        let ends = byte == b'"' && !string.is_escaped;
        string.is_cut = string.is_cut
            || string.length >= MAX_STRING && byte.is_ascii() && ends_plainly(&self.text);
        string.is_escaped = byte == b'\\' && !string.is_escaped;
        string.length += 1;
        if ends || !string.is_cut {
            self.text.push(byte);
        }
        if ends {
            self.string = None;
        }
    }

    /// The outline closed as if the answer ended here, once within each long string.
    fn closed(&mut self) -> Option<Vec<u8>> {
        let string = self
            .string
            .as_mut()
            .filter(|string| string.length >= LONG && !string.is_tried)?;
        if !ends_plainly(&self.text) {
            return None;
        }
        string.is_tried = true;
        Some(
            self.text
                .iter()
                .copied()
                .chain([b'"'])
                .chain(self.closers.iter().rev().copied())
                .collect(),
        )
    }
}

/// Whether a part of a string does not end within an escape or a character, so that a quote may
/// follow.
fn ends_plainly(text: &[u8]) -> bool {
    text.last_chunk::<ESCAPE>()
        .is_some_and(|end| end.is_ascii() && !end.contains(&b'\\'))
}

#[cfg(test)]
mod tests {
    use super::{MAX_KEPT, PollReader};
    use crate::clients::reply::Reply;
    use crate::machine::job::Progress;
    use crate::machine::outcome::{ErrorCode, Outcome, Trouble};

    const INLINE: &str = "inline:an-operation";

    /// The meaning of an answer that arrives in such pieces, and how many of its bytes were read.
    fn poll(status: u16, body: &str, size: usize) -> (Outcome<Progress>, usize) {
        let mut reader = PollReader::new(INLINE.to_owned());
        let mut read = 0;
        for piece in body.as_bytes().chunks(size) {
            read += piece.len();
            if let Some(outcome) = reader.read(piece) {
                return (outcome, read);
            }
        }
        (
            reader.finish(Reply {
                status,
                retry_after: Some("7".to_owned()),
                body: Vec::new(),
                now: 0,
            }),
            read,
        )
    }

    fn outcome(body: &str) -> Outcome<Progress> {
        let outcome = poll(200, body, 1).0;
        assert_eq!(outcome, poll(200, body, body.len().max(1)).0, "{body}");
        outcome
    }

    fn ready(uri: &str) -> Progress {
        Progress::Ready {
            uri: uri.to_owned(),
            cost_micros: None,
        }
    }

    #[test]
    fn every_state_of_an_operation_is_understood() {
        assert_eq!(outcome(r#"{"name":"n"}"#), Ok(Progress::Running));
        assert_eq!(
            outcome(r#"{"name":"n","done":false,"metadata":{}}"#),
            Ok(Progress::Running)
        );
        for unreadable in ["", "<html>", r#"{"done":"#, r#"{"done":2}"#] {
            assert_eq!(outcome(unreadable), Err(Trouble::Unknown), "{unreadable}");
        }
        let stored = r#"{"name":"n","done":true,"response":{"raiMediaFilteredCount":0,
            "videos":[{"gcsUri":"gs://bucket/1/sample_0.mp4","mimeType":"video/mp4"}]}}"#;
        assert_eq!(outcome(stored), Ok(ready("gs://bucket/1/sample_0.mp4")));
        let refused = |body: &str| {
            let Err(Trouble::Refused(failure)) = outcome(body) else {
                panic!("{body}")
            };
            (failure.code, failure.message)
        };
        let filtered = r#"{"done":true,"response":{"raiMediaFilteredCount":1,
            "raiMediaFilteredReasons":["Veo could not generate 1 videos. Support codes: 42237218"]}}"#;
        let (code, words) = refused(filtered);
        assert_eq!(code, ErrorCode::ProviderRejectedContent);
        assert!(
            words.ends_with(". The filter found: a general safety violation."),
            "{words}"
        );
        let unsafe_prompt =
            r#"{"done":true,"error":{"code":3,"message":"It violates the usage guidelines."}}"#;
        assert_eq!(refused(unsafe_prompt).0, ErrorCode::ProviderRejectedContent);
        assert_eq!(
            refused(r#"{"done":true,"error":{"code":3,"message":"No."}}"#).0,
            ErrorCode::InvalidRequest
        );
        assert_eq!(
            refused(r#"{"done":true,"error":{"code":8}}"#).0,
            ErrorCode::ProviderQuotaExhausted
        );
        assert_eq!(
            refused(r#"{"done":true,"error":{"code":13}}"#).0,
            ErrorCode::ProviderUnavailable
        );
        for empty in [
            r#"{"done":true}"#,
            r#"{"done":true,"response":{"videos":[]}}"#,
            r#"{"done":true,"response":{"videos":[{"gcsUri":"elsewhere/v.mp4"}]}}"#,
        ] {
            assert_eq!(refused(empty).0, ErrorCode::ProviderUnavailable, "{empty}");
        }
    }

    #[test]
    fn trouble_with_the_question_says_nothing_of_the_render() {
        for status in [302, 400, 401, 403, 404, 429, 500, 503] {
            let outcome = poll(status, "", 1).0;
            assert!(
                matches!(outcome, Err(Trouble::Retry { .. })),
                "{status}: {outcome:?}"
            );
        }
        assert!(matches!(
            poll(503, "", 1).0,
            Err(Trouble::Retry {
                after: Some(7_000),
                ..
            })
        ));
    }

    #[test]
    fn an_answer_with_a_video_in_it_is_read_no_further_than_that_it_has_one() {
        let video = "A".repeat(4 * MAX_KEPT);
        let inline = format!(
            r#"{{"name":"n","done":true,"response":{{"videos":[{{"bytesBase64Encoded":"{video}"}}]}}}}"#
        );
        let found = poll(200, &inline, 1_024);
        assert_eq!(found, (Ok(ready(INLINE)), 1_024));
        for small in [
            r#"{"response":{"videos":[{"bytesBase64Encoded":"QUJD"}]},"done":true}"#,
            r#"{"done":true,"response":{"generateVideoResponse":{"generatedSamples":[{"video":{"encodedVideo":"QUJD"}}]}}}"#,
            r#"{"done":true,"response":{"generatedVideos":[{"video":{"uri":"","videoBytes":"QUJD"}}]}}"#,
        ] {
            assert_eq!(outcome(small), Ok(ready(INLINE)), "{small}");
        }
        let beside = r#"{"done":true,"response":{"videos":[{"bytesBase64Encoded":"","uri":"https://h/v"}]}}"#;
        assert_eq!(
            outcome(beside),
            Ok(ready("https://h/v")),
            "empty base64 is no video"
        );
        let turned = format!(
            r#"{{"response":{{"videos":[{{"bytesBase64Encoded":"{video}"}}]}},"done":true}}"#
        );
        let found = poll(200, &turned, 1_024);
        assert_eq!(
            found,
            (Ok(ready(INLINE)), turned.len()),
            "the `done` field comes last"
        );
        for unsaid in ["", r#""done":null,"#, r#""done":1,"#, r#""name":"n","#] {
            let body = format!(
                r#"{{{unsaid}"response":{{"videos":[{{"bytesBase64Encoded":"{video}"}}]}}}}"#
            );
            assert_eq!(poll(200, &body, 1_024).0, Ok(ready(INLINE)), "{unsaid}");
        }
    }

    #[test]
    fn a_long_answer_without_a_finished_video_is_no_word_at_all() {
        let long = "A".repeat(2 * MAX_KEPT);
        for (body, whole) in [
            (format!(r#"{{"done":true,"metadata":"{long}"}}"#), true),
            (
                format!(
                    r#"{{"done":false,"response":{{"videos":[{{"bytesBase64Encoded":"{long}"}}]}}}}"#
                ),
                true,
            ),
            (format!("<html>{long}"), false),
        ] {
            let (outcome, read) = poll(200, &body, 1_000);
            assert_eq!(
                (outcome, read == body.len()),
                (Err(Trouble::Unknown), whole)
            );
        }
    }

    #[test]
    fn long_strings_before_and_after_a_video_change_nothing() {
        let long = format!(
            "{}\\\"\u{e9}{}",
            "\\u00e9\u{e9}".repeat(3_000),
            "A".repeat(2 * MAX_KEPT)
        );
        let video = "A".repeat(4 * MAX_KEPT);
        let beside = |done: &str, error: &str| {
            let videos = format!(
                r#"[{{"thumbnail":"{long}","bytesBase64Encoded":"{video}","thumbnails":["{long}"]}}]"#
            );
            format!(
                r#"{{"metadata":"{long}",{done}{error}"response":{{"text":"{long}","videos":{videos}}}}}"#
            )
        };
        let (outcome, read) = poll(200, &beside(r#""done":true,"#, ""), 1_000);
        assert_eq!(outcome, Ok(ready(INLINE)));
        assert!(read < 4 * long.len(), "the video is not read: {read}");
        assert_eq!(poll(200, &beside("", ""), 1_000).0, Ok(ready(INLINE)));
        assert_eq!(
            poll(200, &beside(r#""done":false,"#, ""), 1_000).0,
            Err(Trouble::Unknown)
        );
        let error = r#""error":{"code":8,"message":"No."},"#;
        let (outcome, _) = poll(200, &beside(r#""done":true,"#, error), 1_000);
        let Err(Trouble::Refused(failure)) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(
            failure.code,
            ErrorCode::ProviderQuotaExhausted,
            "an error overrides a video beside it"
        );
    }

    #[test]
    fn an_address_or_an_error_that_is_cut_by_the_end_of_a_piece_is_read_to_its_end() {
        let uri = format!("https://h/{}", "a".repeat(5_000));
        let stored = format!(r#"{{"done":true,"response":{{"videos":[{{"uri":"{uri}"}}]}}}}"#);
        let message = "No. ".repeat(1_000);
        let failed = format!(r#"{{"done":true,"error":{{"message":"{message}","code":8}}}}"#);
        for size in [1, 600, 1_000] {
            assert_eq!(poll(200, &stored, size), (Ok(ready(&uri)), stored.len()));
            let (outcome, _) = poll(200, &failed, size);
            assert!(
                matches!(outcome, Err(Trouble::Refused(failure)) if failure.code == ErrorCode::ProviderQuotaExhausted)
            );
        }
    }
}
