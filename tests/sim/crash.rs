//! Crashes: an object dies at a boundary of one of its steps, at a moment drawn beforehand, or with
//! the whole runtime.

use crate::agenda::Object;
use crate::faults::Fault;
use crate::world::World;

impl World {
    /// Whether `object` dies at this boundary.
    pub(crate) fn dies(&mut self, object: Object, boundary: Fault) -> bool {
        if !self.fault(boundary) {
            return false;
        }
        let who = match object {
            Object::Job(_) => "job",
            Object::Queue => "queue",
        };
        self.tally.mark("cut", format!("{who} {boundary:?}"));
        self.crash(object);
        true
    }

    pub(crate) fn crash_runtime(&mut self) {
        self.crash(Object::Queue);
        for job in 0..self.jobs.len() {
            self.crash(Object::Job(job));
        }
        self.posts.drop_all();
    }
}
