//! `RingReader` and `RingWaiter`: the top ring.

use std::path::PathBuf;
use std::sync::Mutex;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use tickwork_core::ring::top;

use crate::buffers::Lent;
use crate::errors::raise;
use crate::inspect::describe;
use crate::waiting::{duration, lock, strategy, until};

/// Reads the top ring of a broadcast segment.
#[pyclass(frozen, module = "tickwork_native")]
pub struct RingReader {
    inner: Mutex<Option<top::TopReader>>,
    path: PathBuf,
}

impl RingReader {
    fn with<T>(&self, work: impl FnOnce(&mut top::TopReader) -> PyResult<T>) -> PyResult<T> {
        let mut slot = lock(&self.inner);
        work(slot.as_mut().ok_or_else(|| {
            let path = self.path.display();
            PyRuntimeError::new_err(format!("reading {path}: it is closed"))
        })?)
    }
}

#[pymethods]
impl RingReader {
    /// Attaches read-only to a segment file.
    #[staticmethod]
    fn attach(path: PathBuf) -> PyResult<Self> {
        let reader = top::TopReader::attach(&path).map_err(raise)?;
        Ok(Self {
            inner: Mutex::new(Some(reader)),
            path,
        })
    }

    /// Copies checked 64-byte records into `buffer`; returns (records, newly lost).
    fn read_into(&self, buffer: &Bound<'_, PyAny>) -> PyResult<(usize, u64)> {
        let mut lent = Lent::get(buffer)?;
        let room = lent.bytes_mut()?;
        self.with(|reader| {
            let batch = reader.read(room).map_err(raise)?;
            Ok((batch.copied, batch.lost))
        })
    }

    /// Checked 64-byte records as bytes, and the number newly lost.
    #[pyo3(signature = (max_records = 4096))]
    fn read_bytes<'py>(
        &self,
        py: Python<'py>,
        max_records: usize,
    ) -> PyResult<(Bound<'py, PyBytes>, u64)> {
        self.with(|reader| {
            let count = (reader.available() as usize).clamp(1, max_records.max(1));
            let mut room = vec![0; count * 64];
            let batch = reader.read(&mut room).map_err(raise)?;
            Ok((PyBytes::new(py, &room[..batch.copied * 64]), batch.lost))
        })
    }

    /// Whether there is something to read, now or within the time.
    #[pyo3(signature = (timeout_ns, wait = "park"))]
    fn wait(&self, py: Python<'_>, timeout_ns: i64, wait: &str) -> PyResult<bool> {
        let wait = strategy(wait)?;
        if self.with(|reader| Ok(reader.available()))? > 0 {
            return Ok(true);
        }
        let answer = until(py, duration(timeout_ns), |slice| {
            let came = self.with(|reader| {
                let came = reader.wait_slice(wait, slice);
                if !came {
                    // An empty read follows a writer that made a new file.
                    reader.read(&mut []).map_err(raise)?;
                }
                Ok(came || reader.available() > 0 || reader.has_ended())
            });
            match came {
                Ok(false) => None,
                answer => Some(answer),
            }
        })?;
        answer.transpose()?;
        self.with(|reader| Ok(reader.available() > 0))
    }

    /// Somebody who waits for the next record in another thread.
    fn waiter(&self) -> PyResult<RingWaiter> {
        self.with(|reader| Ok(RingWaiter(reader.waiter().map_err(raise)?)))
    }

    /// What the segment says about itself.
    fn header<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        describe(py, &self.path)
    }

    /// Lets go.
    fn close(&self) {
        lock(&self.inner).take();
    }

    /// Records that could be read now.
    #[getter]
    fn available(&self) -> PyResult<u64> {
        self.with(|reader| Ok(reader.available()))
    }

    /// starting, live, draining, closed, moved, stuck or dead.
    #[getter]
    fn state(&self) -> PyResult<&'static str> {
        self.with(|reader| Ok(reader.liveness().name()))
    }

    /// Generation of the segment.
    #[getter]
    fn generation(&self) -> PyResult<u64> {
        self.with(|reader| Ok(reader.source().segment().generation()))
    }

    /// Records lost in all.
    #[getter]
    fn lost(&self) -> PyResult<u64> {
        self.with(|reader| Ok(reader.lost()))
    }

    /// How often the writer came round.
    #[getter]
    fn laps(&self) -> PyResult<u64> {
        self.with(|reader| Ok(reader.laps()))
    }

    /// Records read in all.
    #[getter]
    fn received(&self) -> PyResult<u64> {
        self.with(|reader| Ok(reader.received()))
    }
}

/// Waits for a ring in another thread without reading it.
#[pyclass(frozen, module = "tickwork_native")]
pub struct RingWaiter(top::TopWaiter);

#[pymethods]
impl RingWaiter {
    /// Waits at most 50 ms; whether the awaited record is there or lost.
    fn wait(&self, py: Python<'_>, timeout_ns: i64) -> bool {
        py.detach(|| self.0.wait_slice(duration(timeout_ns)))
    }
}
