//! Selects the bytes of a file for a request (RFC 9110, sections 13 and 14). Pure.

/// What to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// 304: the caller already has the file.
    NotModified,
    Whole,
    /// 206: `length` bytes from `offset`, both within the file.
    Part {
        offset: u64,
        length: u64,
    },
    /// 416.
    Unsatisfiable,
}

/// The request headers that decide it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions<'a> {
    pub if_none_match: Option<&'a str>,
    pub if_range: Option<&'a str>,
    pub range: Option<&'a str>,
}

/// Decides what to send of a file of `size` bytes with a quoted `etag`. A malformed range, several
/// ranges, or a range whose `If-Range` has a different `ETag` is ignored.
pub fn select(conditions: Conditions<'_>, etag: &str, size: u64) -> Selection {
    if conditions
        .if_none_match
        .is_some_and(|header| matches_any(header, etag))
    {
        return Selection::NotModified;
    }
    let same_file = conditions
        .if_range
        .is_none_or(|validator| validator.trim() == etag);
    match conditions.range {
        Some(range) if same_file => part(range, size).unwrap_or(Selection::Whole),
        Some(_) | None => Selection::Whole,
    }
}

/// Weak comparison: `W/` is ignored.
fn matches_any(header: &str, etag: &str) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/") == etag;
    header.trim() == "*" || header.split(',').any(strong)
}

/// A single range; `None` if it must be ignored.
fn part(header: &str, size: u64) -> Option<Selection> {
    let (unit, range) = header.trim().split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    if first.is_empty() {
        let suffix = number(last)?.min(size);
        return Some(bytes(size - suffix, suffix));
    }
    let first = number(first)?;
    let end = if last.is_empty() {
        size
    } else {
        number(last)?.saturating_add(1).min(size)
    };
    if !last.is_empty() && number(last)? < first {
        return None;
    }
    Some(bytes(first, end.saturating_sub(first)))
}

/// A range that starts past the end is unsatisfiable.
fn bytes(offset: u64, length: u64) -> Selection {
    if length == 0 {
        Selection::Unsatisfiable
    } else {
        Selection::Part { offset, length }
    }
}

/// Parses digits. A number that is too large becomes the largest one.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}
