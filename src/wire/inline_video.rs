//! The video inside a JSON answer, decoded while the answer comes in.
//!
//! An operation that was given no bucket carries its video as base64, tens of megabytes in one string, at
//! `response.videos[0].bytesBase64Encoded` or another of the places that [`google`](super::google) knows. [`InlineVideo`]
//! reads the grammar of RFC 8259, keeps nothing of the text but where it stands in it, and decodes the first such string
//! that is not empty. It takes for granted that all other strings are valid UTF-8.

mod base64_stream;
mod level;
mod token;

use base64_stream::Base64Stream;
use level::{Child, Level};
use token::{Key, Literal, Number, Step, Text};

/// The key of the document that tells whether the render is over.
const DONE: &[u8] = b"done";
/// The deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// The answer is no JSON, or its video no base64, or there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// Reads an answer piece by piece.
#[derive(Debug, Default)]
pub struct InlineVideo {
    expected: Expected,
    token: Token,
    levels: Vec<Level>,
    /// The last key that was read.
    key: Key,
    done: Option<bool>,
    video: Video,
}

/// The bytes that a text of base64 stands for.
pub fn decode(text: &str) -> Result<Vec<u8>, Broken> {
    let (mut base64, mut decoded) = (Base64Stream::default(), Vec::with_capacity(text.len() / 4 * 3));
    base64.decode(text.as_bytes(), &mut decoded)?;
    base64.finish(&mut decoded)?;
    Ok(decoded)
}

/// What may come next between two tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Expected {
    #[default]
    Value,
    /// Or the end of the array.
    FirstValue,
    Key,
    /// Or the end of the object.
    FirstKey,
    Colon,
    /// A comma, or the end of the container.
    Separator,
    /// Nothing but space.
    End,
}

/// What is being read.
#[derive(Debug, Default)]
enum Token {
    #[default]
    None,
    Key(Text),
    Skipped(Text),
    Video(Text),
    Literal(Literal),
    Number(Number),
}

#[derive(Debug, Default)]
enum Video {
    #[default]
    Absent,
    Begun(Base64Stream),
    Whole,
}

impl InlineVideo {
    /// Reads the next piece of the answer, and appends to `decoded` what it holds of the video.
    pub fn feed(&mut self, piece: &[u8], decoded: &mut Vec<u8>) -> Result<(), Broken> {
        let mut rest = piece;
        while let Some(byte) = rest.first() {
            let read = self.step(*byte, rest, decoded)?;
            rest = rest.get(read..).unwrap_or_default();
        }
        Ok(())
    }

    /// Whether the answer has said so far that the render is over.
    pub fn says_done(&self) -> bool {
        self.done == Some(true)
    }

    /// Whether the answer has said so far that the render is not over.
    pub fn denies_done(&self) -> bool {
        self.done == Some(false)
    }

    /// Whether the video has begun.
    pub fn has_begun(&self) -> bool {
        match &self.video {
            Video::Absent => false,
            Video::Begun(base64) => !base64.is_empty(),
            Video::Whole => true,
        }
    }

    /// Whether the answer was whole, and its video too. To be asked once nothing more comes.
    pub fn finish(&self) -> Result<(), Broken> {
        match (self.expected, &self.token, &self.video) {
            (Expected::End, Token::None, Video::Whole) => Ok(()),
            _ => Err(Broken),
        }
    }

