//! Who may call, and for which user.

use crate::jwt::{hs256, hs512, unsigned, with_header};
use crate::variables::{ADMIN_KEY, API_KEY, JWT_SECRET, config_with, development, production};
use proptest::prelude::*;
use reelay::api::auth::{Caller, authenticate, is_misplaced, named};
use serde_json::{Value, json};

const NOW: u64 = 1_767_225_600;

fn caller(token: &str) -> Option<Caller> {
    authenticate(Some(&format!("Bearer {token}")), &production(), NOW).ok()
}

fn user(id: &str) -> Caller {
    Caller::User {
        id: id.to_owned(),
        admin: false,
        max_priority: None,
    }
}

fn signed(claims: &Value) -> String {
    hs256(claims, JWT_SECRET.as_bytes())
}

#[test]
fn a_signed_unexpired_token_names_its_user() {
    assert_eq!(
        caller(&signed(&json!({ "sub": "u_1", "exp": NOW + 60 }))),
        Some(user("u_1"))
    );
    assert_eq!(
        caller(&signed(
            &json!({ "sub": "u_1", "exp": 1_767_225_660.5, "iat": NOW, "aud": ["x"] })
        )),
        Some(user("u_1"))
    );
    let header = json!({ "alg": "HS256", "kid": "k1" });
    assert_eq!(
        caller(&with_header(
            &header,
            &json!({ "sub": "u_1", "exp": NOW + 1 }),
            JWT_SECRET.as_bytes()
        )),
        Some(user("u_1"))
    );
}

#[test]
fn only_the_role_admin_opens_the_operator_routes() {
    let with_role = |role: Value| {
        caller(&signed(
            &json!({ "sub": "u_1", "exp": NOW + 60, "role": role }),
        ))
    };
    assert_eq!(
        with_role(json!("admin")),
        Some(Caller::User {
            id: "u_1".to_owned(),
            admin: true,
            max_priority: None,
        })
    );
    assert_eq!(with_role(json!("Admin")), Some(user("u_1")));
    assert_eq!(with_role(json!(null)), Some(user("u_1")));
}

#[test]
fn the_claim_of_a_token_limits_its_users_priority_and_else_the_setting_does() {
    let config = config_with(&[("MAX_USER_PRIORITY", "4")]).expect("valid settings");
    let most = |claims: Value| {
        let mut all = json!({ "sub": "u_1", "exp": NOW + 60 });
        all.as_object_mut()
            .expect("an object")
            .extend(claims.as_object().expect("an object").clone());
        caller(&signed(&all)).map(|caller| caller.max_priority(config.max_user_priority))
    };
    for (claims, expected) in [
        (json!({}), 4),
        (json!({ "maxPriority": null }), 4),
        (json!({ "maxPriority": 0 }), 0),
        (json!({ "maxPriority": 9 }), 9),
        (json!({ "maxPriority": 1, "role": "admin" }), 10),
    ] {
        assert_eq!(most(claims.clone()), Some(expected), "{claims}");
    }
    for key in [Caller::Service, Caller::Operator] {
        assert_eq!(key.max_priority(0), 10, "{key:?}");
    }
    assert_eq!(production().max_user_priority, 0, "the default");
}

#[test]
fn a_claim_that_is_no_priority_makes_the_token_invalid_and_is_named() {
    for claim in [json!(11), json!(-1), json!(1.5), json!("3"), json!([])] {
        let token = signed(&json!({ "sub": "u_1", "exp": NOW + 60, "maxPriority": claim }));
        let problem = authenticate(Some(&format!("Bearer {token}")), &production(), NOW)
            .expect_err("no priority");
        assert_eq!(problem.status, 401, "{claim}");
        assert!(problem.detail.contains("maxPriority"), "{}", problem.detail);
    }
}

#[test]
fn a_token_without_a_signature_or_of_another_algorithm_is_refused() {
    let claims = json!({ "sub": "u_1", "exp": NOW + 60 });
    assert_eq!(caller(&unsigned(&claims)), None);
    assert_eq!(caller(&hs512(&claims, JWT_SECRET.as_bytes())), None);
    for algorithm in ["none", "None", "HS512", "RS256", "hs256", ""] {
        let header = json!({ "alg": algorithm, "typ": "JWT" });
        assert_eq!(
            caller(&with_header(&header, &claims, JWT_SECRET.as_bytes())),
            None,
            "{algorithm}"
        );
    }
    assert_eq!(
        caller(&with_header(
            &json!({ "typ": "JWT" }),
            &claims,
            JWT_SECRET.as_bytes()
        )),
        None
    );
}

