//! No two files need each other to be understood.

mod graph;
mod modules;
mod paths;
mod scripts;

use crate::source::{self, File};

/// The circles in the crate whose source is `folder`.
pub(crate) fn of_crate(folder: &str, files: &[File]) -> Vec<String> {
    modules::dependencies(folder, files).circles()
}

/// The circles among files of TypeScript or JavaScript.
pub(crate) fn of_scripts(files: &[File]) -> Vec<String> {
    scripts::dependencies(files).circles()
}

#[test]
fn explore() {
    for folder in ["src", "tools/bench/src", "tools/fake-upstream/src", "tools/processes/src"] {
        println!("{folder}\n{}", of_crate(folder, &source::read_rust_files(folder)).join("\n"));
    }
    for folder in ["packages/client/src", "packages/ai-sdk-provider/src", "assets/dashboard"] {
        println!("{folder}\n{}", of_scripts(&source::read_files(folder, &["ts", "js"])).join("\n"));
    }
}
