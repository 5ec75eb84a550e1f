//! Any history of the queue compared with a plain list: users take turns, and a priority is a head
//! start (I6, I9).

use crate::queue_story::{QueueStory, summary, told};
use proptest::prelude::*;
use reelay::machine::Status;
use reelay::machine::queue::{Alarm, HEAD_START, Mode};
use reelay::time::Millis;
use std::collections::BTreeMap;

const USERS: [&str; 3] = ["ada", "bea", "cid"];
const PRIORITIES: [u8; 4] = [0, 1, 5, 10];

#[derive(Debug, Clone)]
enum Happening {
    Enqueue {
        user: usize,
        priority: u8,
    },
    Passes {
        time: Millis,
    },
    GoesBack {
        time: Millis,
    },
    /// The holder at this index ends.
    Ends {
        which: usize,
    },
    /// The job with this number enqueues itself again.
    Repeats {
        which: usize,
    },
    Alarm,
    Sweep,
    /// A message of the platform's queue claims the job with this number.
    Claim {
        which: usize,
    },
    /// The operator changes the mode.
    Mode {
        mode: Mode,
    },
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (0..USERS.len(), prop::sample::select(PRIORITIES.to_vec()))
            .prop_map(|(user, priority)| Happening::Enqueue { user, priority }),
        2 => (0..5 * HEAD_START).prop_map(|time| Happening::Passes { time }),
        1 => (0..HEAD_START).prop_map(|time| Happening::GoesBack { time }),
        4 => (0_usize..4).prop_map(|which| Happening::Ends { which }),
        1 => (0_usize..30).prop_map(|which| Happening::Repeats { which }),
        1 => Just(Happening::Alarm),
        1 => Just(Happening::Sweep),
        1 => (0_usize..30).prop_map(|which| Happening::Claim { which }),
        1 => prop::sample::select(Mode::ALL.to_vec()).prop_map(|mode| Happening::Mode { mode }),
    ]
}

/// A job in line.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    number: usize,
    user: usize,
    priority: u8,
    taken_at: Millis,
    round: u64,
}

/// The queue as two plain lists, of waiting jobs and of holders, each scanned in full.
struct Plain {
    mode: Mode,
    slots: usize,
    user_slots: usize,
    made: usize,
    latest: Millis,
    served: BTreeMap<u8, u64>,
    waiting: Vec<Waiting>,
    held: Vec<(usize, usize)>,
}

impl Plain {
    fn enqueue(&mut self, now: Millis, user: usize, priority: u8) {
        self.latest = self.latest.max(now);
        let own = self
            .waiting
            .iter()
            .filter(|job| job.user == user && job.priority == priority);
        let last = own.map(|job| job.round).max().unwrap_or(0);
        let round = last.max(self.served.get(&priority).copied().unwrap_or(0)) + 1;
        self.waiting.push(Waiting {
            number: self.made,
            user,
            priority,
            taken_at: self.latest,
            round,
        });
        self.made += 1;
    }

    /// The first in line: the job whose turn it is within each priority, and of these the one that
    /// has waited longest, head start included.
    fn first(&self) -> Option<Waiting> {
        let holds = |user| {
            self.held
                .iter()
                .filter(|(_, holder)| *holder == user)
                .count()
        };
        let open = self
            .waiting
            .iter()
            .filter(|job| holds(job.user) < self.user_slots);
        let mut heads: BTreeMap<u8, Waiting> = BTreeMap::new();
        for job in open {
            let head = heads.entry(job.priority).or_insert(*job);
            if (job.round, job.number) < (head.round, head.number) {
                *head = *job;
            }
        }
        let key = |job: &Waiting| {
            (
                job.taken_at + (10 - u64::from(job.priority)) * HEAD_START,
                job.number,
            )
        };
        heads.into_values().min_by_key(key)
    }

    fn admit(&mut self) {
        while self.held.len() < self.slots
            && let Some(first) = self.first()
        {
            self.waiting.retain(|job| job.number != first.number);
            self.held.push((first.number, first.user));
            let served = self.served.entry(first.priority).or_default();
            *served = first.round.max(*served);
        }
        self.held.sort_unstable();
    }

    fn changed(&mut self) {
        if self.mode == Mode::Immediate {
            self.admit();
        }
    }
}

fn name(number: usize, user: usize) -> String {
    format!("{}/{number:03}", USERS[user])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_is_a_list_with_turns_and_slots_i6_i9(
        slots in 1_usize..4,
        user_slots in 1_usize..4,
        history in prop::collection::vec(happening(), 1..80),
    ) {
        let mut story = QueueStory::with_slots(slots as u64);
        story.policy.user_slots = user_slots as u64;
        let mut plain = Plain {
            mode: Mode::Immediate, slots, user_slots, made: 0, latest: 0,
            served: BTreeMap::new(), waiting: Vec::new(), held: Vec::new(),
        };
        let mut users = Vec::new();
        for happening in history {
            match happening {
                Happening::Enqueue { user, priority } => {
                    story.enqueue(summary(&name(plain.made, user), priority));
                    users.push(user);
                    plain.enqueue(story.now, user, priority);
                    plain.changed();
                }
                Happening::Passes { time } => story.now += time,
                Happening::GoesBack { time } => story.now -= time,
                Happening::Ends { which } if which < plain.held.len() => {
                    let (ended, user) = plain.held.remove(which);
                    story.report(told(&name(ended, user), 1, 2, Status::Completed));
                    plain.changed();
                }
                Happening::Repeats { which } if which < plain.made => {
                    story.enqueue(summary(&name(which, users[which]), 0));
                    plain.changed();
                }
                Happening::Alarm => {
                    let due = story.rows.book.admit_at.is_some_and(|at| at <= story.now);
                    story.takes(Alarm);
                    if due || plain.mode == Mode::Immediate {
                        plain.admit();
                    }
                }
                Happening::Sweep => {
                    story.sweep();
                    plain.admit();
                }
                Happening::Claim { which } => {
                    story.claim(&name(which, users.get(which).copied().unwrap_or(0)));
                    plain.admit();
                }
                Happening::Mode { mode } => {
                    story.policy.mode = mode;
                    plain.mode = mode;
                }
                Happening::Ends { .. } | Happening::Repeats { .. } => {}
            }
            let mut holders: Vec<_> =
                story.rows.held().map(|entry| entry.summary.key.object_name()).collect();
            holders.sort_by_key(|name| name.split('/').next_back().map(str::to_owned));
            let expected: Vec<_> = plain.held.iter().map(|(number, user)| name(*number, *user)).collect();
            prop_assert_eq!(holders, expected);
            prop_assert_eq!(story.rows.waiting().count(), plain.waiting.len());
            let live = !plain.held.is_empty() || !plain.waiting.is_empty();
            prop_assert!(story.wake_at.is_some() || !live, "nothing wakes a queue with something to do (I2)");
        }
    }
}
