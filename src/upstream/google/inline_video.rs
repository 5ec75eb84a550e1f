//! The video inside a JSON answer, decoded while the answer comes in.
//!
//! An operation that was given no bucket carries its video as base64, tens of megabytes in one string, at
//! `response.videos[0].bytesBase64Encoded` or another of the places that [`google`](crate::upstream::google) knows. [`InlineVideo`]
//! reads the grammar of RFC 8259, keeps nothing of the text but where it stands in it, and decodes the first such string
//! that is not empty. It takes for granted that all other strings are valid UTF-8.

pub mod base64_stream;
pub mod level;
pub mod token;

use crate::upstream::google::inline_video::base64_stream::Base64Stream;
use crate::upstream::google::inline_video::level::{Child, Level};
use crate::upstream::google::inline_video::token::{Key, Literal, Number, Step, Text};

/// The key of the document that tells whether the render is over.
const DONE: &[u8] = b"done";
/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 64;

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
