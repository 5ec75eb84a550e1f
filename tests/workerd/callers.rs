//! The shapes of real callers: keys without a user, pages with tracing headers, clocks that differ,
//! tokens of other services, and tokens for development.

use crate::harness::token::{self, JWT_SECRET};
use crate::harness::worker::{ADMIN_KEY, SERVICE_KEY};
use crate::harness::{
    Answer, Api, Configuration, Lent, Setup, World, kept, now, shared, unique, until,
};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
const PAGE: &str = "https://app.example.com";

#[test]
fn a_key_or_an_admin_acts_on_a_generation_by_its_id_alone() {
    let world = shared();
    for caller in keys(&world) {
        let owner = world.user();
        let id = owner.generate(&format!("{} [[submit:400]]", unique("for a key")));
        owner.ends_as(&id, "failed");
        assert_eq!(
            caller.post(&format!("/api/generations/{id}/retry")).status,
            200
        );
        owner.ends_as(&id, "failed");
        let id = owner.generate(&unique("for a key"));
        owner.ends_as(&id, "completed");
        for path in [
            format!("/api/generations/{id}"),
            format!("/api/generations/{id}/timeline"),
            format!("/api/generations/{id}/deliveries"),
            format!("/api/generations/{id}/events"),
            format!("/api/generations/{id}/video"),
            format!("/api/queue/jobs/{id}"),
            format!("/api/storage/videos/{id}"),
        ] {
            let (by_key, by_owner) = (caller.get(&path), owner.get(&path));
            assert_eq!(
                (by_key.status, by_owner.status),
                (200, 200),
                "{path}: {}",
                by_key.text()
            );
        }
        assert_eq!(caller.generation(&id)["userId"], json!(owner.user));
        let again = caller.post(&format!("/api/generations/{id}/cancel"));
        assert_eq!(
            (again.status, code(&again)),
            (409, "already_ended".to_owned())
        );
        assert_eq!(
            caller
                .send("DELETE", &format!("/api/storage/videos/{id}"), |request| {
                    request
                })
                .status,
            200
        );
        assert_eq!(
            owner.get(&format!("/api/generations/{id}/video")).status,
            404,
            "the video was deleted"
        );
    }
}

#[test]
fn an_id_is_found_from_the_moment_its_order_is_answered() {
    let world = shared();
    let service = keys(&world).remove(0);
    for _ in 0..5 {
        let owner = world.user();
        let id = owner.generate(&unique("just accepted"));
        assert_eq!(service.generation(&id)["userId"], json!(owner.user));
    }
}

#[test]
fn an_id_that_two_users_have_asks_for_the_user_and_one_that_nobody_has_is_missing() {
    let world = shared();
    let (one, other, id) = (world.user(), world.user(), unique("chosen_twice"));
    for user in [&one, &other] {
        assert_eq!(
            user.create(&json!({ "generationId": id, "prompt": unique("of two") }))
                .status,
            201
        );
    }
    for caller in keys(&world) {
        for (method, path) in [
            ("GET", ""),
            ("POST", "/cancel"),
            ("GET", "/events"),
            ("GET", "/video"),
        ] {
            let path = format!("/api/generations/{id}{path}");
            let answer = caller.send(method, &path, |request| request);
            assert_eq!(
                (answer.status, code(&answer)),
                (409, "ambiguous_generation".to_owned()),
                "{path}"
            );
            let sentence = answer.text();
            assert!(
                sentence.contains("userId") && sentence.contains("X-User-Id"),
                "{sentence}"
            );
            assert!(
                !sentence.contains(&one.user) && !sentence.contains(&other.user),
                "{sentence}"
            );
        }
        for user in [&one, &other] {
            let path = format!("/api/generations/{id}?userId={}", user.user);
            assert_eq!(
                caller.get(&path).json()["generation"]["userId"],
                json!(user.user)
            );
            let named = |request: reqwest::blocking::RequestBuilder| {
                request.header("X-User-Id", &user.user)
            };
            let answer = caller.send("GET", &format!("/api/generations/{id}"), named);
            assert_eq!(answer.json()["generation"]["userId"], json!(user.user));
        }
        for missing in ["nobodys", "not an id", "a%2Fb"] {
            let answer = caller.get(&format!("/api/generations/{missing}"));
            assert_eq!(
                (answer.status, code(&answer)),
                (404, "not_found".to_owned()),
                "{missing}"
            );
        }
    }
}

