//! `DepthReader`: the depth ring, in checked copies.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tickwork_core::record::Records;
use tickwork_core::ring::depth;
use tickwork_core::ring::segment::names;

use crate::errors::raise;
use crate::waiting::{duration, lock, strategy, until};

struct Inner {
    reader: depth::DepthReader,
    records: VecDeque<Vec<u8>>,
}

/// Reads the depth ring of a broadcast segment.
#[pyclass(frozen, module = "tickwork_native")]
pub struct DepthReader {
    inner: Mutex<Option<Inner>>,
    path: PathBuf,
}

/// Bytes that the iterator reads ahead.
const AHEAD: usize = 1 << 18;

impl DepthReader {
    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> PyResult<T>) -> PyResult<T> {
        let mut slot = lock(&self.inner);
        work(slot.as_mut().ok_or_else(|| {
            let path = self.path.display();
            PyRuntimeError::new_err(format!("reading {path}: it is closed"))
        })?)
    }

    fn read(&self, max_bytes: usize) -> PyResult<(Vec<u8>, u64)> {
        let mut bytes = Vec::new();
        let batch = self.with(|inner| inner.reader.read(&mut bytes, max_bytes).map_err(raise))?;
        Ok((bytes, batch.lost))
    }

    fn wait_for(&self, py: Python<'_>, timeout: Duration, wait: &str) -> PyResult<()> {
        let wait = strategy(wait)?;
        let answer = until(py, timeout, |slice| {
            let came = self.with(|inner| {
                let came = inner.reader.wait_slice(wait, slice) || inner.reader.has_ended();
                Ok(came || inner.reader.follow())
            });
            match came {
                Ok(false) => None,
                answer => Some(answer),
            }
        })?;
        answer.transpose().map(|_| ())
    }
}

#[pymethods]
impl DepthReader {
    /// Attaches read-only.
    #[staticmethod]
    #[pyo3(signature = (name, root = None))]
    fn open(name: PathBuf, root: Option<PathBuf>) -> PyResult<Self> {
        let path = names::book_path(&name, root.as_deref());
        let reader = depth::DepthReader::attach(&path).map_err(raise)?;
        let records = VecDeque::new();
        Ok(Self {
            inner: Mutex::new(Some(Inner { reader, records })),
            path,
        })
    }

    /// Whole checked records (a copy) and the number newly lost.
    #[pyo3(signature = (max_bytes = 1_048_576, timeout_ns = 0, wait = "park"))]
    fn read_batch<'py>(
        &self,
        py: Python<'py>,
        max_bytes: usize,
        timeout_ns: i64,
        wait: &str,
    ) -> PyResult<(Bound<'py, PyBytes>, u64)> {
        let (mut bytes, mut lost) = self.read(max_bytes)?;
        if bytes.is_empty() && lost == 0 && timeout_ns > 0 {
            self.wait_for(py, duration(timeout_ns), wait)?;
            (bytes, lost) = self.read(max_bytes)?;
        }
        Ok((PyBytes::new(py, &bytes), lost))
    }

    /// Whether there is something to read, now or within the time.
    #[pyo3(signature = (timeout_ns, wait = "park"))]
    fn wait(&self, py: Python<'_>, timeout_ns: i64, wait: &str) -> PyResult<bool> {
        self.wait_for(py, duration(timeout_ns), wait)?;
        self.with(|inner| Ok(inner.reader.has_news()))
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    /// The next record; waits. Ends when the writer has closed the stream.
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        loop {
            if let Some(record) = self.with(|inner| Ok(inner.records.pop_front()))? {
                return Ok(Some(PyBytes::new(py, &record)));
            }
            let (bytes, _) = self.read(AHEAD)?;
            if bytes.is_empty() {
                if self.with(|inner| Ok(inner.reader.has_ended()))? {
                    return Ok(None);
                }
                self.wait_for(py, Duration::from_secs(1), "park")?;
            }
            self.with(|inner| {
                inner
                    .records
                    .extend(Records::new(&bytes).map(<[u8]>::to_vec));
                Ok(())
            })?;
        }
    }

    /// Lets go.
    fn close(&self) {
        lock(&self.inner).take();
    }

    /// starting, live, draining, closed, moved, stuck or dead.
    #[getter]
    fn state(&self) -> PyResult<&'static str> {
        self.with(|inner| Ok(inner.reader.liveness().name()))
    }

    /// Generation of the segment.
    #[getter]
    fn generation(&self) -> PyResult<u64> {
        self.with(|inner| Ok(inner.reader.source().segment().generation()))
    }

    /// Records lost in all.
    #[getter]
    fn lost(&self) -> PyResult<u64> {
        self.with(|inner| Ok(inner.reader.lost()))
    }

    /// How often the writer came round.
    #[getter]
    fn laps(&self) -> PyResult<u64> {
        self.with(|inner| Ok(inner.reader.laps()))
    }

    /// Records read in all.
    #[getter]
    fn received(&self) -> PyResult<u64> {
        self.with(|inner| Ok(inner.reader.received()))
    }
}
