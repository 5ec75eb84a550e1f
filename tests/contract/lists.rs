//! The query of a list.

use reelay::http::{ListQuery, list_query};
use reelay::machine::Status;
use reelay::wire::api::FieldError;

fn query(pairs: &[(&str, &str)]) -> Result<ListQuery, Vec<String>> {
    list_query(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        .map_err(|errors| errors.iter().map(FieldError::name).map(str::to_owned).collect())
}

#[test]
fn a_page_has_20_entries_unless_asked_otherwise() {
    assert_eq!(query(&[]), Ok(ListQuery { status: None, limit: 20, after: None }));
    assert_eq!(
        query(&[("status", "completed"), ("limit", "100"), ("after", "c_1")]),
        Ok(ListQuery { status: Some(Status::Completed), limit: 100, after: Some("c_1".to_owned()) })
    );
    assert_eq!(query(&[("status", ""), ("limit", ""), ("after", "")]), query(&[]));
}

#[test]
fn every_status_can_be_asked_for() {
    for status in Status::ALL {
        assert_eq!(query(&[("status", status.as_str())]).map(|query| query.status), Ok(Some(status)));
    }
}

#[test]
fn every_bad_parameter_is_named() {
    for limit in ["0", "101", "-1", "ten", "1.5", "99999999999999999999"] {
        assert_eq!(query(&[("limit", limit)]), Err(vec!["limit".to_owned()]), "{limit}");
    }
    let long = "c".repeat(513);
    assert_eq!(
        query(&[("status", "canceled"), ("limit", "0"), ("after", &long)]),
        Err(vec!["status".to_owned(), "limit".to_owned(), "after".to_owned()])
    );
}