    /// Reads some of `rest`, which begins with `byte`, and returns how much. A number ends before what follows it, so
    /// that may be nothing.
    fn step(&mut self, byte: u8, rest: &[u8], decoded: &mut Vec<u8>) -> Result<usize, Broken> {
        match &mut self.token {
            Token::None => self.begin(byte).map(|()| 1),
            Token::Key(text) => {
                let key = &mut self.key;
                let Step { read, ended } = text.read(byte, rest, |part| {
                    key.push(part);
                    Ok(())
                })?;
                if ended {
                    self.end_key()?;
                }
                Ok(read)
            }
            Token::Skipped(text) => {
                let Step { read, ended } = text.read(byte, rest, |_| Ok(()))?;
                if ended {
                    self.end_value();
                }
                Ok(read)
            }
            Token::Video(text) => {
                let Video::Begun(base64) = &mut self.video else { return Err(Broken) };
                let Step { read, ended } = text.read(byte, rest, |part| base64.decode(part, decoded))?;
                if ended {
                    base64.finish(decoded)?;
                    self.video = if base64.is_empty() { Video::Absent } else { Video::Whole };
                    self.end_value();
                }
                Ok(read)
            }
            Token::Literal(literal) => {
                if literal.read(byte)? {
                    let truth = literal.truth();
                    if self.is_in_operation() && self.key.is(DONE) {
                        self.done = truth;
                    }
                    self.end_value();
                }
                Ok(1)
            }
            Token::Number(number) => {
                let goes_on = number.read(byte)?;
                if !goes_on {
                    self.end_value();
                }
                Ok(usize::from(goes_on))
            }
        }
    }

    fn begin(&mut self, byte: u8) -> Result<(), Broken> {
        match (self.expected, byte) {
            (_, b' ' | b'\t' | b'\n' | b'\r') => Ok(()),
            (Expected::FirstValue, b']') | (Expected::FirstKey, b'}') | (Expected::Separator, b']' | b'}') => {
                self.close(byte == b']')
            }
            (Expected::Value | Expected::FirstValue, _) => self.begin_value(byte),
            (Expected::Key | Expected::FirstKey, b'"') => {
                self.key = Key::default();
                self.token = Token::Key(Text::default());
                Ok(())
            }
            (Expected::Colon, b':') => {
                self.expected = Expected::Value;
                Ok(())
            }
            (Expected::Separator, b',') => {
                let level = self.levels.last().ok_or(Broken)?;
                self.expected = if level.is_array { Expected::Value } else { Expected::Key };
                Ok(())
            }
            _ => Err(Broken),
        }
    }

    fn begin_value(&mut self, byte: u8) -> Result<(), Broken> {
        self.token = match byte {
            b'{' | b'[' => return self.open(byte == b'['),
            b'"' if self.is_at_video() => {
                self.video = Video::Begun(Base64Stream::default());
                Token::Video(Text::default())
            }
            b'"' => Token::Skipped(Text::default()),
            _ => match Literal::begin(byte) {
                Some(literal) => Token::Literal(literal),
                None => Token::Number(Number::begin(byte)?),
            },
        };
        Ok(())
    }

    fn end_value(&mut self) {
        self.token = Token::None;
        self.expected = if self.levels.is_empty() { Expected::End } else { Expected::Separator };
    }

    fn end_key(&mut self) -> Result<(), Broken> {
        self.token = Token::None;
        self.expected = Expected::Colon;
        let is_operation = self.is_in_operation();
        let level = self.levels.last_mut().ok_or(Broken)?;
        level.child = level.child_named(&self.key, is_operation);
        Ok(())
    }

    fn open(&mut self, is_array: bool) -> Result<(), Broken> {
        if self.levels.len() == MAX_DEPTH {
            return Err(Broken);
        }
        self.levels.push(Level::within(self.levels.last(), is_array));
        self.expected = if is_array { Expected::FirstValue } else { Expected::FirstKey };
        Ok(())
    }

    fn close(&mut self, is_array: bool) -> Result<(), Broken> {
        self.levels.pop().filter(|level| level.is_array == is_array).ok_or(Broken)?;
        self.end_value();
        Ok(())
    }

    /// Whether what is read belongs to the operation itself: the document, or the first in a list of one.
    fn is_in_operation(&self) -> bool {
        self.levels.len() == 1 + usize::from(self.levels.first().is_some_and(|level| level.is_array))
    }

