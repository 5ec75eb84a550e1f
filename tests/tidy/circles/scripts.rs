//! The relative imports of TypeScript and JavaScript.

use super::graph::Graph;
use crate::source::{File, find_words};

/// Each file's dependencies. An `import type` counts: a reader of one file must read the other.
pub(super) fn dependencies(files: &[File]) -> Graph {
    let mut graph = Graph::default();
    for file in files {
        for written in imports(&file.text) {
            let target = stem(&resolve(&file.path, written)).to_owned();
            if let Some(other) = files.iter().find(|other| stem(&other.path) == target) {
                graph.add(&file.path, &other.path);
            }
        }
    }
    graph
}

/// The paths in quotes after `from` and `import` that begin with a dot.
fn imports(text: &str) -> Vec<&str> {
    ["from", "import"]
        .into_iter()
        .flat_map(|word| {
            find_words(text, word)
                .into_iter()
                .map(move |at| &text[at + word.len()..])
        })
        .filter_map(|rest| {
            let rest = rest.trim_start().trim_start_matches('(');
            let quote = rest
                .chars()
                .next()
                .filter(|first| matches!(first, '"' | '\''))?;
            rest[1..].split(quote).next()
        })
        .filter(|path| path.starts_with('.'))
        .collect()
}

/// The file that `written` means in the file `from`.
fn resolve(from: &str, written: &str) -> String {
    let mut path: Vec<&str> = from.split('/').collect();
    path.pop();
    for part in written.split('/') {
        match part {
            "." => {}
            ".." => drop(path.pop()),
            part => path.push(part),
        }
    }
    path.join("/")
}

/// The path without its extension: `./a.js` may mean the file `a.ts`.
fn stem(path: &str) -> &str {
    [".ts", ".js", ".mjs", ".mts"]
        .iter()
        .find_map(|ending| path.strip_suffix(ending))
        .unwrap_or(path)
}
