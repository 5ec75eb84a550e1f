//! One key, one job (I10).

use crate::requests::{INTAKE, MOMENT, object};
use reelay::api::field_error::FieldError;
use reelay::api::order::request::{Intake, parse};
use reelay::ids::JobKey;
use reelay::ids::{generation_id_for, idempotency_key, new_generation_id};
use reelay::time::Moment;
use serde_json::{Value, json};
use uuid::Uuid;

fn key_of(body: Value, idempotency_key: Option<&str>) -> Result<JobKey, Vec<FieldError>> {
    parse(
        &object(body),
        Intake {
            idempotency_key,
            ..INTAKE
        },
    )
    .map(|parsed| parsed.key)
}

#[test]
fn without_an_id_a_version_7_uuid_of_this_moment_is_made() {
    let id = Uuid::parse_str(&new_generation_id(MOMENT)).expect("a UUID");
    assert_eq!(id.get_version_num(), 7);
    let later = new_generation_id(Moment {
        now: MOMENT.now + 1,
        random: 0,
    });
    assert!(later > id.to_string());
    assert_ne!(
        new_generation_id(Moment {
            random: 0,
            ..MOMENT
        }),
        id.to_string()
    );
}

#[test]
fn a_clock_beyond_the_range_of_a_uuid_makes_an_id_all_the_same() {
    assert!(
        Uuid::parse_str(&new_generation_id(Moment {
            now: u64::MAX,
            random: 0
        }))
        .is_ok()
    );
}

#[test]
fn one_key_always_leads_to_one_id() {
    let body = json!({ "prompt": "a dog" });
    let one = key_of(body.clone(), Some("order-7")).expect("valid");
    let again = key_of(body, Some("\"order-7\"")).expect("valid");
    assert_eq!(one, again);
    let id = Uuid::parse_str(&one.generation_id).expect("a UUID");
    assert_eq!(id.get_version_num(), 8);
}

#[test]
fn the_id_of_a_key_stays_what_it_was() {
    // After a change, a repeat that arrives after an update would create a new job.
    assert_eq!(
        generation_id_for("u_1", "order-7"),
        derived("reelay idempotency key v1\nu_1\norder-7")
    );
}

#[test]
fn keys_of_different_users_have_nothing_to_do_with_each_other() {
    assert_ne!(
        generation_id_for("u_1", "order-7"),
        generation_id_for("u_2", "order-7")
    );
    assert_ne!(
        generation_id_for("u_1", "order-7"),
        generation_id_for("u_1", "order-8")
    );
}

#[test]
fn a_key_and_another_id_are_refused_with_both_named() {
    let body = |id: &str| json!({ "prompt": "a dog", "generationId": id });
    let errors = key_of(body("g_1"), Some("order-7")).expect_err("two names for one job");
    let names: Vec<&str> = errors.iter().map(FieldError::name).collect();
    assert_eq!(names, ["/generationId", "Idempotency-Key"]);
    assert_eq!(
        key_of(body("g_1"), Some("g_1"))
            .expect("the same name twice")
            .generation_id,
        "g_1"
    );
    assert_eq!(
        key_of(body("g_1"), Some("\"g_1\""))
            .expect("the same name twice")
            .generation_id,
        "g_1"
    );
}

#[test]
fn a_key_is_a_structured_string_or_bare() {
    for (header, key) in [
        ("abc", Some("abc")),
        (" abc ", Some("abc")),
        (r#""a b""#, Some("a b")),
        (r#""a\"b\\c""#, Some(r#"a"b\c"#)),
        (r#""unfinished"#, None),
        (r#"""#, None),
        (r#""""#, None),
        (r#""a"b""#, None),
        (r#""a\x""#, None),
        (r#""a\""#, None),
        ("", None),
        ("a\tb", None),
        ("schlüssel", None),
    ] {
        assert_eq!(idempotency_key(header).as_deref(), key, "{header}");
    }
    assert!(idempotency_key(&"k".repeat(255)).is_some());
    assert!(idempotency_key(&"k".repeat(256)).is_none());
    let errors = key_of(json!({ "prompt": "a dog" }), Some("")).expect_err("empty");
    assert_eq!(errors[0].name(), "Idempotency-Key");
}

fn derived(text: &str) -> String {
    use sha2::Digest;
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sha2::Sha256::digest(text)[..16]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .to_string()
}
