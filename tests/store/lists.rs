//! Lists over all users, searches, and the catalogue of events.

use crate::put::Put as _;
use crate::sqlite::Sqlite;
use reelay::ids::JobKey;
use reelay::machine::Status;
use reelay::machine::delivery::{DeliveryState, DeliverySummary, EventKind};
use reelay::machine::metrics::Metrics;
use reelay::machine::queue::{Entry, Rows, Stage, Summary};
use reelay::store::catalogue::{Listing, MAX_SEARCHED, Page};
use reelay::store::queue::QueueStore;

#[test]
fn the_jobs_of_all_users_follow_each_other_even_where_ids_and_times_are_equal() {
    let mut store = store();
    for (number, user) in (1..).zip(["ann", "bob", "cid", "dan", "eve"]) {
        store
            .put(&entry(number, user, "job", 7, "a prompt"))
            .unwrap();
    }
    let (mut users, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .list(&Listing {
                limit: 2,
                after,
                ..Listing::default()
            })
            .unwrap();
        users.extend(
            page.entries
                .iter()
                .map(|entry| entry.summary.key.user_id.clone()),
        );
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!(users, ["eve", "dan", "cid", "bob", "ann"]);
}

#[test]
fn a_search_finds_by_id_and_by_prompt_in_letters_of_either_case() {
    let mut store = store();
    for (number, id, prompt) in [
        (1, "clip-Moon", "a lighthouse at dusk"),
        (2, "clip-2", "the MOON over Łódź"),
        (3, "clip-3", "100% of a_b"),
        (4, "clip-4", "1000 of axb"),
    ] {
        store
            .put(&entry(number, "ann", id, number, prompt))
            .unwrap();
    }
    for (search, found) in [
        ("moon", vec!["clip-2", "clip-Moon"]),
        ("ŁÓDŹ", vec!["clip-2"]),
        ("DUSK", vec!["clip-Moon"]),
        ("0%", vec!["clip-3"]),
        ("a_b", vec!["clip-3"]),
        ("clip-4", vec!["clip-4"]),
        ("lighthouse moon", vec![]),
        ("prompt", vec![]),
    ] {
        assert_eq!(
            ids(&search_page(&store, Some("ann"), search, 9)),
            found,
            "{search}"
        );
        assert_eq!(
            ids(&search_page(&store, None, search, 9)),
            found,
            "{search} of all"
        );
    }
    assert!(
        search_page(&store, Some("bob"), "moon", 9)
            .entries
            .is_empty()
    );
}

#[test]
fn the_pages_of_a_search_follow_each_other_without_gap_or_repeat() {
    let mut store = store();
    for number in 0..9 {
        let prompt = if number % 2 == 0 { "a boat" } else { "a tree" };
        store
            .put(&entry(
                number + 1,
                "ann",
                &format!("job-{number}"),
                number,
                prompt,
            ))
            .unwrap();
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let listing = Listing {
            user_id: Some("ann"),
            search: Some("boat"),
            limit: 2,
            after,
            ..Listing::default()
        };
        let page = store.list(&listing).unwrap();
        found.extend(ids(&page));
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!(found, ["job-8", "job-6", "job-4", "job-2", "job-0"]);
}

#[test]
fn a_search_that_has_looked_at_enough_ends_its_page_and_the_next_one_goes_on() {
    let mut store = store();
    store
        .put(&entry(1, "ann", "needle", 1, "a needle"))
        .unwrap();
    for number in 2..=2_002 {
        store
            .put(&entry(
                number,
                "ann",
                &format!("hay-{number}"),
                number,
                "hay",
            ))
            .unwrap();
    }
    assert_eq!(MAX_SEARCHED, 2_000);
    let first = search_page(&store, Some("ann"), "needle", 9);
    assert!(first.entries.is_empty() && first.next.is_some());
    let rest = Listing {
        user_id: Some("ann"),
        search: Some("needle"),
        limit: 9,
        after: first.next,
        status: None,
    };
    let second = store.list(&rest).unwrap();
    assert_eq!(
        (ids(&second), second.next),
        (vec!["needle".to_owned()], None)
    );
}

#[test]
fn an_event_is_listed_as_it_was_saved_and_goes_with_its_job() {
    let mut store = store();
    let (ann, bob) = (JobKey::new("ann", "job"), JobKey::new("bob", "job"));
    let pending = event("msg_1", 1, DeliveryState::Pending { next_at: 5 });
    for (key, summary) in [
        (&ann, &pending),
        (&bob, &event("msg_2", 2, DeliveryState::Delivered { at: 6 })),
    ] {
        store.save_delivery(key, summary).unwrap();
    }
    let gone = DeliverySummary {
        attempts: 3,
        last_status: None,
        state: DeliveryState::Exhausted { at: 8 },
        ..pending
    };
    store.save_delivery(&ann, &gone).unwrap();
    assert_eq!(store.deliveries(&ann).unwrap(), [gone]);
    let found = store.find_delivery("msg_2").unwrap().unwrap();
    assert_eq!(
        (found.key, found.summary.state),
        (bob.clone(), DeliveryState::Delivered { at: 6 })
    );
    assert!(store.find_delivery("msg_3").unwrap().is_none());
    store.remove_delivery(&bob, "msg_1").unwrap();
    assert_eq!(
        store.deliveries(&ann).unwrap().len(),
        1,
        "Bob cannot remove Ann's event"
    );
    store.remove_deliveries(&ann).unwrap();
    assert!(
        store.deliveries(&ann).unwrap().is_empty() && store.deliveries(&bob).unwrap().len() == 1
    );
}

#[test]
fn the_figures_count_what_is_on_its_way_and_what_was_given_up_since_when() {
    let mut store = store();
    let key = JobKey::new("ann", "job");
    for (id, state) in [
        ("1", DeliveryState::Pending { next_at: 1 }),
        ("2", DeliveryState::Exhausted { at: 9_000 }),
        ("3", DeliveryState::Exhausted { at: 4_000 }),
        ("4", DeliveryState::Delivered { at: 1_000 }),
    ] {
        store.save_delivery(&key, &event(id, 1, state)).unwrap();
    }
    let exhausted: Vec<_> = store
        .exhausted_since(4_000, 9)
        .unwrap()
        .into_iter()
        .map(|one| one.summary.id)
        .collect();
    assert_eq!(exhausted, ["3", "2"]);
    assert_eq!(store.exhausted_since(4_001, 9).unwrap().len(), 1);
    assert_eq!(store.exhausted_since(0, 1).unwrap().len(), 1);
    let webhooks = store
        .stats(&store.memory().unwrap(), &crate::catalogue::policy(), 9_000)
        .unwrap()
        .webhooks;
    assert_eq!((webhooks.pending, webhooks.exhausted), (1, 2));
    assert_eq!(
        webhooks.exhausted_since.as_deref(),
        Some("1970-01-01T00:00:04.000Z")
    );
}

fn search_page(
    store: &QueueStore<Sqlite>,
    user_id: Option<&str>,
    search: &str,
    limit: u32,
) -> Page {
    store
        .list(&Listing {
            user_id,
            status: None,
            search: Some(search),
            limit,
            after: None,
        })
        .unwrap()
}

fn ids(page: &Page) -> Vec<String> {
    page.entries
        .iter()
        .map(|entry| entry.summary.key.generation_id.clone())
        .collect()
}

fn store() -> QueueStore<Sqlite> {
    QueueStore::open(Sqlite::new()).unwrap()
}

fn event(id: &str, created_at: u64, state: DeliveryState) -> DeliverySummary {
    let (id, kind, last_status) = (id.to_owned(), EventKind::Failed, Some(503));
    DeliverySummary {
        id,
        kind,
        created_at,
        attempts: 2,
        last_status,
        state,
        redeliveries: 0,
    }
}

/// A job that has ended.
pub(crate) fn entry(sequence: u64, user: &str, id: &str, created_at: u64, prompt: &str) -> Entry {
    let summary = Summary {
        key: JobKey::new(user, id),
        epoch: 1,
        report_number: 0,
        status: Status::Completed,
        priority: 0,
        created_at,
        updated_at: created_at,
        upstream: "veo3/veo-3.1".to_owned(),
        submits: 0,
        cost_micros: 0,
        price_micros: 0,
        submits_per_minute: None,
        snapshot: serde_json::json!({ "prompt": prompt }).to_string(),
        deliveries: Vec::new(),
        settled: false,
        metrics: Metrics::default(),
    };
    let stage = Stage::Ended;
    Entry {
        summary,
        sequence,
        enqueued_at: 1,
        waits_since: 1,
        round: 1,
        unspent: false,
        late: false,
        charges: Vec::new(),
        stage,
    }
}