#[test]
fn a_forged_token_is_refused() {
    let claims = json!({ "sub": "u_1", "exp": NOW + 60 });
    assert_eq!(
        caller(&hs256(&claims, b"another secret of more than 32 bytes")),
        None
    );
    let good = signed(&claims);
    let other = signed(&json!({ "sub": "u_2", "exp": NOW + 60 }));
    let parts: Vec<&str> = good.split('.').collect();
    let others: Vec<&str> = other.split('.').collect();
    assert_eq!(
        caller(&format!("{}.{}.{}", parts[0], others[1], parts[2])),
        None,
        "another user's claims"
    );
    assert_eq!(
        caller(&format!("{}.{}", parts[0], parts[1])),
        None,
        "no signature"
    );
    assert_eq!(
        caller(&format!("{}.{}.", parts[0], parts[1])),
        None,
        "an empty signature"
    );
    assert_eq!(caller(&good[..good.len() - 4]), None, "a cut signature");
    assert_eq!(caller(&format!("{good}AAAA")), None, "a longer signature");
}

#[test]
fn a_token_that_expired_or_never_expires_is_refused() {
    for claims in [
        json!({ "sub": "u_1", "exp": NOW - 60 }),
        json!({ "sub": "u_1", "exp": NOW - 3_600 }),
        json!({ "sub": "u_1", "exp": 1_767_225_540.9 }),
        json!({ "sub": "u_1", "exp": -1 }),
        json!({ "sub": "u_1" }),
        json!({ "sub": "u_1", "exp": null }),
        json!({ "sub": "u_1", "exp": "tomorrow" }),
        json!({ "sub": "u_1", "exp": u64::MAX }),
        json!({ "sub": "u_1", "exp": 1e300 }),
        json!({ "sub": "u_1", "exp": NOW + 600, "nbf": NOW + 61 }),
        json!({ "sub": "u_1", "exp": NOW + 600, "iat": NOW + 61 }),
        json!({ "sub": "u_1", "exp": NOW + 600, "nbf": 1e300 }),
        json!({ "sub": "u_1", "exp": NOW + 600, "iat": u64::MAX }),
    ] {
        assert_eq!(caller(&signed(&claims)), None, "{claims}");
    }
}

#[test]
fn a_clock_may_differ_by_a_minute() {
    for claims in [
        json!({ "sub": "u_1", "exp": NOW + 600, "nbf": NOW + 2 }),
        json!({ "sub": "u_1", "exp": NOW + 600, "nbf": NOW + 60, "iat": NOW + 60 }),
        json!({ "sub": "u_1", "exp": NOW + 600, "iat": 1_767_225_602.75 }),
        json!({ "sub": "u_1", "exp": NOW }),
        json!({ "sub": "u_1", "exp": NOW - 59 }),
        json!({ "sub": "u_1", "exp": 8_000_000_000_000_u64 }),
    ] {
        assert_eq!(caller(&signed(&claims)), Some(user("u_1")), "{claims}");
    }
    let early = authenticate(
        Some(&format!(
            "Bearer {}",
            signed(&json!({ "sub": "u_1", "exp": 30 }))
        )),
        &production(),
        5,
    );
    assert_eq!(early.ok(), Some(user("u_1")), "with a clock at zero");
}

#[test]
fn a_token_with_critical_extensions_is_refused() {
    let claims = json!({ "sub": "u_1", "exp": NOW + 60 });
    for critical in [
        json!(["b64"]),
        json!(["exp"]),
        json!(["http://example.com/unknown"]),
        json!([]),
        json!(null),
    ] {
        let header = json!({ "alg": "HS256", "crit": critical });
        assert_eq!(
            caller(&with_header(&header, &claims, JWT_SECRET.as_bytes())),
            None,
            "{critical}"
        );
    }
    let harmless = json!({ "alg": "HS256", "typ": "JWT", "critical": ["b64"], "b64": true });
    assert_eq!(
        caller(&with_header(&harmless, &claims, JWT_SECRET.as_bytes())),
        Some(user("u_1"))
    );
}

