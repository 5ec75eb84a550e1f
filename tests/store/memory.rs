//! What an instance keeps in memory is what is stored, whatever write was cut off.

use crate::lives;
use crate::put::save_job;
use crate::sqlite::Sqlite;
use reelay::ids::JobKey;
use reelay::machine::Status;
use reelay::machine::queue::{
    EnqueueAgain, Input, Mode, Policy, QueueInstance, Report, Rows, Summary, Sweep, Terms,
};
use reelay::store::job;
use reelay::store::job::JobStore;
use reelay::store::queue::QueueStore;
use reelay::time::Moment;

/// More statements than any step has.
const MORE_THAN_ALL: u32 = 40;

#[test]
fn a_job_whose_save_was_cut_off_is_loaded_as_it_is_stored() {
    for statements in 0..4 {
        let sql = Sqlite::new();
        let mut store = JobStore::default();
        for (name, saved) in lives::all() {
            store.save(&sql, &saved, &[]).unwrap();
            sql.cut_off_after(Some(statements));
            let landed = store.save(&sql, &lives::queued(), &[]).is_ok();
            sql.cut_off_after(None);
            let expected = if landed { lives::queued() } else { saved };
            assert_eq!(store.load(&sql).unwrap(), Some(expected.clone()), "{name}");
            assert_eq!(job::load(&sql).unwrap(), Some(expected), "{name}");
        }
    }
}

#[test]
fn a_job_is_read_once_and_a_save_reads_nothing() {
    let sql = Sqlite::new();
    save_job(&sql, &lives::queued(), &[]).unwrap();
    let mut store = JobStore::default();
    store.load(&sql).unwrap();
    let statements = sql.plans(|| {
        store.load(&sql).unwrap();
        store.save(&sql, &lives::queued(), &[]).unwrap();
        store.load(&sql).unwrap();
    });
    assert_eq!(statements.len(), 1, "{statements:?}");
}

#[test]
fn a_queue_whose_step_was_cut_off_knows_what_is_stored() {
    for statements in 0..MORE_THAN_ALL {
        let sql = Sqlite::new();
        let mut queue = Queue {
            rows: QueueStore::open(sql.clone()).unwrap(),
            instance: QueueInstance::default(),
        };
        for number in 0..3 {
            queue.take(order(number));
        }
        sql.cut_off_after(Some(statements));
        queue.take(order(3));
        queue.take(ended(0));
        queue.take(Sweep);
        sql.cut_off_after(None);
        let stored = queue.rows.memory().unwrap();
        let kept = queue.instance.memory(&queue.rows).unwrap();
        assert_eq!(*kept, stored, "after {statements} statements");
    }
}

struct Queue {
    rows: QueueStore<Sqlite>,
    instance: QueueInstance,
}

impl Queue {
    fn take<I: Input>(&mut self, input: I) {
        let moment = Moment { now: 1, random: 0 };
        // It may be cut off.
        drop(self.instance.step(&mut self.rows, input, moment, &policy()));
    }
}

fn policy() -> Policy {
    Policy {
        mode: Mode::Immediate,
        slots: 2,
        ..crate::catalogue::policy()
    }
}

fn order(number: u64) -> EnqueueAgain {
    EnqueueAgain {
        summary: summary(number),
        terms: Terms::default(),
    }
}

fn ended(number: u64) -> Report {
    Report {
        summary: Summary {
            report_number: 1,
            status: Status::Completed,
            ..summary(number)
        },
        availability: None,
    }
}

fn summary(number: u64) -> Summary {
    Summary {
        key: JobKey::new("ann", format!("job-{number}")),
        ..crate::line::LIKE.summary.clone()
    }
}
