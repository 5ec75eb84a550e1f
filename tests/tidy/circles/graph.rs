//! The dependencies between files, and the circles among them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

#[derive(Default)]
pub(super) struct Graph {
    uses: BTreeMap<String, BTreeSet<String>>,
}

/// A set of files that all reach one another.
pub(super) struct Circle {
    /// The shortest circle among them, with its first file at both ends.
    way: Vec<String>,
    others: Vec<String>,
}

impl fmt::Display for Circle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.way.join(" -> "))?;
        if !self.others.is_empty() {
            write!(
                formatter,
                " (in circles with them: {})",
                self.others.join(", ")
            )?;
        }
        Ok(())
    }
}

impl Graph {
    pub(super) fn add(&mut self, from: &str, to: &str) {
        if from != to {
            self.uses
                .entry(from.to_owned())
                .or_default()
                .insert(to.to_owned());
        }
    }

    /// One circle for each set of files that all reach one another.
    pub(super) fn circles(&self) -> Vec<Circle> {
        let components: BTreeSet<_> = self.uses.keys().map(|file| self.component(file)).collect();
        components
            .into_iter()
            .filter_map(|component| {
                let way = component
                    .iter()
                    .filter_map(|file| self.way_back(file))
                    .min_by_key(Vec::len)?;
                let others = component
                    .into_iter()
                    .filter(|file| !way.contains(file))
                    .collect();
                Some(Circle { way, others })
            })
            .collect()
    }

    /// The files that `file` reaches and that reach it, itself included; none if it is in no
    /// circle.
    fn component(&self, file: &str) -> BTreeSet<String> {
        let reached = self.reached(file);
        reached
            .keys()
            .filter(|other| self.reached(other).contains_key(file))
            .cloned()
            .collect()
    }

    /// The shortest path from `file` back to itself, with it at both ends.
    fn way_back(&self, file: &str) -> Option<Vec<String>> {
        let reached = self.reached(file);
        let mut way = vec![file.to_owned()];
        let mut at = reached.get(file)?;
        while at != file {
            way.push(at.clone());
            at = reached.get(at)?;
        }
        way.push(file.to_owned());
        way.reverse();
        Some(way)
    }

    /// Each file that `file` reaches in one step or more, with the file before it on the shortest
    /// path.
    fn reached(&self, file: &str) -> BTreeMap<String, String> {
        let mut before = BTreeMap::new();
        let mut open = VecDeque::from([file.to_owned()]);
        while let Some(from) = open.pop_front() {
            for to in self.uses.get(&from).into_iter().flatten() {
                if !before.contains_key(to) {
                    before.insert(to.clone(), from.clone());
                    open.push_back(to.clone());
                }
            }
        }
        before
    }
}
