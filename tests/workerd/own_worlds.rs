//! What the harness promises about a test's own world; the tests of modes and queues rely on it.

use crate::harness::{Configuration, Setup, Ticker, World, until};
use serde_json::json;
use std::time::Duration;

#[test]
fn a_restart_can_change_variables_on_the_same_state() {
    let world = World::start(&[]);
    let user = world.user();
    let developer = user.with_token(Some(format!("dev_{}", user.user)));
    let id = user.generate("kept over a change of settings");
    until("the submit has an answer", Duration::from_secs(20), || {
        user.steps(&id)
            .contains(&"submitted".to_owned())
            .then_some(())
    });
    assert_eq!(developer.get("/api/models").status, 401);
    world.worker.kill();
    world.worker.restart_with(&[("ENVIRONMENT", "development")]);
    assert_eq!(developer.get("/api/models").status, 200);
    developer.ends_as(&id, "completed");
}

#[test]
fn messages_and_triggers_reach_a_worker_behind_the_injector_which_serves_as_ever() {
    let sampled = [("head_sampling_rate = 1", "head_sampling_rate = 0.5")];
    let configuration = Configuration {
        replacements: &sampled,
        injector: true,
    };
    let world = World::start_with(&Setup {
        configuration,
        ..Setup::default()
    });
    world
        .worker
        .inject("DISPATCH", &[json!({ "a": "message" })], 0);
    world.worker.inject_texts("DEAD", &["not JSON"], 1);
    let user = world.user();
    assert_eq!(user.post("/__inject/NOTHING").status, 404);
    let id = user.generate("made behind the injector");
    world.worker.tick();
    world.worker.daily();
    user.ends_as(&id, "completed");
    let fired = || world.worker.log().matches("/__scheduled").count();
    let before = fired();
    let ticker = Ticker::start(&world.worker, Duration::from_millis(50));
    until("the clock ticks", Duration::from_secs(20), || {
        (fired() >= before + 3).then_some(())
    });
    drop(ticker);
}
