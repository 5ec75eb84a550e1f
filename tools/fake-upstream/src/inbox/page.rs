//! `GET /inbox`: the deliveries, as a page.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::inbox::{Delivery, Inbox, Mode};
use crate::lock::locked;
use crate::world::World;

/// The page around the list: style, the refresh that keeps opened bodies open, and the mode switch.
const FRAME: &str = include_str!("page.html");
/// The most deliveries shown.
const MAX_SHOWN: usize = 200;
/// The modes in the switch, and their labels.
const CHOICES: [(&str, &str); 9] = [
    ("ok", "Answer 200"),
    ("fail-first:2", "Fail the first two attempts of each"),
    ("status:500", "Answer 500"),
    ("status:429:30", "Answer 429, retry after 30 s"),
    ("status:410", "Answer 410 Gone"),
    ("hang", "Never answer"),
    ("reset", "Reset the connection"),
    ("commit-then-reset", "Receive, then reset the connection"),
    ("redirect", "Redirect to another host"),
];

/// Renders the page.
pub(crate) async fn show(State(world): State<Arc<World>>) -> Html<String> {
    let inbox = locked(&world.inbox);
    let (shown, total) = rows(&inbox);
    let page = FRAME
        .replace("{{choices}}", &choices(&inbox.mode))
        .replace(
            "{{state}}",
            if inbox.mode == Mode::Ok {
                "ok"
            } else {
                "failing"
            },
        )
        .replace("{{total}}", &total)
        .replace("{{rows}}", &shown);
    Html(page)
}

/// The switch's form.
#[derive(Deserialize)]
pub(crate) struct Switch {
    mode: String,
}

/// `POST /inbox/mode`: sets the mode and shows the page again.
pub(crate) async fn switch(State(world): State<Arc<World>>, Form(form): Form<Switch>) -> Response {
    let Some(mode) = Mode::read(&form.mode) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    locked(&world.inbox).mode = mode;
    Redirect::to("/inbox").into_response()
}

fn choices(current: &Mode) -> String {
    let current = current.to_string();
    let mut options = String::new();
    let mut add = |value: &str, label: &str| {
        let selected = if value == current { " selected" } else { "" };
        let _ = write!(
            options,
            "<option value=\"{}\"{selected}>{}</option>",
            escape(value),
            escape(label)
        );
    };
    for (value, label) in CHOICES {
        add(value, label);
    }
    if CHOICES.iter().all(|(value, _)| *value != current) {
        add(&current, &current);
    }
    options
}

/// The list's rows, newest first, and the number of deliveries in words.
fn rows(inbox: &Inbox) -> (String, String) {
    let mut rows = String::new();
    for delivery in inbox.deliveries().rev().take(MAX_SHOWN) {
        row(&mut rows, delivery);
    }
    let total = match inbox.deliveries().count() {
        0 => "Nothing has arrived yet".to_owned(),
        1 => "1 delivery".to_owned(),
        count => format!("{count} deliveries"),
    };
    (rows, total)
}

fn row(rows: &mut String, delivery: &Delivery) {
    let (class, word) = if delivery.valid {
        ("good", "valid")
    } else {
        ("bad", "invalid")
    };
    let reason = delivery
        .reason
        .as_deref()
        .map_or_else(String::new, |reason| {
            format!("<p class=\"reason\">Not verified: {}</p>", escape(reason))
        });
    let answered = match delivery.answered {
        Some(status @ 200..=299) => format!("<span class=\"good\">{status}</span>"),
        Some(status) => format!("<span class=\"bad\">{status}</span>"),
        None => "<span class=\"bad\">none</span>".to_owned(),
    };
    let _ = write!(
        rows,
        "<article id=\"d{seq}\"><details><summary>\
         <time>{time} UTC</time><b>{event}</b><code>{generation}</code>\
         <span class=\"id\"><code>{id}</code> attempt {attempt}</span>\
         <span>signature <span class=\"{class}\">{word}</span></span><span>answered {answered}</span>\
         </summary>{reason}<pre>{body}</pre></details></article>",
        seq = delivery.seq,
        time = time_of_day(delivery.received_at),
        event = escape(delivery.event.as_deref().unwrap_or("not an event")),
        generation = escape(delivery.generation_id.as_deref().unwrap_or("")),
        id = escape(&delivery.id),
        attempt = delivery.attempt,
        body = escape(&pretty(&delivery.body)),
    );
}

/// Formats JSON; anything else is unchanged.
fn pretty(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body)
        .map_or_else(|_| body.to_owned(), |value| format!("{value:#}"))
}

/// Hours, minutes and seconds in UTC.
fn time_of_day(unix_ms: u64) -> String {
    let seconds = unix_ms / 1000 % 86_400;
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// Escapes text for HTML and for quoted attributes. Braces too, so that a body cannot contain a
/// placeholder of the frame.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '{' => escaped.push_str("&#123;"),
            _ => escaped.push(character),
        }
    }
    escaped
}