#[test]
fn an_admin_who_has_an_id_too_means_their_own() {
    let world = shared();
    let (other, id) = (world.user(), unique("an_admins_too"));
    let admin = world.user();
    let admin = admin.with_token(Some(admin_token(&admin.user)));
    for user in [&other, &admin] {
        assert_eq!(
            user.create(&json!({ "generationId": id, "prompt": unique("of both") }))
                .status,
            201
        );
    }
    assert_eq!(admin.generation(&id)["userId"], json!(admin.user));
}

#[test]
fn the_querys_user_counts_wherever_a_key_or_an_admin_calls() {
    let world = shared();
    for caller in keys(&world) {
        let owner = world.user();
        let id = owner.generate(&unique("listed for a key"));
        owner.ends_as(&id, "completed");
        for (path, list) in [
            ("/api/generations", "data"),
            ("/api/storage/videos", "videos"),
        ] {
            for name in ["userId", "user_id"] {
                let listed = caller
                    .get(&format!("{path}?{name}={}&limit=5", owner.user))
                    .json();
                assert_eq!(listed[list][0]["id"], json!(id), "{path}: {listed:#}");
            }
            let two = caller.send("GET", &format!("{path}?userId={}", owner.user), |r| {
                r.header("X-User-Id", "another")
            });
            assert_eq!(two.status, 400, "{path}: {}", two.text());
            for bad in ["a/b", "", ".x"] {
                assert_eq!(
                    caller.get(&format!("{path}?userId={bad}")).status,
                    400,
                    "{path}: {bad}"
                );
            }
        }
        let order = json!({ "prompt": unique("ordered for them") });
        let path = format!("/api/generations?userId={}", owner.user);
        let made = caller.send("POST", &path, |request| request.json(&order));
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.generation_id();
        assert_eq!(owner.generation(&made)["userId"], json!(owner.user));
    }
}

#[test]
fn a_users_own_token_never_reads_another_users_things_i7() {
    let world = shared();
    let (owner, stranger) = (world.user(), world.user());
    let id = owner.generate(&unique("not for strangers"));
    let missing = "0".repeat(id.len());
    for name in ["userId", "user_id"] {
        let query = format!("?{name}={}", owner.user);
        for path in ["/api/generations", "/api/storage/videos"] {
            assert_eq!(
                stranger.get(&format!("{path}{query}")).status,
                403,
                "{path}"
            );
        }
        for around in [
            "/api/generations/{}",
            "/api/queue/jobs/{}",
            "/api/storage/videos/{}",
            "/api/generations/{}/video",
        ] {
            let ask = |id: &str| {
                let path = format!("{}{query}", around.replace("{}", id));
                stranger.send("GET", &path, |request| {
                    request.header("x-request-id", "the-same")
                })
            };
            let (foreign, absent) = (ask(&id), ask(&missing));
            assert_eq!(
                (foreign.status, foreign.text()),
                (403, absent.text()),
                "{around}"
            );
        }
    }
    assert_eq!(
        owner
            .get(&format!("/api/generations?userId={}", owner.user))
            .status,
        200,
        "a user may give their own name"
    );
}

