//! `PipeWriter`: the writing end of a pipe.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use tickwork_core::record::{ALIGNMENT, Records};
use tickwork_core::ring::Wait;
use tickwork_core::ring::pipe::{self, PipeGauge};

use crate::buffers::Lent;
use crate::errors::raise;
use crate::place::Place;
use crate::waiting::{duration, lock, until};

/// The place of one writer.
pub type Slot = Arc<Place<pipe::PipeWriter>>;

/// The writing end of a pipe.
#[pyclass(frozen, module = "tickwork_native")]
pub struct PipeWriter {
    slot: Slot,
    gauge: PipeGauge,
    closed: Mutex<bool>,
}

impl PipeWriter {
    /// The face of a writer.
    pub fn new(writer: pipe::PipeWriter) -> PyResult<Self> {
        Ok(Self {
            gauge: PipeGauge::new(writer.segment()).map_err(raise)?,
            slot: Arc::new(Place::new(writer)),
            closed: Mutex::new(false),
        })
    }

    /// Where a loop takes the writer from and brings it back to.
    pub fn slot(&self) -> Slot {
        Arc::clone(&self.slot)
    }

    #[inline(always)]
    fn with<T>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut pipe::PipeWriter) -> PyResult<T>,
    ) -> PyResult<T> {
        self.slot.with(py, |slot| match slot {
            Some(writer) => work(writer),
            None => Err(self.absent()),
        })
    }

    /// Sends one record; `None` where an error has to be said, or made sure of.
    #[inline(always)]
    pub fn try_send_one(&self, py: Python<'_>, record: &[u8]) -> Option<bool> {
        self.slot
            .with(py, |slot| slot.as_mut()?.try_send(record).ok())
    }

    /// Sends as many whole records as there is room for; returns their number.
    pub fn try_send_all(&self, py: Python<'_>, records: &Bound<'_, PyAny>) -> PyResult<usize> {
        let lent = Lent::get(records)?;
        let records = whole(lent.bytes())?;
        self.with(py, |writer| {
            let sent = writer.stage_all(records);
            writer.commit();
            sent.map_err(raise)
        })
    }

    #[cold]
    fn absent(&self) -> PyErr {
        let path = self.gauge.segment().path().display();
        let why = if *lock(&self.closed) {
            "it is closed"
        } else {
            "a NativeLoop holds it; stop the loop first"
        };
        PyRuntimeError::new_err(format!("writing to {path}: {why}"))
    }
}

/// The records of `bytes`, or an error that says where they end.
fn whole(bytes: &[u8]) -> PyResult<Records<'_>> {
    let mut walk = Records::new(bytes);
    let is_aligned = walk
        .by_ref()
        .all(|record| record.len().is_multiple_of(ALIGNMENT));
    let rest = walk.rest().len();
    if rest != 0 || !is_aligned {
        return Err(PyValueError::new_err(format!(
            "sending a batch of {} bytes: the last {rest} are no whole record; send whole \
             records, each padded to 64 bytes",
            bytes.len()
        )));
    }
    Ok(Records::new(bytes))
}

/// Stages a record; what was staged before one that is too long is sent.
fn stage(writer: &mut pipe::PipeWriter, record: &[u8]) -> PyResult<bool> {
    let staged = writer.stage(record);
    if staged.is_err() {
        writer.commit();
    }
    staged.map_err(raise)
}

/// Sends what there is room for, at most after one slice of waiting; true when all is sent.
fn send_on(writer: &mut pipe::PipeWriter, rest: &mut &[&[u8]], slice: Duration) -> PyResult<bool> {
    while let [record, behind @ ..] = *rest {
        if stage(writer, record)? {
            *rest = behind;
            continue;
        }
        writer.commit();
        if !writer.wait_for_room(record.len(), Wait::Park, slice) {
            return Ok(false);
        }
    }
    writer.commit();
    Ok(true)
}

#[pymethods]
impl PipeWriter {
    /// Makes the segment, or takes over what an earlier writer left.
    #[staticmethod]
    fn create(path: PathBuf, capacity_bytes: u64, name: &str) -> PyResult<Self> {
        Self::new(pipe::PipeWriter::create(&path, capacity_bytes, name).map_err(raise)?)
    }

    /// Sends all records and waits for room; fewer only when time is over.
    fn send(&self, py: Python<'_>, records: &Bound<'_, PyAny>, timeout_ns: i64) -> PyResult<usize> {
        let lent = Lent::get(records)?;
        let records: Vec<&[u8]> = whole(lent.bytes())?.collect();
        let mut rest = records.as_slice();
        if self.with(py, |writer| send_on(writer, &mut rest, Duration::ZERO))? {
            return Ok(records.len());
        }
        self.slot.away(py, |away| {
            let answer = until(py, duration(timeout_ns), |slice| {
                let sent = away.with(|slot| match slot {
                    Some(writer) => send_on(writer, &mut rest, slice),
                    None => Err(self.absent()),
                });
                match sent {
                    Ok(false) => None,
                    answer => Some(answer),
                }
            })?;
            answer.transpose()
        })?;
        Ok(records.len() - rest.len())
    }

    /// Whether a process holds the reading end.
    fn reader_alive(&self) -> PyResult<bool> {
        self.gauge.segment().is_locked(1).map_err(raise)
    }

    /// Marks the end of the stream and lets go; what was sent stays readable.
    fn close(&self, py: Python<'_>) {
        if let Some(mut writer) = self.slot.with(py, Option::take) {
            *lock(&self.closed) = true;
            writer.close();
        }
    }

    /// Path of the segment.
    #[getter]
    fn path(&self) -> String {
        self.gauge.segment().path().display().to_string()
    }

    /// Name of the segment.
    #[getter]
    fn name(&self) -> &str {
        &self.gauge.segment().geometry().name
    }

    /// Generation of the segment.
    #[getter]
    fn generation(&self) -> u64 {
        self.gauge.segment().generation()
    }

    /// Bytes of the region.
    #[getter]
    fn capacity(&self) -> u64 {
        self.gauge.capacity()
    }

    /// Highest fill so far, in bytes.
    #[getter]
    fn high_water(&self) -> u64 {
        self.gauge.high_water()
    }

    /// Bytes sent and not read yet.
    #[getter]
    fn pending_bytes(&self) -> u64 {
        self.gauge.pending()
    }

    /// Sequence of the newest record: records sent through this segment, over restarts.
    #[getter]
    fn sent(&self) -> u64 {
        self.gauge.newest()
    }

    /// Whether a NativeLoop holds it now.
    #[getter]
    fn in_loop(&self, py: Python<'_>) -> bool {
        self.slot.with(py, |slot| slot.is_none()) && !*lock(&self.closed)
    }
}
