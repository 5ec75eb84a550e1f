//! Records that released builds wrote still load (I11).
//!
//! A fixture is written once, by the build of its version, and never again: to add those of a new record
//! version, run `REELAY_WRITE_FIXTURES=1 cargo test --test store this_version`.

use crate::job_record::put_record;
use crate::lives;
use crate::sqlite::Sqlite;
use reelay::machine::delivery::DeliveryState;
use reelay::machine::job::{Effect, INPUTS, Job, Phase, SubmitAnswer};
use reelay::machine::queue::Terms;
use reelay::store::job;
use reelay::store::record::{JOB_VERSION, write_job};
use std::fs;
use std::path::PathBuf;

#[test]
fn every_fixture_still_loads_i11() {
    let mut count = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let loaded = load(&fs::read_to_string(&path).unwrap());
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!((loaded.key.user_id.as_str(), loaded.key.generation_id.as_str()), ("user-7", "clip_1"), "{name}");
        let phase = name.split('_').nth(2).unwrap_or("submitting");
        let ended = if loaded.status().is_terminal() { loaded.status().as_str() } else { loaded.phase_name() };
        assert_eq!(ended, if phase == "requeued" { "queued" } else { phase }, "{name}");
        count += 1;
    }
    assert!(count >= 10, "only {count} fixtures were found");
}

#[test]
fn the_rich_record_of_version_1_keeps_its_meaning_i11() {
    let loaded = load(&fs::read_to_string(folder().join("job_v1.json")).unwrap());
    assert!(matches!(loaded.phase, Phase::Submitting { tries: 0, .. }));
    assert_eq!((loaded.attempt, loaded.epoch, loaded.request.priority), (3, 3, 4));
    assert!(loaded.request.prompt.contains("пёс 🐕"));
    let ledger: Vec<(u64, SubmitAnswer)> = loaded.submits.iter().map(|row| (row.epoch, row.answer)).collect();
    assert_eq!(
        ledger,
        [
            (1, SubmitAnswer::Accepted),
            (2, SubmitAnswer::Refused),
            (2, SubmitAnswer::Unknown),
            (3, SubmitAnswer::Intended)
        ]
    );
    let in_flight = loaded.in_flight.as_ref().map(|in_flight| &in_flight.effect);
    assert_eq!(in_flight, Some(&Effect::Submit { epoch: 3, attempt: 3 }));
    assert!(loaded.discards.contains_key(&1) && loaded.report.is_some());
    let any = |wanted: fn(&DeliveryState) -> bool| loaded.outbox.iter().any(|delivery| wanted(&delivery.state));
    assert!(any(|state| matches!(state, DeliveryState::Pending { .. })));
    assert!(any(|state| matches!(state, DeliveryState::Delivered { .. })));
    assert!(any(|state| matches!(state, DeliveryState::Exhausted { .. })));
    assert!(loaded.outbox.iter().all(|delivery| delivery.id.starts_with("msg_") && delivery.body.is_some()));
}

#[test]
fn a_record_from_before_a_field_has_what_it_meant_then_i11() {
    let loaded = load(&fs::read_to_string(folder().join("job_v1_queued.json")).unwrap());
    let request = &loaded.request;
    assert_eq!((request.start_after, request.timeout, request.confirm), (None, None, false));
    assert_eq!(loaded.terms(), Terms::default());
}

#[test]
fn the_record_of_a_requeued_job_keeps_its_terms_i11() {
    let loaded = load(&fs::read_to_string(folder().join("job_v1_requeued.json")).unwrap());
    let terms = loaded.terms();
    assert_eq!((loaded.epoch, loaded.attempt, terms.keeps_place), (2, 1, true));
    assert_eq!(terms.not_before, loaded.submits.first().map(|row| row.intended_at + 30_100));
    assert_eq!(terms.availability, None, "an earlier build did not say");
}

#[test]
fn what_a_render_cost_is_remembered_and_an_older_record_means_its_price_i11() {
    let read = |name: &str| load(&fs::read_to_string(folder().join(name)).unwrap());
    assert_eq!(read("job_v1_storing_told.json").cost_micros(), 2_750_000);
    assert_eq!(read("job_v1_storing.json").cost_micros(), 3_200_000);
}

#[test]
fn a_render_that_is_to_be_given_up_is_remembered_i11() {
    let read = |name: &str| load(&fs::read_to_string(folder().join(name)).unwrap());
    let abandons = read("job_v1_cancelled_abandoning.json").abandons;
    assert_eq!(abandons.get("models/veo/operations/one").map(|errand| errand.tries), Some(1));
    assert!(read("job_v1_rendering.json").abandons.is_empty());
}

#[test]
fn the_pushes_that_were_heard_are_remembered_i11() {
    let loaded = load(&fs::read_to_string(folder().join("job_v1_rendering_nudged.json")).unwrap());
    assert_eq!(loaded.nudges, ["push-1", "push-2"]);
    assert!(matches!(loaded.phase, Phase::Rendering { nudged: true, .. }));
    let older = load(&fs::read_to_string(folder().join("job_v1_rendering.json")).unwrap());
    assert!(older.nudges.is_empty() && matches!(older.phase, Phase::Rendering { nudged: false, .. }));
}

#[test]
fn images_that_are_to_be_deleted_are_remembered_i11() {
    let read = |name: &str| load(&fs::read_to_string(folder().join(name)).unwrap());
    let loaded = read("job_v1_completed_discarding.json");
    assert_eq!(loaded.discards.get(&INPUTS).map(|errand| errand.tries), Some(1));
    assert!(loaded.inputs_discarded_at.is_some() && loaded.request.images.len() == 3);
    let older = read("job_v1_completed.json");
    assert!(older.inputs_discarded_at.is_none() && older.request.images.is_empty());
}

#[test]
fn an_event_that_is_sent_again_goes_on_where_its_schedule_was_i11() {
    let read = |name: &str| load(&fs::read_to_string(folder().join(name)).unwrap());
    let event = read("job_v1_failed_redelivering.json").outbox.remove(0);
    assert_eq!((event.attempts, event.attempts_before, event.redeliveries), (2, 1, 1));
    assert!(matches!(event.state, DeliveryState::Pending { .. }));
    let older = read("job_v1_failed.json").outbox.remove(0);
    assert_eq!((older.attempts_before, older.redeliveries), (0, 0));
}

#[test]
fn a_fixture_that_was_loaded_is_written_back_without_loss_i11() {
    for (_, saved) in lives::all() {
        let again = load(&write_job(&saved).unwrap());
        assert_eq!(again, saved);
    }
    let loaded = load(&fs::read_to_string(folder().join("job_v1.json")).unwrap());
    assert_eq!(load(&write_job(&loaded).unwrap()), loaded);
}

#[test]
fn this_version_has_a_fixture_of_every_phase() {
    for (name, life) in lives::all() {
        let suffix = if name == "rich" { String::new() } else { format!("_{name}") };
        let path = folder().join(format!("job_v{JOB_VERSION}{suffix}.json"));
        if !path.exists() && std::env::var_os("REELAY_WRITE_FIXTURES").is_some() {
            fs::write(&path, write_job(&life).unwrap()).unwrap();
        }
        assert!(path.exists(), "{} is missing", path.display());
    }
}

fn load(record: &str) -> Job {
    let sql = Sqlite::new();
    job::save(&sql, &lives::queued(), &[]).unwrap();
    put_record(&sql, record);
    job::load(&sql).unwrap().unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/store/fixtures")
}
