//! Receivers as real apps have them: down for a while, redirecting, at any address and under a host
//! in any script. Also the test webhook, which shows an operator the result.

use crate::harness::receiver::{Received, Receiver, Spot};
use crate::harness::upstream::WEBHOOK_SECRET;
use crate::harness::worker::ADMIN_KEY;
use crate::harness::{Api, Lent, Setup, World, kept, unique, until};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use std::sync::Mutex;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// A fifth of the first waits of the default schedule.
const A_FIFTH: &str = "0,1,3,9,24";
/// How many attempts a receiver misses that is down for the first seconds: those after 0, 1 and
/// 4 s.
const MISSED: usize = 3;
/// The host 127.0.0.1 in digits and dots that are not ASCII.
const LOOPBACK: &str = "１２７。０。０。１";

/// The worker of this file's tests, one test at a time.
fn world() -> Lent {
    static WORLD: Mutex<Option<World>> = Mutex::new(None);
    kept(&WORLD, &Setup::default())
}

#[test]
fn a_receiver_that_is_down_has_the_event_with_the_first_attempt_after_its_return_i5() {
    let spot = Spot::free();
    let address = spot.url("http", "127.0.0.1", "/hook");
    let variables = [
        ("WEBHOOK_URL", address.as_str()),
        ("WEBHOOK_RETRY_SECONDS", A_FIFTH),
    ];
    let world = World::start_beside(&Setup {
        variables: &variables,
        ..Setup::default()
    });
    let user = world.user();
    let id = user.generate(&unique("while the app redeploys"));
    let failed = |user: &Api| {
        user.steps(&id)
            .iter()
            .filter(|step| *step == "webhook_failed")
            .count()
    };
    until("the receiver has missed these attempts", PATIENCE, || {
        (failed(&user) == MISSED).then_some(())
    });
    let receiver = Receiver::start(spot, |_| "204 No Content".to_owned());
    user.ends_as(&id, "completed");
    let steps = user.steps(&id);
    assert_eq!(
        (failed(&user), steps.last().map(String::as_str)),
        (MISSED, Some("webhook_delivered")),
        "{steps:?}"
    );
    let deliveries = receiver.received();
    assert_eq!(deliveries.len(), 1, "{deliveries:#?}");
    assert_eq!(event(&deliveries[0])["generationId"], id);
}

#[test]
fn a_whole_address_is_where_events_go_with_its_slash_its_query_and_its_path() {
    let world = world();
    let spot = Spot::free();
    // An app with trailing slashes: every other path is answered by a redirect.
    let receiver = Receiver::start(spot, |target| {
        if target
            .split('?')
            .next()
            .is_some_and(|path| path.ends_with('/'))
        {
            "200 OK".to_owned()
        } else {
            format!("308 Permanent Redirect\r\nLocation: {target}/")
        }
    });
    for path in [
        "/api/webhooks/worker/",
        "/hooks/reelay/?token=a%20b&team=1",
        "/",
    ] {
        restarted_with(
            &world,
            &[("WEBHOOK_URL", &spot.url("http", "127.0.0.1", path))],
        );
        let tested = test(&world);
        assert_eq!(
            (&tested["delivered"], &tested["status"]),
            (&json!(true), &json!(200)),
            "{tested:#}"
        );
        let shown = spot.url(
            "http",
            "127.0.0.1",
            path.split('?').next().unwrap_or_default(),
        );
        assert_eq!(
            tested["url"],
            shown.as_str(),
            "the query, which may hold a secret, is not shown"
        );
        let last = receiver.received().pop().expect("it arrived");
        assert_eq!(last.target, path);
        assert_eq!(event(&last)["event"], "webhook.test");
        assert!(
            !world.worker.log().contains("token=a"),
            "the query is not logged either"
        );
    }
    let user = world.user();
    let id = user.generate(&unique("told at a whole address"));
    user.ends_as(&id, "completed");
    let last = receiver.received().pop().expect("it arrived");
    assert_eq!(
        (last.target.as_str(), &event(&last)["generationId"]),
        ("/", &json!(id))
    );
}

