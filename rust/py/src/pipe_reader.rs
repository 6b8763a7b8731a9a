//! `PipeReader`: the reading end of a pipe, its batches read in place.

use std::ffi::{c_int, c_void};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;
use tickwork_core::ring::pipe::{self, PipeGauge};
use tickwork_core::ring::{Mapping, SegmentError, Wait};

use crate::errors::raise;
use crate::pipe_writer::PipeWriter;
use crate::place::{Away, Place};
use crate::waiting::{duration, lock, strategy, until};

/// The place of one reader.
pub type Slot = Arc<Place<pipe::PipeReader>>;

/// The reading end of a pipe.
#[pyclass(frozen, module = "tickwork_native")]
pub struct PipeReader {
    slot: Slot,
    gauge: Mutex<PipeGauge>,
    received: AtomicU64,
    closed: Mutex<bool>,
}

/// Bytes of one batch inside of the mapping, which it keeps alive.
#[pyclass(frozen, module = "tickwork_native")]
struct BatchView {
    mapping: Arc<Mapping>,
    at: usize,
    length: usize,
}

#[pymethods]
impl BatchView {
    /// # Safety
    /// Called by Python with a valid view.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let this = slf.get();
        // SAFETY: the range was handed to the reader; that it is valid until the next call is
        // the documented contract of `read_batch`.
        let bytes = unsafe { this.mapping.bytes(this.at, this.length) };
        // SAFETY: `view` is Python's; the bytes live as long as the object, which the view
        // keeps alive; they are exported read-only.
        let filled = unsafe {
            ffi::PyBuffer_FillInfo(
                view,
                slf.as_ptr(),
                bytes.as_ptr() as *mut c_void,
                bytes.len() as ffi::Py_ssize_t,
                1,
                flags,
            )
        };
        if filled == -1 {
            return Err(PyErr::fetch(slf.py()));
        }
        Ok(())
    }
}

impl PipeReader {
    /// The face of a reader.
    pub fn new(reader: pipe::PipeReader) -> PyResult<Self> {
        Ok(Self {
            gauge: Mutex::new(PipeGauge::new(reader.segment()).map_err(raise)?),
            slot: Arc::new(Place::new(reader)),
            received: AtomicU64::new(0),
            closed: Mutex::new(false),
        })
    }

    /// Where a loop takes the reader from and brings it back to.
    pub fn slot(&self) -> Slot {
        Arc::clone(&self.slot)
    }

    #[inline(always)]
    fn with<T>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut pipe::PipeReader) -> PyResult<T>,
    ) -> PyResult<T> {
        self.slot.with(py, |slot| match slot {
            Some(reader) => work(reader),
            None => Err(self.absent()),
        })
    }

    /// A copy of the next record, its room given back; Python's None when there is none yet.
    /// `None` where an error has to be said.
    #[inline(always)]
    pub fn read_one(&self, py: Python<'_>) -> Option<*mut ffi::PyObject> {
        self.slot
            .with(py, |slot| self.copy(py, slot.as_mut()?).ok())
    }

    /// As `read_one`, with the error.
    pub fn read_any(&self, py: Python<'_>) -> PyResult<*mut ffi::PyObject> {
        self.with(py, |reader| self.copy(py, reader).map_err(raise))
    }

    /// A new reference to the copy or to None; null where Python has no memory, and says so.
    #[inline(always)]
    fn copy(
        &self,
        py: Python<'_>,
        reader: &mut pipe::PipeReader,
    ) -> Result<*mut ffi::PyObject, SegmentError> {
        let Some(record) = reader.record()? else {
            return Ok(py.None().into_ptr());
        };
        let (first, length) = (record.as_ptr().cast(), record.len().cast_signed());
        // SAFETY: attached; the bytes are valid until `release`.
        let copy = unsafe { ffi::PyBytes_FromStringAndSize(first, length) };
        reader.release();
        self.received.store(reader.received(), Ordering::Relaxed);
        Ok(copy)
    }

    #[cold]
    fn absent(&self) -> PyErr {
        let path = self.gauge().segment().path().display().to_string();
        let why = if *lock(&self.closed) {
            "it is closed"
        } else {
            "a NativeLoop holds it; stop the loop first"
        };
        PyRuntimeError::new_err(format!("reading {path}: {why}"))
    }

    fn gauge(&self) -> PipeGauge {
        lock(&self.gauge).clone()
    }

    fn take(&self, py: Python<'_>, max_bytes: usize) -> PyResult<Option<BatchView>> {
        self.with(py, |reader| {
            reader.release();
            let found = reader.batch(max_bytes).map_err(raise)?;
            self.received.store(reader.received(), Ordering::Relaxed);
            Ok(found.map(|(at, length)| BatchView {
                mapping: Arc::clone(reader.segment().mapping()),
                at,
                length,
            }))
        })
    }

    /// Waits a slice; true when there is something or the stream has ended.
    fn wait_slice(
        &self,
        away: &Away<'_, pipe::PipeReader>,
        slice: std::time::Duration,
        wait: Wait,
    ) -> PyResult<bool> {
        away.with(|slot| {
            let reader = slot.as_mut().ok_or_else(|| self.absent())?;
            let came = reader.wait(wait, slice);
            if reader.segment().path() == self.gauge().segment().path() {
                *lock(&self.gauge) = PipeGauge::new(reader.segment()).map_err(raise)?;
            }
            Ok(came || reader.has_ended())
        })
    }

    fn wait_for(&self, py: Python<'_>, timeout_ns: i64, wait: &str) -> PyResult<()> {
        let wait = strategy(wait)?;
        self.slot.away(py, |away| {
            let answer = until(py, duration(timeout_ns), |slice| {
                match self.wait_slice(&away, slice, wait) {
                    Ok(false) => None,
                    answer => Some(answer),
                }
            })?;
            answer.transpose().map(|_| ())
        })
    }
}

