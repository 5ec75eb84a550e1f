//! The tokens of JSON that can be cut in two, each as a small machine (RFC 8259, sections 3, 6 and 7).

use crate::upstream::google::inline_video::Broken;

/// The longest key that is told from others, in bytes.
const MAX_KEY: usize = 32;
/// Stands for every character that is not ASCII and written as an escape: none of them means anything here.
const FOREIGN: u8 = 0xff;

/// How far a token got.
pub(crate) struct Step {
    /// Bytes.
    pub(crate) read: usize,
    pub(crate) ended: bool,
}

/// A string behind its opening quote.
#[derive(Debug, Default)]
pub(crate) enum Text {
    #[default]
    Plain,
    /// Behind a backslash.
    Escape,
    /// Behind `\u` and so many hexadecimal digits.
    Unicode { digits: u8, value: u32 },
}

/// A key, as far as it can be one that is looked for.
#[derive(Debug, Default)]
pub(crate) struct Key {
    bytes: [u8; MAX_KEY],
    /// Without a limit.
    length: usize,
}

/// `true`, `false` or `null`.
#[derive(Debug)]
pub(crate) struct Literal {
    rest: &'static [u8],
    truth: Option<bool>,
}

/// A number, by what of it came last.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    E,
    ExponentSign,
    Exponent,
}

impl Text {
    /// Reads some of `rest`, which begins with `byte`, and hands on what it says.
    pub(crate) fn read(
        &mut self,
        byte: u8,
        rest: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), Broken>,
    ) -> Result<Step, Broken> {
        match self {
            Self::Plain => {
                let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
                let plain = rest.iter().position(is_special).unwrap_or(rest.len());
                if plain > 0 {
                    take(rest.get(..plain).unwrap_or_default())?;
                    return Ok(Step { read: plain, ended: false });
                }
                match byte {
                    b'"' => return Ok(Step { read: 1, ended: true }),
                    b'\\' => *self = Self::Escape,
                    _ => return Err(Broken),
                }
            }
            Self::Escape => {
                *self = Self::Plain;
                match byte {
                    b'"' | b'\\' | b'/' => take(&[byte])?,
                    b'b' | b'f' | b'n' | b'r' | b't' => take(&[escaped(byte)])?,
                    b'u' => *self = Self::Unicode { digits: 0, value: 0 },
                    _ => return Err(Broken),
                }
            }
            Self::Unicode { digits, value } => {
                *value = *value * 16 + char::from(byte).to_digit(16).ok_or(Broken)?;
                *digits += 1;
                if *digits == 4 {
                    let byte = u8::try_from(*value).ok().filter(u8::is_ascii).unwrap_or(FOREIGN);
                    take(&[byte])?;
                    *self = Self::Plain;
                }
            }
        }
        Ok(Step { read: 1, ended: false })
    }
}

fn escaped(letter: u8) -> u8 {
    match letter {
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        _ => b'\t',
    }
}

impl Key {
    pub(crate) fn push(&mut self, part: &[u8]) {
        for (place, byte) in self.bytes.iter_mut().skip(self.length).zip(part) {
            *place = *byte;
        }
        self.length = self.length.saturating_add(part.len());
    }

    pub(crate) fn is(&self, name: &[u8]) -> bool {
        self.bytes.get(..self.length) == Some(name)
    }
}

impl Literal {
    pub(crate) fn begin(byte: u8) -> Option<Self> {
        match byte {
            b't' => Some(Self { rest: b"rue", truth: Some(true) }),
            b'f' => Some(Self { rest: b"alse", truth: Some(false) }),
            b'n' => Some(Self { rest: b"ull", truth: None }),
            _ => None,
        }
    }

    /// Returns whether that was the last letter.
    pub(crate) fn read(&mut self, byte: u8) -> Result<bool, Broken> {
        self.rest = self.rest.strip_prefix(&[byte]).ok_or(Broken)?;
        Ok(self.rest.is_empty())
    }

    pub(crate) fn truth(&self) -> Option<bool> {
        self.truth
    }
}

impl Number {
    pub(crate) fn begin(byte: u8) -> Result<Self, Broken> {
        match byte {
            b'-' => Ok(Self::Minus),
            b'0' => Ok(Self::Zero),
            b'1'..=b'9' => Ok(Self::Integer),
            _ => Err(Broken),
        }
    }

    /// Returns whether the byte belongs to it.
    pub(crate) fn read(&mut self, byte: u8) -> Result<bool, Broken> {
        *self = match (*self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Integer, b'0'..=b'9') => Self::Integer,
            (Self::Zero | Self::Integer, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::E,
            (Self::E, b'+' | b'-') => Self::ExponentSign,
            (Self::E | Self::ExponentSign | Self::Exponent, b'0'..=b'9') => Self::Exponent,
            (Self::Zero | Self::Integer | Self::Fraction | Self::Exponent, _) => return Ok(false),
            (Self::Minus | Self::Point | Self::E | Self::ExponentSign, _) => return Err(Broken),
        };
        Ok(true)
    }
}