#[test]
fn a_receiver_that_redirects_is_not_followed_and_the_timeline_the_log_and_the_test_name_the_setting()
 {
    let world = world();
    for (status, location) in [
        ("308 Permanent Redirect", "/api/webhooks/worker/"),
        ("301 Moved", "//127.0.0.1:9/?key=x"),
        ("303 See Other", ""),
    ] {
        let spot = Spot::free();
        let receiver = Receiver::start(spot, move |_| format!("{status}\r\nLocation: {location}"));
        let origin = spot.url("http", "127.0.0.1", "");
        restarted_with(&world, &[("WEBHOOK_URL", ""), ("NEXTJS_URL", &origin)]);
        let tested = test(&world);
        let detail = tested["detail"].as_str().unwrap_or_default();
        assert_eq!(
            (&tested["delivered"], &tested["success"]),
            (&json!(false), &json!(true)),
            "{tested:#}"
        );
        assert!(
            detail.contains("WEBHOOK_URL") && !detail.contains("key=x"),
            "{detail}"
        );
        assert!(
            location.is_empty() || detail.contains(&location[..location.len() - 6]),
            "{detail}"
        );
        assert_eq!(receiver.received().len(), 1, "not followed");
        let user = world.user();
        let id = user.generate(&unique("behind a redirect"));
        user.ends_as(&id, "completed");
        let timeline = user.timeline(&id);
        let steps = timeline["timeline"].as_array().cloned().unwrap_or_default();
        let told: Vec<&Value> = steps
            .iter()
            .filter(|step| step["step"] == "webhook_failed")
            .collect();
        assert!(!told.is_empty(), "{timeline:#}");
        assert!(told.iter().all(|step| {
            step["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains("WEBHOOK_URL"))
        }));
        let is_told = |line: &Value| {
            line["message"] == "[WEBHOOK] Attempt failed"
                && line["generationId"] == id.as_str()
                && line["advice"]
                    .as_str()
                    .is_some_and(|advice| advice.contains("WEBHOOK_URL"))
        };
        until("the redirect is logged", PATIENCE, || {
            world.worker.lines().iter().any(is_told).then_some(())
        });
        assert!(
            receiver
                .received()
                .iter()
                .all(|request| request.target == "/api/webhooks/worker")
        );
    }
}

#[test]
fn hosts_in_any_script_work_as_punycode() {
    let world = world();
    let spot = Spot::free();
    let receiver = Receiver::start(spot, |_| "204 No Content".to_owned());
    let upstream = world.upstream.origin().replace("127.0.0.1", LOOPBACK);
    let here = spot.url("http", LOOPBACK, "");
    // All at once: rendering, storing and webhooks use such hosts.
    let variables = [
        ("NEXTJS_URL", here.as_str()),
        ("WEBHOOK_URL", ""),
        ("VEO3_API_URL", &upstream),
        ("PUBLIC_URL", "https://video.BÜCHER.example"),
        (
            "CORS_ORIGINS",
            "https://bücher.example,https://💩.example:8443",
        ),
    ];
    restarted_with(&world, &variables);
    let user = world.user();
    let id = user.generate(&unique("over an international host"));
    let generation = user.ends_as(&id, "completed");
    let video = generation["result"]["videoUrl"]
        .as_str()
        .unwrap_or_default();
    assert!(
        video.starts_with("https://video.xn--bcher-kva.example/api/"),
        "{generation:#}"
    );
    let told = receiver.received();
    assert_eq!(event(&told[0])["generationId"], id, "{told:#?}");
    for origin in [
        "https://xn--bcher-kva.example",
        "https://xn--ls8h.example:8443",
    ] {
        let answer = user.send("GET", "/health", |request| request.header("Origin", origin));
        assert_eq!(answer.header("access-control-allow-origin"), origin);
    }
    for (written, expected) in [
        (
            "https://BÜCHER.example",
            "https://xn--bcher-kva.example/api/webhooks/worker",
        ),
        (
            "https://xn--bcher-kva.EXAMPLE/",
            "https://xn--bcher-kva.example/api/webhooks/worker",
        ),
        (
            "https://bu\u{308}cher.💩.example/app",
            "https://xn--bcher-kva.xn--ls8h.example/app/api/webhooks/worker",
        ),
    ] {
        restarted_with(
            &world,
            &[
                ("NEXTJS_URL", written),
                ("PUBLIC_URL", ""),
                ("CORS_ORIGINS", ""),
            ],
        );
        // Nothing listens there: only the address is tested.
        let tested = test(&world);
        assert_eq!(
            (&tested["url"], &tested["delivered"]),
            (&json!(expected), &json!(false)),
            "{tested:#}"
        );
    }
}

#[test]
fn a_host_that_is_none_stops_the_worker_with_its_variable() {
    let world = world();
    for (variable, value) in [
        ("NEXTJS_URL", "https://bü cher-xyz.example"),
        ("WEBHOOK_URL", "https://xn--ü-xyz.example/hook"),
        ("PUBLIC_URL", "https://ü^xyz.example"),
    ] {
        let origin = world.upstream.origin().to_owned();
        restarted_with(
            &world,
            &[
                ("NEXTJS_URL", &origin),
                ("WEBHOOK_URL", ""),
                ("PUBLIC_URL", ""),
                (variable, value),
            ],
        );
        let answer = world.user().get("/api/models");
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (500, &json!("misconfigured")),
            "{}",
            answer.text()
        );
        assert!(
            answer.text().contains(variable) && !answer.text().contains("xyz"),
            "{}",
            answer.text()
        );
    }
    restarted_with(&world, &[("PUBLIC_URL", "")]);
}

