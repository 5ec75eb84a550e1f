//! State that earlier builds left behind; `tests/workerd/fixtures/README.md` says what it holds.

use super::Upstream;
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The first build's state: jobs in every phase.
pub(crate) const STATE_V1: Fixture = Fixture { name: "state_v1", user: "upgraded_user" };

/// A worker's state as an earlier build left it when it was killed.
#[derive(Clone, Copy)]
pub(crate) struct Fixture {
    name: &'static str,
    /// The user of all its jobs.
    pub(crate) user: &'static str,
}

/// 2100-01-01 in milliseconds: a deadline set when the fixture was made has passed when it is used.
const FAR_AHEAD: i64 = 4_102_444_800_000;

/// Both phases that have a deadline; a path that a record does not have is left alone.
const MOVE_DEADLINES: &str = "UPDATE job SET record = json_replace(record, \
     '$.job.phase.submitting.deadline_at', ?1, '$.job.phase.rendering.deadline_at', ?1)";

impl Fixture {
    /// Lays the state into `folder`, where a worker that is not yet started will find it.
    pub(crate) fn unpack(self, folder: &Path) {
        let archive = self.file("tar.gz");
        let status = Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder).status();
        assert!(status.expect("tar can be started").success(), "{} cannot be unpacked", archive.display());
        move_deadlines(folder);
    }

    /// Gives a new upstream the operations that the jobs know by name.
    pub(crate) fn adopt_operations(self, upstream: &Upstream) {
        let text = fs::read_to_string(self.file("operations.json")).expect("the operations can be read");
        let operations: Vec<Value> = serde_json::from_str(&text).expect("the operations are a list");
        for operation in &operations {
            upstream.adopt(operation);
        }
    }

    fn file(self, ending: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workerd/fixtures");
        folder.join(format!("{}.{ending}", self.name))
    }
}

/// Moves the deadlines of all jobs in a worker's state far ahead.
fn move_deadlines(folder: &Path) {
    let jobs = folder.join("state/v3/do/reelay-JobManager");
    for entry in fs::read_dir(&jobs).expect("the jobs' folder") {
        let path = entry.expect("a job's file").path();
        // The platform's own file beside the jobs' holds their alarms.
        if path.extension().is_none_or(|ending| ending != "sqlite") || path.ends_with("metadata.sqlite") {
            continue;
        }
        let database = Connection::open(&path).expect("a job's database");
        let changed = database.execute(MOVE_DEADLINES, [FAR_AHEAD]).expect("a job's record is JSON");
        assert_eq!(changed, 1, "{} holds one job", path.display());
    }
}
