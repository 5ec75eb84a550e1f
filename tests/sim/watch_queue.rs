//! Safety of the queue: checked at every write of it, against a model of its own (I6, I9).

use crate::rows::MapRows;
use crate::witness::Invariant;
use crate::world::World;
use reelay::machine::queue::{Entry, HEAD_START, Order, Place};

impl World {
    pub(crate) fn observe_queue(&mut self, reported: bool) {
        self.tally.steps += 1;
        // Taken out meanwhile, so that they can be read while the world is written.
        let rows = std::mem::take(&mut self.queue.rows);
        for entry in rows.entries.values() {
            self.model_place(rows.before(&entry.card.key), entry);
        }
        self.check_slots(&rows);
        if !reported {
            self.check_order(&rows);
        }
        self.queue.rows = rows;
    }

    /// Gives an attempt that the queue took just now its place in the model.
    fn model_place(&mut self, old: Option<&Entry>, entry: &Entry) {
        let word = match entry.place {
            Place::Waiting => "waiting",
            Place::Held(_) => "held",
            Place::Ended => "ended",
        };
        if old.is_none_or(|old| old.place != entry.place) {
            self.tally.mark("place", word);
        }
        let taken = old.is_none_or(|old| old.sequence != entry.sequence);
        if !taken || matches!(entry.place, Place::Ended) {
            return;
        }
        let (sequence, at) = self.witness.last_place;
        let (sequence, at) = (sequence + 1, at.max(self.now()));
        self.witness.last_place = (sequence, at);
        let head_start = u64::from(entry.card.priority) * HEAD_START;
        let order = Order { key: i64::try_from(at).unwrap_or(0) - i64::try_from(head_start).unwrap_or(0), sequence };
        self.witness.places.insert((entry.card.key.clone(), entry.card.epoch), order);
    }

    /// I9: no more slots are held than there are, and none is idle while someone waits.
    fn check_slots(&mut self, rows: &MapRows) {
        let held = rows.entries.values().filter(|entry| is_held(entry)).count() as u64;
        let slots = self.plan.queue.slots;
        if held > slots {
            self.violated(Invariant::I9, format!("{held} of {slots} slots are held"));
        }
        if rows.waiting().next().is_some() && held < slots {
            self.violated(Invariant::I9, format!("{held} of {slots} slots are held while someone waits"));
        }
    }

    /// I6: whoever got a slot came before whoever still waits.
    fn check_order(&mut self, rows: &MapRows) {
        let place = |entry: &Entry| self.witness.places.get(&(entry.card.key.clone(), entry.card.epoch)).copied();
        let admitted = rows.entries.values().filter(|entry| {
            let old = rows.before(&entry.card.key);
            is_held(entry) && old.is_none_or(|old| !is_held(old) || old.card.epoch != entry.card.epoch)
        });
        let overtaken = admitted
            .filter_map(|entry| Some((entry, place(entry)?)))
            .find_map(|(entry, order)| Some((entry, rows.waiting().find(|other| place(other) < Some(order))?)));
        if let Some((entry, other)) = overtaken {
            let message =
                format!("{} got a slot before {}", entry.card.key.object_name(), other.card.key.object_name());
            self.violated(Invariant::I6, message);
        }
    }
}

fn is_held(entry: &Entry) -> bool {
    matches!(entry.place, Place::Held(_))
}
