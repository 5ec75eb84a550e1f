//! The app of docs/quickstart.md, in the apps that people have: built by `npm test`, played in a
//! real browser on the real worker. What is done and seen is in `tests/browser/next.mjs`.

use crate::harness::app::{App, Place};
use crate::harness::browser::play_on;
use crate::harness::{Setup, World};

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

#[track_caller]
fn play(variable: &str) {
    let code = std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable}: run these tests by `npm test`"));
    let place = Place::free();
    let world = World::new(&Setup {
        variables: &[("NEXTJS_URL", &place.origin())],
        ..Setup::default()
    });
    let app = App::of(&world, place, code.into());
    play_on(&app, &world, "next", |word| {
        panic!("unknown request: {word}")
    });
    // Next.js logs an error for the one page that a stranger requested.
    let log = app.log();
    let errors = log.lines().filter(|line| line.contains("Error")).count();
    assert_eq!(
        errors,
        log.matches("There is no such generation.").count(),
        "the app logged errors:\n{log}"
    );
}
