//! The query parameters of a list.

use reelay::api::field_error::FieldError;
use reelay::api::query::{
    DeliveriesQuery, JobsQuery, ListQuery, deliveries_query, jobs_query, list_query, since,
};
use reelay::machine::Status;

fn query(pairs: &[(&str, &str)]) -> Result<ListQuery, Vec<String>> {
    list_query(|name| {
        pairs
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    })
    .map_err(|errors| {
        errors
            .iter()
            .map(FieldError::name)
            .map(str::to_owned)
            .collect()
    })
}

#[test]
fn a_page_has_20_entries_unless_asked_otherwise() {
    assert_eq!(
        query(&[]),
        Ok(ListQuery {
            status: None,
            search: None,
            limit: 20,
            after: None
        })
    );
    assert_eq!(
        query(&[
            ("status", "completed"),
            ("limit", "100"),
            ("after", "c_1"),
            ("search", "50% _")
        ]),
        Ok(ListQuery {
            status: Some(Status::Completed),
            search: Some("50% _".to_owned()),
            limit: 100,
            after: Some("c_1".to_owned())
        })
    );
    assert_eq!(
        query(&[("status", ""), ("limit", ""), ("after", "")]),
        query(&[])
    );
}

#[test]
fn every_status_can_be_asked_for() {
    for status in Status::ALL {
        assert_eq!(
            query(&[("status", status.as_str())]).map(|query| query.status),
            Ok(Some(status))
        );
    }
}

#[test]
fn every_bad_parameter_is_named() {
    for limit in ["0", "101", "-1", "ten", "1.5", "99999999999999999999"] {
        assert_eq!(
            query(&[("limit", limit)]),
            Err(vec!["limit".to_owned()]),
            "{limit}"
        );
    }
    assert_eq!(
        query(&[("search", &"ü".repeat(101))]),
        Err(vec!["search".to_owned()])
    );
    assert!(query(&[("search", &"ü".repeat(100))]).is_ok());
    let long = "c".repeat(513);
    assert_eq!(
        query(&[("status", "canceled"), ("limit", "0"), ("after", &long)]),
        Err(vec![
            "status".to_owned(),
            "limit".to_owned(),
            "after".to_owned()
        ])
    );
}

fn parameters<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| {
        pairs
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    }
}

fn names(errors: Vec<FieldError>) -> Vec<String> {
    errors
        .into_iter()
        .map(|error| error.name().to_owned())
        .collect()
}

#[test]
fn the_jobs_of_all_users_are_asked_for_by_user_too() {
    let list = ListQuery {
        status: None,
        search: None,
        limit: 20,
        after: None,
    };
    assert_eq!(
        jobs_query(parameters(&[])),
        Ok(JobsQuery {
            user_id: None,
            list: list.clone()
        })
    );
    let ann = jobs_query(parameters(&[("userId", "ann")]));
    assert_eq!(
        ann,
        Ok(JobsQuery {
            user_id: Some("ann".to_owned()),
            list
        })
    );
    let bad = jobs_query(parameters(&[("status", "done"), ("userId", "a/b")]));
    assert_eq!(
        bad.map_err(names),
        Err(vec!["status".to_owned(), "userId".to_owned()])
    );
}

#[test]
fn events_are_asked_for_by_state() {
    let all = DeliveriesQuery {
        state: None,
        limit: 20,
        after: None,
    };
    assert_eq!(
        deliveries_query(parameters(&[("status", "done")])),
        Ok(all),
        "unknown parameters are ignored"
    );
    for state in ["pending", "delivered", "exhausted"] {
        let query = deliveries_query(parameters(&[
            ("state", state),
            ("limit", "7"),
            ("after", "1.msg_1"),
        ]));
        assert_eq!(
            query,
            Ok(DeliveriesQuery {
                state: Some(state),
                limit: 7,
                after: Some("1.msg_1".to_owned())
            })
        );
    }
    let bad = deliveries_query(parameters(&[("state", "lost"), ("limit", "0")]));
    assert_eq!(
        bad.map_err(names),
        Err(vec!["state".to_owned(), "limit".to_owned()])
    );
}

#[test]
fn a_recovery_wants_a_time() {
    assert_eq!(
        since(parameters(&[("since", "1970-01-01T00:00:05.250Z")])),
        Ok(5_250)
    );
    assert_eq!(
        since(parameters(&[("since", "1970-01-01T02:00:05+02:00")])),
        Ok(5_000)
    );
    assert_eq!(
        since(parameters(&[("since", "1960-01-01T00:00:00Z")])),
        Ok(0)
    );
    for pairs in [
        &[][..],
        &[("since", "")],
        &[("since", "yesterday")],
        &[("since", "1970-01-01")],
        &[("since", "5")],
    ] {
        assert_eq!(
            since(parameters(pairs)).map_err(names),
            Err(vec!["since".to_owned()]),
            "{pairs:?}"
        );
    }
}
