//! A measurement's results: a table, its goals, and whether they are met, in the same form in
//! Markdown and on the terminal.

use std::fmt::Write as _;

/// One measurement's part of the report.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    /// The method, in a few sentences.
    pub(crate) method: String,
    pub(crate) table: Table,
    pub(crate) goals: Vec<Goal>,
}

/// A table: the first column is text, the others are figures.
pub(crate) struct Table {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// A goal of the measurement.
pub(crate) struct Goal {
    pub(crate) aim: String,
    pub(crate) found: String,
    pub(crate) met: bool,
    /// The reason, shown if the goal is missed.
    pub(crate) reason: String,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self {
            head: head.iter().map(|name| (*name).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule = "|---".to_owned() + &"|---:".repeat(self.head.len().saturating_sub(1)) + "|\n";
        line(&self.head) + &rule + &self.rows.iter().map(|row| line(row)).collect::<String>()
    }

    fn plain(&self) -> String {
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| {
                let cells = self
                    .rows
                    .iter()
                    .filter_map(|row| row.get(column))
                    .chain(self.head.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in std::iter::once(&self.head).chain(&self.rows) {
            for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let cell = cell.replace('`', "");
                let padded = if index == 0 {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                };
                let _ = write!(text, "  {padded}");
            }
            text.push('\n');
        }
        text
    }
}

impl Goal {
    fn line(&self) -> String {
        let Self {
            aim,
            found,
            met,
            reason,
        } = self;
        if *met {
            format!("Goal: {aim}. Met: {found}.")
        } else {
            format!("Goal: {aim}. Missed: {found}. {reason}")
        }
    }
}

impl Section {
    pub(crate) fn markdown(&self) -> String {
        let goals = self.goals("* ");
        format!(
            "## {}\n\n{}\n\n{}\n{goals}",
            self.title,
            self.method,
            self.table.markdown()
        )
    }

    pub(crate) fn plain(&self) -> String {
        format!(
            "\n{}\n{}{}",
            self.title,
            self.table.plain(),
            self.goals("  ")
        )
    }

    /// One line per goal.
    fn goals(&self, before: &str) -> String {
        self.goals.iter().fold(String::new(), |text, goal| {
            text + before + &goal.line() + "\n"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Goal, Section, Table};

    #[test]
    fn a_missed_goal_says_so_with_its_reason() {
        let mut table = Table::new(&["what", "ms"]);
        table.row(["POST".to_owned(), "3.0".to_owned()]);
        let goal = |met| Goal {
            aim: "below 2".to_owned(),
            found: "3.0".to_owned(),
            met,
            reason: "It waits.".to_owned(),
        };
        let section = Section {
            title: "Accept",
            method: "Posts.".to_owned(),
            table,
            goals: vec![goal(false), goal(true)],
        };
        let text = section.markdown();
        assert!(
            text.contains("| what | ms |\n|---|---:|\n| POST | 3.0 |\n"),
            "{text}"
        );
        assert!(
            text.contains("* Goal: below 2. Missed: 3.0. It waits.\n* Goal: below 2. Met: 3.0.\n"),
            "{text}"
        );
    }
}
