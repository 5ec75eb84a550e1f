//! Scenarios of `tests/browser`: Node drives a browser on the worker's page, and requests the
//! actions that only this side can do to the worker.
//!
//! A line `@word` in the script's output requests the action `word`; "done" on its input confirms
//! it. All other lines are shown if it fails; the last of them, its results, is always shown.

use super::World;
use super::app::App;
use super::told as tell;
use super::upstream::WEBHOOK_SECRET;
use super::worker::{ADMIN_KEY, SERVICE_KEY};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Plays a scenario on a world's worker; `act` carries out the requested actions.
#[track_caller]
pub(crate) fn play(world: &World, scenario: &str, act: impl Fn(&str)) {
    play_with(world, scenario, &[], act);
}

/// The same on an app, whose pages may load videos from the worker.
#[track_caller]
pub(crate) fn play_on(app: &App, world: &World, scenario: &str, act: impl Fn(&str)) {
    let database = app.database().display().to_string();
    let variables = [("APP_ORIGIN", app.origin()), ("APP_DATABASE", database)];
    play_with(world, scenario, &variables, act);
}

/// The same with variables of the test's own.
#[track_caller]
pub(crate) fn play_with(
    world: &World,
    scenario: &str,
    variables: &[(&str, String)],
    act: impl Fn(&str),
) {
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/browser/{scenario}.mjs"));
    // Node ends the browser when its input closes, which happens when this process ends.
    let mut node = Command::new("node")
        .arg(script)
        .env("REELAY_ORIGIN", world.worker.origin())
        .env("REELAY_ADMIN_KEY", ADMIN_KEY)
        .env("REELAY_SERVICE_KEY", SERVICE_KEY)
        .env("REELAY_WEBHOOK_SECRET", WEBHOOK_SECRET)
        .env("UPSTREAM_ORIGIN", world.upstream.origin())
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node can be started");
    let mut input = node.stdin.take().expect("an input");
    let output = BufReader::new(node.stdout.take().expect("an output"));
    let mut told = Vec::new();
    for line in output.lines().map_while(Result::ok) {
        match line.strip_prefix('@') {
            Some(wish) => {
                act(wish);
                input
                    .write_all(b"done\n")
                    .expect("the script reads its input");
            }
            None => told.push(line),
        }
    }
    let status = node.wait().expect("Node ends");
    assert!(status.success(), "{scenario}:\n{}", told.join("\n"));
    if let Some(figures) = told.last() {
        tell(&format!("{scenario}: {figures}"));
    }
}
