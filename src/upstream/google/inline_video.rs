//! The video inside a JSON answer, decoded while the answer streams in.
//!
//! An operation without a bucket carries its video as base64, up to hundreds of megabytes in one
//! string. [`InlineVideo`] does not parse the answer. It reads one JSON string after another and
//! holds only the base64 of the last piece, so its memory does not grow with the video.
//!
//! It accepts the first string, under any key and at any depth, that
//!
//! * is base64 (RFC 4648, sections 4 and 5): in either alphabet, padded or not, with white space
//!   and JSON escapes inside, after the head of a `data:` URL or not;
//! * begins like an MP4 or a WebM, as [`VideoKind`] defines it, and not like an image in MP4 boxes
//!   (AVIF, HEIC);
//! * ends with its closing quote.
//!
//! It skips every other string. It fails if a video has begun and then has a character that is not
//! base64, padding before its end, or a length that base64 cannot have. An answer that ends before
//! the closing quote is incomplete.
//!
//! It does not check the JSON around the video: brackets, commas and numbers may be wrong or
//! missing, and nothing after the closing quote is read. `poll_reader` decides whether the render
//! is done and whether the video is in the right place.

use crate::clients::video_file::{TELLING, VideoKind};
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

/// Characters that are decoded together.
const QUAD: usize = 4;
/// How many characters of base64 identify a format.
const BEGINNING: usize = TELLING as usize / 3 * QUAD;
/// The beginning of a `data:` URL. Its media type and a comma follow.
const DATA_URL: &[u8] = b"data:";
/// The longest head of a `data:` URL, in bytes.
const MAX_HEAD: usize = 256;
/// The brands of images that begin like an MP4 (ISO/IEC 23000-22 and 23008-12).
const PICTURES: [&[u8]; 7] = [
    b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1",
];
/// Replaces an escaped character that base64 does not have.
const FOREIGN: u8 = 0;
/// Decodes the end of a string, padded or not.
const PADDED_OR_NOT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, INDIFFERENT);
const INDIFFERENT: GeneralPurposeConfig =
    NO_PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// A string is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// Reads an answer piece by piece.
#[derive(Debug, Default)]
pub struct InlineVideo {
    state: ScanState,
    /// The JSON escape being read, from its backslash on.
    escape: Vec<u8>,
    /// The characters of the current string that are not decoded yet.
    base64: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum ScanState {
    #[default]
    BetweenStrings,
    /// In a string that may become a video.
    Beginning,
    /// In a string that is not a video.
    Other,
    Video,
    /// The video's closing quote was read.
    Whole,
}

/// Decodes a base64 string.
pub fn decode(text: &str) -> Result<Vec<u8>, Broken> {
    let base64: Vec<u8> = standard(text.as_bytes()).collect();
    let start = start(&base64).ok_or(Broken)?;
    PADDED_OR_NOT
        .decode(base64.get(start..).unwrap_or_default())
        .map_err(|_| Broken)
}

impl InlineVideo {
    /// Reads the next piece of the answer and appends the decoded bytes of the video to `decoded`.
    pub fn feed(&mut self, piece: &[u8], decoded: &mut Vec<u8>) -> Result<(), Broken> {
        let mut rest = piece;
        while let Some(byte) = rest.first().filter(|_| !self.is_whole()) {
            let read = if !self.escape.is_empty() {
                self.escape.push(*byte);
                if let Some(character) = unescaped(&self.escape) {
                    self.escape.clear();
                    self.read_text(&[character], decoded)?;
                }
                1
            } else if self.state == ScanState::BetweenStrings {
                self.read_to_quote(rest)
            } else {
                self.read_string(rest, decoded)?
            };
            rest = rest.get(read..).unwrap_or_default();
        }
        Ok(())
    }

    /// Whether the video is complete.
    pub fn is_whole(&self) -> bool {
        self.state == ScanState::Whole
    }

    fn read_to_quote(&mut self, rest: &[u8]) -> usize {
        let Some(quote) = rest.iter().position(|byte| *byte == b'"') else {
            return rest.len();
        };
        self.state = ScanState::Beginning;
        self.base64.clear();
        quote + 1
    }

