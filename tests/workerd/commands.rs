//! The commands of the documentation, sent as a reader would send them.

use crate::harness::worker::ADMIN_KEY;
use crate::harness::{Answer, Api, World};
use std::path::Path;
use std::process::Command;

/// Pages with commands for the API, in the order in which they are tried.
const PAGES: [&str; 6] = [
    "orders",
    "curl",
    "demo",
    "webhooks",
    "operating",
    "steering",
];
/// Instead of sending a request, prints the arguments of its command, each with a zero byte after
/// it. Other programs do nothing.
const DOUBLES: &str = r#"
curl() { printf '%s\0' "$@"; printf '\n\0'; }
npx() { :; }; npm() { :; }; jq() { :; }; git() { :; }; sleep() { :; }
"#;

#[test]
fn every_curl_command_of_the_docs_reaches_what_it_names() {
    let world = World::start(&[("DEMO", "true")]);
    for page in PAGES {
        let user = world.user();
        let (api, token, anyone) = (user.address(""), user.bearer(), user.with_token(None));
        let variables = format!(
            "api={api}\nauth='Authorization: Bearer {token}'\nops='Authorization: Bearer {ADMIN_KEY}'\njson='Content-Type: application/json'\n"
        );
        let commands = commands(page, &variables);
        assert!(!commands.is_empty(), "{page} has commands");
        for command in commands {
            let answer = send(&anyone, &command);
            // What the commands name as an example need not be there.
            let is_example = answer.status == 409
                || answer.status == 404 && answer.json()["code"] != "route_not_found";
            assert!(
                answer.status < 300 || is_example,
                "{page}: {command:?}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
}

/// The arguments of each `curl` of a page.
fn commands(page: &str, variables: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{page}.md"));
    let text = std::fs::read_to_string(path).expect("the page");
    let blocks = text.split("```sh\n").skip(1);
    let lines: Vec<&str> = blocks
        .filter_map(|rest| rest.split_once("\n```"))
        .flat_map(|(block, _)| block.lines())
        .filter(|line| {
            !["api=", "auth=", "ops=", "json="]
                .iter()
                .any(|set| line.starts_with(set))
        })
        .collect();
    let script = format!("{DOUBLES}{variables}{}", lines.join("\n"));
    let output = Command::new("bash").args(["-c", &script]).output();
    let output = output.expect("bash runs").stdout;
    let words: Vec<String> = output
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    words
        .split(|word| word == "\n")
        .filter(|command| command.len() > 1)
        .map(<[String]>::to_vec)
        .collect()
}

fn send(anyone: &Api, command: &[String]) -> Answer {
    let (mut method, mut url, mut headers, mut body) = (None, None, Vec::new(), None);
    let mut words = command.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().expect("a value of the option").clone();
        match word.as_str() {
            "-X" => method = Some(value()),
            "-H" => headers.push(value()),
            "-d" => body = Some(value()),
            "-o" => drop(value()),
            "-s" | "-sN" => {}
            word => assert!(
                !word.starts_with('-') && url.replace(word.to_owned()).is_none(),
                "{word} of {command:?} is not known here"
            ),
        }
    }
    let usual = if body.is_some() { "POST" } else { "GET" };
    let url = url.expect("an address");
    anyone.send(method.as_deref().unwrap_or(usual), &url, |mut request| {
        for header in headers {
            let (name, value) = header.split_once(": ").expect("a header");
            request = request.header(name, value);
        }
        match body {
            Some(body) => request.body(body),
            None => request,
        }
    })
}
