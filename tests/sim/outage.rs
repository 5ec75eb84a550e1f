//! An outage of half an hour in which every submit is refused: no job fails or loses its place, and
//! the upstream sees one probe at a time.

use crate::story::Story;
use crate::trace::Trace;
use crate::upstream::{Call, Verdict};
use crate::world::BEGINNING;
use reelay::machine::Status;
use reelay::machine::queue::Mode;
use reelay::time::MINUTE;

const OUTAGE: u64 = 30 * MINUTE;
const SLOTS: usize = 3;
const ORDERS: usize = 12;

#[test]
fn twelve_orders_of_three_users_outlast_an_outage_of_half_an_hour_in_their_order_i1_i4_i6() {
    for mode in Mode::ALL {
        let story = Story::of("an outage", ORDERS)
            .in_mode(mode)
            .orders(|request| request.order.priority = 0)
            .planned(|plan| {
                plan.owners = (0..ORDERS).map(|job| job % 3).collect();
                plan.queue.slots = SLOTS as u64;
                plan.policy.max_retries = 0;
            });
        let (world, outcome) = story.run_after(
            |world| world.upstream.out_until = BEGINNING + OUTAGE,
            &[],
            Trace::Silent,
        );
        outcome.unwrap_or_else(|violation| panic!("{mode:?}: {violation}"));
        let ends: Vec<Option<Status>> = world
            .jobs
            .iter()
            .map(|job| job.job.as_ref().map(|job| job.status()))
            .collect();
        assert_eq!(ends, [Some(Status::Completed); ORDERS], "{mode:?}");

        let calls = &world.upstream.calls;
        let (refused, accepted): (Vec<&Call>, Vec<&Call>) = calls
            .iter()
            .partition(|call| call.verdict == Verdict::Refused);
        assert!(
            refused
                .iter()
                .all(|call| call.landed_at < BEGINNING + OUTAGE),
            "{mode:?}"
        );
        assert_eq!(
            accepted.len(),
            ORDERS,
            "{mode:?}: each job was paid for once"
        );
        let slot = |object: &crate::job_object::JobObject| {
            let job = object.job.as_ref().expect("the job is there");
            world
                .limits
                .granted_at(&job.key, job.epoch)
                .expect("the job had a slot")
        };
        let slots: Vec<u64> = world.jobs.iter().map(slot).collect();
        assert!(
            slots.is_sorted(),
            "{mode:?}: started in their order, not {slots:?}"
        );

        // A submit that left before the first refusal was known is no probe.
        let known_at = refused.first().expect("there was an outage").landed_at + 4_000;
        let probes: Vec<&&Call> = refused
            .iter()
            .filter(|call| call.left_at > known_at)
            .collect();
        assert!(probes.len() >= 5, "{mode:?}: {} probes", probes.len());
        for pair in probes.windows(2) {
            assert!(
                pair[0].landed_at <= pair[1].left_at,
                "{mode:?}: two submits were in flight at once"
            );
        }
    }
}
