//! Only the registry and the table of models know a provider by name, so adding one touches nothing
//! else.

use crate::source::File;

/// The files that may contain a provider's name.
const KNOWN_BY: [&str; 2] = ["src/upstream.rs", "src/models/table.rs"];

/// The names in the registry: the literals after `name:`.
fn registered(registry: &str) -> Vec<String> {
    let names = registry
        .split("name: \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    names.map(str::to_owned).collect()
}

/// Each file's mentions of a registered provider where it should not be known.
pub(crate) fn mentions(files: &[File]) -> Vec<String> {
    let registry = files.iter().find(|file| file.path == KNOWN_BY[0]);
    let names = registry
        .map(|file| registered(&file.text))
        .unwrap_or_default();
    let mut violations = Vec::new();
    for file in files
        .iter()
        .filter(|file| !KNOWN_BY.contains(&file.path.as_str()))
    {
        for literal in file
            .literals()
            .into_iter()
            .filter(|literal| names.contains(literal))
        {
            violations.push(format!(
                "{}: the provider {literal} is known by name",
                file.path
            ));
        }
    }
    violations
}

#[test]
fn a_provider_known_elsewhere_is_found() {
    let registry = File::new(
        KNOWN_BY[0],
        "const R: &[R] = &[R { name: \"toy\", open }, R { name: \"car\", open }];",
    );
    let table = File::new(KNOWN_BY[1], "const TOY: &str = \"toy\";");
    let objects = File::new(
        "src/objects/a.rs",
        "fn f(name: &str) { if name == \"car\" {} }",
    );
    let files = [registry, table, objects];
    assert_eq!(
        mentions(&files),
        ["src/objects/a.rs: the provider car is known by name"]
    );
}

#[test]
fn the_registry_is_really_read() {
    let names = registered(&crate::source::read(KNOWN_BY[0]));
    assert!(names.iter().any(|name| name == "veo3"), "{names:?}");
}
