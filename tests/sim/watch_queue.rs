//! Safety of the queue: checked at every write of it, against a model of its own (I6, I9).

use crate::rows::MapRows;
use crate::witness::Invariant;
use crate::world::World;
use reelay::machine::queue::{Entry, HEAD_START, Order, Place};

impl World {
    pub(crate) fn observe_queue(&mut self, before: &MapRows, reported: bool) {
        self.tally.steps += 1;
        let entries: Vec<Entry> = self.queue.rows.entries.values().cloned().collect();
        for entry in &entries {
            self.model_place(before, entry);
        }
        self.check_slots(&entries);
        if !reported {
            self.check_order(before, &entries);
        }
    }

    /// Gives an attempt that the queue took just now its place in the model.
    fn model_place(&mut self, before: &MapRows, entry: &Entry) {
        let old = before.entries.get(&entry.card.key);
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
    fn check_slots(&mut self, entries: &[Entry]) {
        let held = entries.iter().filter(|entry| matches!(entry.place, Place::Held(_))).count() as u64;
        let slots = self.plan.queue.slots;
        if held > slots {
            self.violated(Invariant::I9, format!("{held} of {slots} slots are held"));
        }
        let waiting = entries.iter().any(|entry| matches!(entry.place, Place::Waiting));
        if waiting && held < slots {
            self.violated(Invariant::I9, format!("{held} of {slots} slots are held while someone waits"));
        }
    }

    /// I6: whoever got a slot came before whoever still waits.
    fn check_order(&mut self, before: &MapRows, entries: &[Entry]) {
        let place = |entry: &Entry| self.witness.places.get(&(entry.card.key.clone(), entry.card.epoch)).copied();
        let admitted = entries.iter().filter(|entry| {
            let held = |entry: &Entry| matches!(entry.place, Place::Held(_));
            let old = before.entries.get(&entry.card.key);
            held(entry) && old.is_none_or(|old| !held(old) || old.card.epoch != entry.card.epoch)
        });
        let waiting = || entries.iter().filter(|entry| matches!(entry.place, Place::Waiting));
        let overtaken = admitted
            .filter_map(|entry| Some((entry, place(entry)?)))
            .find_map(|(entry, order)| Some((entry, waiting().find(|other| place(other) < Some(order))?)));
        if let Some((entry, other)) = overtaken {
            let message =
                format!("{} got a slot before {}", entry.card.key.generation_id, other.card.key.generation_id);
            self.violated(Invariant::I6, message);
        }
    }
}
