//! Under any inputs the queue on SQLite does what the queue on a plain map does.

use crate::model::Model;
use crate::sqlite::Sqlite;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use reelay::machine::queue::{self, Card, Input, Policy, Rows, Said};
use reelay::machine::{JobKey, Millis, Moment, Status};
use reelay::store::queue::{Cursor, QueueStore};

const USERS: [&str; 2] = ["ann", "bob"];
const JOBS: [&str; 5] = ["a", "b", "B", "ab", "a-2"];
const BORN: Millis = 1_767_323_045_000;

/// An input and how many milliseconds it comes after (or before) the one before it.
type Happening = (Input, i64);

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_on_sqlite_is_the_queue_on_a_map(
        slots in 0_u64..4, max_waiting in 0_u64..5, happenings in vec(happening(), 1..40),
        status in option::of(select(Status::ALL.to_vec())), limit in 1_u32..5,
    ) {
        let policy = Policy { slots, max_waiting };
        let mut stored = QueueStore::open(Sqlite::new()).unwrap();
        let mut model = Model::default();
        let mut now = BORN;
        for (input, passed) in happenings {
            now = now.saturating_add_signed(passed);
            let moment = Moment { now, random: 0 };
            let expected = queue::step(&mut model, input.clone(), moment, policy).unwrap();
            let step = queue::step(&mut stored, input.clone(), moment, policy).unwrap();
            prop_assert_eq!(&step, &expected, "after {:?}", &input);
            assert_equal(&stored, &model);
            prop_assert_eq!(stored.stats("immediate", slots, now).unwrap(), model.stats("immediate", slots, now));
        }
        for user in USERS {
            assert_equal_pages(&stored, &model, user, status, limit);
        }
    }
}

fn assert_equal(stored: &QueueStore<Sqlite>, model: &Model) {
    for key in USERS.iter().flat_map(|user| JOBS.map(|job| JobKey::new(*user, job))) {
        assert_eq!(stored.find(&key).unwrap(), model.find(&key).unwrap());
        assert_eq!(queue::standing(stored, &key).unwrap(), queue::standing(model, &key).unwrap());
    }
    assert_eq!(stored.last_accepted().unwrap(), model.last_accepted().unwrap());
}

/// Walks through all pages of a user's list.
fn assert_equal_pages(stored: &QueueStore<Sqlite>, model: &Model, user: &str, status: Option<Status>, limit: u32) {
    let mut before = None;
    loop {
        let page = stored.list(user, status, limit, before.as_ref()).unwrap();
        assert_eq!(page, model.list(user, status, limit as usize, before.as_ref()));
        let Some(last) = page.last() else { break };
        before = Some(Cursor::of(last));
    }
}

fn happening() -> impl Strategy<Value = Happening> {
    let passed = prop_oneof![8 => 0_i64..3_000, 3 => 3_000_i64..200_000, 1 => -60_000_i64..0];
    let input = prop_oneof![
        4 => (card(), any::<bool>()).prop_map(|(card, promised)| Input::Enqueue { card, promised }),
        3 => card().prop_map(|card| Input::Report { card }),
        2 => Just(Input::Alarm),
        2 => (key(), 1_u64..4, said()).prop_map(|(key, epoch, said)| Input::Heard { key, epoch, said }),
    ];
    (input, passed)
}

fn card() -> impl Strategy<Value = Card> {
    (key(), 1_u64..4, 0_u64..5, select(Status::ALL.to_vec()), select(vec![0_u8, 1, 10]), 0_u64..3).prop_map(
        |(key, epoch, report_number, status, priority, born)| Card {
            key,
            epoch,
            report_number,
            status,
            priority,
            created_at: BORN + born,
            updated_at: BORN + report_number,
            snapshot: format!("{{\"epoch\":{epoch},\"quote\":\"it's\"}}"),
        },
    )
}

fn key() -> impl Strategy<Value = JobKey> {
    (select(USERS.to_vec()), select(JOBS.to_vec())).prop_map(|(user, job)| JobKey::new(user, job))
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        3 => (1_u64..5, 0_u64..5, select(Status::ALL.to_vec()))
            .prop_map(|(epoch, report_number, status)| Said::State { epoch, report_number, status }),
        1 => Just(Said::Missing),
        1 => Just(Said::Nothing),
    ]
}
