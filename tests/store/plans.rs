//! Queries that run at every step use an index, however long the catalogue has grown.

use crate::put::Put as _;
use crate::sqlite::Sqlite;
use reelay::ids::JobKey;
use reelay::machine::Status;
use reelay::machine::bulk::BulkAction;
use reelay::machine::lease::Lease;
use reelay::machine::metrics::Metrics;
use reelay::machine::queue::{
    Book, BulkFilter, BulkRows, Closed, Entry, Minute, Rows, Stage, Summary,
};
use reelay::store::catalogue::Listing;
use reelay::store::cursor::Cursor;
use reelay::store::queue::QueueStore;

#[test]
fn every_question_of_a_step_is_answered_by_an_index() {
    let sql = Sqlite::new();
    let mut store = filled(&sql);
    let closed = Closed {
        users: vec!["ann".to_owned()],
        upstreams: vec!["veo3/a".to_owned(), "veo3/b".to_owned()],
    };
    let open = Closed {
        users: Vec::new(),
        upstreams: Vec::new(),
    };
    let entry = store.find(&JobKey::new("ann", "job-1")).unwrap().unwrap();
    let plans = sql.plans(|| {
        store.find(&entry.summary.key).unwrap();
        store.heads(&closed).unwrap();
        store.heads(&open).unwrap();
        store.last_accepted().unwrap();
        store.last_round("ann", 0).unwrap();
        store.memory().unwrap();
        store.delays_over(9_000, 50).unwrap();
        store.to_ask(9_000, 50).unwrap();
        store.next_due().unwrap();
        store.owners("job-1").unwrap();
        store.due_items(9_000, 20).unwrap();
        store.find_item(&entry.summary.key).unwrap();
        store.next_item_due().unwrap();
        for user_id in [Some("ann".to_owned()), None] {
            let filter = BulkFilter {
                user_id,
                ..BulkFilter::default()
            };
            store.matching(BulkAction::Retry, &filter, 9).unwrap();
        }
        for user_id in [Some("ann"), None] {
            for status in [Some(Status::Queued), None] {
                for search in [None, Some("dusk")] {
                    let first = Listing {
                        user_id,
                        status,
                        search,
                        limit: 1,
                        after: None,
                    };
                    let after = store
                        .list(&first)
                        .unwrap()
                        .next
                        .or(Some(Cursor::of(&entry.summary)));
                    store.list(&Listing { after, ..first }).unwrap();
                }
            }
        }
        for state in [Some("pending"), None] {
            store
                .list_deliveries(state, 20, Some(&Cursor::of(&entry.summary)))
                .unwrap();
            store.list_deliveries(state, 20, None).unwrap();
        }
        store.find_delivery("msg_1").unwrap();
        store.exhausted_since(5, 20).unwrap();
        store.exhausted().unwrap();
        store.deliveries(&entry.summary.key).unwrap();
        store.remove_delivery(&entry.summary.key, "msg_1").unwrap();
        store.remove_deliveries(&entry.summary.key).unwrap();
        store.spent(20_000, None).unwrap();
        store.spend(20_000, "ann", 7).unwrap();
        store.give_back(20_000, "ann", 7).unwrap();
        store.delete_spending(20_000).unwrap();
        store.waits_since().unwrap();
        store.memory().unwrap();
        store.counted_before().unwrap();
        store
            .save_book(&Book::default(), Some((7, &Minute::default())))
            .unwrap();
        store.delete_minutes(7).unwrap();
        store.minutes(7).unwrap();
    });
    assert!(plans.len() >= 45, "{} statements", plans.len());
    for (statement, steps) in plans {
        for step in &steps {
            let tables = [
                "SCAN entry",
                "SCAN spending",
                "SCAN delivery",
                "SCAN metrics",
                "SCAN bulk_item",
            ];
            let table = tables.iter().any(|scan| step.starts_with(scan));
            let whole = table && !step.contains(" USING ");
            assert!(!whole, "{step}: {statement}");
            let history = statement.contains("stage = 'held'") && step.contains("entry_by_user");
            assert!(
                !history,
                "every job that ever had a slot is read: {step}: {statement}"
            );
        }
    }
}

