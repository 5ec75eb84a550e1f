//! What the app reads about a generation's cost.

use crate::altered::altered;
use crate::requests::INTAKE;
use reelay::api::order::request::parse;
use reelay::generation::Generation;
use reelay::ids::JobKey;
use reelay::machine::delivery::{Delivery, EventKind};
use reelay::machine::job::{End, Job, Phase, Submit, SubmitAnswer, Texts, Video};
use reelay::money::dollars;
use reelay::time::{Millis, Moment};
use reelay::webhooks::event;
use serde_json::{Value, json};

const MOMENT: Moment = Moment {
    now: 1_767_323_045_000,
    random: 7,
};

#[test]
fn money_is_the_nearest_number_of_dollars_however_much_it_is() {
    for (micros, text) in [
        (0, "0.0"),
        (1, "1e-6"),
        (10_000, "0.01"),
        (3_200_000, "3.2"),
        (4_294_967_295, "4294.967295"),
        (4_294_967_296, "4294.967296"),
        (12_800_100_000, "12800.1"),
        (900_719_925_474_099, "900719925.474099"),
    ] {
        assert_eq!(json!(dollars(micros)).to_string(), text, "{micros}");
    }
}

#[test]
fn an_order_that_has_cost_nothing_shows_its_price_alone() {
    let shown = shown(&job());
    assert_eq!(shown["estimatedCost"], json!(3.2));
    assert_eq!(shown.get("cost"), None);
    assert_eq!(told(&job()).get("cost"), None);
}

#[test]
fn what_every_attempt_cost_is_shown_and_what_the_stored_render_cost_besides() {
    let submits = [
        (1, SubmitAnswer::Unknown, None),
        (2, SubmitAnswer::Refused, None),
        (2, SubmitAnswer::Accepted, Some(2_750_000)),
    ]
    .into_iter()
    .zip(1..)
    .map(|((attempt, answer, cost_micros), epoch)| Submit {
        attempt,
        epoch,
        intended_at: 1,
        answer,
        cost_micros,
    })
    .collect();
    let video = Video {
        key: "videos/u_1/g_1/2.mp4".to_owned(),
        size: 9,
        etag: "e".to_owned(),
        format: "mp4".to_owned(),
    };
    let job = altered(&job(), |record| {
        record.attempt = 2;
        record.submits = submits;
        record.phase = Phase::Ended {
            end: End::Completed { video },
        };
    });
    let shown = shown(&job);
    assert_eq!(
        (&shown["cost"], &shown["result"]["cost"]),
        (&json!(5.95), &json!(2.75))
    );
    let told = told(&job);
    assert_eq!(
        (&told["cost"], &told["result"]["cost"]),
        (&json!(5.95), &json!(2.75))
    );
}

#[test]
fn the_queue_is_told_of_cost_and_price() {
    struct Untold;
    impl Texts for Untold {
        fn snapshot(&self, _: &Job, _: Millis) -> String {
            String::new()
        }
        fn event(&self, _: &Job, _: &Delivery) -> String {
            String::new()
        }
    }
    let summary = job().summary(&Untold, MOMENT.now);
    assert_eq!(
        (summary.cost_micros, summary.price_micros),
        (3_200_000, 3_200_000)
    );
}

fn job() -> Job {
    let body = json!({ "generationId": "g_1", "prompt": "a lighthouse at dusk" });
    let mut request = parse(body.as_object().expect("an object"), INTAKE)
        .expect("a valid order")
        .request;
    request.terms.price_micros = 3_200_000;
    Job::create(JobKey::new("u_1", "g_1"), request, MOMENT).0
}

fn shown(job: &Job) -> Value {
    serde_json::to_value(Generation::of(job, MOMENT.now)).expect("JSON")
}

fn told(job: &Job) -> Value {
    let event = Delivery::new(EventKind::Completed, 1, MOMENT, &[0]);
    serde_json::from_str(&event::compose(job, &event, None)).expect("JSON")
}
