//! Durations: counters by bucket, and the values computed from them.

use super::Metric;
use crate::time::Millis;

/// The last part of the series with the sum of all durations.
pub(super) const SUM: &str = "sum";
/// The last part of the series of durations beyond the last bucket.
const ENDLESS: &str = "inf";

/// The last part of the series that counts a duration: the smallest upper bound that is not below
/// it.
pub(super) fn bucket(metric: &Metric, took: Millis) -> String {
    let end = metric.bounds().iter().find(|end| took <= **end);
    end.map_or_else(|| ENDLESS.to_owned(), Millis::to_string)
}

/// A histogram with separate, not cumulative, buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    /// Each bucket's upper bound in milliseconds, and how many durations are at most that and above
    /// the previous bound.
    pub buckets: Vec<(Millis, u64)>,
    /// How many durations are above all bounds.
    pub beyond: u64,
    /// The sum of all durations, in milliseconds.
    pub sum: Millis,
}

impl Buckets {
    pub(super) fn of(metric: &Metric) -> Self {
        Self {
            buckets: metric.bounds().iter().map(|end| (*end, 0)).collect(),
            beyond: 0,
            sum: 0,
        }
    }

    /// Adds one series of the histogram. A bucket with an upper bound from another build counts for
    /// the next bound of this build.
    pub(super) fn take(&mut self, part: &str, count: u64) {
        match part.parse::<Millis>() {
            _ if part == SUM => self.sum = self.sum.saturating_add(count),
            Ok(end) => match self.buckets.iter_mut().find(|(own, _)| end <= *own) {
                Some((_, bucket)) => *bucket = bucket.saturating_add(count),
                None => self.beyond = self.beyond.saturating_add(count),
            },
            Err(_) => self.beyond = self.beyond.saturating_add(count),
        }
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.buckets
            .iter()
            .map(|(_, count)| *count)
            .fold(self.beyond, u64::saturating_add)
    }

    /// The mean in milliseconds; `None` if nothing was counted.
    pub fn mean(&self) -> Option<Millis> {
        self.sum.checked_div(self.count())
    }

    /// The percentile in milliseconds, interpolated within its bucket as Prometheus's
    /// `histogram_quantile` does. It is the last bound for anything beyond, and `None` if nothing
    /// was counted.
    pub fn percentile(&self, per_cent: u64) -> Option<Millis> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        // In hundredths, so that no rank is rounded.
        let rank = u128::from(count) * u128::from(per_cent);
        let (mut below, mut start) = (0_u128, 0);
        for (end, own) in &self.buckets {
            let own = u128::from(*own) * 100;
            if own > 0 && below + own >= rank {
                let into = u128::from(end - start) * (rank - below) / own;
                return Some(start + Millis::try_from(into).unwrap_or(0));
            }
            below += own;
            start = *end;
        }
        self.buckets.last().map(|(end, _)| *end)
    }
}

#[cfg(test)]
mod tests {
    use super::{Buckets, bucket};
    use crate::machine::metrics::{Histogram, Metrics, table};

    fn of(buckets: &[(u64, u64)], beyond: u64) -> Buckets {
        Buckets {
            buckets: buckets.to_vec(),
            beyond,
            sum: 0,
        }
    }

    #[test]
    fn a_percentile_lies_within_its_bucket_as_prometheus_would_have_it() {
        // histogram_quantile(0.5, …) over le="1" 2, le="2" 6, le="4" 8 is 1.5.
        let histogram = of(&[(1_000, 2), (2_000, 4), (4_000, 2)], 0);
        assert_eq!(histogram.percentile(50), Some(1_500));
        assert_eq!(histogram.percentile(95), Some(3_600));
        assert_eq!(histogram.percentile(25), Some(1_000));
        assert_eq!(histogram.percentile(100), Some(4_000));
    }

    #[test]
    fn what_lies_beyond_the_last_bucket_is_told_as_its_end() {
        assert_eq!(of(&[(1_000, 1), (2_000, 0)], 9).percentile(95), Some(2_000));
        assert_eq!(of(&[(1_000, 0)], 1).percentile(1), Some(1_000));
    }

    #[test]
    fn nothing_has_no_percentile_and_no_mean() {
        assert_eq!(
            (of(&[(1_000, 0)], 0).percentile(50), of(&[], 0).mean()),
            (None, None)
        );
    }

    #[test]
    fn a_time_counts_for_the_first_bucket_that_holds_it() {
        let first = table::WAIT.bounds()[0];
        assert_eq!(bucket(&table::WAIT, 0), first.to_string());
        assert_eq!(bucket(&table::WAIT, first), first.to_string());
        assert_eq!(
            bucket(&table::WAIT, first + 1),
            table::WAIT.bounds()[1].to_string()
        );
        assert_eq!(bucket(&table::WAIT, u64::MAX), "inf");
    }

    #[test]
    fn what_was_observed_is_counted_and_summed() {
        let mut metrics = Metrics::default();
        for took in [100, 300, u64::MAX / 2] {
            metrics.observe(Histogram::Wait, took);
        }
        let histogram = metrics.histogram(&table::WAIT, None);
        assert_eq!(
            (histogram.count(), histogram.beyond, histogram.sum),
            (3, 1, u64::MAX / 2 + 400)
        );
    }

    #[test]
    fn buckets_of_another_build_are_not_lost() {
        let last = *table::WAIT.bounds().last().expect("it has buckets");
        let stored = format!(
            r#"{{"wait;1":2,"wait;{}":3,"wait;inf":4,"wait;sum":9}}"#,
            last + 1
        );
        let metrics: Metrics = serde_json::from_str(&stored).expect("a metrics");
        let histogram = metrics.histogram(&table::WAIT, None);
        assert_eq!(
            (histogram.count(), histogram.buckets[0].1, histogram.beyond),
            (9, 2, 7)
        );
    }
}
