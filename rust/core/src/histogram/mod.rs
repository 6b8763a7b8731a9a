//! Whole distributions of durations, cumulative, read live while they are written.
//!
//! Here: the histogram, the interval log, the Prometheus text. Never here: who records what
//! (that is the stage that ends a hop), how percentiles get their intervals (analysis).

mod buckets;
mod interval_log;
mod prometheus;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

pub use buckets::{COUNTS, HIGHEST_NS};
pub use interval_log::{HistogramError, IntervalLog};
pub use prometheus::render_prometheus;

/// An HDR histogram of nanoseconds: three significant digits from 1 ns to 2⁴² ns (73 min).
///
/// One writer; any number of threads read while it writes. It only grows: whoever wants an
/// interval takes the difference of two readings. Larger values count in the highest bucket and
/// in `saturated`; negative ones are counted apart, with their minimum.
pub struct Histogram {
    name: String,
    counts: Box<[AtomicU64]>,
    total: AtomicU64,
    sum_ns: AtomicU64,
    minimum_ns: AtomicI64,
    maximum_ns: AtomicI64,
    saturated: AtomicU64,
    negative: AtomicU64,
    negative_minimum_ns: AtomicI64,
}

/// A histogram as its writer and its readers hold it.
pub type Shared = Arc<Histogram>;

impl fmt::Debug for Histogram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Histogram({}, {} values)",
            self.name,
            self.count()
        )
    }
}

impl Histogram {
    /// An empty histogram; `name` is the hop's.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            counts: empty_counts(),
            total: AtomicU64::new(0),
            sum_ns: AtomicU64::new(0),
            minimum_ns: AtomicI64::new(i64::MAX),
            maximum_ns: AtomicI64::new(i64::MIN),
            saturated: AtomicU64::new(0),
            negative: AtomicU64::new(0),
            negative_minimum_ns: AtomicI64::new(0),
        }
    }

    /// An empty histogram to be shared.
    #[must_use]
    pub fn shared(name: &str) -> Shared {
        Arc::new(Self::new(name))
    }

    /// Name of the hop.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Records one value. Only one thread may record; nothing is allocated.
    #[inline]
    pub fn record(&self, value_ns: i64) {
        let Ok(value) = u64::try_from(value_ns) else {
            self.record_negative(value_ns);
            return;
        };
        if value > HIGHEST_NS {
            raise(&self.saturated, 1);
        }
        raise(&self.counts[buckets::index_of(value.min(HIGHEST_NS))], 1);
        raise(&self.sum_ns, value);
        if value_ns < self.minimum_ns.load(Ordering::Relaxed) {
            self.minimum_ns.store(value_ns, Ordering::Relaxed);
        }
        if value_ns > self.maximum_ns.load(Ordering::Relaxed) {
            self.maximum_ns.store(value_ns, Ordering::Relaxed);
        }
        let total = self.total.load(Ordering::Relaxed);
        self.total.store(total + 1, Ordering::Release);
    }

    #[cold]
    fn record_negative(&self, value_ns: i64) {
        raise(&self.negative, 1);
        if value_ns < self.negative_minimum_ns.load(Ordering::Relaxed) {
            self.negative_minimum_ns.store(value_ns, Ordering::Relaxed);
        }
    }

    /// Number of values recorded, the negative ones not among them.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.total.load(Ordering::Acquire)
    }

    /// Sum of the values recorded, in nanoseconds.
    #[must_use]
    pub fn sum_ns(&self) -> u64 {
        self.sum_ns.load(Ordering::Relaxed)
    }

    /// Smallest value; `None` before the first.
    #[must_use]
    pub fn minimum_ns(&self) -> Option<i64> {
        (self.count() > 0).then(|| self.minimum_ns.load(Ordering::Relaxed))
    }

    /// Largest value, exact also where it was saturated; `None` before the first.
    #[must_use]
    pub fn maximum_ns(&self) -> Option<i64> {
        (self.count() > 0).then(|| self.maximum_ns.load(Ordering::Relaxed))
    }

    /// How many values were above the highest bucket.
    #[must_use]
    pub fn saturated(&self) -> u64 {
        self.saturated.load(Ordering::Relaxed)
    }

    /// How many values were negative: two clocks that disagree.
    #[must_use]
    pub fn negative(&self) -> u64 {
        self.negative.load(Ordering::Relaxed)
    }

    /// The smallest negative value; 0 where there was none.
    #[must_use]
    pub fn negative_minimum_ns(&self) -> i64 {
        self.negative_minimum_ns.load(Ordering::Relaxed)
    }

    /// Value below or at which the share `quantile` (0 to 1) of the values lies, as the top of
    /// its bucket but never above the maximum; `None` before the first value.
    #[must_use]
    pub fn quantile_ns(&self, quantile: f64) -> Option<i64> {
        let maximum_ns = self.maximum_ns()?;
        let total: u64 = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .sum();
        let rank = ((quantile.clamp(0.0, 1.0) * total as f64).ceil() as u64).clamp(1, total);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count.load(Ordering::Relaxed);
            if seen >= rank {
                return Some(buckets::highest_in(index).cast_signed().min(maximum_ns));
            }
        }
        Some(maximum_ns)
    }

    /// Count of the bucket `index`, for differences.
    pub(crate) fn count_at(&self, index: usize) -> u64 {
        self.counts[index].load(Ordering::Relaxed)
    }
}

/// Pages that no value touched are never backed by memory, so the array may be long.
fn empty_counts() -> Box<[AtomicU64]> {
    let zeros = vec![0_u64; COUNTS].into_boxed_slice();
    // SAFETY: AtomicU64 has the size and alignment of u64 on the targets we build for (checked
    // below), and the box is handed over whole.
    unsafe { Box::from_raw(Box::into_raw(zeros) as *mut [AtomicU64]) }
}

const _: () = assert!(align_of::<AtomicU64>() == align_of::<u64>());

/// One writer: a plain load and store, without the bus lock of a read-modify-write.
#[inline(always)]
fn raise(counter: &AtomicU64, by: u64) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(by),
        Ordering::Relaxed,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact_to_three_digits() {
        let histogram = Histogram::new("parse");
        for value_ns in 1..=100_000 {
            histogram.record(value_ns);
        }
        for (quantile, expected) in [(0.5, 50_000_f64), (0.99, 99_000.0), (1.0, 100_000.0)] {
            let value = histogram.quantile_ns(quantile).expect("values") as f64;
            assert!(
                (value / expected - 1.0).abs() < 0.001,
                "{quantile}: {value}"
            );
        }
        assert_eq!(histogram.count(), 100_000);
        assert_eq!(histogram.minimum_ns(), Some(1));
        assert_eq!(histogram.maximum_ns(), Some(100_000));
        assert_eq!(histogram.sum_ns(), 5_000_050_000);
    }

    #[test]
    fn negative_and_too_large_values_are_counted_apart() {
        let histogram = Histogram::new("read");
        assert_eq!(
            (histogram.minimum_ns(), histogram.quantile_ns(0.5)),
            (None, None)
        );
        histogram.record(-5);
        histogram.record(-7);
        histogram.record(i64::MAX);
        histogram.record(0);
        assert_eq!((histogram.count(), histogram.negative()), (2, 2));
        assert_eq!(histogram.negative_minimum_ns(), -7);
        assert_eq!(
            (histogram.saturated(), histogram.maximum_ns()),
            (1, Some(i64::MAX))
        );
        assert_eq!(histogram.quantile_ns(0.0), Some(0));
    }
}
