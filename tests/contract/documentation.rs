//! The tables in `docs/` are what the code gives, and the defaults they name are those of the
//! parser.

#[path = "../../examples/docs/pages/mod.rs"]
mod pages;

use crate::variables::config_with;
use reelay::config::Config;
use reelay::config::reference::{DefaultValue, SETTINGS, Variable};
use reelay::variables::Variables;

#[test]
fn the_committed_pages_are_what_the_code_gives() {
    for page in pages::PAGES {
        let text = std::fs::read_to_string(page.path()).expect("a page");
        let updated = page.updated(&text).expect("its markers");
        assert!(
            updated == text,
            "docs/{} is out of date: run `npm run openapi`",
            page.file
        );
    }
}

#[test]
fn an_edited_table_is_found_and_so_are_missing_markers() {
    let page = &pages::PAGES[0];
    let text = std::fs::read_to_string(page.path()).expect("a page");
    let edited = text.replace("| `MAX_RETRIES` | `3` |", "| `MAX_RETRIES` | `4` |");
    assert_ne!(edited, text);
    assert_eq!(page.updated(&edited), Ok(text));
    let error = page.updated("# Settings").expect_err("no markers");
    assert_eq!(error, "docs/settings.md: no markers of settings");
}

#[test]
fn the_documented_default_is_what_an_absent_variable_means() {
    for variable in variables() {
        let DefaultValue::Value(default) = variable.default else {
            continue;
        };
        let with = |value: &str| facts(&[(variable.name, value)]);
        assert_eq!(with(default), with(""), "{}", variable.name);
        if let Ok(number) = default.parse::<u64>() {
            let other = (number + 1).to_string();
            assert_ne!(with(default), with(&other), "{} is not seen", variable.name);
        }
    }
}

#[test]
fn a_documented_requirement_is_one_and_no_variable_is_documented_twice() {
    let mut names: Vec<&str> = variables().map(|variable| variable.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    let is_required = |variable: &&Variable| matches!(variable.default, DefaultValue::Required);
    for Variable { name, .. } in variables().filter(is_required) {
        let error = config_with(&[(name, "")]).expect_err(name);
        assert_eq!(error.variable, *name);
    }
}

fn variables() -> impl Iterator<Item = &'static Variable> {
    SETTINGS.iter().flat_map(|group| group.settings)
}

/// Every setting whose default is written in the table of variables. Addresses are not among them:
/// the table takes them from the code.
fn facts(variables: &[(&'static str, &str)]) -> String {
    let config: Config = config_with(variables).expect("valid settings");
    let lookup = |name: &str| {
        let value = variables.iter().find(|(known, _)| *known == name);
        value.map(|(_, value)| (*value).to_owned())
    };
    let timeout = Variables::new(&lookup).upstream_timeout();
    format!(
        "{config:?} {timeout:?} {} {} {:?}",
        config.log_level, config.download_idle, config.start_timeout
    )
}
