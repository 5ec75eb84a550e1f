//! Reads the bucket from the files of Miniflare's R2, independently of the worker.

use super::Worker;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// An object of the bucket.
pub(crate) struct Object {
    pub(crate) bytes: Vec<u8>,
    pub(crate) http_metadata: Value,
    pub(crate) custom_metadata: Value,
}

/// The object under a key, if there is one.
pub(crate) fn object(worker: &Worker, key: &str) -> Option<Object> {
    let folder = worker.bucket_folder();
    let mut catalogues = files(&folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "sqlite"));
    catalogues.find_map(|path| read(&folder, &path, key))
}

/// The keys with this prefix.
pub(crate) fn keys(worker: &Worker, prefix: &str) -> Vec<String> {
    let catalogues = files(&worker.bucket_folder()).into_iter();
    let catalogues = catalogues.filter(|path| path.extension().is_some_and(|end| end == "sqlite"));
    let listed = catalogues.filter_map(|path| {
        let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        let mut statement = database
            .prepare("SELECT key FROM _mf_objects WHERE key GLOB ? || '*' ORDER BY key")
            .ok()?;
        let rows = statement.query_map([prefix], |row| row.get(0)).ok()?;
        rows.collect::<Result<Vec<String>, _>>().ok()
    });
    listed.flatten().collect()
}

/// Makes the bucket of a killed worker unreadable: its databases, with their logs of changes.
pub(crate) fn damage(worker: &Worker) {
    let mut damaged = 0;
    for path in files(&worker.bucket_folder()) {
        let name = path.to_string_lossy();
        // The platform reads this one at its start.
        if name.contains("metadata.sqlite") {
            continue;
        }
        if name.ends_with(".sqlite") {
            fs::write(&path, "no database").expect("it is written");
            damaged += 1;
        } else if name.contains(".sqlite-") {
            fs::remove_file(&path).expect("it is deleted");
        }
    }
    assert!(damaged > 0, "there is a bucket");
}

fn read(folder: &Path, catalogue: &Path, key: &str) -> Option<Object> {
    let database = Connection::open_with_flags(catalogue, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let statement = "SELECT blob_id, http_metadata, custom_metadata FROM _mf_objects WHERE key = ?";
    // A database of another kind does not have this table.
    let found: Option<(Option<String>, String, String)> = database
        .query_row(statement, [key], row)
        .optional()
        .ok()
        .flatten();
    let (blob, http_metadata, custom_metadata) = found?;
    let blobs = blob.map_or_else(|| parts(&database, key), |blob| vec![blob]);
    let read = |blob: &String| fs::read(file_named(folder, blob)).expect("a blob of the bucket");
    Some(Object {
        bytes: blobs.iter().flat_map(read).collect(),
        http_metadata: serde_json::from_str(&http_metadata).expect("metadata is JSON"),
        custom_metadata: serde_json::from_str(&custom_metadata).expect("metadata is JSON"),
    })
}

/// The blobs of an object uploaded in parts.
fn parts(database: &Connection, key: &str) -> Vec<String> {
    let statement =
        "SELECT blob_id FROM _mf_multipart_parts WHERE object_key = ? ORDER BY part_number";
    let mut statement = database.prepare(statement).expect("the parts' table");
    let rows = statement
        .query_map([key], |row| row.get(0))
        .expect("the parts");
    rows.map(|row| row.expect("a part")).collect()
}

fn file_named(folder: &Path, name: &str) -> PathBuf {
    let found = files(folder)
        .into_iter()
        .find(|path| path.file_name().is_some_and(|file| file == name));
    found.expect("the blob's file")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
