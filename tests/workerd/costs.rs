//! The cost of a video: reported before and after the render, and limited per day.

use crate::harness::{Setup, Wire, World, on_each_wire, shared, unique, worlds};
use serde_json::{Value, json};

on_each_wire! {
    an_order_is_told_its_price_and_a_video_what_it_cost,
}

fn an_order_is_told_its_price_and_a_video_what_it_cost(wire: Wire) {
    let world = shared();
    let user = world.user().over(wire);
    let answer =
        user.create(&json!({ "prompt": unique("what it costs"), "provider": wire.provider() }));
    let (estimated, actual) = match wire {
        Wire::Gemini | Wire::Vertex => (json!(3.2), json!(3.2)),
        // 5,792 tokens a second at $17.50 a million: the upstream's own count is slightly above the
        // list price.
        Wire::Omni => (json!(0.8), json!(0.81088)),
    };
    assert_eq!(
        answer.json()["estimatedCost"],
        estimated,
        "{}",
        answer.text()
    );
    let id = answer.generation_id();
    let generation = user.ends_as(&id, "completed");
    assert_eq!(generation["estimatedCost"], estimated);
    assert_eq!(
        (&generation["result"]["cost"], &generation["cost"]),
        (&actual, &actual)
    );
    let body: Value = serde_json::from_str(
        world.upstream.inbox(&id)[0]["body"]
            .as_str()
            .expect("a body"),
    )
    .expect("JSON");
    assert_eq!((&body["result"]["cost"], &body["cost"]), (&actual, &actual));
}

#[test]
fn a_render_that_is_filtered_costs_nothing_and_gives_its_share_of_the_day_back() {
    let world = limited(&[("MAX_COST_PER_USER_PER_DAY", "3.20")]);
    let user = world.user();
    let filtered = user.generate(&format!("{} [[result:rai]]", unique("filtered")));
    let generation = user.fails_with(&filtered, "provider_rejected_content");
    assert_eq!(generation.get("cost"), None, "{generation:#}");
    world.all_slots_are_free();
    user.ends_as(&user.generate(&unique("in its place")), "completed");
    assert_eq!(
        user.create(&json!({ "prompt": unique("one too many") }))
            .status,
        402
    );
}

#[test]
fn a_users_day_is_limited_and_the_sentence_says_by_how_much() {
    let world = limited(&[("MAX_COST_PER_USER_PER_DAY", "7")]);
    let user = world.user();
    let ids = [unique("first"), unique("second")].map(|prompt| user.generate(&prompt));
    let refused = user.create(&json!({ "generationId": "third", "prompt": unique("third") }));
    assert_eq!(refused.status, 402, "{}", refused.text());
    let problem = refused.json();
    assert_eq!(
        (&problem["code"], &problem["success"]),
        (&json!("budget_exceeded"), &json!(false))
    );
    let sentence = problem["error"].as_str().expect("a sentence");
    for part in ["$3.20", "$7.00", "$0.60", "00:00 UTC"] {
        assert!(sentence.contains(part), "{sentence}");
    }
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=86_400).contains(&wait), "{wait}");
    assert_eq!(
        user.get("/api/generations/third").status,
        404,
        "the refused order was not stored"
    );
    for id in ids {
        user.ends_as(&id, "completed");
    }
    // Another user's budget is their own, and a repeat of an accepted order is not a new one.
    let other = world.user();
    other.ends_as(&other.generate(&unique("another's")), "completed");
}

#[test]
fn everyones_day_is_limited_and_a_retry_pays_again() {
    let world = limited(&[
        ("MAX_COST_PER_DAY", "6.40"),
        ("MAX_COST_PER_USER_PER_DAY", "6.40"),
    ]);
    let user = world.user();
    let failed = user.generate(&format!("{} [[submit:400-safety]]", unique("refused")));
    user.fails_with(&failed, "provider_rejected_content");
    world.all_slots_are_free();
    for name in ["one", "two"] {
        let user = world.user();
        user.ends_as(&user.generate(&unique(name)), "completed");
    }
    let refused = world
        .user()
        .create(&json!({ "prompt": unique("too late") }));
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (402, &json!("budget_exceeded"))
    );
    assert!(
        !refused.text().contains("6.40"),
        "the spending of others is not shown: {}",
        refused.text()
    );
    let retried = user.post(&format!("/api/generations/{failed}/retry"));
    assert_eq!(
        (retried.status, &retried.json()["code"]),
        (402, &json!("budget_exceeded")),
        "{}",
        retried.text()
    );
    assert_eq!(user.generation(&failed)["status"], "failed");
}

fn limited(variables: &[(&str, &str)]) -> worlds::Lent {
    World::start_beside(&Setup {
        variables,
        ..Setup::default()
    })
}
