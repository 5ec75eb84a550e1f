//! Which request meets which fault.

use std::collections::BTreeMap;

use crate::marks::{Mark, Marks, due};

/// The default marks, and how many requests of each job have met the marks of each step.
#[derive(Default)]
pub(crate) struct Faults {
    defaults: Marks,
    text: String,
    by_prompt: Met,
    by_default: Met,
}

/// Requests counted by step and job.
type Met = BTreeMap<(&'static str, String), u32>;

impl Faults {
    /// Sets the default marks, for every job without marks of its own for a step, and restarts
    /// their counts.
    pub(crate) fn set_defaults(&mut self, text: String, marks: Marks) {
        self.defaults = marks;
        self.text = text;
        self.by_default.clear();
    }

    /// The default marks as written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The default marks.
    pub(crate) fn defaults(&self) -> &Marks {
        &self.defaults
    }

    /// The mark that this request of a job meets: the prompt's own first, then the defaults.
    pub(crate) fn meet<F: Clone>(
        &mut self,
        step: &'static str,
        job: &str,
        own: &[Mark<F>],
        of_step: impl Fn(&Marks) -> &[Mark<F>],
    ) -> Option<Mark<F>> {
        let key = (step, job.to_owned());
        take(&mut self.by_prompt, &key, own)
            .or_else(|| take(&mut self.by_default, &key, of_step(&self.defaults)))
    }
}

impl Faults {
    /// The mark that the next request of this step would meet, without counting a request.
    pub(crate) fn foresee<F: Clone>(
        &self,
        step: &'static str,
        job: &str,
        own: &[Mark<F>],
        of_step: impl Fn(&Marks) -> &[Mark<F>],
    ) -> Option<Mark<F>> {
        let key = (step, job.to_owned());
        let next = |met: &Met, marks: &[Mark<F>]| {
            due(marks, met.get(&key).copied().unwrap_or_default()).cloned()
        };
        next(&self.by_prompt, own).or_else(|| next(&self.by_default, of_step(&self.defaults)))
    }
}

/// Counts the request and finds its mark; without marks nothing is counted.
fn take<F: Clone>(
    met: &mut Met,
    key: &(&'static str, String),
    marks: &[Mark<F>],
) -> Option<Mark<F>> {
    if marks.is_empty() {
        return None;
    }
    let count = met.entry(key.clone()).or_default();
    let earlier = *count;
    *count = count.saturating_add(1);
    due(marks, earlier).cloned()
}
