//! Checks whether a file is a complete video, by its bytes only: the boxes of an MP4, the elements
//! of a WebM.
//!
//! A [`Walk`] goes from header to header and skips the bytes between them, so that a few short
//! reads check a file of any size. Sources: ISO/IEC 14496-12, section 4.2 (boxes); RFC 8794 and RFC
//! 9559 (EBML and Matroska, on which WebM is based).

pub mod element;

use crate::clients::video_file::element::{Element, Length};
use thiserror::Error;

/// How many bytes at the beginning of a file identify its format.
pub const TELLING: u32 = 12;
/// How many bytes each read asks for.
pub const READ: u64 = 16 * 1024;
/// The most reads of one file. A fragmented video has a few boxes for each second or two.
pub const MAX_READS: u32 = 512;
/// The most headers read of one file.
const MAX_HEADERS: u32 = 8_192;
/// The longest header of a box: size, type and a size of 64 bits.
const BOX_HEADER: u64 = 16;

/// The formats of video that are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoKind {
    Mp4,
    WebM,
}

/// Why a file is not accepted as a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Flaw {
    #[error("The video is empty.")]
    Empty,
    #[error("The downloaded file is neither an MP4 nor a WebM video.")]
    NoVideo,
    #[error("The video has no moov box, so it cannot be played.")]
    NoMoov,
    #[error("The video is incomplete, or its file contains other data after it.")]
    NotWhole,
    #[error("The video's file has too many parts to check.")]
    TooManyParts,
}

/// A range of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub offset: u64,
    pub length: u64,
}

/// A check of a whole file.
#[derive(Debug)]
pub struct Walk {
    kind: VideoKind,
    size: u64,
    /// Where the next header begins.
    at: u64,
    reads: u32,
    headers: u32,
    /// Whether the part that playback needs was found: `moov` in an MP4, a segment in a WebM.
    has_film: bool,
}

impl VideoKind {
    /// The format of a file by its beginning: at least [`TELLING`] bytes, unless the file is
    /// shorter.
    pub fn of(beginning: &[u8]) -> Result<Self, Flaw> {
        match beginning {
            [] => Err(Flaw::Empty),
            [0x1a, 0x45, 0xdf, 0xa3, ..] => Ok(Self::WebM),
            [_, _, _, _, b'f', b't', b'y', b'p', _, ..] => Ok(Self::Mp4),
            _ => Err(Flaw::NoVideo),
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::WebM => "video/webm",
        }
    }

    /// The file name extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::WebM => "webm",
        }
    }
}

impl Walk {
    /// A check of a file of `size` bytes.
    pub fn new(kind: VideoKind, size: u64) -> Self {
        Self {
            kind,
            size,
            at: 0,
            reads: 0,
            headers: 0,
            has_film: false,
        }
    }

    /// The next range to read; `None` once the file is known to be complete.
    pub fn next(&self) -> Option<Stretch> {
        // A video with very many fragments is accepted from here on.
        if self.reads == MAX_READS && self.has_film {
            return None;
        }
        let length = self.size.saturating_sub(self.at).min(READ);
        (length > 0).then_some(Stretch {
            offset: self.at,
            length,
        })
    }

    /// Checks the bytes read of the [`next`](Self::next) range.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        self.reads += 1;
        if self.reads > MAX_READS {
            return Err(Flaw::TooManyParts);
        }
        let from = self.at;
        loop {
            let skip = usize::try_from(self.at - from).unwrap_or(usize::MAX);
            let Some(rest) = bytes.get(skip..).filter(|rest| !rest.is_empty()) else {
                break;
            };
            let left = self.size - self.at;
            // A header may be cut off at the end of the range; it is then read again.
            if (rest.len() as u64) < BOX_HEADER.min(left) && self.at > from {
                break;
            }
            self.headers += 1;
            if self.headers > MAX_HEADERS {
                if !self.has_film {
                    return Err(Flaw::TooManyParts);
                }
                self.at = self.size;
                break;
            }
            let length = match self.kind {
                VideoKind::Mp4 => self.read_box(rest, left)?,
                VideoKind::WebM => self.read_element(rest, left)?,
            };
            if length > left {
                return Err(Flaw::NotWhole);
            }
            self.at += length;
        }
        if self.at == from {
            return Err(Flaw::NotWhole);
        }
        if self.at == self.size && !self.has_film {
            return Err(self.without_film());
        }
        Ok(())
    }

    fn without_film(&self) -> Flaw {
        match self.kind {
            VideoKind::Mp4 => Flaw::NoMoov,
            VideoKind::WebM => Flaw::NotWhole,
        }
    }

    /// The length of the box that begins here.
    fn read_box(&mut self, bytes: &[u8], left: u64) -> Result<u64, Flaw> {
        let [a, b, c, d, kind @ ..] = bytes.first_chunk::<8>().ok_or(Flaw::NotWhole)?;
        let is_first = self.at == 0;
        if is_first != (kind == b"ftyp")
            || !kind.iter().all(|byte| matches!(byte, 0x20..=0x7e | 0xa9))
        {
            return Err(if is_first {
                Flaw::NoVideo
            } else {
                Flaw::NotWhole
            });
        }
        let (length, header) = match u32::from_be_bytes([*a, *b, *c, *d]) {
            0 => (left, 8),
            1 => {
                let [_, _, _, _, _, _, _, _, long @ ..] =
                    bytes.first_chunk::<16>().ok_or(Flaw::NotWhole)?;
                (u64::from_be_bytes(*long), 16)
            }
            short => (u64::from(short), 8),
        };
        self.has_film |= kind == b"moov";
        if length < header {
            Err(Flaw::NotWhole)
        } else {
            Ok(length)
        }
    }

    /// The length of the element that begins here.
    fn read_element(&mut self, bytes: &[u8], left: u64) -> Result<u64, Flaw> {
        let element = Element::read(bytes).ok_or(Flaw::NotWhole)?;
        let is_first = self.at == 0;
        match (is_first, element.id) {
            (true, element::EBML) if element.body(bytes).is_some_and(element::is_video) => {}
            (true, _) => return Err(Flaw::NoVideo),
            (false, element::SEGMENT) => self.has_film = true,
            (false, element::VOID | element::CHECKSUM) => {}
            (false, _) => return Err(Flaw::NotWhole),
        }
        match element.length {
            Length::Of(length) => element.header.checked_add(length).ok_or(Flaw::NotWhole),
            // Only a segment may have an unknown length.
            Length::ToTheEnd if element.id == element::SEGMENT => Ok(left),
            Length::ToTheEnd => Err(Flaw::NotWhole),
        }
    }
}
