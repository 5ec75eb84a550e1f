//! For any inputs, the queue on SQLite behaves as the queue on a plain map does.

use crate::model;
use crate::rows::MapRows;
use crate::sqlite::Sqlite;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use reelay::ids::JobKey;
use reelay::machine::Status;
use reelay::machine::alerts::{AlertKind, AlertPolicy};
use reelay::machine::bulk::{BulkAction, BulkMark, BulkOutcome};
use reelay::machine::delivery::{DeliveryState, DeliverySummary, EventKind, Receipt};
use reelay::machine::job::{BulkAct, State};
use reelay::machine::limiter::Availability;
use reelay::machine::message::NoAnswer;
use reelay::machine::metrics::{Count, Metrics};
use reelay::machine::outcome::ErrorCode;
use reelay::machine::queue::{
    Afford, Alarm, AlertAnswered, AlertsDue, Ask, BulkFilter, BulkRows, ChangeLimits, Claim,
    DeleteOld, Enqueue, EnqueueAgain, GetPositions, Heard, Input, Limit, Matching, Mode, Pause,
    PauseUpstream, Policy, Question, QueueInstance, Redelivered, RedeliveredEvent, Report, Resume,
    ResumeUpstream, Rows, Scope, StartBulk, StopBulk, Summary, Sweep, Terms, day_of,
};
use reelay::store::catalogue::{Listing, Page};
use reelay::store::cursor::Cursor;
use reelay::store::queue::QueueStore;
use reelay::time::{Millis, Moment};
use std::fmt;
use std::fmt::Debug;
use std::rc::Rc;

const USERS: [&str; 2] = ["ann", "bob"];
const JOBS: [&str; 5] = ["a", "b", "B", "ab", "a-2"];
const UPSTREAMS: [&str; 3] = ["veo3/veo-3.1", "veo3/it's", ""];
const BORN: Millis = 1_767_323_045_000;
/// Snapshots of a generation, by its epoch; the last is not JSON.
const SNAPSHOTS: [&str; 4] = [
    r#"{"prompt":"It's a quote"}"#,
    r#"{"prompt":"большой пёс% бежит"}"#,
    r#"{"quote":"it's","errorCode":"internal"}"#,
    "it's no JSON",
];

/// An input, its time in milliseconds after (or before) the one before it, and the mode at that
/// time.
type Happening = (Taken, i64, Mode);

/// An input given to both queues.
#[derive(Clone)]
struct Taken {
    input: String,
    by_both: Rc<ByBoth>,
}

type ByBoth = dyn Fn(&mut Stored, &mut MapRows, Moment, &Policy);

/// The queue on SQLite, with the memory of one instance.
struct Stored {
    rows: QueueStore<Sqlite>,
    instance: QueueInstance,
}

impl fmt::Debug for Taken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.input)
    }
}

