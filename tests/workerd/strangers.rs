//! A caller who may not see a generation learns nothing about it (I7).

use crate::harness::token::{self, JWT_SECRET};
use crate::harness::{Answer, Api, shared, unique};
use serde_json::json;

/// Every request that names a generation: its method, and its path around the id.
const WAYS: [(&str, &str, &str); 9] = [
    ("GET", "/api/generations/", ""),
    ("GET", "/api/generations/", "/timeline"),
    ("GET", "/api/generations/", "/events"),
    ("GET", "/api/generations/", "/video"),
    ("POST", "/api/generations/", "/cancel"),
    ("POST", "/api/generations/", "/retry"),
    ("GET", "/api/queue/jobs/", ""),
    ("GET", "/api/storage/videos/", ""),
    ("DELETE", "/api/storage/videos/", ""),
];

#[test]
fn a_foreign_generation_looks_byte_for_byte_like_a_missing_one_i7() {
    let world = shared();
    let (owner, stranger) = (world.user(), world.user());
    let id = owner.generate(&unique("someone's own"));
    owner.ends_as(&id, "completed");
    // As long as the real id, and of the same form.
    let missing: String = id
        .chars()
        .rev()
        .map(|letter| if letter == '0' { '1' } else { letter })
        .collect();
    for (method, before, after) in WAYS {
        let ask = |id: &str| named(&stranger, method, &format!("{before}{id}{after}"));
        let (foreign, absent) = (ask(&id), ask(&missing));
        assert_eq!(
            foreign.status,
            404,
            "{method} {before}…{after}: {}",
            foreign.text()
        );
        assert_eq!(foreign.text(), absent.text(), "{method} {before}…{after}");
        assert_eq!(
            headers(&foreign),
            headers(&absent),
            "{method} {before}…{after}"
        );
    }
    assert_eq!(stranger.get("/api/generations").json()["data"], json!([]));
    assert_eq!(
        stranger.get("/api/storage/videos").json()["videos"],
        json!([])
    );
    assert_eq!(
        owner.generation(&id)["status"],
        "completed",
        "no stranger changed it"
    );
    assert_eq!(
        owner.get(&format!("/api/generations/{id}/video")).status,
        200,
        "no stranger deleted it"
    );
}

#[test]
fn the_same_id_of_another_user_is_another_job_i7() {
    let world = shared();
    let (one, other, id) = (world.user(), world.user(), unique("chosen"));
    for user in [&one, &other] {
        let answer =
            user.create(&json!({ "generationId": id, "prompt": format!("of {}", user.user) }));
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    for user in [&one, &other] {
        assert_eq!(
            user.ends_as(&id, "completed")["prompt"],
            format!("of {}", user.user)
        );
    }
}

#[test]
fn forged_expired_and_unsigned_tokens_open_nothing() {
    let world = shared();
    let user = world.user();
    let id = user.generate(&unique("behind a token"));
    let forever = 4_102_444_800_u64;
    let claims = json!({ "sub": user.user, "exp": forever });
    let tokens = [
        (
            "forged",
            Some(token::signed(
                &claims,
                "another-secret-of-at-least-32-characters",
            )),
        ),
        (
            "expired",
            Some(token::signed(
                &json!({ "sub": user.user, "exp": 1_700_000_000 }),
                JWT_SECRET,
            )),
        ),
        (
            "without an end",
            Some(token::signed(&json!({ "sub": user.user }), JWT_SECRET)),
        ),
        (
            "without a user",
            Some(token::signed(&json!({ "exp": forever }), JWT_SECRET)),
        ),
        ("unsigned", Some(token::unsigned(&claims))),
        ("for development", Some(format!("dev_{}", user.user))),
        ("nonsense", Some("nonsense".to_owned())),
        ("none", None),
    ];
    for (name, token) in tokens {
        let caller = user.with_token(token);
        for (method, before, after) in WAYS {
            let answer = named(&caller, method, &format!("{before}{id}{after}"));
            assert_eq!(
                answer.status,
                401,
                "{name}: {method} {before}…{after}: {}",
                answer.text()
            );
        }
        let order = caller.create(&json!({ "prompt": "an order by nobody" }));
        assert_eq!(order.status, 401, "{name}");
        assert!(
            order.header("www-authenticate").starts_with("Bearer"),
            "{name}"
        );
    }
    assert_eq!(world.upstream.paid("an order by nobody").len(), 0);
    user.ends_as(&id, "completed");
}

/// A request with its own request id, so that whole answers can be compared.
fn named(user: &Api, method: &str, path: &str) -> Answer {
    user.send(method, path, |request| {
        request.header("x-request-id", "the-same")
    })
}

fn headers(answer: &Answer) -> Vec<(String, String)> {
    let text = |value: &reqwest::header::HeaderValue| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    };
    let all = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)));
    let mut kept: Vec<_> = all.filter(|(name, _)| name != "date").collect();
    kept.sort();
    kept
}