#[test]
fn a_clock_may_differ_by_a_minute_and_an_unknown_critical_extension_is_refused() {
    let world = shared();
    let user = world.user();
    let seconds = now() / 1_000;
    let fraction =
        |ahead: u32| json!(f64::from(u32::try_from(seconds).expect("before 2106") + ahead) + 0.5);
    let status = |claims: Value| {
        let claims = [("sub", json!(user.user)), ("exp", json!(seconds + 600))]
            .into_iter()
            .chain(
                claims
                    .as_object()
                    .expect("claims")
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.clone())),
            )
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<serde_json::Map<_, _>>();
        let token = token::signed(&Value::Object(claims), JWT_SECRET);
        user.with_token(Some(token)).get("/api/generations").status
    };
    for claims in [
        json!({ "nbf": seconds + 2 }),
        json!({ "iat": seconds + 30 }),
        json!({ "exp": seconds - 20 }),
        json!({ "nbf": fraction(5), "iat": fraction(5) }),
    ] {
        assert_eq!(status(claims.clone()), 200, "{claims}");
    }
    for claims in [
        json!({ "nbf": seconds + 3_600 }),
        json!({ "iat": seconds + 3_600 }),
        json!({ "exp": seconds - 3_600 }),
        json!({ "nbf": 1e300 }),
        json!({ "exp": 1e300 }),
    ] {
        assert_eq!(status(claims.clone()), 401, "{claims}");
    }
    for header in [
        json!({ "alg": "HS256", "crit": ["b64"], "b64": false }),
        json!({ "alg": "HS256", "crit": ["https://example.com/x"] }),
        json!({ "alg": "HS256", "crit": [] }),
    ] {
        let claims = json!({ "sub": user.user, "exp": seconds + 600 });
        let token = token::with_header(&header, &claims, JWT_SECRET);
        assert_eq!(
            user.with_token(Some(token)).get("/api/generations").status,
            401,
            "{header}"
        );
    }
}

#[test]
fn a_signed_address_counts_whatever_token_comes_along() {
    let world = shared();
    let (user, stranger) = (world.user(), world.user());
    let id = user.generate(&unique("by its address"));
    let url = user.ends_as(&id, "completed")["result"]["videoUrl"]
        .as_str()
        .expect("an address")
        .to_owned();
    let path = url
        .strip_prefix(&user.address(""))
        .expect("an address of this worker")
        .to_owned();
    let foreign = format!("Bearer {}", stranger.bearer());
    for authorization in [
        foreign.as_str(),
        "Bearer sk-another-services-token",
        "Basic dXNlcjpwYXNz",
        "Bearer",
        "",
        "Bearer dev_u_1",
    ] {
        let ask = |method| {
            let nobody = stranger.with_token(None);
            nobody.send(method, &path, |request| {
                request.header("Authorization", authorization)
            })
        };
        assert_eq!(ask("GET").status, 200, "{authorization}");
        assert_eq!(ask("HEAD").status, 200, "{authorization}");
    }
    let forged = path.replace("signature=", "signature=A");
    assert_eq!(
        user.get(&forged).status,
        200,
        "the owner's token still opens the video"
    );
    assert_eq!(
        stranger.get(&forged).status,
        404,
        "a stranger's token never opens it"
    );
    for authorization in ["Bearer nonsense", "Basic dXNlcjpwYXNz"] {
        let nobody = stranger.with_token(None);
        let answer = nobody.send("GET", &forged, |request| {
            request.header("Authorization", authorization)
        });
        assert_eq!(answer.status, 401, "{authorization}");
    }
}

#[test]
fn an_address_is_valid_for_as_long_as_it_is_asked_for() {
    let world = shared();
    let user = world.user();
    let id = user.generate(&unique("for a while"));
    user.ends_as(&id, "completed");
    let ask = |seconds: &str| {
        user.get(&format!(
            "/api/storage/videos/{id}?expiresIn={seconds}&allowDownload=true"
        ))
    };
    for seconds in [1_u64, 60, 604_800] {
        let answer = ask(&seconds.to_string()).json();
        let url = answer["videoUrl"].as_str().expect("an address");
        let expires = url
            .split_once("expires=")
            .and_then(|(_, rest)| rest.split('&').next())
            .expect("an end");
        let ahead = expires.parse::<u64>().expect("seconds") - now() / 1_000;
        assert!(ahead.abs_diff(seconds) <= 30, "{seconds}: {url}");
    }
    for bad in ["0", "604801", "1.5", "-1", "soon"] {
        let answer = ask(bad);
        assert_eq!(
            (answer.status, answer.text().contains("expiresIn")),
            (400, true),
            "{bad}"
        );
    }
}

