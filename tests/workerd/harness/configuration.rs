//! The `wrangler.toml` of a test's worker: the worker's own, with the test's changes.

use std::fs;
use std::path::Path;

/// The text that introduces a limit on requests; see [`raised`].
const LIMIT: &str = "simple = { limit = ";
/// A limit that no test comes near.
const RAISED: u32 = 100_000;
/// The entry of the worker as deployed.
const ENTRY: &str = "main = \"build/index.js\"";
/// The entry with the injector before it.
const INJECTED_ENTRY: &str = "main = \"injector.js\"";
const INJECTOR: &str = include_str!("../injector/index.js");
/// The injector's own producers, so that it does not need the worker's.
const INJECTOR_QUEUES: &str = r#"
[[queues.producers]]
queue = "reelay-dispatch"
binding = "INJECT_DISPATCH"

[[queues.producers]]
queue = "reelay-dispatch-dead"
binding = "INJECT_DEAD"
"#;

/// A test's changes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Configuration<'a> {
    /// Texts of `wrangler.toml` and their replacements.
    pub(crate) replacements: &'a [(&'a str, &'a str)],
    /// Whether [`super::Worker::inject`] works.
    pub(crate) injector: bool,
}

impl Configuration<'_> {
    /// Writes the configuration to `folder`, made from the one in `root`.
    pub(crate) fn write(self, root: &Path, folder: &Path) {
        let original =
            fs::read_to_string(root.join("wrangler.toml")).expect("wrangler.toml can be read");
        fs::write(folder.join("wrangler.toml"), self.derive(&original))
            .expect("wrangler.toml can be written");
        if self.injector {
            fs::write(folder.join("injector.js"), INJECTOR).expect("the injector can be written");
        }
    }

    fn derive(self, original: &str) -> String {
        let mut text = original.to_owned();
        for (old, new) in self.replacements {
            text = replaced(&text, old, new);
        }
        let mut derived = String::new();
        for line in text.lines() {
            // A limit that the test has set stays.
            let untouched = original.lines().any(|known| known == line);
            derived += &raised(line)
                .filter(|_| untouched)
                .unwrap_or_else(|| line.to_owned());
            derived.push('\n');
        }
        if self.injector {
            derived = replaced(&derived, ENTRY, INJECTED_ENTRY) + INJECTOR_QUEUES;
        }
        derived
    }
}

/// Replaces a text that must occur: otherwise the test would prove nothing.
fn replaced(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "wrangler.toml has no {old}");
    text.replace(old, new)
}

/// A limit's line with a limit that tests do not reach; they send much faster than people.
fn raised(line: &str) -> Option<String> {
    let (before, rest) = line.split_once(LIMIT)?;
    let (_, after) = rest.split_once(',')?;
    Some(format!("{before}{LIMIT}{RAISED},{after}"))
}

#[test]
fn a_limit_is_raised_unless_the_test_sets_it() {
    let original = "a = 1\nsimple = { limit = 60, period = 60 }\n";
    let usual = Configuration::default().derive(original);
    assert_eq!(usual, "a = 1\nsimple = { limit = 100000, period = 60 }\n");
    let replacements = [("limit = 60", "limit = 2")];
    let own = Configuration {
        replacements: &replacements,
        injector: false,
    }
    .derive(original);
    assert_eq!(own, "a = 1\nsimple = { limit = 2, period = 60 }\n");
}
