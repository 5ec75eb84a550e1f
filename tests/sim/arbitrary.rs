//! The world driven by arbitrary bytes. They reach corners that the uniform stream of a seed does
//! not, and failures shrink.

use crate::choices::{Bytes, Choices};
use crate::trace::Trace;
use crate::witness::Violation;
use crate::world::World;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRng, TestRunner};
use std::fmt::Write as _;

/// The number of cases, unless `PROPTEST_CASES` is set.
const CASES: u32 = 300;
const MAX_BYTES: usize = 4_096;

fn run(bytes: &[u8], trace: Trace) -> Result<(), Violation> {
    World::new(Choices::new(Bytes::new(bytes.to_vec())), trace).run()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn from_hex(hex: &str) -> Vec<u8> {
    let digits = |at: usize| {
        u8::from_str_radix(&hex[at..at + 2], 16).expect("bytes are written in hexadecimal")
    };
    (0..hex.len() / 2).map(|pair| digits(2 * pair)).collect()
}

fn how_to_replay(bytes: &[u8], violation: &str) -> String {
    let hex = to_hex(bytes);
    format!(
        "{violation}\nreplay it: REELAY_SIM_BYTES={hex} cargo test -p reelay --test sim arbitrary_bytes -- --nocapture"
    )
}

#[test]
fn arbitrary_bytes_break_nothing() {
    if let Ok(hex) = std::env::var("REELAY_SIM_BYTES") {
        let outcome = run(&from_hex(&hex), Trace::Printed);
        assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
        return;
    }
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(CASES);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    // The same cases every time, so that a failure belongs to the change that caused it.
    let random = TestRng::deterministic_rng(config.rng_algorithm);
    let strings = proptest::collection::vec(proptest::num::u8::ANY, 0..=MAX_BYTES);
    let outcome = TestRunner::new_with_rng(config, random).run(&strings, |bytes| {
        run(&bytes, Trace::Silent).map_err(|violation| TestCaseError::fail(violation.to_string()))
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, bytes)) => {
            panic!("{}", how_to_replay(&bytes, reason.message()))
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

#[test]
fn no_bytes_and_equal_bytes_break_nothing() {
    for bytes in [
        vec![],
        vec![0x00; 64],
        vec![0x00; MAX_BYTES],
        vec![0xFF; 64],
        vec![0xFF; MAX_BYTES],
    ] {
        run(&bytes, Trace::Silent).unwrap_or_else(|violation| {
            panic!("{}", how_to_replay(&bytes, &violation.to_string()))
        });
    }
}