#[test]
fn a_development_token_in_production_is_told_why_it_is_refused_and_logged_without_it() {
    let world = shared();
    for token in ["dev_u_7391", "dev_", "dev_a/b"] {
        let answer = world
            .user()
            .with_token(Some(token.to_owned()))
            .get("/api/generations");
        assert_eq!(answer.status, 401);
        let sentence = answer.json()["error"]
            .as_str()
            .expect("a sentence")
            .to_owned();
        for word in ["dev_", "ENVIRONMENT", "JWT_SECRET", "API_KEY"] {
            assert!(sentence.contains(word), "{token}: {sentence}");
        }
        assert!(!sentence.contains("u_7391"), "{sentence}");
    }
    let lines = until("the line is logged", PATIENCE, || {
        let lines = world.worker.lines();
        let is_it = |line: &&Value| {
            line["message"]
                .as_str()
                .is_some_and(|text| text.contains("Development token"))
                && line["level"] == "WARN"
        };
        (lines.iter().filter(is_it).count() >= 3).then_some(lines)
    });
    assert!(
        lines
            .iter()
            .all(|line| !line.to_string().contains("dev_u_7391"))
    );
}

#[test]
fn in_development_a_refusal_names_a_token_that_works() {
    let variables = [("ENVIRONMENT", "development")];
    let world = World::start_beside(&Setup {
        variables: &variables,
        ..Setup::default()
    });
    for token in [None, Some("nonsense"), Some("dev_"), Some("dev_a/b")] {
        let caller = world.user().with_token(token.map(str::to_owned));
        let sentence = caller.get("/api/generations").json()["error"]
            .as_str()
            .expect("a sentence")
            .to_owned();
        let (_, named) = sentence.split_once("Bearer dev_").expect(&sentence);
        let works = world
            .user()
            .with_token(Some(format!("dev_{}", named.trim())));
        assert_eq!(works.get("/api/generations").status, 200, "{sentence}");
    }
}

#[test]
fn a_page_of_an_allowed_origin_sends_what_its_monitoring_adds_and_a_foreign_one_gets_nothing() {
    static WORLD: Mutex<Option<World>> = Mutex::new(None);
    let variables = [(
        "CORS_ORIGINS",
        "https://app.example.com,http://localhost:3000",
    )];
    let world = kept(
        &WORLD,
        &Setup {
            variables: &variables,
            ..Setup::default()
        },
    );
    let user = world.user();
    let preflight = |origin: &str, headers: &str| {
        user.with_token(None)
            .send("OPTIONS", "/api/generations", |request| {
                let request = request
                    .header("Origin", origin)
                    .header("Access-Control-Request-Method", "POST");
                request.header("Access-Control-Request-Headers", headers)
            })
    };
    for headers in [
        "authorization,content-type,sentry-trace,baggage",
        "traceparent,tracestate",
        "x-requested-with,x-datadog-trace-id,x-datadog-origin,x-datadog-sampling-priority",
        "newrelic, b3, x-amzn-trace-id",
    ] {
        let answer = preflight(PAGE, headers);
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), PAGE);
        let allowed = answer
            .header("access-control-allow-headers")
            .to_ascii_lowercase();
        let allowed: Vec<&str> = allowed.split(',').map(str::trim).collect();
        for name in headers
            .split(',')
            .map(str::trim)
            .chain(["authorization", "x-user-id"])
        {
            assert!(allowed.contains(&name), "{name}: {allowed:?}");
        }
        let vary = answer.header("vary").to_ascii_lowercase();
        assert!(
            vary.contains("origin") && vary.contains("access-control-request-headers"),
            "{vary}"
        );
        assert!(
            answer
                .header("access-control-allow-methods")
                .contains("POST")
        );
    }
    let long = "x-a,".repeat(2_000);
    for bad in ["x y", "x-a;b", long.as_str()] {
        let answer = preflight(PAGE, bad);
        let allowed = answer.header("access-control-allow-headers").to_owned();
        assert!(
            allowed.starts_with("Authorization") && allowed.len() < 300,
            "{allowed}"
        );
    }
    for origin in [
        "https://evil.example.com",
        "https://app.example.com.evil.example",
        "null",
    ] {
        let answer = preflight(origin, "sentry-trace,authorization");
        let names = answer
            .headers
            .keys()
            .filter(|name| name.as_str().starts_with("access-control"));
        assert_eq!(names.count(), 0, "{origin}: {:?}", answer.headers);
        assert!(answer.header("vary").contains("Origin"), "{origin}");
    }
    let read = user.send("GET", "/api/generations", |request| {
        request.header("Origin", PAGE)
    });
    assert_eq!(
        (
            read.header("access-control-allow-origin"),
            read.header("vary")
        ),
        (PAGE, "Origin")
    );
}

