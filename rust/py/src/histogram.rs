//! `Histogram`, and its Prometheus text.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tickwork_core::histogram::{self, Shared};

use crate::buffers::Lent;

/// A cumulative HDR histogram of nanoseconds; read it at any time from any thread.
#[pyclass(frozen, module = "tickwork_native")]
pub struct Histogram(pub Shared);

impl From<Shared> for Histogram {
    fn from(shared: Shared) -> Self {
        Self(shared)
    }
}

#[pymethods]
impl Histogram {
    #[new]
    fn new(name: &str) -> Self {
        Self(histogram::Histogram::shared(name))
    }

    /// Records one value; only one thread may record.
    fn record(&self, value_ns: i64) {
        self.0.record(value_ns);
    }

    /// Records every int64 of a contiguous buffer.
    fn record_many(&self, values: &Bound<'_, PyAny>) -> PyResult<()> {
        let lent = Lent::get(values)?;
        let (chunks, rest) = lent.bytes().as_chunks::<8>();
        if !rest.is_empty() {
            return Err(PyValueError::new_err(format!(
                "recording {} bytes: not a whole number of int64 values",
                lent.bytes().len()
            )));
        }
        for chunk in chunks {
            self.0.record(i64::from_ne_bytes(*chunk));
        }
        Ok(())
    }

    /// Name of the hop.
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// Number of values, the negative ones not among them.
    #[getter]
    fn count(&self) -> u64 {
        self.0.count()
    }

    /// Sum of the values, in nanoseconds.
    #[getter]
    fn sum_ns(&self) -> u64 {
        self.0.sum_ns()
    }

    /// Number of negative values.
    #[getter]
    fn negative(&self) -> u64 {
        self.0.negative()
    }

    /// The smallest negative value; 0 where there was none.
    #[getter]
    fn negative_minimum_ns(&self) -> i64 {
        self.0.negative_minimum_ns()
    }

    /// Number of values above the highest bucket.
    #[getter]
    fn saturated(&self) -> u64 {
        self.0.saturated()
    }

    /// Smallest value, or None.
    #[getter]
    fn minimum_ns(&self) -> Option<i64> {
        self.0.minimum_ns()
    }

    /// Largest value, or None.
    #[getter]
    fn maximum_ns(&self) -> Option<i64> {
        self.0.maximum_ns()
    }

    /// Value at the share `quantile` (0 to 1), or None.
    fn quantile_ns(&self, quantile: f64) -> PyResult<Option<i64>> {
        if !(0.0..=1.0).contains(&quantile) {
            return Err(PyValueError::new_err(format!(
                "reading the quantile {quantile}: give a share between 0 and 1"
            )));
        }
        Ok(self.0.quantile_ns(quantile))
    }
}

/// Handles of the core's histograms.
pub fn shared_of(histograms: &[PyRef<'_, Histogram>]) -> Vec<Shared> {
    histograms
        .iter()
        .map(|face| Shared::clone(&face.0))
        .collect()
}

/// Prometheus text (classic buckets, seconds) of `histograms`; releases the GIL.
#[pyfunction]
pub fn render_prometheus<'py>(
    py: Python<'py>,
    histograms: Vec<PyRef<'py, Histogram>>,
    prefix: &str,
    labels: std::collections::BTreeMap<String, String>,
) -> Bound<'py, PyBytes> {
    let shared = shared_of(&histograms);
    let labels: Vec<_> = labels.into_iter().collect();
    let text = py.detach(|| histogram::render_prometheus(&shared, prefix, &labels));
    PyBytes::new(py, text.as_bytes())
}
