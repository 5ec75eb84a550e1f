//! Counters of what happened and histograms of how long it took.
//!
//! A [`Metrics`] only grows. A job counts over its whole life what only it knows, and sends the
//! total with every message. The receiver adds only the increase over the last total. So a message
//! that arrives twice, late or out of order counts once (I18).

mod histogram;
mod metric;

pub use histogram::Buckets;
pub use metric::{Count, Histogram, Metric, MetricKind, TABLE, TimedPhase, Unit, UpstreamCall};
pub mod table {
    //! Every metric that is counted.
    pub use super::metric::table::*;
}

use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most series that one [`Metrics`] holds. The table can name fewer.
const MAX_SERIES: usize = 400;
/// How many upstreams are counted separately; all further ones are counted as [`OTHER`].
const MAX_UPSTREAMS: usize = 40;
/// Stands for the upstreams beyond [`MAX_UPSTREAMS`].
const OTHER: &str = "other/other";

/// Counters by series: `{metric};{label};…`. A histogram's series ends in the bucket's upper bound,
/// or in `sum`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metrics(BTreeMap<String, u64>);

impl Metrics {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds `by` to a counter.
    pub fn count(&mut self, count: Count, by: u64) {
        self.grow(&count.series(), by);
    }

    /// Records a duration in a histogram.
    pub fn observe(&mut self, spread: Histogram, took: Millis) {
        let series = spread.series();
        self.grow(
            &format!("{series};{}", histogram::bucket(spread.metric(), took)),
            1,
        );
        self.grow(&format!("{series};{}", histogram::SUM), took);
    }

    /// Adds the counters of `other`.
    pub fn add(&mut self, other: &Self) {
        for (series, count) in &other.0 {
            self.grow(series, *count);
        }
    }

    /// The increase over `earlier`, series by series. Never negative, whichever of the two is
    /// older.
    #[must_use]
    pub fn minus(&self, earlier: &Self) -> Self {
        let mut difference = Self::default();
        for (series, count) in &self.0 {
            let more = count.saturating_sub(earlier.0.get(series).copied().unwrap_or(0));
            difference.grow(series, more);
        }
        difference
    }

    /// Raises each counter to at least its value in `other`, a total of the same source, whichever
    /// of the two is older.
    pub fn raise(&mut self, other: &Self) {
        let more = other.minus(self);
        self.add(&more);
    }

    /// The value of a counter.
    pub fn of(&self, count: Count) -> u64 {
        self.0.get(&count.series()).copied().unwrap_or(0)
    }

    /// The sum over all labels of a metric.
    pub fn sum(&self, metric: &Metric) -> u64 {
        self.of_metric(metric)
            .map(|(_, count)| count)
            .fold(0, u64::saturating_add)
    }

    /// Each series of a metric: its labels (for a histogram also the bucket), and its counter.
    pub fn of_metric<'a>(
        &'a self,
        metric: &'a Metric,
    ) -> impl Iterator<Item = (Vec<&'a str>, u64)> {
        let mine = self
            .0
            .range(metric.key.to_owned()..)
            .take_while(|(series, _)| series.starts_with(metric.key));
        mine.filter_map(|(series, count)| {
            let mut parts = series.split(';');
            (parts.next() == Some(metric.key)).then(|| (parts.collect(), *count))
        })
    }

    /// The histogram of the series with this label, or with `None` of the whole metric.
    pub fn histogram(&self, metric: &Metric, label: Option<&str>) -> Buckets {
        let mut histogram = Buckets::of(metric);
        for (parts, count) in self.of_metric(metric) {
            let Some((bucket, labels)) = parts.split_last() else {
                continue;
            };
            if label.is_none_or(|label| labels.contains(&label)) {
                histogram.take(bucket, count);
            }
        }
        histogram
    }

    fn grow(&mut self, series: &str, by: u64) {
        if let Some(count) = self.0.get_mut(series) {
            *count = count.saturating_add(by);
        } else if by > 0 && self.0.len() < MAX_SERIES {
            self.0.insert(series.to_owned(), by);
        }
    }
}

/// The metrics of each `{provider}/{model}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MetricsByUpstream(BTreeMap<String, Metrics>);

impl MetricsByUpstream {
    pub fn is_empty(&self) -> bool {
        self.0.values().all(Metrics::is_empty)
    }

    /// The metrics of an upstream, empty if there were none.
    pub fn of(&mut self, upstream: &str) -> &mut Metrics {
        let full = self.0.len() >= MAX_UPSTREAMS && !self.0.contains_key(upstream);
        self.0
            .entry(if full { OTHER } else { upstream }.to_owned())
            .or_default()
    }

    /// Adds the metrics of `other`.
    pub fn add(&mut self, other: &Self) {
        for (upstream, metrics) in &other.0 {
            self.of(upstream).add(metrics);
        }
    }