#[pymethods]
impl PipeReader {
    /// Attaches and goes on at the stored cursor.
    #[staticmethod]
    fn attach(path: PathBuf) -> PyResult<Self> {
        Self::new(pipe::PipeReader::attach(&path).map_err(raise)?)
    }

    /// Whole records, read in place, valid until the next call; None when nothing came.
    #[pyo3(signature = (max_bytes = 1_048_576, timeout_ns = 0, wait = "park"))]
    fn read_batch<'py>(
        &self,
        py: Python<'py>,
        max_bytes: usize,
        timeout_ns: i64,
        wait: &str,
    ) -> PyResult<Option<Bound<'py, PyMemoryView>>> {
        let mut view = self.take(py, max_bytes)?;
        if view.is_none() && timeout_ns > 0 {
            self.wait_for(py, timeout_ns, wait)?;
            view = self.take(py, max_bytes)?;
        }
        view.map(|view| PyMemoryView::from(Bound::new(py, view)?.as_any()))
            .transpose()
    }

    /// Whether there is something to read, now or within the time.
    #[pyo3(signature = (timeout_ns, wait = "park"))]
    fn wait(&self, py: Python<'_>, timeout_ns: i64, wait: &str) -> PyResult<bool> {
        strategy(wait)?;
        if self.with(py, |reader| Ok(reader.pending()))? == 0 {
            self.wait_for(py, timeout_ns, wait)?;
        }
        Ok(self.with(py, |reader| Ok(reader.pending()))? > 0)
    }

    /// Gives the last batch's room back without reading on.
    fn release(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |reader| {
            reader.release();
            Ok(())
        })
    }

    /// Whether a process holds the writing end.
    fn writer_alive(&self) -> PyResult<bool> {
        self.gauge().segment().is_locked(0).map_err(raise)
    }

    /// Lets go; the cursor stays, and the next reader goes on there.
    fn close(&self, py: Python<'_>) {
        if let Some(mut reader) = self.slot.with(py, Option::take) {
            *lock(&self.closed) = true;
            reader.release();
        }
    }

    /// Path of the segment.
    #[getter]
    fn path(&self) -> String {
        self.gauge().segment().path().display().to_string()
    }

    /// Name of the segment.
    #[getter]
    fn name(&self) -> String {
        self.gauge().segment().geometry().name.clone()
    }

    /// Generation of the segment.
    #[getter]
    fn generation(&self) -> u64 {
        self.gauge().segment().generation()
    }

    /// Bytes that were not given back yet (the batch in hand is among them).
    #[getter]
    fn pending_bytes(&self) -> u64 {
        self.gauge().pending()
    }

    /// Bytes of the region.
    #[getter]
    fn capacity(&self) -> u64 {
        self.gauge().capacity()
    }

    /// Highest fill that the writer has seen, in bytes.
    #[getter]
    fn high_water(&self) -> u64 {
        self.gauge().high_water()
    }

    /// Records that this reader has read itself (a loop counts its own).
    #[getter]
    fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// The writer closed the stream and everything was read.
    #[getter]
    fn ended(&self, py: Python<'_>) -> PyResult<bool> {
        self.with(py, |reader| Ok(reader.has_ended()))
    }

    /// Whether a NativeLoop holds it now.
    #[getter]
    fn in_loop(&self, py: Python<'_>) -> bool {
        self.slot.with(py, |slot| slot.is_none()) && !*lock(&self.closed)
    }
}

/// Both ends of a pipe on memory without a name.
#[pyfunction]
pub fn anonymous_pipe(capacity_bytes: u64, name: &str) -> PyResult<(PipeWriter, PipeReader)> {
    let (writer, reader) = pipe::unnamed(capacity_bytes, name).map_err(raise)?;
    Ok((PipeWriter::new(writer)?, PipeReader::new(reader)?))
}