#[test]
fn a_development_token_elsewhere_is_told_why_it_is_refused() {
    for token in ["dev_u_1", "dev_", "dev_a/b"] {
        let header = format!("Bearer {token}");
        let problem = authenticate(Some(&header), &production(), NOW).expect_err("no token");
        assert_eq!((problem.status, problem.code), (401, "unauthorized"));
        for word in [
            "dev_",
            "ENVIRONMENT",
            "development",
            "JWT_SECRET",
            "API_KEY",
        ] {
            assert!(problem.detail.contains(word), "{word}: {}", problem.detail);
        }
        assert!(
            is_misplaced(Some(&header), &production())
                && !is_misplaced(Some(&header), &development())
        );
    }
    for other in [
        None,
        Some("Bearer nonsense"),
        Some("dev_u_1"),
        Some("Basic dev_u_1"),
    ] {
        assert!(!is_misplaced(other, &production()), "{other:?}");
    }
}

#[test]
fn in_development_a_refusal_names_a_token_that_works() {
    const WORKS: &str = "Bearer dev_u_1";
    for header in [
        None,
        Some("Bearer"),
        Some("Bearer nonsense"),
        Some("Bearer dev_"),
        Some("Basic dXNlcjpwYXNz"),
    ] {
        let problem = authenticate(header, &development(), NOW).expect_err("no token");
        assert!(problem.detail.contains(WORKS), "{}", problem.detail);
        let problem = authenticate(header, &production(), NOW).expect_err("no token");
        assert!(!problem.detail.contains(WORKS), "{}", problem.detail);
    }
    assert!(authenticate(Some(WORKS), &development(), NOW).is_ok());
}

#[test]
fn a_user_is_named_alike_wherever_they_are_named() {
    let text = |user: &str| Some(user.to_owned());
    let own = user("u_1");
    assert_eq!(
        named(&own, text("u_1"), [text("u_1"), None]),
        Ok(text("u_1"))
    );
    for (header, parameters) in [
        (text("u_2"), [None, None]),
        (None, [text("u_2"), None]),
        (None, [None, text("u_2")]),
        (text("u_1"), [text("u_2"), None]),
        (None, [text("u_1"), text("a/b")]),
        (None, [text(""), None]),
    ] {
        assert_eq!(
            named(&own, header, parameters)
                .expect_err("another user")
                .status,
            403
        );
    }
    for caller in [
        Caller::Service,
        Caller::Operator,
        Caller::User {
            id: "u_1".to_owned(),
            admin: true,
            max_priority: None,
        },
    ] {
        assert_eq!(named(&caller, None, [None, None]), Ok(None));
        assert_eq!(named(&caller, None, [None, text("u_2")]), Ok(text("u_2")));
        assert_eq!(
            named(&caller, text("u_2"), [text("u_2"), None]),
            Ok(text("u_2"))
        );
        for parameters in [
            [text("u_3"), None],
            [text("u_2"), text("u_3")],
            [text("a/b"), None],
            [text(""), None],
        ] {
            let problem = named(&caller, text("u_2"), parameters).expect_err("two users");
            assert_eq!((problem.status, problem.errors[0].name()), (400, "userId"));
        }
    }
}

#[test]
fn a_token_without_a_usable_user_is_refused() {
    for sub in [
        json!(null),
        json!(""),
        json!(7),
        json!("../x"),
        json!("a b"),
        json!("x".repeat(129)),
    ] {
        assert_eq!(
            caller(&signed(&json!({ "sub": sub, "exp": NOW + 60 }))),
            None,
            "{sub}"
        );
    }
    assert_eq!(caller(&signed(&json!({ "exp": NOW + 60 }))), None);
}

