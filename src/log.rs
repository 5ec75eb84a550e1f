//! One JSON object a line, so that the platform indexes every field.
//!
//! A line names ids, phases and codes. It never holds a prompt, a key, a token, a signed URL or a body.

use serde::Serialize;
use worker::{console_error, console_log};

/// One line.
#[derive(Debug, Default, Serialize)]
pub struct Line<'a> {
    /// What happened, in a fixed phrase.
    pub message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<&'a str>,
    /// A short reason made by us; never an upstream's own text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Logs what usually happens.
pub fn info(line: &Line) {
    console_log!("{}", render("info", line));
}

/// Logs what someone should look at.
pub fn error(line: &Line) {
    console_error!("{}", render("error", line));
}

fn render(level: &str, line: &Line) -> String {
    #[derive(Serialize)]
    struct Leveled<'a> {
        level: &'a str,
        #[serde(flatten)]
        line: &'a Line<'a>,
    }
    serde_json::to_string(&Leveled { level, line }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Line, render};

    #[test]
    fn a_line_is_one_json_object_without_absent_fields() {
        let line = Line { message: "phase changed", generation: Some("g_1"), ..Line::default() };
        assert_eq!(render("info", &line), r#"{"level":"info","message":"phase changed","generation":"g_1"}"#);
    }
}
