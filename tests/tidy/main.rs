//! The rules of ARCHITECTURE.md that the compiler cannot enforce within one crate, enforced by
//! reading the source.
//!
//! Each rule is a pure function from a file's path and text to the violations in it. Each has a
//! test in which it finds one: a check that cannot fail proves nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod circles;
mod clocks;
mod code_blocks;
mod conflicts;
mod figures;
mod lengths;
mod messages;
mod names;
mod pages;
mod panics;
mod prose;
mod providers;
mod purity;
mod rooms;
mod settings;
mod source;

use source::{File, read_rust_files};

/// A rule: returns a file's violations, one sentence each.
type Rule = fn(&File) -> Vec<String>;

#[test]
fn arrows_between_rooms_point_inward() {
    assert_holds("src", rooms::violations);
}

#[test]
fn machines_are_pure() {
    assert_holds("src", purity::violations);
}

#[test]
fn no_files_know_each_other_in_circles() {
    let mut files = read_rust_files("src");
    files.extend(read_rust_files("tools"));
    let mut violations = circles::of_crates(&files);
    let scripts = source::read_files("packages", &["ts", "js", "mjs"]);
    violations.extend(circles::of_scripts(&scripts));
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    assert!(
        scripts
            .iter()
            .any(|file| file.path == "packages/client/src/index.ts"),
        "the packages are read"
    );
}

#[test]
fn files_stay_small() {
    for folder in ["src", "tests", "tools"] {
        assert_holds(folder, lengths::violations);
    }
}

#[test]
fn nothing_in_the_worker_panics() {
    assert_holds("src", panics::violations);
}

#[test]
fn only_the_clock_reads_time_and_randomness() {
    assert_holds("src", clocks::violations);
}

#[test]
fn modules_are_named_for_what_they_hold() {
    for folder in ["src", "tests", "tools"] {
        assert_holds(folder, names::violations);
    }
}

#[test]
fn a_name_means_one_thing() {
    let violations = names::repeated(&read_rust_files("src"));
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn only_the_configuration_reads_variables() {
    assert_holds("src", settings::reads_outside);
}

#[test]
fn every_variable_is_documented_and_every_documented_one_is_read() {
    let page = source::read("docs/settings.md");
    let files = read_rust_files("src");
    let violations = settings::differences(&files, &page);
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn lines_of_the_log_begin_with_who_tells_them() {
    assert_holds("src", messages::violations);
}

#[test]
fn providers_are_known_to_the_registry_and_the_table_alone() {
    let violations = providers::mentions(&read_rust_files("src"));
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn pages_make_no_markup_of_text_and_load_nothing_from_elsewhere() {
    let mut files = source::read_files("assets/dashboard", &["js", "css"]);
    files.push(source::File::new(
        "assets/dashboard.html",
        &source::read("assets/dashboard.html"),
    ));
    assert!(
        files
            .iter()
            .any(|file| file.path == "assets/dashboard/style/base.css"),
        "the pages are read"
    );
    let told = |file: &File| {
        pages::violations(file)
            .into_iter()
            .map(|found| format!("{}: {found}", file.path))
            .collect()
    };
    let violations: Vec<String> = files
        .iter()
        .flat_map(|file| -> Vec<String> { told(file) })
        .collect();
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn pages_are_short_and_their_links_lead_somewhere() {
    let pages = pages();
    let rules = |page: &File| match page.path.as_str() {
        // The benchmarks write it.
        "docs/BENCHMARKS.md" => Vec::new(),
        "CHANGELOG.md" => prose::columns(page),
        _ => prose::violations(page),
    };
    let told = |page: &File| -> Vec<String> {
        let found = rules(page).into_iter();
        found
            .map(|found| format!("{}: {found}", page.path))
            .collect()
    };
    let mut violations: Vec<String> = pages.iter().flat_map(told).collect();
    violations.extend(prose::dead_links(&pages, source::exists));
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    assert!(
        pages.iter().any(|page| page.path == "docs/README.md"),
        "the pages are read"
    );
}

#[test]
fn code_in_the_documentation_is_run_or_says_that_it_is_not() {
    let told = |page: &File| -> Vec<String> {
        let found = code_blocks::unmarked(page).into_iter();
        found
            .map(|found| format!("{}: {found}", page.path))
            .collect()
    };
    let mut violations: Vec<String> = pages().iter().flat_map(told).collect();
    violations.extend(code_blocks::not_run(source::read));
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn wordings_that_were_mended_do_not_come_back() {
    let mut files = pages();
    for folder in ["src", "tests", "tools", "examples"] {
        files.extend(
            read_rust_files(folder)
                .into_iter()
                .filter(|file| file.path != "tests/tidy/prose.rs"),
        );
    }
    for folder in ["assets", "packages", "scripts", "examples", "tests/browser"] {
        files.extend(source::read_files(
            folder,
            &["js", "mjs", "ts", "tsx", "html", "md"],
        ));
    }
    let violations: Vec<String> = files
        .iter()
        .flat_map(|file| {
            prose::wordings(file)
                .into_iter()
                .map(|found| format!("{}: {found}", file.path))
        })
        .collect();
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

/// Every page of the documentation.
fn pages() -> Vec<File> {
    let mut pages = source::read_files("docs", &["md"]);
    pages.extend(source::read_files("packages", &["md"]));
    pages.extend(source::read_files("deploy", &["md"]));
    for path in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "TODO.md"] {
        pages.push(File::new(path, &source::read(path)));
    }
    pages
}

#[test]
fn the_figures_in_the_documentation_are_those_of_the_report() {
    let report = source::read("docs/BENCHMARKS.md");
    let mut violations = Vec::new();
    for page in ["README.md", "docs/capacity.md", "docs/costs-and-speed.md"] {
        let strange = figures::strange_in_table(&source::read(page), &report).into_iter();
        violations.extend(strange.map(|one| format!("{page}: {one}")));
    }
    for page in [
        "README.md",
        "docs/capacity.md",
        "docs/modes.md",
        "docs/video-services.md",
    ] {
        let strange = figures::strange_in_text(&source::read(page), &report).into_iter();
        violations.extend(strange.map(|one| format!("{page}: {one}")));
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn no_file_has_a_conflict_in_it() {
    let files = source::read_texts();
    for known in [
        "CHANGELOG.md",
        "src/lib.rs",
        ".dev.vars",
        "deploy/wrangler.jsonc",
    ] {
        assert!(files.iter().any(|file| file.path == known), "{known}");
    }
    let violations: Vec<String> = files
        .iter()
        .flat_map(|file| {
            conflicts::violations(file)
                .into_iter()
                .map(|found| format!("{}: {found}", file.path))
        })
        .collect();
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn the_source_is_really_read() {
    let paths: Vec<String> = read_rust_files("src")
        .into_iter()
        .map(|file| file.path)
        .collect();
    for known in ["src/lib.rs", "src/machine/job.rs", "src/api/routes.rs"] {
        assert!(
            paths.iter().any(|path| path == known),
            "{known} was not found among {paths:?}"
        );
    }
}

fn assert_holds(folder: &str, rule: Rule) {
    let violations: Vec<String> = read_rust_files(folder)
        .iter()
        .flat_map(|file| {
            rule(file)
                .into_iter()
                .map(|violation| format!("{}: {violation}", file.path))
        })
        .collect();
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}
