//! What the platform bills, in US dollars: the list prices of Workers Paid in November 2026,
//! without the included amounts.

use crate::worker::Used;

/// The memory that an active object is billed for, in gigabytes.
const OBJECT_GIGABYTES: f64 = 0.128;
/// How long a video is stored, as a share of a month of 30 days.
const KEPT_MONTHS: f64 = 7.0 / 30.0;
/// The size of a video, in gigabytes.
const VIDEO_GIGABYTES: f64 = 0.02;
const R2_STORAGE_GIGABYTE_MONTH: f64 = 0.015;

/// The parts of a bill.
pub(crate) struct Bill {
    pub(crate) parts: Vec<(&'static str, f64)>,
}

impl Bill {
    /// The bill for this use, with this processor time of the worker itself.
    pub(crate) fn of(used: &Used, processor_ms: f64) -> Self {
        let million = |amount: f64, price: f64| amount * price / 1e6;
        Self {
            parts: vec![
                ("worker requests", million(used.worker_requests, 0.30)),
                ("worker processor time", million(processor_ms, 0.02)),
                (
                    "object requests",
                    million(used.object_messages + used.alarms, 0.15),
                ),
                (
                    "object duration",
                    million(used.active_ms / 1_000.0 * OBJECT_GIGABYTES, 12.50),
                ),
                ("rows read", million(used.rows_read, 0.001)),
                (
                    "rows written",
                    million(used.rows_written + used.alarms_set, 1.00),
                ),
                (
                    "R2 operations",
                    million(used.r2_class_a, 4.50) + million(used.r2_class_b, 0.36),
                ),
                ("queue operations", million(used.queue_operations, 0.40)),
                ("log lines", million(used.log_lines, 0.60)),
            ],
        }
    }

    pub(crate) fn total(&self) -> f64 {
        self.parts.iter().map(|(_, price)| price).sum()
    }
}

/// The cost of storing a video of 20 MB for seven days.
pub(crate) fn storage_of_a_video() -> f64 {
    VIDEO_GIGABYTES * KEPT_MONTHS * R2_STORAGE_GIGABYTE_MONTH
}

#[cfg(test)]
mod tests {
    use super::{Bill, storage_of_a_video};
    use crate::worker::Used;

    #[test]
    fn a_job_polled_each_five_seconds_costs_what_is_reckoned_by_hand() {
        // 120 s: 24 polls of 0.3 s by alarm, 30 rows, 5 requests, a put and a message.
        let used = Used {
            worker_requests: 5.0,
            object_messages: 6.0,
            alarms: 24.0,
            active_ms: 24.0 * 300.0,
            rows_written: 30.0,
            alarms_set: 24.0,
            r2_class_a: 1.0,
            queue_operations: 3.0,
            ..Used::default()
        };
        let total = Bill::of(&used, 0.0).total();
        assert!((total - 77.7e-6).abs() < 1e-6, "{total}");
        assert!((storage_of_a_video() - 70e-6).abs() < 1e-9);
    }
}
