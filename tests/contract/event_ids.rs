//! The event from which a stream resumes.

use reelay::api::generations::events::last_event_id;

#[test]
fn the_header_goes_before_the_parameter_and_without_either_all_is_told() {
    for (header, parameter, after) in [
        (None, None, 0),
        (Some("7"), None, 7),
        (None, Some("7"), 7),
        // A browser reconnects to its first address, old parameter included.
        (Some("9"), Some("7"), 9),
        (Some(""), Some("7"), 7),
        (Some(" 9 "), None, 9),
        (Some("999999999999999999"), None, 999_999_999_999_999_999),
    ] {
        assert_eq!(
            last_event_id(header, parameter),
            Ok(after),
            "{header:?} {parameter:?}"
        );
    }
}

#[test]
fn what_is_no_id_is_refused_by_its_name() {
    for text in ["x", "-1", "1.5", "1000000000000000000", "+1", "1 2"] {
        let of_the_header = last_event_id(Some(text), Some("7")).expect_err(text);
        assert_eq!(of_the_header.name(), "Last-Event-ID", "{text}");
        assert_eq!(
            last_event_id(None, Some(text)).expect_err(text).name(),
            "lastEventId",
            "{text}"
        );
    }
}