#[test]
fn an_order_to_be_confirmed_is_charged_when_it_is_and_shuts_nobodys_budget_until_then_i13() {
    let world = limited(&[
        ("MAX_COST_PER_DAY", "9.60"),
        ("MAX_COST_PER_USER_PER_DAY", "6.40"),
    ]);
    let (user, other) = (world.user(), world.user());
    let waiting: Vec<String> = (0..5).map(|_| unconfirmed(&user)).collect();
    for _ in 0..2 {
        other.ends_as(&other.generate(&unique("not shut out")), "completed");
    }
    let confirm = |id: &str| user.post(&format!("/api/generations/{id}/confirm"));
    assert_eq!(confirm(&waiting[0]).status, 200);
    user.ends_as(&waiting[0], "completed");
    for id in &waiting[1..] {
        let refused = confirm(id);
        assert_eq!(
            (refused.status, code(&refused)),
            (402, "budget_exceeded".to_owned()),
            "{}",
            refused.text()
        );
        assert_eq!(
            user.generation(id)["status"],
            "pending_confirmation",
            "nothing changed"
        );
    }
    world.worker.kill();
    world.worker.restart_with(&[
        ("MAX_COST_PER_DAY", "20"),
        ("MAX_COST_PER_USER_PER_DAY", "20"),
    ]);
    assert_eq!(
        confirm(&waiting[1]).status,
        200,
        "the order is confirmed later"
    );
    user.ends_as(&waiting[1], "completed");
    let again = confirm(&waiting[1]);
    assert_eq!(
        (again.status, code(&again)),
        (409, "not_pending_confirmation".to_owned())
    );
    assert_eq!(confirm("nobodys").status, 404);
}

#[test]
fn answers_to_questions_clarify_a_prompt() {
    let world = limited(&[
        ("ENABLE_CLARIFICATIONS", "true"),
        ("MAX_COST_PER_USER_PER_DAY", "32"),
    ]);
    let user = world.user();
    for (words, expected) in [
        (
            json!({ "clarificationResponses": { "Which mood?": "calm", "people": false } }),
            "Which mood? calm\npeople: no",
        ),
        (
            json!({ "clarification_responses": ["no people", "a calm sea"] }),
            "no people\na calm sea",
        ),
        (
            json!({ "clarificationResponses": [{ "question": "Mood?", "answer": "calm" }] }),
            "Mood? calm",
        ),
    ] {
        let prompt = unique("refused once");
        world.upstream.faults("[[submit:400-safety]]");
        let id = user.generate(&prompt);
        until("the job waits for another prompt", PATIENCE, || {
            (user.generation(&id)["status"] == "pending_clarification").then_some(())
        });
        let clarify = format!("/api/generations/{id}/clarify");
        let bad = user.send("POST", &clarify, |request| {
            request.json(&json!({ "clarificationResponses": {} }))
        });
        assert_eq!(
            (bad.status, bad.text().contains("/clarificationResponses")),
            (400, true),
            "{}",
            bad.text()
        );
        world.upstream.faults("");
        let service = user.with_token(Some(SERVICE_KEY.to_owned()));
        let answer = service.send("POST", &clarify, |request| request.json(&words));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(
            user.ends_as(&id, "completed")["prompt"],
            format!("{prompt}\n\n{expected}")
        );
    }
}

