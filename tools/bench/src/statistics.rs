//! Statistics of many values: quantiles within one run, and the median of the runs with their
//! extremes.

/// The value below which the share `p` (0 to 1) of the values lies, by linear interpolation between
/// the two nearest; `NaN` for no values.
pub(crate) fn quantile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = p.clamp(0.0, 1.0) * last as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place within the values"
    )]
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The median of several runs, the lowest and the highest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    pub(crate) fn of(runs: &[f64]) -> Self {
        Self {
            median: median(runs),
            min: quantile(runs, 0.0),
            max: quantile(runs, 1.0),
        }
    }

    /// The ratios of two measurements taken in the same runs, run by run.
    pub(crate) fn of_ratios(these: &[f64], others: &[f64]) -> Self {
        let ratios: Vec<f64> = these
            .iter()
            .zip(others)
            .map(|(this, other)| this / other)
            .collect();
        Self::of(&ratios)
    }

    /// `median (min–max)`, each with `digits` decimal places.
    pub(crate) fn show(&self, digits: usize) -> String {
        format!(
            "{} ({}–{})",
            number(self.median, digits),
            number(self.min, digits),
            number(self.max, digits)
        )
    }
}

/// A number with `digits` decimal places and commas between thousands.
pub(crate) fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (sign, rest) = text
        .strip_prefix('-')
        .map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && digit.is_ascii_digit() {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Spread, median, number, quantile};

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert!((median(&values) - 2.5).abs() < 1e-9);
        assert!((quantile(&values, 1.0) - 4.0).abs() < 1e-9);
        assert!((quantile(&values, 0.0) - 1.0).abs() < 1e-9);
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn a_ratio_is_taken_within_its_run() {
        // The ratio of the medians would be 1.
        assert_eq!(
            Spread::of_ratios(&[2.0, 4.0, 9.0], &[1.0, 4.0, 3.0]),
            Spread {
                median: 2.0,
                min: 1.0,
                max: 3.0
            }
        );
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(number(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(number(-1_000.0, 0), "-1,000");
        assert_eq!(number(999.0, 0), "999");
    }
}
