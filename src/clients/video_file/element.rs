//! Elements of EBML: an id, a length, a body.

pub(crate) const EBML: u32 = 0x1a45_dfa3;
pub(crate) const SEGMENT: u32 = 0x1853_8067;
pub(crate) const VOID: u32 = 0xec;
pub(crate) const CHECKSUM: u32 = 0xbf;
/// The element within the header that names the format.
const DOC_TYPE: u32 = 0x4282;

/// The header of an element.
pub(crate) struct Element {
    pub(crate) id: u32,
    pub(crate) length: Length,
    /// The header's own length.
    pub(crate) header: u64,
}

/// How long an element's body is.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    Of(u64),
    /// Unknown when it was written: to the end of the file.
    ToTheEnd,
}

impl Element {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let id_length = width(bytes, 4)?;
        let id = bytes
            .get(..id_length)?
            .iter()
            .fold(0, |id, byte| (id << 8) | u32::from(*byte));
        let rest = bytes.get(id_length..)?;
        let width = width(rest, 8)?;
        let marked = rest
            .get(..width)?
            .iter()
            .fold(0, |length, byte| (length << 8) | u64::from(*byte));
        let most = (1_u64 << (7 * width)) - 1;
        let length = marked & most;
        let length = if length == most {
            Length::ToTheEnd
        } else {
            Length::Of(length)
        };
        Some(Self {
            id,
            length,
            header: (id_length + width) as u64,
        })
    }

    /// The body, if `bytes` contains all of it.
    pub(crate) fn body<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let Length::Of(length) = self.length else {
            return None;
        };
        let start = usize::try_from(self.header).ok()?;
        bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    }
}

/// Whether the header of a file names a video format.
pub(crate) fn is_video(header: &[u8]) -> bool {
    let mut rest = header;
    while let Some(element) = Element::read(rest) {
        let Some(body) = element.body(rest) else {
            return false;
        };
        if element.id == DOC_TYPE {
            // A string may be padded with zeros (RFC 8794, section 7.4).
            let name = body.split(|byte| *byte == 0).next().unwrap_or_default();
            return matches!(name, b"webm" | b"matroska");
        }
        let next = usize::try_from(element.header)
            .unwrap_or(usize::MAX)
            .saturating_add(body.len());
        rest = rest.get(next..).unwrap_or_default();
    }
    false
}

/// The length in bytes of the number that begins with this byte; `None` if longer than `most`.
fn width(bytes: &[u8], most: u32) -> Option<usize> {
    let zeros = bytes.first()?.leading_zeros();
    (zeros < most).then_some(zeros as usize + 1)
}
