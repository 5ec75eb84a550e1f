//! When an order may start, how long it may take, and whether it awaits confirmation.

use crate::requests::{MOMENT, accepted, refused};
use reelay::time::rfc3339;
use reelay::time::{DAY, MINUTE, SECOND};
use serde_json::json;

#[test]
fn without_them_an_order_starts_at_once_unconfirmed_within_the_operators_time() {
    for body in [
        json!({ "prompt": "a dog" }),
        json!({ "prompt": "a dog", "startAfter": null, "timeoutMs": null, "confirm": null }),
        json!({ "prompt": "a dog", "confirm": false }),
    ] {
        let request = accepted(body);
        assert_eq!(
            (
                request.order.start_after,
                request.order.timeout,
                request.order.confirm
            ),
            (None, None, false)
        );
    }
}

#[test]
fn a_start_is_a_time_in_any_zone() {
    for (text, after) in [
        ("2026-01-01T00:01:00Z", MINUTE),
        ("2026-01-01T00:01:00.250Z", MINUTE + 250),
        ("2026-01-01T01:01:00+01:00", MINUTE),
        ("2025-12-31T19:01:00-05:00", MINUTE),
        ("2026-01-31T00:00:00Z", 30 * DAY),
    ] {
        let request = accepted(json!({ "prompt": "a dog", "startAfter": text }));
        assert_eq!(
            request.order.start_after,
            Some(MOMENT.now + after),
            "{text}"
        );
    }
}

#[test]
fn a_start_in_the_past_means_at_once() {
    for text in [
        "2026-01-01T00:00:00Z",
        "2025-12-31T23:59:59Z",
        "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
    ] {
        assert_eq!(
            accepted(json!({ "prompt": "a dog", "startAfter": text }))
                .order
                .start_after,
            None,
            "{text}"
        );
    }
}

#[test]
fn a_start_that_is_no_time_or_too_far_ahead_is_refused() {
    let too_far = rfc3339(MOMENT.now + 30 * DAY + SECOND);
    let bad = [
        json!("tomorrow"),
        json!("2026-01-01"),
        json!("2026-01-01T00:01:00"),
        json!("2026-13-01T00:00:00Z"),
        json!("9999-12-31T23:59:59Z"),
        json!(""),
        json!(MOMENT.now + MINUTE),
        json!({}),
        json!(too_far),
    ];
    for text in bad {
        assert_eq!(
            refused(json!({ "prompt": "a dog", "startAfter": text })),
            ["/startAfter"],
            "{text}"
        );
    }
}

#[test]
fn an_orders_own_time_lies_between_a_second_and_a_day() {
    for good in [1_000_u64, 60_000, DAY] {
        assert_eq!(
            accepted(json!({ "prompt": "a dog", "timeoutMs": good }))
                .order
                .timeout,
            Some(good)
        );
    }
    for bad in [
        json!(999),
        json!(DAY + 1),
        json!(-1),
        json!(1_500.5),
        json!("60000"),
        json!(true),
        json!(1e300),
    ] {
        assert_eq!(
            refused(json!({ "prompt": "a dog", "timeoutMs": bad })),
            ["/timeoutMs"],
            "{bad}"
        );
    }
}

#[test]
fn confirm_is_true_or_false_and_nothing_that_looks_like_it() {
    assert!(
        accepted(json!({ "prompt": "a dog", "confirm": true }))
            .order
            .confirm
    );
    for bad in [json!("true"), json!(1), json!([]), json!({})] {
        assert_eq!(
            refused(json!({ "prompt": "a dog", "confirm": bad })),
            ["/confirm"],
            "{bad}"
        );
    }
}

#[test]
fn an_orders_time_in_line_lies_between_a_second_and_thirty_days() {
    for good in [1_000_u64, 60_000, 30 * DAY] {
        for order in [
            json!({ "prompt": "a dog", "startTimeoutMs": good }),
            json!({ "prompt": "a dog", "parameters": { "start_timeout_ms": good } }),
        ] {
            assert_eq!(accepted(order).order.start_timeout, Some(good));
        }
    }
    for bad in [
        json!(999),
        json!(30 * DAY + 1),
        json!(-1),
        json!(1_500.5),
        json!("60000"),
        json!(true),
        json!(1e300),
    ] {
        assert_eq!(
            refused(json!({ "prompt": "a dog", "startTimeoutMs": bad })),
            ["/startTimeoutMs"],
            "{bad}"
        );
    }
    assert_eq!(
        accepted(json!({ "prompt": "a dog" })).order.start_timeout,
        None
    );
}

#[test]
fn they_count_inside_parameters_too() {
    let own =
        json!({ "start_after": "2026-01-02T00:00:00Z", "timeoutMs": 60_000, "confirm": true });
    let request = accepted(json!({ "prompt": "a dog", "parameters": own }));
    assert_eq!(
        (
            request.order.start_after.is_some(),
            request.order.timeout,
            request.order.confirm
        ),
        (true, Some(60_000), true)
    );
    assert_eq!(json!(request.order.parameters), own, "echoed as written");
    let wrong = json!({ "startAfter": "tomorrow", "timeout_ms": 1, "confirm": "yes" });
    let mut names = refused(json!({ "prompt": "a dog", "parameters": wrong }));
    names.sort();
    assert_eq!(
        names,
        [
            "/parameters/confirm",
            "/parameters/startAfter",
            "/parameters/timeout_ms"
        ]
    );
}

#[test]
fn all_three_are_named_in_one_answer() {
    let mut names =
        refused(json!({ "prompt": "a dog", "startAfter": 7, "timeoutMs": 7, "confirm": 7 }));
    names.sort();
    assert_eq!(names, ["/confirm", "/startAfter", "/timeoutMs"]);
}
