//! The modules of a crate, and the file that defines what a path names.

use super::graph::Graph;
use super::paths::{self, Paths};
use crate::source::File;
use std::collections::BTreeMap;

/// The longest chain of imports to follow.
const MAX_HOPS: usize = 16;

/// A module, as the names of the path from its crate's root.
type Module = Vec<String>;

/// What a path names.
enum Named {
    Module(Module),
    /// Something that a module's file defines.
    Item(Module),
}

/// The files of one crate.
struct Modules<'a> {
    files: BTreeMap<Module, (&'a File, Paths)>,
}

/// The dependencies between the files of the crate in `folder`.
pub(super) fn dependencies(folder: &str, files: &[&File]) -> Graph {
    let read = files.iter().map(|file| {
        (
            module(folder, &file.path),
            (*file, paths::read(&file.code())),
        )
    });
    let modules = Modules {
        files: read.collect(),
    };
    let mut graph = Graph::default();
    for (module, (file, paths)) in &modules.files {
        let imported = paths
            .imports
            .iter()
            .filter(|import| !import.exported || paths.words.contains(&import.name))
            .map(|import| &import.path);
        for path in imported.chain(&paths.inline) {
            let Some(Named::Module(target) | Named::Item(target)) =
                modules.find(module, path, MAX_HOPS)
            else {
                continue;
            };
            if let Some((other, _)) = modules.files.get(&target) {
                graph.add(&file.path, &other.path);
            }
        }
    }
    graph
}

/// The module that a file holds.
fn module(folder: &str, path: &str) -> Module {
    let path = path
        .strip_prefix(folder)
        .unwrap_or(path)
        .trim_start_matches('/')
        .trim_end_matches(".rs");
    let mut module: Module = path.split('/').map(str::to_owned).collect();
    if matches!(
        module.last().map(String::as_str),
        Some("lib" | "main" | "mod")
    ) {
        module.pop();
    }
    module
}

impl Modules<'_> {
    /// What `path` names in `from`; `None` for names of other crates, the prelude or the module
    /// itself.
    fn find(&self, from: &Module, path: &[String], hops: usize) -> Option<Named> {
        let (first, rest) = path.split_first()?;
        let mut named = match first.as_str() {
            "crate" => Named::Module(Vec::new()),
            "self" => Named::Module(from.clone()),
            "super" => Named::Module(from.split_last()?.1.to_vec()),
            name => self.member(from, name, hops)?,
        };
        for name in rest {
            let Named::Module(module) = &named else { break };
            named = match name.as_str() {
                "super" => Named::Module(module.split_last()?.1.to_vec()),
                name => self
                    .member(module, name, hops)
                    .unwrap_or_else(|| Named::Item(module.clone())),
            };
        }
        Some(named)
    }

    /// A child of `module`, or an import with that name.
    fn member(&self, module: &Module, name: &str, hops: usize) -> Option<Named> {
        let child: Module = module.iter().cloned().chain([name.to_owned()]).collect();
        if self.files.contains_key(&child) {
            return Some(Named::Module(child));
        }
        let hops = hops.checked_sub(1)?;
        let (_, paths) = self.files.get(module)?;
        let import = paths.imports.iter().find(|import| import.name == name)?;
        // `use time::…` within a module that imports `time` names another crate.
        let names_itself = import.path.len() == 1;
        if names_itself {
            None
        } else {
            self.find(module, &import.path, hops)
        }
    }
}