#[test]
fn a_test_webhook_is_sent_once_and_says_what_came_back_and_what_to_do() {
    let world = world();
    let origin = world.upstream.origin().to_owned();
    restarted_with(&world, &[("NEXTJS_URL", &origin), ("WEBHOOK_URL", "")]);
    for (mode, status, delivered, words) in [
        ("ok", json!(200), true, "accepted the event"),
        ("status:204", json!(204), true, "accepted the event"),
        ("status:401", json!(401), false, "WEBHOOK_SECRET"),
        ("status:403", json!(403), false, "WEBHOOK_SECRET"),
        ("status:404", json!(404), false, "no route at this path"),
        ("status:405", json!(405), false, "does not accept POST"),
        ("status:410", json!(410), false, "rejects this event"),
        ("status:500", json!(500), false, "its own log says why"),
        ("status:503:1", json!(503), false, "503"),
        ("redirect", json!(307), false, "set WEBHOOK_URL"),
        ("endless", json!(200), true, "accepted the event"),
        ("reset", json!(null), false, "the connection failed"),
        ("hang", json!(null), false, "within 15 seconds"),
    ] {
        world.upstream.reset();
        world.upstream.inbox_mode(mode);
        let tested = test(&world);
        assert_eq!(
            (&tested["success"], &tested["delivered"]),
            (&json!(true), &json!(delivered)),
            "{mode}: {tested:#}"
        );
        assert_eq!(tested["status"], status, "{mode}: {tested:#}");
        assert!(
            tested["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains(words)),
            "{mode}: {tested:#}"
        );
        assert_eq!(tested["url"], format!("{origin}/api/webhooks/worker"));
        assert!(tested["durationMs"].is_u64(), "{mode}: {tested:#}");
        if mode != "reset" {
            let sent = world.upstream.only_event("webhook-test", "webhook.test");
            assert_eq!(
                sent.len(),
                1,
                "{mode}: one attempt, whatever the answer: {sent:#?}"
            );
        }
    }
    let listed = operator(&world)
        .get("/api/webhooks/deliveries?limit=100")
        .text();
    assert!(!listed.contains("webhook-test"), "{listed}");
    let lines = until("the audit is written", PATIENCE, || {
        let lines = world.worker.lines();
        let audited = |what: &str| {
            lines.iter().any(|line| {
                line["message"] == "[AUDIT] Test webhook sent" && line["outcome"] == what
            })
        };
        ["answered 200", "answered 401", "no answer"]
            .into_iter()
            .all(audited)
            .then_some(lines)
    });
    assert!(
        lines
            .iter()
            .filter(|line| line["message"] == "[AUDIT] Test webhook sent")
            .count()
            >= 13
    );
}

#[test]
fn a_test_webhook_recognises_a_page_and_a_receiver_that_is_not_there() {
    let world = world();
    for answer in ["200 OK", "404 Not Found", "503 Service Unavailable"] {
        let spot = Spot::free();
        let page = move |_: &str| format!("{answer}\r\nContent-Type: text/HTML; charset=utf-8");
        let receiver = Receiver::start(spot, page);
        restarted_with(
            &world,
            &[("WEBHOOK_URL", &spot.url("http", "127.0.0.1", "/"))],
        );
        let tested = test(&world);
        assert_eq!(tested["delivered"], answer.starts_with("200"), "{tested:#}");
        assert!(
            tested["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains("HTML page")),
            "{tested:#}"
        );
        // The same address with nothing listening, and with a server that does not speak TLS.
        if answer.starts_with("200") {
            restarted_with(
                &world,
                &[("WEBHOOK_URL", &spot.url("https", "127.0.0.1", "/"))],
            );
            assert_lost(&test(&world));
            drop(receiver);
            restarted_with(
                &world,
                &[("WEBHOOK_URL", &spot.url("http", "127.0.0.1", "/"))],
            );
            assert_lost(&test(&world));
        }
    }
}

#[test]
fn the_root_leads_to_the_dashboard() {
    let world = world();
    for method in ["GET", "HEAD"] {
        let answer = world
            .user()
            .with_token(None)
            .send(method, "/", |request| request);
        assert_eq!(
            (answer.status, answer.header("location")),
            (302, "/dashboard"),
            "{method}: {}",
            answer.text()
        );
    }
    assert_eq!(world.user().get("/dashboard").status, 200);
    for path in ["/dash", "/api/", "//"] {
        assert_ne!(world.user().get(path).status, 302, "{path}");
    }
}

fn assert_lost(tested: &Value) {
    assert_eq!(
        (tested.get("status"), &tested["delivered"]),
        (None, &json!(false)),
        "{tested:#}"
    );
    let detail = tested["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("DNS") && detail.contains("TLS"), "{detail}");
}

/// A caller with the admin key.
fn operator(world: &World) -> Api {
    world.user().with_token(Some(ADMIN_KEY.to_owned()))
}

/// Sends a test webhook and returns the reported result.
#[track_caller]
fn test(world: &World) -> Value {
    let answer = operator(world).post("/api/webhooks/test");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn restarted_with(world: &World, changed: &[(&str, &str)]) {
    world.worker.kill();
    world.worker.restart_with(changed);
}

/// A received event, whose signature the reference implementation accepts.
#[track_caller]
fn event(received: &Received) -> Value {
    let webhook = Webhook::new(WEBHOOK_SECRET).expect("a secret");
    let signed = format!(
        "{}.{}.{}",
        received.header("webhook-id"),
        received.header("webhook-timestamp"),
        received.body
    );
    let timestamp = received
        .header("webhook-timestamp")
        .parse()
        .expect("a time");
    let expected = webhook
        .sign(
            received.header("webhook-id"),
            timestamp,
            received.body.as_bytes(),
        )
        .expect(&signed);
    assert_eq!(received.header("webhook-signature"), expected);
    serde_json::from_str(&received.body).expect("JSON")
}
