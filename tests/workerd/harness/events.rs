//! Server-Sent Events as a client reads them, one by one as they arrive.

use reqwest::blocking::Response;
use serde_json::Value;
use std::io::{BufRead, BufReader};

/// An event, or a comment, whose name is `:`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<u64>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// An open stream; dropping it closes the connection.
pub(crate) struct Events {
    lines: BufReader<Response>,
}

impl Events {
    pub(crate) fn new(response: Response) -> Self {
        Self {
            lines: BufReader::new(response),
        }
    }

    /// Waits for the next event; `None` when the stream has ended or was cut off.
    pub(crate) fn next(&mut self) -> Option<Event> {
        let mut block = String::new();
        loop {
            let mut line = String::new();
            let read = self.lines.read_line(&mut line).ok()?;
            if read == 0 {
                assert!(
                    block.is_empty(),
                    "the stream ended within an event: {block}"
                );
                return None;
            }
            if line != "\n" {
                block += &line;
            } else if let Some(event) = parse(&block) {
                return Some(event);
            } else {
                block.clear();
            }
        }
    }

    /// Waits for the step with this name; returns the steps up to it.
    pub(crate) fn until_step(&mut self, step: &str) -> Vec<Event> {
        let mut steps = Vec::new();
        while let Some(event) = self.next() {
            if event.name == "step" {
                steps.push(event);
            }
            if steps.last().is_some_and(|event| event.data["step"] == step) {
                return steps;
            }
        }
        panic!("the stream ended before {step}: {steps:#?}");
    }

    /// Everything up to the end.
    pub(crate) fn rest(mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// The steps among events, each with its id.
pub(crate) fn steps(events: &[Event]) -> Vec<(u64, String)> {
    let steps = events.iter().filter(|event| event.name == "step");
    steps
        .map(|event| {
            (
                event.id.expect("a step has an id"),
                event.data["step"].as_str().expect("a word").to_owned(),
            )
        })
        .collect()
}

/// Parses the lines of one event; `None` if they only set the reconnection time.
fn parse(block: &str) -> Option<Event> {
    let mut event = Event {
        id: None,
        name: String::new(),
        data: Value::Null,
    };
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => event.name = String::from(":"),
            "id" => event.id = Some(value.parse().expect("an id is a number")),
            "event" => event.name = String::from(value),
            "data" => event.data = serde_json::from_str(value).expect("data is JSON on one line"),
            "retry" => assert!(value.parse::<u32>().is_ok(), "{value}"),
            other => panic!("no such field: {other}"),
        }
    }
    (!event.name.is_empty()).then_some(event)
}
