//! The app of docs/quickstart.md, in the apps that people have: built by `npm test`, played in a
//! real browser on the real worker. What is done and seen is in `tests/browser/next.mjs`.

use crate::harness::app::{App, Place};
use crate::harness::browser::play_on;
use crate::harness::{Setup, World};
use std::path::PathBuf;

#[test]
fn the_quickstart_works_in_next_14() {
    play("NEXT_14_APP");
}

#[test]
fn the_quickstart_works_in_next_15() {
    play("NEXT_15_APP");
}

#[test]
fn the_quickstart_works_in_next_16_as_it_is_made_today() {
    play("NEXT_16_APP");
}

#[test]
fn the_quickstart_works_in_next_16_without_cache_components() {
    play("NEXT_16_WITHOUT_CACHE_COMPONENTS_APP");
}

#[test]
fn the_quickstart_works_in_the_development_server_without_a_complaint() {
    let place = Place::free();
    let world = world(place);
    let app = App::in_development(&world, place, folder("NEXT_16_APP"));
    play_on(&app, &world, "next_dev", unknown);
    let log = app.log();
    let complaints: Vec<_> = log.lines().filter(|line| complains(line)).collect();
    assert!(complaints.is_empty(), "the app complained:\n{log}");
}

/// Whether Next.js marks this line as an error or a warning, or it names an error.
fn complains(line: &str) -> bool {
    ["⨯", "⚠", "Error", "outside of <Suspense>"]
        .iter()
        .any(|mark| line.contains(mark))
}

#[track_caller]
fn play(variable: &str) {
    let place = Place::free();
    let world = world(place);
    let app = App::of(&world, place, folder(variable));
    play_on(&app, &world, "next", unknown);
    // Next.js logs an error for the one page that a stranger requested.
    let log = app.log();
    let errors = log.lines().filter(|line| line.contains("Error")).count();
    assert_eq!(
        errors,
        log.matches("There is no such generation.").count(),
        "the app logged errors:\n{log}"
    );
}

/// The folder of the app that this variable names.
#[track_caller]
fn folder(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable}: run these tests by `npm test`"))
        .into()
}

/// A worker that sends its webhooks to the app at this place.
fn world(place: Place) -> World {
    World::new(&Setup {
        variables: &[("NEXTJS_URL", &place.origin())],
        ..Setup::default()
    })
}

fn unknown(word: &str) {
    panic!("unknown request: {word}");
}
