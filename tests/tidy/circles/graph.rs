//! Which file uses which, and the circles among them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Default)]
pub(super) struct Graph {
    uses: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    pub(super) fn add(&mut self, from: &str, to: &str) {
        if from != to {
            self.uses.entry(from.to_owned()).or_default().insert(to.to_owned());
        }
    }

    /// One sentence for each set of files that all reach one another: its shortest circle, in order, and the rest.
    pub(super) fn circles(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut circles = Vec::new();
        for file in self.uses.keys() {
            let component = self.component(file);
            if component.is_empty() || !seen.insert(component.clone()) {
                continue;
            }
            let shortest = component.iter().filter_map(|file| self.way_back(file)).min_by_key(Vec::len);
            let circle = shortest.unwrap_or_default();
            let mut sentence = circle.join(" -> ");
            let others: Vec<&str> =
                component.iter().filter(|file| !circle.contains(file)).map(String::as_str).collect();
            if !others.is_empty() {
                sentence = format!("{sentence}, and {} more in circles with them: {}", others.len(), others.join(", "));
            }
            circles.push(sentence);
        }
        circles
    }

    /// The files that `file` reaches and that reach it, itself included; none if it is in no circle.
    fn component(&self, file: &str) -> BTreeSet<String> {
        let reached = self.reached(file);
        reached.keys().filter(|other| self.reached(other).contains_key(file)).cloned().collect()
    }

    /// The shortest way from `file` to itself, with it at both ends.
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

    /// Each file that `file` reaches by one step or more, with the one before it on the shortest way.
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
