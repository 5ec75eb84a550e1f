//! Limits on a file's length: a longer file has more than one subject.

use crate::source::File;

/// The maximum lines of a file of the worker.
const MAX_SOURCE: usize = 500;
/// The maximum lines of a file of the tests and tools.
const MAX_TEST: usize = 800;
/// The maximum lines of the front door, which is only a map.
const MAX_FRONT_DOOR: usize = 120;

pub(crate) fn violations(file: &File) -> Vec<String> {
    let limit = match file.path.as_str() {
        "src/lib.rs" => MAX_FRONT_DOOR,
        path if path.starts_with("src/") => MAX_SOURCE,
        _ => MAX_TEST,
    };
    let lines = file.text.lines().count();
    if lines > limit {
        vec![format!("{lines} lines, at most {limit} are allowed")]
    } else {
        Vec::new()
    }
}

#[test]
fn one_line_too_many_is_found() {
    for (path, limit) in [
        ("src/lib.rs", MAX_FRONT_DOOR),
        ("src/api/a.rs", MAX_SOURCE),
        ("tests/a.rs", MAX_TEST),
        ("tools/a.rs", MAX_TEST),
    ] {
        assert!(
            violations(&File::new(path, &"\n".repeat(limit))).is_empty(),
            "{path}"
        );
        assert_eq!(
            violations(&File::new(path, &"\n".repeat(limit + 1))).len(),
            1,
            "{path}"
        );
    }
}
