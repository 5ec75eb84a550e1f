//! Alerts to a real receiver: fired and resolved, repeated after a kill, and no burden for
//! admission when the receiver hangs (I19).

use crate::harness::receiver::{Received, Receiver, Spot};
use crate::harness::worker::ADMIN_KEY;
use crate::harness::{Api, Lent, Setup, World, unique, until};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver as Signals, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// An alert is resolved when its condition has been over for most of a minute.
const RESOLVED: Duration = Duration::from_mins(3);
const SECRET: &str = "whsec_YW4tYWxlcnRzLW93bi1zZWNyZXQtb2YtdGVzdHMh";
/// The part of the receiver's address that is a secret.
const PATH: &str = "/services/T0/secret-of-the-address";

#[test]
fn three_kinds_fire_once_and_are_resolved_once_with_signatures_that_verify_i19() {
    let spot = Spot::free();
    let receiver = Receiver::start(spot, |_| "204 No Content".to_owned());
    let world = alerting(
        spot,
        &[
            ("ALERT_UPSTREAM_AFTER_MS", "1000"),
            ("ALERT_WAIT_MS", "1000"),
        ],
    );
    let (user, operator) = (world.user(), operator(&world));
    given_up(&world, &user);
    world.upstream.faults("[[submit:503]]");
    let id = user.generate(&unique("refused for now"));
    let kinds = ["long_wait", "upstream_unavailable", "webhooks_exhausted"];
    let fired = until("three alerts have fired", PATIENCE, || {
        world.worker.tick();
        Some(states(&receiver)).filter(|states| states.len() == kinds.len())
    });
    for kind in kinds {
        assert_eq!(fired.get(kind), Some(&vec!["firing".to_owned()]), "{kind}");
    }
    let shown = status(&operator);
    let shown: Vec<&str> = shown["alerts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|alert| alert["type"].as_str())
        .collect();
    assert!(kinds.iter().all(|kind| shown.contains(kind)), "{shown:?}");
    assert_eq!(status(&user).get("alerts"), None, "users see none");
    let metrics = operator.get("/metrics").text();
    assert!(
        metrics.contains("reelay_alerts_firing{kind=\"long_wait\"} 1"),
        "{metrics}"
    );

    world.upstream.faults("");
    world.upstream.inbox_mode("ok");
    let recovered = operator.post("/api/webhooks/recover?since=1970-01-01T00:00:00Z");
    assert_eq!(recovered.json()["recovered"], 1, "{}", recovered.text());
    user.ends_as(&id, "completed");
    let over = until("three alerts are resolved", RESOLVED, || {
        world.worker.tick();
        let states = states(&receiver);
        let all = kinds
            .iter()
            .all(|kind| states.get(*kind).is_some_and(|states| states.len() == 2));
        all.then_some(states)
    });
    for kind in kinds {
        assert_eq!(over[kind], ["firing", "resolved"], "{kind}: {over:?}");
    }
    world.worker.tick();
    assert_eq!(status(&operator)["alerts"], json!([]));

    for received in receiver.received() {
        assert_eq!(received.target, PATH);
        let body = verified(&received);
        assert_eq!(body["id"], received.header("webhook-id"));
        assert_eq!(body["text"], body["content"]);
        assert!(
            !received.body.contains(&user.user) && !received.body.contains("refused for now"),
            "{}",
            received.body
        );
    }
    let lines = world.worker.lines();
    for message in ["[ALERT] Firing", "[ALERT] Resolved", "[ALERT] Delivered"] {
        let logged = lines.iter().filter(|line| line["message"] == message);
        assert!(logged.count() >= kinds.len(), "{message}");
    }
    assert!(!world.worker.log().contains("secret-of-the-address"));
}

#[test]
fn a_message_cut_off_by_a_kill_comes_again_with_its_id_and_bytes_and_without_any_request_i19() {
    let spot = Spot::free();
    let (gate, arrivals) = Gate::closed();
    let at_gate = gate.clone();
    let receiver = Receiver::start(spot, move |_| at_gate.pass("204 No Content"));
    let world = alerting(spot, &[]);
    given_up(&world, &world.user());
    world.worker.tick();
    arrivals
        .recv_timeout(PATIENCE)
        .expect("the first attempt arrives");
    world.worker.kill();
    gate.open();
    world.worker.restart();
    // No request reaches the queue: its own alarm sends the message again.
    let posts = until("the message comes again", PATIENCE, || {
        Some(receiver.received()).filter(|posts| posts.len() == 2)
    });
    let (first, second) = (&posts[0], &posts[1]);
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
    assert_ne!(
        first.header("webhook-timestamp"),
        second.header("webhook-timestamp")
    );
    let body = verified(first);
    assert_eq!(verified(second), body);
    assert_eq!(
        (&body["type"], &body["state"]),
        (&json!("webhooks_exhausted"), &json!("firing"))
    );
    until("its delivery is known", PATIENCE, || {
        logged(&world, "[ALERT] Delivered").then_some(())
    });
    for _ in 0..3 {
        world.worker.tick();
    }
    assert_eq!(receiver.received().len(), 2, "it fires once");
}

#[test]
fn a_receiver_that_hangs_delays_no_order_in_the_mode_that_needs_the_queues_alarm() {
    let spot = Spot::free();
    let (gate, arrivals) = Gate::closed();
    let at_gate = gate.clone();
    let _receiver = Receiver::start(spot, move |_| at_gate.pass("204 No Content"));
    let world = alerting(spot, &[("DISPATCH_MODE", "alarm")]);
    let user = world.user();
    given_up(&world, &user);
    world.upstream.inbox_mode("ok");
    world.worker.tick();
    arrivals
        .recv_timeout(PATIENCE)
        .expect("the first attempt arrives");
    let id = user.generate(&unique("ordered meanwhile"));
    until("the order is started", PATIENCE, || {
        user.steps(&id)
            .contains(&"started".to_owned())
            .then_some(())
    });
    let answered = ["[ALERT] Delivered", "[ALERT] Attempt failed"];
    assert!(
        !answered.iter().any(|message| logged(&world, message)),
        "the order has started while the receiver still hangs"
    );
    gate.open();
    user.ends_as(&id, "completed");
}

#[test]
fn a_test_alert_says_what_the_receiver_answered_and_shows_its_origin_only() {
    let spot = Spot::free();
    let answer = Arc::new(Mutex::new(String::new()));
    let given = Arc::clone(&answer);
    let receiver = Receiver::start(spot, move |_| {
        given.lock().unwrap_or_else(PoisonError::into_inner).clone()
    });
    let world = alerting(spot, &[]);
    let operator = operator(&world);
    for (said, status, words) in [
        ("200 OK", 200, "accepted the alert"),
        ("204 No Content", 204, "accepted the alert"),
        (
            "302 Found\r\nLocation: /login/secret-of-the-address",
            302,
            "final address",
        ),
        ("403 Forbidden", 403, "ALERT_WEBHOOK_URL"),
        ("404 Not Found", 404, "no webhook at this address"),
        ("500 Internal Server Error", 500, "its own log says why"),
    ] {
        said.clone_into(&mut answer.lock().unwrap_or_else(PoisonError::into_inner));
        let tested = operator.post("/api/alerts/test");
        assert_eq!(tested.status, 200, "{}", tested.text());
        let tested = tested.json();
        assert_eq!(
            (&tested["status"], &tested["delivered"], &tested["success"]),
            (&json!(status), &json!(status < 300), &json!(true)),
            "{tested:#}"
        );
        assert_eq!(tested["url"], spot.url("http", "127.0.0.1", ""));
        let detail = tested["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(words), "{said}: {detail}");
        assert!(!tested.to_string().contains("secret-of"), "{tested:#}");
    }
    let posts = receiver.received();
    assert_eq!(posts.len(), 6, "each is sent once");
    assert_eq!(verified(&posts[0])["type"], "test");
    drop(receiver);
    let lost = operator.post("/api/alerts/test").json();
    assert_eq!(
        (lost.get("status"), &lost["delivered"]),
        (None, &json!(false)),
        "{lost:#}"
    );
    let setup = operator.get("/api/setup").text();
    assert!(!setup.contains("secret-of-the-address"), "{setup}");
    assert!(!world.worker.log().contains("secret-of-the-address"));
    until("the audit is written", PATIENCE, || {
        logged(&world, "[AUDIT] Test alert sent").then_some(())
    });

    world.worker.kill();
    world.worker.restart_with(&[("ALERT_WEBHOOK_URL", "")]);
    let none = operator.post("/api/alerts/test");
    assert_eq!(
        (none.status, &none.json()["code"]),
        (409, &json!("no_alert_receiver")),
        "{}",
        none.text()
    );
}

/// A worker whose alerts go to this spot, and whose webhooks are exhausted after one attempt.
fn alerting(spot: Spot, more: &[(&str, &str)]) -> Lent {
    let address = spot.url("http", "127.0.0.1", PATH);
    let usual = [
        ("ALERT_WEBHOOK_URL", address.as_str()),
        ("ALERT_WEBHOOK_SECRET", SECRET),
        ("WEBHOOK_RETRY_SECONDS", "0"),
    ];
    let variables: Vec<(&str, &str)> = usual.into_iter().chain(more.iter().copied()).collect();
    World::start_beside(&Setup {
        variables: &variables,
        ..Setup::default()
    })
}

/// Has one webhook exhausted.
fn given_up(world: &World, user: &Api) {
    world.upstream.inbox_mode("status:500");
    let id = user.generate(&unique("told in vain"));
    user.ends_as(&id, "completed");
    until(
        "the queue knows that the webhook is exhausted",
        PATIENCE,
        || (status(user)["webhooks"]["exhausted"] == 1).then_some(()),
    );
}

/// A caller with the admin key.
fn operator(world: &World) -> Api {
    world.user().with_token(Some(ADMIN_KEY.to_owned()))
}

fn status(api: &Api) -> Value {
    api.get("/api/queue/status").json()["status"].clone()
}

fn logged(world: &World, message: &str) -> bool {
    let lines = world.worker.lines();
    lines.iter().any(|line| line["message"] == message)
}

/// The states that were received of each kind, in their order, each message once.
fn states(receiver: &Receiver) -> BTreeMap<String, Vec<String>> {
    let mut states: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut ids = Vec::new();
    for received in receiver.received() {
        let body = verified(&received);
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        if !ids.contains(&text("id")) {
            ids.push(text("id"));
            states.entry(text("type")).or_default().push(text("state"));
        }
    }
    states
}

/// A received message, whose signature the reference implementation accepts.
#[track_caller]
fn verified(received: &Received) -> Value {
    let webhook = Webhook::new(SECRET).expect("a secret");
    let timestamp = received
        .header("webhook-timestamp")
        .parse()
        .expect("a time");
    let id = received.header("webhook-id");
    let expected = webhook
        .sign(id, timestamp, received.body.as_bytes())
        .expect("a signature");
    assert_eq!(received.header("webhook-signature"), expected);
    assert_eq!(received.header("content-type"), "application/json");
    serde_json::from_str(&received.body).expect("JSON")
}

/// Holds the receiver's answers until it is opened, and signals each request.
#[derive(Clone)]
struct Gate {
    open: Arc<(Mutex<bool>, Condvar)>,
    arrived: Sender<()>,
}

impl Gate {
    fn closed() -> (Self, Signals<()>) {
        let (arrived, arrivals) = channel();
        let open = Arc::default();
        (Self { open, arrived }, arrivals)
    }

    fn open(&self) {
        *self.open.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.open.1.notify_all();
    }

    fn pass(&self, answer: &str) -> String {
        // The test may have ended.
        let _ = self.arrived.send(());
        let (open, opened) = &*self.open;
        let guard = open.lock().unwrap_or_else(PoisonError::into_inner);
        // Not for ever, so that a test that fails ends.
        drop(opened.wait_timeout_while(guard, PATIENCE, |open| !*open));
        answer.to_owned()
    }
}