fn taken<I: Input + Clone + Debug + 'static>(input: I) -> Taken
where
    I::Reply: PartialEq + Debug,
{
    let name = format!("{input:?}");
    let by_both = move |stored: &mut Stored, plain: &mut MapRows, moment, policy: &Policy| {
        let expected = QueueInstance::default().step(plain, input.clone(), moment, policy);
        let Stored { rows, instance } = stored;
        let step = instance.step(rows, input.clone(), moment, policy);
        assert_eq!(step.unwrap(), expected.unwrap(), "after {input:?}");
        assert_eq!(*instance.memory(rows).unwrap(), plain.memory().unwrap());
    };
    Taken {
        input: name,
        by_both: Rc::new(by_both),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_on_sqlite_is_the_queue_on_a_map(
        settings in policy(), happenings in vec(happening(), 1..50),
        status in option::of(select(Status::ALL.to_vec())), limit in 1_u32..5,
    ) {
        let rows = QueueStore::open(Sqlite::new()).unwrap();
        let mut stored = Stored { rows, instance: QueueInstance::default() };
        let mut plain = MapRows::default();
        let mut now = BORN;
        for (input, passed, mode) in happenings {
            now = now.saturating_add_signed(passed);
            let moment = Moment { now, random: 0 };
            let policy = Policy { mode, ..settings };
            (input.by_both)(&mut stored, &mut plain, moment, &policy);
            assert_equal(&stored.rows, &plain, &policy, now);
        }
        for user_id in USERS.into_iter().map(Some).chain([None]) {
            for search in [None, Some("b"), Some("ПЁС%"), Some("IT'S")] {
                assert_equal_pages(&stored.rows, &plain, Listing { user_id, status, search, limit, after: None });
            }
        }
        for state in DeliveryState::WORDS.into_iter().map(Some).chain([None]) {
            assert_equal_deliveries(&stored.rows, &plain, state, limit);
        }
    }
}

fn assert_equal(stored: &QueueStore<Sqlite>, plain: &MapRows, policy: &Policy, now: Millis) {
    for key in USERS
        .iter()
        .flat_map(|user| JOBS.map(|job| JobKey::new(*user, job)))
    {
        assert_eq!(stored.find(&key).unwrap(), plain.find(&key).unwrap());
    }
    let memory = stored.memory().unwrap();
    assert_eq!(memory, plain.memory().unwrap());
    assert_eq!(stored.waits_since().unwrap(), plain.waits_since().unwrap());
    assert_eq!(
        stored.counted_before().unwrap(),
        plain.counted_before().unwrap()
    );
    assert_eq!(
        stored.minutes(0).unwrap(),
        plain
            .minutes
            .clone()
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .collect::<Vec<_>>()
    );
    for day in (day_of(BORN) - 3..).take(8) {
        for whose in USERS.into_iter().map(Some).chain([None]) {
            assert_eq!(
                stored.spent(day, whose).unwrap(),
                plain.spent(day, whose).unwrap(),
                "{day} {whose:?}"
            );
        }
    }
    assert_eq!(stored.next_due().unwrap(), plain.next_due().unwrap());
    assert_eq!(stored.exhausted().unwrap(), plain.exhausted().unwrap());
    assert_eq!(stored.alerts().unwrap(), plain.alerts);
    assert_eq!(
        stored.due_items(Millis::MAX >> 11, 99).unwrap(),
        plain.due_items(Millis::MAX, 99).unwrap()
    );
    let running = plain.book.bulk.clone();
    let bulks = running.iter().chain(plain.bulks.values().rev());
    assert_eq!(
        stored.bulks(running.clone()).unwrap(),
        bulks.cloned().collect::<Vec<_>>()
    );
    assert_eq!(
        stored.stats(&memory, policy, now).unwrap(),
        model::stats(plain, policy, now)
    );
    assert_eq!(
        stored.exhausted_since(BORN + 1, 99).unwrap(),
        model::exhausted_since(plain, BORN + 1)
    );
}

/// Walks through all pages of the events.
fn assert_equal_deliveries(
    stored: &QueueStore<Sqlite>,
    plain: &MapRows,
    state: Option<&str>,
    limit: u32,
) {
    let mut after = None;
    loop {
        let (page, next) = stored
            .list_deliveries(state, limit, after.as_ref())
            .unwrap();
        assert_eq!(
            page,
            model::list_deliveries(plain, state, limit as usize, after.as_ref())
        );
        let Some(next) = next else { break };
        assert_eq!(page.len(), limit as usize);
        after = Some(next);
    }
}

/// Walks through all pages of a list.
fn assert_equal_pages(stored: &QueueStore<Sqlite>, plain: &MapRows, first: Listing<'_>) {
    let mut listing = first;
    loop {
        let Page { entries, next } = stored.list(&listing).unwrap();
        assert_eq!(entries, model::list(plain, &listing));
        let more = model::list(
            plain,
            &Listing {
                limit: listing.limit + 1,
                ..listing.clone()
            },
        )
        .len()
            > entries.len();
        assert_eq!(
            next,
            entries
                .last()
                .filter(|_| more)
                .map(|last| Cursor::of(&last.summary))
        );
        let Some(next) = next else { break };
        listing.after = Some(next);
    }
}

fn policy() -> impl Strategy<Value = Policy> {
    let counts = (0_u64..4, 1_u64..4, 0_u64..5, 1_u64..4);
    let costs = || option::weighted(0.4, 0_u64..30_000_000);
    (counts, costs(), costs()).prop_map(
        |(
            (slots, user_slots, max_waiting, submits_per_minute),
            max_cost_per_day,
            max_cost_per_user_per_day,
        )| Policy {
            mode: Mode::Immediate,
            slots,
            user_slots,
            max_waiting,
            submits_per_minute,
            max_cost_per_day,
            max_cost_per_user_per_day,
            retention: 400_000,
            alerts: AlertPolicy {
                kinds: AlertKind::ALL.into_iter().collect(),
                upstream_after: 30_000,
                wait: 60_000,
                budget_percent: 50,
                has_receiver: true,
            },
        },
    )
}

fn happening() -> impl Strategy<Value = Happening> {
    let passed = prop_oneof![8 => 0_i64..3_000, 3 => 3_000_i64..200_000, 1 => -60_000_i64..0, 1 => 0..86_400_000_i64];
    let input = prop_oneof![
        4 => (summary(), terms()).prop_map(|(summary, terms)| taken(Enqueue { summary, terms })),
        4 => (summary(), terms()).prop_map(|(summary, terms)| taken(EnqueueAgain { summary, terms })),
        6 => (summary(), availability()).prop_map(|(summary, availability)| taken(Report { summary, availability })),
        2 => key().prop_map(|key| taken(Claim { key })),
        1 => key().prop_map(|key| taken(GetPositions { key, others: Vec::new() })),
        2 => key().prop_map(|key| taken(Afford { key })),
        1 => Just(()).prop_map(|()| taken(Pause)),
        1 => scope().prop_map(|scope| taken(PauseUpstream { scope })),
        1 => scope().prop_map(|scope| taken(ResumeUpstream { scope })),
        1 => change().prop_map(taken),
        2 => start_bulk().prop_map(taken),
        1 => Just(()).prop_map(|()| taken(StopBulk { id: BORN, operator: "ops".to_owned() })),
        3 => (key(), said(), outcome()).prop_map(|(key, said, outcome)| taken(heard_for_bulk(key, said, outcome))),
        2 => Just(()).prop_map(|()| taken(Resume)),
        2 => (key(), option::of(delivery())).prop_map(|(key, delivery)| taken(redelivered(key, delivery))),
        4 => Just(()).prop_map(|()| taken(Alarm)),
        2 => Just(()).prop_map(|()| taken(Sweep)),
        3 => Just(()).prop_map(|()| taken(AlertsDue)),
        1 => receipt().prop_map(|receipt| taken(AlertAnswered { id: first_message(), receipt })),
        1 => Just(()).prop_map(|()| taken(DeleteOld)),
        5 => (key(), 1_u64..4, said()).prop_map(|(key, epoch, said)| taken(heard(key, epoch, said))),
    ];
    (
        input,
        passed,
        prop_oneof![2 => Just(Mode::Immediate), 3 => select(Mode::ALL.to_vec())],
    )
}

fn receipt() -> impl Strategy<Value = Receipt> {
    let failed = |status, retry_after| Receipt::Failed {
        status,
        retry_after,
    };
    select(vec![
        Receipt::Accepted { status: 200 },
        Receipt::Gone,
        failed(Some(500), None),
        failed(None, Some(40_000)),
    ])
}

/// The id of the first message of a step whose random bits are zero.
fn first_message() -> String {
    format!("msg_{:032x}", 0)
}

fn terms() -> impl Strategy<Value = Terms> {
    let time = || option::weighted(0.3, (0_u64..300_000).prop_map(|wait| BORN + wait));
    (time(), any::<bool>(), availability(), time()).prop_map(
        |(not_before, keeps_place, availability, refused_since)| Terms {
            refused_since,
            not_before,
            keeps_place,
            availability,
        },
    )
}

fn availability() -> impl Strategy<Value = Option<Availability>> {
    let asked = option::of(0_u64..300_000);
    option::of(prop_oneof![
        3 => Just(Availability::Accepted),
        2 => asked.prop_map(|after| Availability::NotNow { after }),
        1 => Just(Availability::Failed),
        1 => Just(Availability::Refused),
    ])
}

fn redelivered(key: JobKey, delivery: Option<DeliverySummary>) -> Redelivered {
    let delivery = delivery.and_then(|delivery| deliveries_of(&key, vec![delivery]).pop());
    let event_id = delivery.as_ref().map_or_else(
        || format!("msg_0_{}", key.object_name()),
        |own| own.id.clone(),
    );
    Redelivered {
        events: vec![RedeliveredEvent {
            key,
            event_id,
            delivery,
        }],
    }
}

/// One of a few events, at one of a few points of its life. Only its own job has it.
fn delivery() -> impl Strategy<Value = DeliverySummary> {
    let state = prop_oneof![
        (0_u64..4).prop_map(|at| DeliveryState::Pending { next_at: BORN + at }),
        (0_u64..4).prop_map(|at| DeliveryState::Delivered { at: BORN + at }),
        (0_u64..4).prop_map(|at| DeliveryState::Exhausted { at: BORN + at }),
    ];
    let told = (0_u32..3, 0_u32..3, option::of(200_u16..599));
    (0_u64..3, select(EventKind::ALL.to_vec()), state, told).prop_map(
        |(number, kind, state, (redeliveries, attempts, last_status))| DeliverySummary {
            id: format!("msg_{number}"),
            kind,
            created_at: BORN + number / 2,
            attempts,
            last_status,
            state,
            redeliveries,
        },
    )
}

/// The events of one job, whose ids no other job has.
fn deliveries_of(key: &JobKey, events: Vec<DeliverySummary>) -> Vec<DeliverySummary> {
    let own = |event: DeliverySummary| DeliverySummary {
        id: format!("{}_{}", event.id, key.object_name()),
        // An event keeps its kind.
        kind: EventKind::Completed,
        ..event
    };
    events.into_iter().map(own).collect()
}

fn heard(key: JobKey, epoch: u64, said: Result<Option<State>, NoAnswer>) -> Heard {
    let own = |state: State| State {
        deliveries: deliveries_of(&key, state.deliveries),
        ..state
    };
    let said = said.map(|state| state.map(own));
    Heard {
        ask: Ask {
            key,
            created_at: BORN + 1,
            epoch,
            question: Question::Start,
        },
        said,
    }
}

fn scope() -> impl Strategy<Value = Scope> {
    let model = select(vec![None, Some("veo-3.1"), Some("it's")]);
    model.prop_map(|model| Scope {
        provider: "veo3".to_owned(),
        model: model.map(str::to_owned),
    })
}

fn change() -> impl Strategy<Value = ChangeLimits> {
    let change = (select(Limit::ALL.to_vec()), option::weighted(0.7, 1_u64..4));
    vec(change, 1..3).prop_map(|changes| ChangeLimits {
        changes,
        operator: "ops".to_owned(),
    })
}

fn start_bulk() -> impl Strategy<Value = StartBulk> {
    let status = option::weighted(0.3, select(Status::ALL.to_vec()));
    let place = (
        option::weighted(0.3, select(USERS.to_vec())),
        option::weighted(0.2, select(vec!["veo3", ""])),
        option::weighted(0.2, select(vec!["veo-3.1", "it's", ""])),
    );
    let code = option::weighted(0.2, select(vec![ErrorCode::Internal, ErrorCode::Cancelled]));
    let born = || option::weighted(0.2, (0_u64..4).prop_map(|after| BORN + after));
    let action = select(BulkAction::ALL.to_vec());
    (action, status, place, code, born(), born(), 0_u64..6).prop_map(
        |(action, status, (user, provider, model), error_code, after, before, count)| StartBulk {
            action,
            filter: BulkFilter {
                status,
                error_code,
                user_id: user.map(str::to_owned),
                provider: provider.map(str::to_owned),
                model: model.map(str::to_owned),
                created_after: after,
                created_before: before,
            },
            operator: "ops".to_owned(),
            said: Matching {
                count: 2 * count,
                cost_micros: 100_000_000,
            },
        },
    )
}

fn outcome() -> impl Strategy<Value = BulkOutcome> {
    select(BulkOutcome::ALL.to_vec())
}

/// A job's answer to the bulk with the id that the first bulk gets if nothing was set back.
fn heard_for_bulk(
    key: JobKey,
    said: Result<Option<State>, NoAnswer>,
    outcome: BulkOutcome,
) -> Heard {
    let bulk = BORN;
    let marked = |state: State| State {
        bulk: Some(BulkMark { bulk, outcome }),
        ..state
    };
    let Heard { ask, said } = heard(key, 1, said.map(|state| state.map(marked)));
    let question = Question::Bulk(BulkAct {
        bulk,
        action: BulkAction::Retry,
        created_at: ask.created_at,
        epoch: 1,
        status: None,
    });
    Heard {
        ask: Ask { question, ..ask },
        said,
    }
}

fn summary() -> impl Strategy<Value = Summary> {
    let order = (
        select(vec![0_u8, 1, 10]),
        select(UPSTREAMS.to_vec()),
        0_u64..3,
    );
    let cost = (
        0_u64..9_000_000,
        0_u64..9_000_000,
        option::weighted(0.3, 0_u64..3),
    );
    let events = vec(delivery(), 0..3);
    (
        key(),
        1_u64..4,
        0_u64..5,
        select(Status::ALL.to_vec()),
        order,
        (0_u64..4, metrics()),
        cost,
        events,
    )
        .prop_map(
            |(
                key,
                epoch,
                report_number,
                status,
                (priority, upstream, born),
                (submits, metrics),
                cost,
                events,
            )| Summary {
                epoch,
                report_number,
                status,
                priority,
                created_at: BORN + born,
                updated_at: BORN + report_number,
                upstream: upstream.to_owned(),
                submits,
                cost_micros: cost.0,
                price_micros: cost.1,
                submits_per_minute: cost.2,
                metrics,
                snapshot: SNAPSHOTS[usize::try_from(epoch).unwrap_or(0) % SNAPSHOTS.len()]
                    .to_owned(),
                deliveries: deliveries_of(&key, events),
                settled: false,
                key,
            },
        )
}

fn metrics() -> impl Strategy<Value = Metrics> {
    vec(select(Count::all()), 0..4).prop_map(|counts| {
        let mut metrics = Metrics::default();
        for count in counts {
            metrics.count(count, 1);
        }
        metrics
    })
}

fn key() -> impl Strategy<Value = JobKey> {
    (select(USERS.to_vec()), select(JOBS.to_vec())).prop_map(|(user, job)| JobKey::new(user, job))
}

fn said() -> impl Strategy<Value = Result<Option<State>, NoAnswer>> {
    let told = (0_u64..4, availability(), 0_u64..9_000_000, metrics());
    let events = vec(delivery(), 0..3);
    let status = select(Status::ALL.to_vec());
    let state = (
        1_u64..5,
        0_u64..5,
        status,
        told,
        option::of(0_u64..400_000),
        any::<bool>(),
        events,
    )
        .prop_map(
            |(
                epoch,
                report_number,
                status,
                (submits, availability, cost_micros, metrics),
                wait,
                late,
                deliveries,
            )| State {
                epoch,
                report_number,
                status,
                submits,
                availability,
                cost_micros,
                wake_at: wait.map(|wait| BORN + wait),
                late,
                metrics,
                deliveries,
                bulk: None,
            },
        );
    prop_oneof![4 => state.prop_map(|state| Ok(Some(state))), 1 => Just(Ok(None)), 1 => Just(Err(NoAnswer))]
}
