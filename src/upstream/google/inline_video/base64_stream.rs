//! Base64 that comes in pieces (RFC 4648, sections 4 and 5): in either alphabet, with or without padding, with white space
//! within and the head of a data URL before it, because services differ.

use crate::upstream::google::inline_video::Broken;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Characters that are decoded together.
const QUAD: usize = 4;
/// How a data URL begins; what it is follows, and a comma.
const DATA_URL: &[u8] = b"data:";

/// Holds back what does not fill a quad yet.
#[derive(Debug, Default)]
pub(crate) struct Base64Stream {
    head: Head,
    held: [u8; QUAD],
    count: usize,
    /// Padding has come, so nothing else may.
    is_over: bool,
    /// Something has come.
    has_begun: bool,
}

/// What may stand before the base64.
#[derive(Debug, Clone, Copy)]
enum Head {
    /// So much of [`DATA_URL`] has come, and nothing else.
    Begun(usize),
    /// In a data URL, before its comma.
    DataUrl,
    Over,
}

impl Default for Head {
    fn default() -> Self {
        Self::Begun(0)
    }
}

impl Base64Stream {
    /// Appends to `decoded` what is known with the next piece.
    pub(crate) fn decode(&mut self, piece: &[u8], decoded: &mut Vec<u8>) -> Result<(), Broken> {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        if matches!(self.head, Head::Over) && piece.iter().all(is_plain) {
            return self.decode_plain(piece, decoded);
        }
        let mut plain = Vec::with_capacity(piece.len());
        for byte in piece.iter().filter(|byte| !byte.is_ascii_whitespace()) {
            self.read_head(*byte, &mut plain);
        }
        self.decode_plain(&plain, decoded)
    }

    /// Whether all of it has come. Appends what was still held back.
    pub(crate) fn finish(&mut self, decoded: &mut Vec<u8>) -> Result<(), Broken> {
        if let Head::Begun(count) = std::mem::replace(&mut self.head, Head::Over) {
            self.decode_plain(DATA_URL.get(..count).unwrap_or_default(), decoded)?;
        }
        match self.count {
            0 => Ok(()),
            2 | 3 => self.decode_plain(b"==".get(self.count - 2..).unwrap_or_default(), decoded),
            _ => Err(Broken),
        }
    }

    /// Whether nothing has come so far.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_begun
    }

    /// Hands on what belongs to the base64, in the standard alphabet.
    fn read_head(&mut self, byte: u8, plain: &mut Vec<u8>) {
        match self.head {
            Head::Begun(count) if DATA_URL.get(count) == Some(&byte) => {
                let is_whole = count + 1 == DATA_URL.len();
                self.head = if is_whole { Head::DataUrl } else { Head::Begun(count + 1) };
            }
            Head::Begun(count) => {
                self.head = Head::Over;
                plain.extend(DATA_URL.get(..count).unwrap_or_default());
                plain.push(standard(byte));
            }
            Head::DataUrl if byte == b',' => self.head = Head::Over,
            Head::DataUrl => {}
            Head::Over => plain.push(standard(byte)),
        }
    }

    fn decode_plain(&mut self, piece: &[u8], decoded: &mut Vec<u8>) -> Result<(), Broken> {
        self.has_begun |= !piece.is_empty();
        let mut rest = piece;
        if self.count > 0 {
            let (fill, after) = rest.split_at(rest.len().min(QUAD - self.count));
            self.hold(fill);
            rest = after;
            if self.count == QUAD {
                let held = self.held;
                self.count = 0;
                self.decode_quads(&held, decoded)?;
            }
        }
        let (quads, after) = rest.split_at(rest.len() - rest.len() % QUAD);
        self.decode_quads(quads, decoded)?;
        self.hold(after);
        Ok(())
    }

    fn hold(&mut self, piece: &[u8]) {
        for (place, byte) in self.held.iter_mut().skip(self.count).zip(piece) {
            *place = *byte;
        }
        self.count += piece.len();
    }

    fn decode_quads(&mut self, quads: &[u8], decoded: &mut Vec<u8>) -> Result<(), Broken> {
        if quads.is_empty() {
            return Ok(());
        }
        if self.is_over {
            return Err(Broken);
        }
        self.is_over = quads.ends_with(b"=");
        STANDARD.decode_vec(quads, decoded).map_err(|_| Broken)
    }
}

/// A character of either alphabet in the standard one.
fn standard(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}
