//! Videos of every kind, correct and faulty.

use axum::body::Bytes;

/// The playable sample.
pub(crate) static SAMPLE: &[u8] = include_bytes!("../../assets/sample.mp4");
/// Byte `i` of the pattern is `i % 251`: a prime, so that no block size of a power of two hides a
/// shift.
const PATTERN_PERIOD: u64 = 251;
/// The most bytes requested at once.
pub(crate) const MOST: u64 = 64 << 10;
/// The length of the head of a patterned MP4: `ftyp`, `moov` with its `mvhd`, and the header of its
/// `mdat`.
pub(crate) const HEAD: u64 = 20 + 116 + 8;

/// The placeholder for a video's base64 in a JSON answer.
pub(crate) const FILM: &str = "\u{1}film\u{1}";

/// The contents of a file.
#[derive(Clone, Debug)]
pub(crate) enum Video {
    /// The playable sample.
    Sample,
    /// This many bytes: an MP4 whose `mdat` follows the pattern. With fewer than [`HEAD`], all
    /// bytes are pattern.
    Pattern(u64),
    /// These bytes.
    Made(Bytes),
}

/// Access to any part of a video by offsets.
pub(crate) struct Film {
    pub(crate) length: u64,
    /// The beginning, or all of it.
    head: Bytes,
    /// A stretch of the pattern, long enough for any piece at any phase.
    pattern: Bytes,
}

impl Video {
    /// Its length in bytes.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Sample => SAMPLE.len() as u64,
            Self::Pattern(length) => *length,
            Self::Made(bytes) => bytes.len() as u64,
        }
    }
}

impl Film {
    pub(crate) fn new(video: &Video) -> Self {
        let (head, pattern) = match video {
            Video::Sample => (Bytes::from_static(SAMPLE), Bytes::new()),
            Video::Pattern(length) => (mp4_head(*length), pattern()),
            Video::Made(bytes) => (bytes.clone(), Bytes::new()),
        };
        Self {
            length: video.length(),
            head,
            pattern,
        }
    }

    /// The bytes from one offset to another, at most [`MOST`] apart.
    pub(crate) fn get(&self, from: u64, to: u64) -> Bytes {
        let border = (self.head.len() as u64).clamp(from, to);
        let patterned = |from: u64, to: u64| {
            let start = from % PATTERN_PERIOD;
            self.pattern.slice(index(start)..index(start + (to - from)))
        };
        if border == to {
            self.head.slice(index(from)..index(to))
        } else if border == from {
            patterned(from, to)
        } else {
            [
                self.head.slice(index(from)..index(border)),
                patterned(border, to),
            ]
            .concat()
            .into()
        }
    }
}

/// The film without the box that describes how to play it.
pub(crate) fn without_moov() -> Bytes {
    let mut bytes = SAMPLE.to_vec();
    if let Some(at) = bytes.windows(4).position(|kind| kind == b"moov") {
        bytes[at..at + 4].copy_from_slice(b"free");
    }
    bytes.into()
}

/// The film in a gzip file, uncompressed.
pub(crate) fn gzipped() -> Bytes {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let blocks: Vec<&[u8]> = SAMPLE.chunks(65_535).collect();
    for (number, block) in blocks.iter().enumerate() {
        let length = u16::try_from(block.len()).unwrap_or_default();
        bytes.push(u8::from(number + 1 == blocks.len()));
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(*block);
    }
    bytes.extend(crc32(SAMPLE).to_le_bytes());
    bytes.extend(
        u32::try_from(SAMPLE.len())
            .unwrap_or_default()
            .to_le_bytes(),
    );
    bytes.into()
}

/// A WebM: its header, and a segment with nothing but padding.
pub(crate) fn webm() -> Bytes {
    let mut bytes = vec![0x1a, 0x45, 0xdf, 0xa3, 0x87, 0x42, 0x82, 0x84];
    bytes.extend(b"webm");
    // 4,004 bytes, of which 4,000 are padding.
    bytes.extend([0x18, 0x53, 0x80, 0x67, 0x4f, 0xa3, 0xec, 0x4f, 0xa0]);
    bytes.resize(bytes.len() + 4_000, 0);
    bytes.into()
}

fn mp4_head(length: u64) -> Bytes {
    let Some(data) = length
        .checked_sub(HEAD)
        .and_then(|data| u32::try_from(data + 8).ok())
    else {
        return Bytes::new();
    };
    let mut head = Vec::new();
    head.extend(20_u32.to_be_bytes());
    head.extend(b"ftypisom\0\0\x02\0mp41");
    head.extend(116_u32.to_be_bytes());
    head.extend(b"moov");
    head.extend(108_u32.to_be_bytes());
    head.extend(b"mvhd");
    head.extend([0; 100]);
    head.extend(data.to_be_bytes());
    head.extend(b"mdat");
    head.into()
}

fn pattern() -> Bytes {
    (0..PATTERN_PERIOD + MOST)
        .map(|offset| u8::try_from(offset % PATTERN_PERIOD).unwrap_or_default())
        .collect()
}

/// The checksum of gzip (RFC 1952, section 8).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| {
        if sum & 1 == 1 {
            (sum >> 1) ^ 0xedb8_8320
        } else {
            sum >> 1
        }
    };
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), step)
    })
}

/// Converts an offset; offsets into memory are small.
pub(crate) fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_sums_up_as_its_standard_says() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_webms_parts_end_with_it() {
        assert_eq!(webm().len(), 12 + 6 + 4_003);
    }

    #[test]
    fn a_film_is_the_same_in_whatever_pieces_it_is_read() {
        let film = Film::new(&Video::Pattern(1_000));
        let whole = film.get(0, 1_000);
        for size in [1, 7, 144, 145, 999] {
            let starts = (0..1_000).step_by(size);
            let pieces: Vec<u8> = starts
                .flat_map(|from| film.get(from as u64, (from + size).min(1_000) as u64))
                .collect();
            assert_eq!(pieces, whole, "{size}");
        }
        assert_eq!(
            (&whole[4..8], &whole[24..28], &whole[140..144]),
            (&b"ftyp"[..], &b"moov"[..], &b"mdat"[..])
        );
        assert_eq!(
            u32::from_be_bytes([whole[136], whole[137], whole[138], whole[139]]),
            1_000 - 136
        );
    }
}
