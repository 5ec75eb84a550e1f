//! Any history of the queue against a plain sorted list (I6, I9).

use crate::queue_story::{QueueStory, card, told};
use proptest::prelude::*;
use reelay::machine::queue::HEAD_START;
use reelay::machine::{Millis, Status};

#[derive(Debug, Clone)]
enum Happening {
    Enqueue {
        priority: u8,
    },
    Passes {
        time: Millis,
    },
    GoesBack {
        time: Millis,
    },
    /// The holder with this place among the holders ends.
    Ends {
        which: usize,
    },
    /// The job with this number says again that it waits.
    Repeats {
        which: usize,
    },
    Alarm,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0_u8..=10).prop_map(|priority| Happening::Enqueue { priority }),
        2 => (0..5 * HEAD_START).prop_map(|time| Happening::Passes { time }),
        1 => (0..HEAD_START).prop_map(|time| Happening::GoesBack { time }),
        3 => (0_usize..4).prop_map(|which| Happening::Ends { which }),
        1 => (0_usize..30).prop_map(|which| Happening::Repeats { which }),
        1 => Just(Happening::Alarm),
    ]
}

/// The queue as a sorted list: who waits by when and with what head start, who holds.
#[derive(Default)]
struct Plain {
    made: usize,
    latest: Millis,
    waiting: Vec<(i64, usize)>,
    held: Vec<usize>,
}

impl Plain {
    fn enqueue(&mut self, now: Millis, priority: u8, slots: usize) {
        self.latest = self.latest.max(now);
        let head_start = i64::from(priority) * i64::try_from(HEAD_START).unwrap();
        self.waiting.push((i64::try_from(self.latest).unwrap() - head_start, self.made));
        self.made += 1;
        self.admit(slots);
    }

    fn admit(&mut self, slots: usize) {
        self.waiting.sort_unstable();
        while self.held.len() < slots && !self.waiting.is_empty() {
            self.held.push(self.waiting.remove(0).1);
        }
        self.held.sort_unstable();
    }
}

fn name(number: usize) -> String {
    format!("{number:03}")
}

proptest! {
    #[test]
    fn the_queue_is_a_sorted_list_with_slots_i6_i9(
        slots in 1_usize..4,
        history in prop::collection::vec(happening(), 1..60),
    ) {
        let mut story = QueueStory::with_slots(slots as u64);
        let mut plain = Plain::default();
        for happening in history {
            match happening {
                Happening::Enqueue { priority } => {
                    story.enqueue(card(&name(plain.made), priority));
                    plain.enqueue(story.now, priority, slots);
                }
                Happening::Passes { time } => story.now += time,
                Happening::GoesBack { time } => story.now -= time,
                Happening::Ends { which } if which < plain.held.len() => {
                    let ended = plain.held.remove(which);
                    plain.admit(slots);
                    story.report(told(&name(ended), 1, 2, Status::Completed));
                }
                Happening::Repeats { which } if which < plain.made => {
                    story.enqueue(card(&name(which), 0));
                }
                Happening::Alarm if story.wake_at.is_some() => {
                    story.takes(reelay::machine::queue::Input::Alarm);
                }
                Happening::Ends { .. } | Happening::Repeats { .. } | Happening::Alarm => {}
            }
            let holders: Vec<_> = plain.held.iter().map(|number| name(*number)).collect();
            prop_assert_eq!(story.holders(), holders);
            prop_assert_eq!(story.rows.waiting().count(), plain.waiting.len());
            prop_assert_eq!(story.wake_at.is_some() || plain.made == 0, !plain.held.is_empty() || plain.made == 0);
        }
    }
}
