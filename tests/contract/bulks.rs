//! Requests for bulks: which are refused and why.

use crate::requests::object;
use reelay::api::bulk::request::{BulkRequest, bulk_request};
use reelay::api::bulk::{BulkState, ShownBulk};
use reelay::machine::Status;
use reelay::machine::bulk::{BulkAction, BulkOutcome};
use reelay::machine::outcome::ErrorCode;
use reelay::machine::queue::{Bulk, BulkFilter, Matching};
use serde_json::{Value, json};

fn read(body: Value) -> Result<BulkRequest, Vec<String>> {
    bulk_request(&object(body))
        .map_err(|errors| errors.iter().map(|error| error.name().to_owned()).collect())
}

#[test]
fn a_request_is_a_dry_run_unless_it_repeats_what_the_dry_run_said() {
    let filter = json!({ "errorCode": "internal", "userId": "u_1" });
    let expected = BulkRequest {
        action: BulkAction::Retry,
        filter: BulkFilter {
            error_code: Some(ErrorCode::Internal),
            user_id: Some("u_1".to_owned()),
            ..BulkFilter::default()
        },
        said: None,
    };
    for dry in [
        json!({}),
        json!({ "dryRun": true, "count": 3, "maxCost": 9.6 }),
    ] {
        let mut body = object(dry);
        body.extend(object(json!({ "action": "retry", "filter": filter })));
        assert_eq!(read(Value::Object(body)), Ok(expected.clone()));
    }
    let run =
        json!({ "action": "retry", "filter": filter, "dryRun": false, "count": 3, "maxCost": 9.6 });
    let said = Some(Matching {
        count: 3,
        cost_micros: 9_600_000,
    });
    assert_eq!(read(run), Ok(BulkRequest { said, ..expected }));
    let blind = json!({ "action": "retry", "filter": filter, "dryRun": false });
    assert_eq!(
        read(blind),
        Err(vec!["/count".to_owned(), "/maxCost".to_owned()])
    );
}

#[test]
fn every_field_of_a_filter_is_read() {
    let body = json!({
        "action": "cancel",
        "filter": {
            "status": "queued", "errorCode": "internal", "userId": "u_1", "provider": "vertex",
            "model": "veo-3.1-generate-001", "createdAfter": "2026-01-01T00:00:00Z",
            "createdBefore": "2026-01-01T02:00:00+01:00",
        },
    });
    let filter = read(body).expect("valid").filter;
    assert_eq!(
        filter,
        BulkFilter {
            status: Some(Status::Queued),
            error_code: Some(ErrorCode::Internal),
            user_id: Some("u_1".to_owned()),
            provider: Some("vertex".to_owned()),
            model: Some("veo-3.1-generate-001".to_owned()),
            created_after: Some(1_767_225_600_000),
            created_before: Some(1_767_229_200_000),
        }
    );
    let early = json!({ "createdAfter": "1799-06-20T05:04:26Z", "all": false });
    let early = json!({
        "action": "retry", "filter": early, "dryRun": false, "count": 3.0, "maxCost": 9.6,
    });
    let early = read(early).expect("a time before 1970, and a whole number with a point");
    assert_eq!(early.filter.created_after, Some(0));
    assert_eq!(early.said.map(|said| said.count), Some(3));
    let all = json!({ "action": "cancel", "filter": { "all": true } });
    assert_eq!(read(all).expect("valid").filter, BulkFilter::default());
}

#[test]
fn a_wrong_request_names_each_wrong_field() {
    let retry = |filter: Value| json!({ "action": "retry", "filter": filter });
    for (body, expected) in [
        (json!({}), vec!["/action", "/filter"]),
        (json!({ "action": "delete", "filter": {} }), vec!["/action"]),
        (json!({ "action": "retry", "filter": [] }), vec!["/filter"]),
        (retry(json!({})), vec!["/filter/all"]),
        (retry(json!({ "all": false })), vec!["/filter/all"]),
        (
            retry(json!({ "all": true, "userId": "u_1" })),
            vec!["/filter/all"],
        ),
        (
            retry(json!({ "all": false, "userId": "" })),
            vec!["/filter/userId"],
        ),
        (retry(json!({ "stauts": "failed" })), vec!["/filter/stauts"]),
        (
            retry(json!({ "status": "completed" })),
            vec!["/filter/status"],
        ),
        (retry(json!({ "status": "queued" })), vec!["/filter/status"]),
        (
            json!({ "action": "cancel", "filter": { "status": "failed" } }),
            vec!["/filter/status"],
        ),
        (
            retry(json!({ "errorCode": "oops", "userId": "a/b", "provider": "x", "model": "y" })),
            vec![
                "/filter/errorCode",
                "/filter/userId",
                "/filter/provider",
                "/filter/model",
            ],
        ),
        (
            retry(json!({ "createdAfter": "yesterday", "createdBefore": -5 })),
            vec!["/filter/createdAfter", "/filter/createdBefore"],
        ),
        (
            retry(
                json!({ "createdAfter": "2026-01-02T00:00:00Z", "createdBefore": "2026-01-01T00:00:00Z" }),
            ),
            vec!["/filter/createdBefore"],
        ),
        (
            json!({
                "action": "retry", "filter": { "all": true }, "dryRun": false, "count": -1, "maxCost": -2,
            }),
            vec!["/count", "/maxCost"],
        ),
        (
            json!({
                "action": "retry", "filter": { "all": true }, "dryRun": "no", "limit": 5,
            }),
            vec!["/limit", "/dryRun"],
        ),
    ] {
        assert_eq!(
            read(body.clone()),
            Err(expected.into_iter().map(str::to_owned).collect()),
            "{body}"
        );
    }
}

#[test]
fn a_bulk_is_shown_with_its_state_and_its_outcomes() {
    let bulk = |stopped: bool, ended: bool| Bulk {
        id: 7,
        action: BulkAction::Retry,
        filter: BulkFilter {
            user_id: Some("u_1".to_owned()),
            ..BulkFilter::default()
        },
        operator: "ADMIN_KEY".to_owned(),
        started_at: 0,
        chosen: Matching {
            count: 5,
            cost_micros: 16_000_000,
        },
        outcomes: [(BulkOutcome::Done, 2), (BulkOutcome::BudgetExceeded, 1)].into(),
        stopped_by: stopped.then(|| "ops".to_owned()),
        ended_at: ended.then_some(1_000),
    };
    for (stopped, ended, state) in [
        (false, false, BulkState::Running),
        (true, false, BulkState::Stopping),
        (true, true, BulkState::Stopped),
        (false, true, BulkState::Completed),
    ] {
        assert_eq!(ShownBulk::of(bulk(stopped, ended)).state, state);
    }
    let shown = serde_json::to_value(ShownBulk::of(bulk(false, false))).expect("JSON");
    assert_eq!(
        shown,
        json!({
            "id": "7", "action": "retry", "filter": { "userId": "u_1" }, "state": "running",
            "count": 5, "maxCost": 16.0, "left": 2, "done": 2,
            "leftAlone": { "budget_exceeded": 1 }, "startedBy": "ADMIN_KEY",
            "startedAt": "1970-01-01T00:00:00.000Z",
        })
    );
}