#[test]
fn every_list_comes_out_of_an_index_from_where_the_last_page_ended() {
    let sql = Sqlite::new();
    let store = filled(&sql);
    let after = Some(Cursor {
        created_at: 1,
        id: "job-3".to_owned(),
        user_id: "bob".to_owned(),
    });
    for user_id in [Some("ann"), None] {
        for status in [Some(Status::Queued), None] {
            for search in [None, Some("no such thing")] {
                let listing = Listing {
                    user_id,
                    status,
                    search,
                    limit: 20,
                    after: after.clone(),
                };
                let plans = sql.plans(|| drop(store.list(&listing).unwrap()));
                let (statement, steps) = plans.first().unwrap();
                assert!(
                    steps.len() == 1 && steps[0].starts_with("SEARCH entry USING INDEX"),
                    "{steps:?}: {statement}"
                );
                assert!(
                    steps[0].contains('<'),
                    "the cursor does not bound the search: {steps:?}: {statement}"
                );
            }
        }
    }
    for state in [Some("exhausted"), None] {
        let plans = sql.plans(|| drop(store.list_deliveries(state, 20, after.as_ref()).unwrap()));
        let (statement, steps) = plans.first().unwrap();
        assert!(
            steps.len() == 1 && steps[0].starts_with("SEARCH delivery USING INDEX"),
            "{steps:?}: {statement}"
        );
    }
    let plans = sql.plans(|| {
        store.exhausted_since(5, 20).unwrap();
        store
            .stats(&store.memory().unwrap(), &crate::catalogue::policy(), 5)
            .unwrap();
    });
    for (statement, steps) in plans
        .iter()
        .filter(|(statement, _)| statement.contains("delivery"))
    {
        let indexed = steps
            .iter()
            .all(|step| step.contains("INDEX") && !step.contains("B-TREE"));
        assert!(indexed, "{steps:?}: {statement}");
    }
}

#[test]
fn the_first_in_line_and_those_to_ask_come_out_of_their_index_in_order() {
    let sql = Sqlite::new();
    let store = filled(&sql);
    let plans = sql.plans(|| {
        store
            .heads(&Closed {
                users: Vec::new(),
                upstreams: Vec::new(),
            })
            .unwrap();
        store.delays_over(9_000, 50).unwrap();
        store.to_ask(9_000, 50).unwrap();
    });
    for (statement, steps) in plans {
        let by_index = [
            "SEARCH entry USING INDEX",
            "SEARCH entry USING COVERING INDEX",
        ];
        let searched = steps
            .iter()
            .any(|step| by_index.iter().any(|way| step.starts_with(way)));
        assert!(searched, "{steps:?}: {statement}");
        assert!(
            !steps.iter().any(|step| step.contains("TEMP B-TREE")),
            "{steps:?}: {statement}"
        );
    }
}

/// One job in each place for each of two users.
pub(crate) fn filled(sql: &Sqlite) -> QueueStore<Sqlite> {
    let mut store = QueueStore::open(sql.clone()).unwrap();
    let places = [
        Stage::Ended,
        Stage::Waiting,
        Stage::Delayed { until: 5 },
        Stage::Held(Lease {
            epoch: 1,
            until: 5,
            granted_at: 1,
        }),
        Stage::Watched { until: 5 },
        Stage::Deleting { until: 5 },
    ];
    let mut sequence = 0;
    for user in ["ann", "bob"] {
        for (number, stage) in places.into_iter().enumerate() {
            sequence += 1;
            let summary = Summary {
                key: JobKey::new(user, format!("job-{number}")),
                epoch: 1,
                report_number: 0,
                status: Status::Queued,
                priority: 0,
                created_at: 1,
                updated_at: 1,
                upstream: "veo3/a".to_owned(),
                submits: 0,
                cost_micros: 0,
                price_micros: 0,
                submits_per_minute: None,
                metrics: Metrics::default(),
                snapshot: "{}".to_owned(),
                deliveries: Vec::new(),
                settled: false,
            };
            let entry = Entry {
                summary,
                sequence,
                enqueued_at: 1,
                waits_since: 1,
                round: sequence,
                unspent: true,
                late: false,
                charges: Vec::new(),
                stage,
            };
            store.put(&entry).unwrap();
        }
    }
    store
}