    fn is_at_video(&self) -> bool {
        matches!(self.video, Video::Absent) && self.levels.last().is_some_and(|level| level.child == Child::Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{Broken, InlineVideo, MAX_DEPTH};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::fmt::Write;

    /// Feeds a text in pieces of these sizes, over and over.
    fn read(text: &[u8], sizes: &[usize]) -> Result<Vec<u8>, Broken> {
        let (mut video, mut decoded, mut rest) = (InlineVideo::default(), Vec::new(), text);
        let mut sizes = sizes.iter().cycle();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(*sizes.next().expect("at least one size")));
            video.feed(piece, &mut decoded)?;
            rest = after;
        }
        video.finish().map(|()| decoded)
    }

    /// What two ordinary readers make of it. Fields come in the order of their names.
    fn reference(text: &[u8]) -> Option<Vec<u8>> {
        let answer: Value = serde_json::from_slice(text).ok()?;
        let base64 = first_video(answer.as_object()?.get("response")?)?;
        STANDARD.decode(base64).ok()
    }

    fn first_video(value: &Value) -> Option<&str> {
        match value {
            Value::Array(items) => items.iter().find_map(first_video),
            Value::Object(fields) => fields.iter().find_map(|(name, field)| match name.as_str() {
                "bytesBase64Encoded" => field.as_str().filter(|base64| !base64.is_empty()),
                "response" | "videos" => first_video(field),
                _ => None,
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
    }

    #[test]
    fn the_video_is_found_however_the_answer_is_cut() {
        let text = br#"{ "name" : "p/o", "done":true , "response":{"@type":"t","raiMediaFilteredCount":0,
            "videos":[ {"mimeType":"video\/mp4", "bytesBase64Encoded" : "aGVsbG8\u002fd29ybGQ\/Pz8\u003d" }, {"bytesBase64Encoded":"eHh4"} ] } }
            "#;
        let expected = reference(text).expect("valid");
        for size in 1..=text.len() {
            assert_eq!(read(text, &[size]).as_ref(), Ok(&expected), "{size}");
        }
    }

    #[test]
    fn names_like_those_of_the_path_do_not_mislead() {
        let video = |text: &str| read(text.as_bytes(), &[7]);
        let decoy = r#""bytesBase64Encoded":"ZGVjb3k=""#;
        let real = r#""response":{"videos":[{"bytesBase64Encoded":"cmVhbA=="}]}"#;
        for before in [
            r#""x":"\"response\":{\"videos\":[{\"bytesBase64Encoded\":\"ZGVjb3k=\"}]}""#.to_owned(),
            decoy.to_owned(),
            format!(r#""metadata":{{"response":{{"videos":[{{{decoy}}}]}}}}"#),
            format!(r#""image":{{{decoy}}}"#),
            r#""done":[{"bytesBase64Encoded":"x"}, true]"#.to_owned(),
        ] {
            assert_eq!(video(&format!("{{{before},{real}}}")), Ok(b"real".to_vec()), "{before}");
            assert_eq!(video(&format!("{{{real},{before}}}")), Ok(b"real".to_vec()), "{before}");
        }
        let escaped = r#"{"respons\u0065":{"\u0076ideos":[{"bytesBase64Encoded":"cmVhbA=="}]}}"#;
        assert_eq!(video(escaped), Ok(b"real".to_vec()));
        for without in [
            r#"{"response":{"videos":{"0":{"bytesBase64Encoded":"cmVhbA=="}}}}"#,
            r#"{"response":{"videos":[{"bytesBase64Encoded":null}]}}"#,
            r#"{"response":{"videos":[{"bytesBase64Encoded":["cmVhbA=="]}]}}"#,
            r#"{"response":{"videos":[{"bytesBase64Encoded":""}]}}"#,
            r#"{"response":{"thumbnails":[{"bytesBase64Encoded":"cmVhbA=="}]}}"#,
        ] {
            assert_eq!(video(without), Err(Broken), "{without}");
        }
        let two = r#"{"response":{"videos":[{"bytesBase64Encoded":"cmVhbA=="},{"bytesBase64Encoded":"ZGVjb3k="}]}}"#;
        assert_eq!(video(two), Ok(b"real".to_vec()), "the first of two");
    }

    #[test]
    fn the_video_is_found_in_the_places_of_either_wire() {
        for text in [
            r#"{"response":{"generateVideoResponse":{"generatedSamples":[{"video":{"encodedVideo":"cmVhbA=="}}]}}}"#,
            r#"{"response":{"generatedVideos":[{"video":{"uri":null,"videoBytes":"cmVhbA=="}}]}}"#,
            r#"{"result":{"generated_videos":[{"video":{"video_bytes":"cmVhbA=="}}]}}"#,
            r#"{"response":[{"videos":{"bytesBase64Encoded":"cmVhbA=="}}]}"#,
            r#"[{"response":{"videos":[{"bytesBase64Encoded":"cmVhbA=="}]}}]"#,
            r#"{"done":true,"videos":[{"bytesBase64Encoded":"cmVhbA=="}]}"#,
            r#"{"response":{"videos":[1,{"bytesBase64Encoded":""},{"bytesBase64Encoded":"cmVhbA=="}]}}"#,
        ] {
            assert_eq!(read(text.as_bytes(), &[3]), Ok(b"real".to_vec()), "{text}");
        }
    }

    #[test]
    fn base64_is_read_however_it_is_written() {
        let bytes = [0xfb, 0xff, 0xbe, 0x61];
        for base64 in [
            "+/++YQ==",
            "-_--YQ==",
            "+/++YQ",
            "-_--YQ",
            "+/\\n++\\r\\nYQ==",
            " +/++YQ== ",
            "data:video/mp4;base64,+/++YQ==",
            "data:;base64,-_--YQ",
        ] {
            let text = format!(r#"[{{"videos":[{{"bytesBase64Encoded":"{base64}"}}]}}]"#);
            for size in 1..9 {
                assert_eq!(read(text.as_bytes(), &[size]), Ok(bytes.to_vec()), "{base64} {size}");
            }
            assert_eq!(
                super::decode(&base64.replace("\\n", "\n").replace("\\r", "\r")),
                Ok(bytes.to_vec()),
                "{base64}"
            );
        }
        assert_eq!(super::decode("dat"), super::decode("dat="), "the beginning of a data URL alone");
        assert_eq!(super::decode("data"), Ok(vec![0x75, 0xab, 0x5a]));
    }

    #[test]
    fn what_is_broken_or_cut_short_is_never_taken_for_a_whole_video() {
        let with = |base64: &str| format!(r#"{{"response":{{"videos":[{{"bytesBase64Encoded":"{base64}"}}]}}}}"#);
        for base64 in ["abcde", "ab=c", "ab==cdef", "a===", "====", "ab!c", "data:video/mp4;base64", "abcé", "ab==="] {
            assert_eq!(read(with(base64).as_bytes(), &[3]), Err(Broken), "{base64}");
        }
        let whole = with("cmVhbA==");
        for end in 0..whole.len() {
            assert_eq!(read(&whole.as_bytes()[..end], &[5]), Err(Broken), "{end}");
        }
        for after in ["}", ",", "x", "{}"] {
            assert_eq!(read(format!("{whole}{after}").as_bytes(), &[64]), Err(Broken), "{after}");
        }
        let deep = "[".repeat(MAX_DEPTH + 1);
        assert_eq!(read(deep.as_bytes(), &[64]), Err(Broken));
    }

    #[test]
    fn what_the_answer_says_first_is_known_before_the_rest_has_come() {
        let mut video = InlineVideo::default();
        let mut decoded = Vec::new();
        video.feed(br#"{"done":tr"#, &mut decoded).expect("valid");
        assert!(!video.says_done() && !video.has_begun());
        video.feed(br#"ue,"response":{"done":false,"videos":[{"bytesBase64Encoded":"#, &mut decoded).expect("valid");
        assert!(video.says_done() && !video.has_begun());
        video.feed(b"\"AAAAI", &mut decoded).expect("valid");
        assert!(video.says_done() && video.has_begun());
        assert_eq!(decoded, [0, 0, 0]);
    }

    fn key() -> impl Strategy<Value = String> {
        prop::sample::select(vec!["response", "videos", "bytesBase64Encoded", "done", "0", "a\"\\b", ""])
            .prop_map(str::to_owned)
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i32>().prop_map(|number| json!(number)),
            prop::sample::select(vec![0.5, -1e30, 1e-9]).prop_map(|number| json!(number)),
            prop::sample::select(vec!["", "\"}]", "\\", "cmVhbA==", "ab", "\u{1}é/"]).prop_map(|text| json!(text)),
            prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| json!(STANDARD.encode(bytes))),
        ];
        leaf.prop_recursive(5, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::btree_map(key(), inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    /// An answer with a video more often than not.
    fn answer() -> impl Strategy<Value = Value> {
        let bytes = prop::collection::vec(any::<u8>(), 0..200);
        (any_json(), any_json(), bytes, 0..4_u8).prop_map(|(other, beside, bytes, kind)| {
            let video = json!({"a": beside, "bytesBase64Encoded": STANDARD.encode(bytes), "done": other});
            match kind {
                0 => other,
                _ => json!({"done": true, "response": {"a": other, "videos": [video, other]}, "videos": other}),
            }
        })
    }

    /// Writes with space and escapes wherever they are allowed, as the bits of `choices` say.
    fn write(value: &Value, choices: &mut dyn Iterator<Item = u8>, text: &mut String) {
        let space = |choices: &mut dyn Iterator<Item = u8>| {
            ["", "", "", " ", "\n\t", "\r"][usize::from(choices.next().unwrap_or(0) % 6)]
        };
        text.push_str(space(choices));
        match value {
            Value::Object(fields) => {
                text.push('{');
                for (index, (key, value)) in fields.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    write(&json!(key), choices, text);
                    text.push(':');
                    write(value, choices, text);
                }
                text.push('}');
            }
            Value::Array(values) => {
                text.push('[');
                for (index, value) in values.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    write(value, choices, text);
                }
                text.push_str(space(choices));
                text.push(']');
            }
            Value::String(string) => {
                text.push('"');
                for character in string.chars() {
                    match character {
                        '"' | '\\' if choices.next().is_some_and(|choice| choice % 2 == 0) => {
                            text.extend(['\\', character]);
                        }
                        '"' | '\\' | '\0'..' ' => escape(character, text),
                        '/' if choices.next().is_some_and(|choice| choice % 2 == 0) => text.push_str("\\/"),
                        '\0'..='\x7f' if choices.next().is_some_and(|choice| choice % 5 == 0) => {
                            escape(character, text);
                        }
                        _ => text.push(character),
                    }
                }
                text.push('"');
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
        }
        text.push_str(space(choices));
    }

    fn escape(character: char, text: &mut String) {
        write!(text, "\\u{:04X}", u32::from(character)).expect("a string takes everything");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_500))]

        #[test]
        fn it_reads_what_ordinary_readers_read(
            answer in answer(),
            choices in prop::collection::vec(any::<u8>(), 1..64),
            sizes in prop::collection::vec(1..48_usize, 1..8),
            damage in prop::option::of((any::<prop::sample::Index>(), 0..14_usize)),
        ) {
            let mut text = String::new();
            write(&answer, &mut choices.iter().copied().cycle(), &mut text);
            let mut text = text.into_bytes();
            let damaged = damage.is_some();
            if let Some((index, kind)) = damage {
                let at = index.index(text.len());
                match kind {
                    0 => text.truncate(at),
                    1 => drop(text.remove(at)),
                    // Only where it leaves valid UTF-8.
                    _ if text[at].is_ascii() => text[at] = b"{}[],:\"\\ 0=A"[kind - 2],
                    _ => {}
                }
            }
            prop_assume!(std::str::from_utf8(&text).is_ok());
            let found = read(&text, &sizes).ok();
            if damaged {
                // Of a field that damage has named twice, ordinary readers take the last one.
                let is_json = serde_json::from_slice::<Value>(&text).is_ok();
                prop_assert!(found.is_none() || is_json);
            } else {
                prop_assert_eq!(found, reference(&text));
            }
        }
    }
}
