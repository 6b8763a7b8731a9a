//! `IntervalLog`: the HDR interval log of one unit.

use std::path::PathBuf;
use std::sync::Mutex;

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use tickwork_core::histogram;

use crate::histogram::{Histogram, shared_of};

/// Writes once a second what each histogram gained.
#[pyclass(frozen, module = "tickwork_native")]
pub struct IntervalLog(Mutex<Option<histogram::IntervalLog>>);

fn refuse(error: histogram::HistogramError) -> PyErr {
    match error {
        histogram::HistogramError::File { .. } => PyOSError::new_err(error.to_string()),
        histogram::HistogramError::Encoding(_) => PyValueError::new_err(error.to_string()),
    }
}

#[pymethods]
impl IntervalLog {
    #[new]
    fn new(path: PathBuf, start_unix_ns: i64) -> PyResult<Self> {
        let log = histogram::IntervalLog::create(&path, start_unix_ns).map_err(refuse)?;
        Ok(Self(Mutex::new(Some(log))))
    }

    /// Takes what the histograms hold by now as the start.
    fn begin(&self, histograms: Vec<PyRef<'_, Histogram>>) -> PyResult<()> {
        let mut slot = self.0.lock().expect("no holder of this lock panics");
        let log = slot.as_mut().ok_or_else(|| {
            PyValueError::new_err("beginning an interval log: it is closed already")
        })?;
        log.begin(&shared_of(&histograms));
        Ok(())
    }

    /// Writes the difference to the last call, one line per histogram with new values.
    fn write_interval(
        &self,
        py: Python<'_>,
        now_unix_ns: i64,
        histograms: Vec<PyRef<'_, Histogram>>,
    ) -> PyResult<()> {
        let shared = shared_of(&histograms);
        py.detach(|| {
            let mut slot = self.0.lock().expect("no holder of this lock panics");
            let log = slot.as_mut().ok_or_else(|| {
                PyValueError::new_err("writing an interval: this interval log is closed")
            })?;
            log.write_interval(now_unix_ns, &shared).map_err(refuse)
        })
    }

    /// Closes the file; everything written is on it already.
    fn close(&self) {
        self.0.lock().expect("no holder of this lock panics").take();
    }
}