    /// Reads a string up to its closing quote or the next escape. Returns how many bytes that took.
    fn read_string(&mut self, rest: &[u8], decoded: &mut Vec<u8>) -> Result<usize, Broken> {
        let plain = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\'))
            .unwrap_or(rest.len());
        self.read_text(rest.get(..plain).unwrap_or_default(), decoded)?;
        match rest.get(plain) {
            None => return Ok(plain),
            Some(b'\\') => self.escape.push(b'\\'),
            Some(_) if self.state == ScanState::Video => {
                PADDED_OR_NOT
                    .decode_vec(&self.base64, decoded)
                    .map_err(|_| Broken)?;
                self.state = ScanState::Whole;
            }
            Some(_) => self.state = ScanState::BetweenStrings,
        }
        Ok(plain + 1)
    }

    fn read_text(&mut self, text: &[u8], decoded: &mut Vec<u8>) -> Result<(), Broken> {
        if self.state == ScanState::Other {
            return Ok(());
        }
        self.base64.extend(standard(text));
        if self.state == ScanState::Beginning {
            self.state = self.recognise();
        }
        if self.state != ScanState::Video {
            return Ok(());
        }
        // The last characters wait for the closing quote, because only they may be padding.
        let ready = self.base64.len().saturating_sub(1) / QUAD * QUAD;
        let quads = self.base64.get(..ready).unwrap_or_default();
        STANDARD_NO_PAD
            .decode_vec(quads, decoded)
            .map_err(|_| Broken)?;
        self.base64.drain(..ready);
        Ok(())
    }

    /// Identifies a string by its beginning, and removes the head of a `data:` URL from it.
    fn recognise(&mut self) -> ScanState {
        match start(&self.base64) {
            None if self.base64.len() > MAX_HEAD => ScanState::Other,
            None => ScanState::Beginning,
            Some(start) => {
                let Some(beginning) = self.base64.get(start..start + BEGINNING) else {
                    return ScanState::Beginning;
                };
                let is_video = STANDARD_NO_PAD
                    .decode(beginning)
                    .is_ok_and(|bytes| is_video(&bytes));
                self.base64.drain(..start);
                if is_video {
                    ScanState::Video
                } else {
                    ScanState::Other
                }
            }
        }
    }
}

fn is_video(beginning: &[u8]) -> bool {
    VideoKind::of(beginning).is_ok() && !PICTURES.iter().any(|brand| beginning.ends_with(brand))
}

/// Where base64 starts: after the head of a `data:` URL if there is one. `None` if that head has
/// not ended.
fn start(base64: &[u8]) -> Option<usize> {
    if !base64.starts_with(DATA_URL) {
        return Some(0);
    }
    base64
        .iter()
        .position(|byte| *byte == b',')
        .map(|comma| comma + 1)
}

/// Base64 in the standard alphabet and without white space.
fn standard(text: &[u8]) -> impl Iterator<Item = u8> {
    text.iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
}

/// The character that a JSON escape stands for (RFC 8259, section 7), once the escape is complete.
fn unescaped(escape: &[u8]) -> Option<u8> {
    match escape {
        [_, b'u', hex @ ..] if hex.len() < 4 => None,
        [_, b'u', hex @ ..] => {
            let character = std::str::from_utf8(hex)
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok());
            Some(character.unwrap_or(FOREIGN))
        }
        // All white space is skipped.
        [_, b'f' | b'n' | b'r' | b't'] => Some(b' '),
        [_, character @ (b'"' | b'\\' | b'/')] => Some(*character),
        _ => Some(FOREIGN),
    }
}

#[cfg(test)]
mod tests {
    use super::InlineVideo;

    #[test]
    fn memory_does_not_grow_with_the_answer() {
        const PIECE: usize = 16 * 1024;
        for beginning in ["\"AAAAIGZ0eXBpc29t", "\"data:", "\"", "\"AAAA", "", "\"\\u"] {
            let mut video = InlineVideo::default();
            video
                .feed(beginning.as_bytes(), &mut Vec::new())
                .expect("a beginning");
            for filler in ["A", " ", "\\/"] {
                for _ in 0..100 {
                    video
                        .feed(
                            filler.repeat(PIECE / filler.len()).as_bytes(),
                            &mut Vec::new(),
                        )
                        .expect("base64");
                }
                assert!(
                    video.base64.capacity() + video.escape.capacity() <= 4 * PIECE,
                    "{beginning} {filler}"
                );
            }
        }
    }
}
