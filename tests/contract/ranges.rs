//! Which bytes of a file a range request gets (RFC 9110).

use proptest::prelude::*;
use reelay::api::videos::range::{Conditions, Selection, select};

const ETAG: &str = "\"abc\"";

fn range(header: &str, size: u64) -> Selection {
    select(
        Conditions {
            range: Some(header),
            ..Conditions::default()
        },
        ETAG,
        size,
    )
}

#[test]
fn a_single_range_selects_its_bytes() {
    for (header, offset, length) in [
        ("bytes=0-0", 0, 1),
        ("bytes=0-499", 0, 500),
        ("bytes=500-999", 500, 500),
        ("bytes=500-", 500, 500),
        ("bytes=0-", 0, 1_000),
        ("bytes=-500", 500, 500),
        ("bytes=-1", 999, 1),
        ("bytes=-5000", 0, 1_000),
        ("bytes=999-", 999, 1),
        ("bytes=900-99999", 900, 100),
        ("bytes=0-99999999999999999999999999", 0, 1_000),
        ("bytes=-99999999999999999999999999", 0, 1_000),
        ("BYTES=1-2", 1, 2),
        (" bytes=1-2 ", 1, 2),
    ] {
        assert_eq!(
            range(header, 1_000),
            Selection::Part { offset, length },
            "{header}"
        );
    }
}

#[test]
fn a_range_beyond_the_end_cannot_be_satisfied() {
    for header in [
        "bytes=1000-",
        "bytes=1000-2000",
        "bytes=99999999999999999999999999-",
        "bytes=-0",
        "bytes=18446744073709551615-18446744073709551615",
    ] {
        assert_eq!(range(header, 1_000), Selection::Unsatisfiable, "{header}");
    }
    for header in ["bytes=0-", "bytes=-1"] {
        assert_eq!(
            range(header, 0),
            Selection::Unsatisfiable,
            "{header} of an empty file"
        );
    }
}

#[test]
fn a_malformed_or_multiple_range_is_ignored() {
    for header in [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-3",
        "bytes=0-1,5-6",
        "bytes=0-0,-1",
        "items=0-1",
        "bytes=0x1-2",
        "bytes=+1-2",
        "bytes=1--2",
        "bytes = 0-1",
        "bytes=1.5-2",
        "bytes=0 - 1",
    ] {
        assert_eq!(range(header, 1_000), Selection::Whole, "{header:?}");
    }
}

#[test]
fn who_has_the_file_is_told_so_before_any_range_is_looked_at() {
    let ask = |header| {
        let conditions = Conditions {
            if_none_match: Some(header),
            range: Some("bytes=5000-"),
            ..Conditions::default()
        };
        select(conditions, ETAG, 1_000)
    };
    for header in [
        "\"abc\"",
        "W/\"abc\"",
        "*",
        "\"x\", \"abc\"",
        "\"x\",W/\"abc\"",
    ] {
        assert_eq!(ask(header), Selection::NotModified, "{header}");
    }
    for header in ["\"x\"", "abc", "", "\"abcd\""] {
        assert_eq!(ask(header), Selection::Unsatisfiable, "{header}");
    }
}

#[test]
fn a_range_of_another_file_is_ignored() {
    let ask = |validator| {
        let conditions = Conditions {
            if_range: Some(validator),
            range: Some("bytes=0-9"),
            ..Conditions::default()
        };
        select(conditions, ETAG, 1_000)
    };
    assert_eq!(
        ask("\"abc\""),
        Selection::Part {
            offset: 0,
            length: 10
        }
    );
    for other in ["\"x\"", "W/\"abc\"", "Wed, 21 Oct 2026 07:28:00 GMT", ""] {
        assert_eq!(ask(other), Selection::Whole, "{other}");
    }
}

proptest! {
    #[test]
    fn a_part_always_lies_within_the_file(first in any::<Option<u64>>(), last in any::<Option<u64>>(), size: u64) {
        let text = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
        if let Selection::Part { offset, length } = range(&format!("bytes={}-{}", text(first), text(last)), size) {
            prop_assert!(length > 0 && offset < size && length <= size - offset);
        }
    }

    #[test]
    fn no_header_makes_the_selection_panic(header: String, size: u64) {
        let _ = range(&header, size);
        let conditions =
            Conditions { if_none_match: Some(&header), if_range: Some(&header), range: Some(&header) };
        let _ = select(conditions, ETAG, size);
    }
}