#[test]
fn development_tokens_are_taken_in_development_only() {
    let header = Some("Bearer dev_u_1");
    assert_eq!(
        authenticate(header, &development(), NOW).ok(),
        Some(user("u_1"))
    );
    assert_eq!(authenticate(header, &production(), NOW).ok(), None);
    for bad in ["Bearer dev_", "Bearer dev_a/b", "Bearer dev_.x"] {
        assert!(
            authenticate(Some(bad), &development(), NOW).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn the_service_key_is_taken_whole_and_only_where_one_is_set() {
    assert_eq!(caller(API_KEY), Some(Caller::Service));
    assert_eq!(caller(&API_KEY[1..]), None);
    assert_eq!(caller(&format!("{API_KEY}x")), None);
    let without = config_with(&[]).expect("valid settings");
    assert!(authenticate(Some(&format!("Bearer {API_KEY}")), &without, NOW).is_err());
    assert!(authenticate(Some("Bearer "), &without, NOW).is_err());
}

#[test]
fn a_request_without_a_bearer_token_is_told_how_to_send_one() {
    for header in [
        None,
        Some(""),
        Some("Bearer"),
        Some("Basic dXNlcjpwYXNz"),
        Some(API_KEY),
    ] {
        let problem = authenticate(header, &production(), NOW).expect_err("no token");
        assert_eq!((problem.status, problem.code), (401, "unauthorized"));
        assert!(
            problem
                .headers
                .iter()
                .any(|(name, _)| *name == "WWW-Authenticate")
        );
    }
    assert!(authenticate(Some(&format!("bearer  {API_KEY} ")), &production(), NOW).is_ok());
}

#[test]
fn a_refusal_never_repeats_the_token() {
    let token = signed(&json!({ "sub": "u_1", "exp": NOW - 61 }));
    let problem =
        authenticate(Some(&format!("Bearer {token}")), &production(), NOW).expect_err("expired");
    assert!(!format!("{problem:?}").contains(&token));
}

#[test]
fn a_user_acts_for_nobody_else() {
    let caller = Caller::User {
        id: "u_1".to_owned(),
        admin: false,
        max_priority: None,
    };
    assert_eq!(caller.acting_for(None, None).as_deref(), Ok("u_1"));
    assert_eq!(
        caller.acting_for(Some("u_1"), Some("u_1")).as_deref(),
        Ok("u_1")
    );
    for (header, body) in [
        (Some("u_2"), None),
        (None, Some("u_2")),
        (Some("u_1"), Some("u_2")),
    ] {
        assert_eq!(
            caller
                .acting_for(header, body)
                .expect_err("another user")
                .status,
            403
        );
    }
}

#[test]
fn an_admin_acts_for_whom_they_name_and_else_for_themselves() {
    let admin = Caller::User {
        id: "u_1".to_owned(),
        admin: true,
        max_priority: None,
    };
    assert_eq!(admin.acting_for(None, None).as_deref(), Ok("u_1"));
    assert_eq!(admin.acting_for(Some("u_2"), None).as_deref(), Ok("u_2"));
    assert_eq!(
        admin
            .acting_for(Some("u_2"), Some("u_3"))
            .expect_err("two users")
            .status,
        400
    );
}

#[test]
fn the_admin_key_is_an_operators_and_names_its_user() {
    let config =
        config_with(&[("ADMIN_KEY", ADMIN_KEY), ("API_KEY", API_KEY)]).expect("valid settings");
    let caller = |key: &str| authenticate(Some(&format!("Bearer {key}")), &config, NOW).ok();
    assert_eq!(caller(ADMIN_KEY), Some(Caller::Operator));
    assert_eq!(caller(API_KEY), Some(Caller::Service));
    assert_eq!(caller(&ADMIN_KEY[1..]), None);
    assert_eq!(
        Caller::Operator.acting_for(Some("u_1"), None).as_deref(),
        Ok("u_1")
    );
    assert_eq!(
        Caller::Operator
            .acting_for(None, None)
            .expect_err("no user")
            .status,
        400
    );
}

#[test]
fn only_operators_open_the_operator_routes() {
    let user = |admin| Caller::User {
        id: "u_1".to_owned(),
        admin,
        max_priority: None,
    };
    assert!(user(true).is_operator() && Caller::Operator.is_operator());
    assert!(!user(false).is_operator() && !Caller::Service.is_operator());
}

#[test]
fn the_service_key_acts_for_whom_it_names() {
    assert_eq!(
        Caller::Service.acting_for(Some("u_1"), None).as_deref(),
        Ok("u_1")
    );
    assert_eq!(
        Caller::Service.acting_for(None, Some("u_1")).as_deref(),
        Ok("u_1")
    );
    assert_eq!(
        Caller::Service
            .acting_for(Some("u_1"), Some("u_1"))
            .as_deref(),
        Ok("u_1")
    );
    for (header, body) in [
        (None, None),
        (Some("a/b"), None),
        (Some(""), None),
        (Some("u_1"), Some("u_2")),
    ] {
        let problem = Caller::Service
            .acting_for(header, body)
            .expect_err("no user");
        assert_eq!(problem.status, 400);
        assert_eq!(problem.errors[0].name(), "X-User-Id");
    }
}

proptest! {
    #[test]
    fn no_token_makes_the_check_panic(token: String) {
        let _ = authenticate(Some(&token), &development(), NOW);
        let _ = authenticate(Some(&format!("Bearer {token}")), &development(), NOW);
    }

    #[test]
    fn no_claims_make_the_check_panic(sub: String, exp: i64, nbf: i64, role: Option<String>) {
        let _ = caller(&signed(&json!({ "sub": sub, "exp": exp, "nbf": nbf, "role": role })));
    }
}
