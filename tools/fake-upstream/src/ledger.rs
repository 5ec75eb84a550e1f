//! The ledger of accepted jobs, which are therefore paid.

mod job;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use crate::clock;
use crate::journal::Wire;
use crate::marks::{DownloadFault, Mark, Marks, ResultFault};

pub(crate) use job::{Job, OmniJob, VertexJob, seconds, video_uri};

/// The length of operation and file ids, which consist of `[a-z0-9]`.
const ID_LENGTH: usize = 12;

/// A job's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// The render is not finished.
    Rendering,
    /// Rendered, but no poll has reported it.
    Done,
    /// A poll has reported the result.
    Collected,
    /// The job was cancelled before its end.
    Cancelled,
}

/// One accepted job.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) job: Job,
    pub(crate) model: String,
    pub(crate) prompt: String,
    /// The submit's body without the bytes of images.
    pub(crate) request: Value,
    /// The submit's number in the journal; `None` for a job that an earlier run accepted.
    pub(crate) submitted_by: Option<u64>,
    pub(crate) accepted_at_ms: u64,
    pub(crate) accepted: Instant,
    pub(crate) render: Duration,
    pub(crate) marks: Marks,
    pub(crate) result: Option<ResultFault>,
    /// The file's id in the result.
    pub(crate) file: String,
    /// The fault that the last request of the file's address chose for the bytes.
    pub(crate) download: Option<Mark<DownloadFault>>,
    pub(crate) polls: u32,
    /// When a poll first reported the end, in milliseconds since the epoch.
    pub(crate) told_at_ms: Option<u64>,
    /// Finished for the statistics: a poll reported the end, or the job was deleted.
    pub(crate) collected: bool,
    pub(crate) cancelled: bool,
    /// Deleted by its owner: only the listing still has it.
    pub(crate) deleted: bool,
}

impl Operation {
    /// The operation's name on the wire.
    pub(crate) fn name(&self) -> String {
        self.job.name(&self.model, &self.id)
    }

    /// The job's wire.
    pub(crate) fn wire(&self) -> Wire {
        self.job.wire()
    }

    /// Whether an earlier run accepted the job, so that it is paid already.
    pub(crate) fn is_adopted(&self) -> bool {
        self.submitted_by.is_none()
    }

    /// When its render ends, in milliseconds since the epoch.
    pub(crate) fn ready_at_ms(&self) -> u64 {
        self.accepted_at_ms
            .saturating_add(u64::try_from(self.render.as_millis()).unwrap_or(u64::MAX))
    }

    /// The job's state now.
    pub(crate) fn state(&self) -> State {
        let never = self.result == Some(ResultFault::Never);
        if self.cancelled {
            State::Cancelled
        } else if self.collected {
            State::Collected
        } else if never || clock::now().duration_since(self.accepted) < self.render {
            State::Rendering
        } else {
            State::Done
        }
    }
}

/// All accepted jobs in the order of their acceptance.
pub(crate) struct Ledger {
    seed: u64,
    ids_made: u64,
    operations: Vec<Operation>,
    by_id: BTreeMap<String, usize>,
    by_file: BTreeMap<String, usize>,
    rendering: usize,
    most_rendering: usize,
    told: usize,
}

impl Ledger {
    /// An empty ledger. The seed makes the ids of two processes differ.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            ids_made: 0,
            operations: Vec::new(),
            by_id: BTreeMap::new(),
            by_file: BTreeMap::new(),
            rendering: 0,
            most_rendering: 0,
            told: 0,
        }
    }

    /// An id that no earlier call returned.
    pub(crate) fn fresh_id(&mut self) -> String {
        self.ids_made += 1;
        let mut number = mix(self.seed.wrapping_add(self.ids_made));
        let mut id = String::with_capacity(ID_LENGTH);
        for place in 0..ID_LENGTH {
            // A letter first, as in most of Google's ids; the rest from the whole alphabet.
            let radix = if place == 0 { 26 } else { 36 };
            let digit = u8::try_from(number % radix).unwrap_or_default();
            number /= radix;
            id.push(char::from(if digit < 26 {
                b'a' + digit
            } else {
                b'0' + digit - 26
            }));
        }
        id
    }

    /// Adds an accepted job.
    pub(crate) fn accept(&mut self, operation: Operation) {
        self.add(operation);
        self.rendering += 1;
        self.most_rendering = self.most_rendering.max(self.rendering);
    }

    /// Adds a job that an earlier run accepted and rendered, unless its operation or file is
    /// already known.
    pub(crate) fn adopt(&mut self, operation: Operation) -> bool {
        let known =
            self.by_id.contains_key(&operation.id) || self.by_file.contains_key(&operation.file);
        if !known {
            self.add(operation);
        }
        !known
    }

    fn add(&mut self, operation: Operation) {
        let index = self.operations.len();
        self.by_id.insert(operation.id.clone(), index);
        self.by_file.insert(operation.file.clone(), index);
        self.operations.push(operation);
    }

    /// The job of an operation id, unless it was deleted.
    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Operation> {
        self.operations
            .get_mut(*self.by_id.get(id)?)
            .filter(|operation| !operation.deleted)
    }

    /// The job whose result is this file.
    pub(crate) fn find_file(&mut self, file: &str) -> Option<&mut Operation> {
        self.operations.get_mut(*self.by_file.get(file)?)
    }

    /// Cancels a job if it is still rendering; says whether it was.
    pub(crate) fn cancel(&mut self, id: &str) -> bool {
        let Some(operation) = self
            .find(id)
            .filter(|operation| operation.state() == State::Rendering)
        else {
            return false;
        };
        operation.cancelled = true;
        if !operation.is_adopted() {
            self.rendering -= 1;
        }
        true
    }

    /// Deletes a job, which ends its render too; says whether it existed.
    pub(crate) fn delete(&mut self, id: &str) -> bool {
        self.cancel(id);
        self.end(id);
        self.find(id).is_some_and(|operation| {
            operation.deleted = true;
            true
        })
    }

    /// A poll has reported the job's end.
    pub(crate) fn collect(&mut self, id: &str) {
        self.end(id);
        if let Some(operation) = self.find(id)
            && operation.told_at_ms.is_none()
            && !operation.cancelled
        {
            operation.told_at_ms = Some(clock::unix_ms());
            self.told += 1;
        }
    }

    /// The job no longer renders.
    fn end(&mut self, id: &str) {
        if let Some(operation) = self.find(id)
            && !operation.collected
            && !operation.cancelled
        {
            operation.collected = true;
            if !operation.is_adopted() {
                self.rendering -= 1;
            }
        }
    }

    /// Every job, in the order of acceptance.
    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// How many jobs render now, and the most that ever did at the same time.
    pub(crate) fn rendering(&self) -> (usize, usize) {
        (self.rendering, self.most_rendering)
    }

    /// How many jobs had their end reported by a poll.
    pub(crate) fn told(&self) -> usize {
        self.told
    }

    /// Deletes every job. Ids continue, so that an old id is unknown and never reused.
    pub(crate) fn clear(&mut self) {
        let mut empty = Self::new(self.seed);
        empty.ids_made = self.ids_made;
        *self = empty;
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea and Flood, 2014): neighbouring numbers become very
/// different ones.
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