    /// Each upstream with its metrics.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Metrics)> {
        self.0
            .iter()
            .map(|(upstream, metrics)| (upstream.as_str(), metrics))
    }

    /// The sum over all upstreams.
    pub fn whole(&self) -> Metrics {
        let mut whole = Metrics::default();
        for metrics in self.0.values() {
            whole.add(metrics);
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Count, Histogram, MAX_SERIES, MAX_UPSTREAMS, Metrics, MetricsByUpstream, OTHER, TABLE,
        TimedPhase, UpstreamCall, table,
    };
    use crate::machine::outcome::{ErrorCode, Trouble};
    use proptest::prelude::*;

    #[test]
    fn what_is_counted_is_found_again_by_its_labels_and_in_sum() {
        let mut metrics = Metrics::default();
        metrics.count(Count::call(UpstreamCall::Submit, &Ok(())), 2);
        metrics.count(
            Count::call(UpstreamCall::Poll, &Err::<(), _>(Trouble::Unknown)),
            3,
        );
        metrics.count(Count::Error(Some(ErrorCode::StorageFailed)), 5);
        assert_eq!(metrics.sum(&table::CALLS), 5);
        assert_eq!(metrics.of(Count::call(UpstreamCall::Submit, &Ok(()))), 2);
        let calls: Vec<_> = metrics.of_metric(&table::CALLS).collect();
        assert_eq!(
            calls,
            [(vec!["poll", "unknown"], 3), (vec!["submit", "done"], 2)]
        );
        assert_eq!(
            metrics.of_metric(&table::ERRORS).collect::<Vec<_>>(),
            [(vec!["storage_failed"], 5)]
        );
        assert_eq!(metrics.sum(&table::RATE_LIMITED), 0);
    }

    #[test]
    fn no_metric_takes_anothers_series_for_its_own() {
        for metric in TABLE {
            let others = TABLE
                .iter()
                .filter(|other| other.key == metric.key || other.name == metric.name);
            assert_eq!(others.count(), 1, "{}", metric.key);
            assert!(
                metric
                    .key
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{}",
                metric.key
            );
        }
    }

    #[test]
    fn everything_that_can_be_counted_fits_into_one_set() {
        let mut metrics = Metrics::default();
        for count in Count::all() {
            metrics.count(count, 1);
        }
        for spread in Histogram::all() {
            for metric in TABLE
                .iter()
                .filter(|metric| metric.key == spread.metric().key)
            {
                for end in metric.bounds().iter().copied().chain([u64::MAX / 1_000]) {
                    metrics.observe(spread, end);
                }
            }
        }
        let series: usize = TABLE
            .iter()
            .map(|metric| metrics.of_metric(metric).count())
            .sum();
        assert_eq!(
            metrics.0.len(),
            series,
            "every series belongs to a metric of the table"
        );
        assert!(series < MAX_SERIES, "{series} series");
        assert!(
            TABLE.iter().all(|metric| metrics.sum(metric) > 0),
            "every metric can be counted"
        );
    }

    #[test]
    fn a_full_set_goes_on_counting_what_it_knows() {
        let mut metrics = Metrics(
            (0..MAX_SERIES)
                .map(|number| (format!("x{number}"), 1))
                .collect(),
        );
        metrics.count(Count::RateLimited, 1);
        metrics.add(&Metrics([("x7".to_owned(), 2)].into()));
        assert_eq!(
            (metrics.0.len(), metrics.0.get("x7")),
            (MAX_SERIES, Some(&3))
        );
    }

    #[test]
    fn upstreams_beyond_the_limit_are_counted_together() {
        let mut metrics_by_upstream = MetricsByUpstream::default();
        for number in 0..MAX_UPSTREAMS + 5 {
            metrics_by_upstream
                .of(&format!("a/{number}"))
                .count(Count::RateLimited, 1);
        }
        metrics_by_upstream.of("a/3").count(Count::RateLimited, 1);
        assert_eq!(metrics_by_upstream.iter().count(), MAX_UPSTREAMS + 1);
        assert_eq!(metrics_by_upstream.of(OTHER).of(Count::RateLimited), 5);
        assert_eq!(metrics_by_upstream.whole().of(Count::RateLimited), 46);
    }

    #[test]
    fn metrics_are_stored_as_a_plain_map_i11() {
        let mut metrics = Metrics::default();
        metrics.observe(Histogram::Phase(TimedPhase::Storing), 1_500);
        let stored = serde_json::to_string(&metrics).expect("JSON");
        assert_eq!(
            stored,
            r#"{"phase;storing;2000":1,"phase;storing;sum":1500}"#
        );
        assert_eq!(
            serde_json::from_str::<Metrics>(&stored).expect("a metrics"),
            metrics
        );
        assert_eq!(
            serde_json::from_str::<Metrics>(r#"{"of the future;a":7}"#)
                .expect("a metrics")
                .0
                .len(),
            1
        );
    }

    fn metrics() -> impl Strategy<Value = Metrics> {
        prop::collection::btree_map("[abc]", 1_u64..9, 0..4).prop_map(Metrics)
    }

    proptest! {
        #[test]
        fn tellings_of_the_same_metrics_in_any_order_and_number_count_once_i18(
            steps in prop::collection::vec(metrics(), 1..6), order in prop::collection::vec(0_usize..6, 0..20),
        ) {
            let mut told = vec![Metrics::default()];
            for step in &steps {
                let mut next = told[told.len() - 1].clone();
                next.add(step);
                told.push(next);
            }
            let (mut heard, mut counted) = (Metrics::default(), Metrics::default());
            for telling in order.into_iter().map(|at| &told[at.min(told.len() - 1)]).chain(told.last()) {
                counted.add(&telling.minus(&heard));
                heard.raise(telling);
            }
            prop_assert_eq!(Some(&counted), told.last());
            prop_assert_eq!(Some(&heard), told.last());
        }
    }
}
