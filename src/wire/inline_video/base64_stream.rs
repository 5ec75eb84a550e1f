//! Base64 that comes in pieces (RFC 4648, section 4, with its padding).

use super::Broken;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Characters that are decoded together.
const QUAD: usize = 4;

/// Holds back what does not fill a quad yet.
#[derive(Debug, Default)]
pub(super) struct Base64Stream {
    held: [u8; QUAD],
    count: usize,
    /// Padding has come, so nothing else may.
    is_over: bool,
    /// Something has come.
    has_begun: bool,
}

impl Base64Stream {
    /// Appends to `decoded` what is known with the next piece.
    pub(super) fn decode(&mut self, piece: &[u8], decoded: &mut Vec<u8>) -> Result<(), Broken> {
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

    /// Whether all of it has come.
    pub(super) fn finish(&self) -> Result<(), Broken> {
        if self.count == 0 { Ok(()) } else { Err(Broken) }
    }

    /// Whether nothing has come so far.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_begun
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