#[test]
fn a_published_secret_stops_a_worker_that_is_not_for_development() {
    let world = World::start_beside(&Setup::default());
    let user = world.user();
    for (variable, value, own) in [
        (
            "JWT_SECRET",
            "development-only-jwt-secret-do-not-deploy",
            JWT_SECRET,
        ),
        ("API_KEY", "development-only-api-key", SERVICE_KEY),
        ("GEMINI_API_KEY", "dev-key", "a-key-of-ones-own"),
    ] {
        world.worker.kill();
        world.worker.restart_with(&[(variable, value)]);
        let answer = user.get("/api/generations");
        assert_eq!(
            (answer.status, code(&answer)),
            (500, "misconfigured".to_owned()),
            "{variable}"
        );
        assert!(
            answer.text().contains(variable) && !answer.text().contains(value),
            "{}",
            answer.text()
        );
        world.worker.kill();
        world.worker.restart_with(&[(variable, own)]);
        assert_eq!(user.get("/api/generations").status, 200, "{variable}");
    }
}

#[test]
fn requests_are_limited_before_their_body_is_read_and_refused_bodies_count() {
    let few = [(
        "simple = { limit = 100, period = 10 }",
        "simple = { limit = 5, period = 10 }",
    )];
    let configuration = Configuration {
        replacements: &few,
        injector: false,
    };
    let world = World::start_with(&Setup {
        configuration,
        ..Setup::default()
    });
    let other = world.user();
    for (content_type, body) in [
        ("application/json", "{\"prompt\":"),
        ("text/plain", "a prompt"),
        ("application/json", "[]"),
        ("application/json", "{\"prompt\":\"no\"}"),
    ] {
        let user = world.user();
        let send = || {
            user.send("POST", "/api/generations", |request| {
                request
                    .header("content-type", content_type)
                    .body(body.to_owned())
            })
        };
        let refused = until("refused bodies count too", PATIENCE, || {
            Some(send()).filter(|answer| answer.status == 429)
        });
        assert_eq!(code(&refused), "too_many_requests", "{body}");
        assert_eq!(other.get("/health").status, 200);
    }
    assert_eq!(
        other.get("/api/generations").status,
        200,
        "another user's requests are counted separately"
    );
}

/// Callers who may act for all users: the app's server, the operator, an admin.
fn keys(world: &World) -> Vec<Api> {
    let admin = world.user();
    let token = admin_token(&admin.user);
    let with = |token: String| admin.with_token(Some(token));
    vec![
        with(SERVICE_KEY.to_owned()),
        with(ADMIN_KEY.to_owned()),
        with(token),
    ]
}

fn admin_token(user: &str) -> String {
    token::signed(
        &json!({ "sub": user, "role": "admin", "exp": 4_102_444_800_u64 }),
        JWT_SECRET,
    )
}

fn unconfirmed(user: &Api) -> String {
    let answer = user.create(&json!({ "prompt": unique("to be confirmed"), "confirm": true }));
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.generation_id()
}

fn code(answer: &Answer) -> String {
    answer.json()["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn limited(variables: &[(&str, &str)]) -> Lent {
    World::start_beside(&Setup {
        variables,
        ..Setup::default()
    })
}
