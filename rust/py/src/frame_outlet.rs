//! `FrameOutlet`: the forwarder's way out: frame ids, merged lines, whole frames or none.

use std::collections::BTreeMap;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use tickwork_core::histogram::Shared;
use tickwork_core::lines::{Arrival, LineMerger, LineReadings, Sink, Verdict};
use tickwork_core::record::frame::{self, Frame};
use tickwork_core::record::{ABSENT, frame_kind};
use tickwork_core::ring::SegmentError;

use crate::buffers::Lent;
use crate::errors::raise;
use crate::histogram::Histogram;
use crate::parse;
use crate::pipe_writer::{PipeWriter, Slot};

/// A pipe, written without a detour, or anything else with `try_send(records) -> int`.
///
/// The first error is kept and raised by the call that met it.
struct Writer {
    object: Py<PyAny>,
    pipe: Option<Slot>,
    too_long: u64,
    failure: Option<PyErr>,
}

impl Writer {
    fn new(object: &Bound<'_, PyAny>) -> Self {
        let pipe = object.cast::<PipeWriter>().ok();
        Self {
            pipe: pipe.map(|pipe| pipe.get().slot()),
            object: object.clone().unbind(),
            too_long: 0,
            failure: None,
        }
    }

    /// Writes to the pipe; `None` when its writer is not there, which the pipe's face explains.
    fn write_to_pipe(&mut self, record: &[u8]) -> Option<bool> {
        let pipe = self.pipe.as_ref()?;
        let sent = Python::attach(|py| {
            pipe.with(py, |slot| {
                slot.as_mut().map(|writer| writer.try_send(record))
            })
        });
        match sent? {
            Ok(sent) => Some(sent),
            Err(SegmentError::TooLong { .. }) => {
                self.too_long += 1;
                Some(false)
            }
            Err(error) => {
                self.failure.get_or_insert(raise(error));
                Some(false)
            }
        }
    }

    fn write_to_object(&mut self, record: &[u8]) -> bool {
        Python::attach(|py| {
            let sent = self
                .object
                .call_method1(py, "try_send", (PyBytes::new(py, record),));
            match sent.and_then(|sent| sent.extract::<usize>(py)) {
                Ok(sent) => sent > 0,
                Err(error) => {
                    self.failure.get_or_insert(error);
                    false
                }
            }
        })
    }
}

impl Sink for Writer {
    fn try_write(&mut self, record: &[u8]) -> bool {
        self.write_to_pipe(record)
            .unwrap_or_else(|| self.write_to_object(record))
    }
}

/// A copy of every frame as it came, before lines are merged; what has no room is counted.
///
/// It may lose, it may break: the stream of the pipeline never hears of it.
struct Tap {
    writer: Writer,
    scratch: Vec<u8>,
    taken: u64,
    dropped: u64,
}

impl Tap {
    fn new(object: &Bound<'_, PyAny>) -> Self {
        Self {
            writer: Writer::new(object),
            scratch: Vec::new(),
            taken: 0,
            dropped: 0,
        }
    }

    fn copy(&mut self, arrival: &Arrival<'_>, venue: u8, frame_id: u64) {
        let header = Frame {
            venue,
            frame_id,
            ..arrival.header
        };
        self.scratch.clear();
        frame::append(&mut self.scratch, &header, arrival.payload);
        let taken = self.writer.try_write(&self.scratch);
        self.taken += u64::from(taken);
        self.dropped += u64::from(!taken);
        self.writer.failure = None;
    }
}

/// Frames of all lines of one venue in, one stream of frame records out; never blocks.
#[pyclass(module = "tickwork_native")]
pub struct FrameOutlet {
    merger: LineMerger<Writer>,
    tap: Option<Tap>,
    venue: u8,
}

#[pymethods]
impl FrameOutlet {
    #[new]
    #[pyo3(signature = (writer, venue, instruments, lines, hold_ns, tap = None))]
    fn new(
        writer: &Bound<'_, PyAny>,
        venue: &str,
        instruments: Vec<String>,
        lines: u16,
        hold_ns: i64,
        tap: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        if lines == 0 {
            return Err(PyValueError::new_err(
                "making an outlet for 0 lines; give at least 1",
            ));
        }
        let (rules, instruments) = parse::known(venue, &instruments)?;
        let merger = LineMerger::new(rules, instruments, lines, hold_ns, Writer::new(writer));
        Ok(Self {
            merger,
            tap: tap.map(Tap::new),
            venue: rules.venue,
        })
    }

    /// Takes one frame; returns 0 forwarded, 1 duplicate, 2 held, 3 dropped, 4 late.
    #[pyo3(signature = (
        line, connection, kind, kernel_ns, received_ns, payload,
        requested_ns = ABSENT, correlation = 0, instrument = 0xFFFF,
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn on_frame(
        &mut self,
        line: u16,
        connection: u32,
        kind: u8,
        kernel_ns: i64,
        received_ns: i64,
        payload: &Bound<'_, PyAny>,
        requested_ns: i64,
        correlation: u64,
        instrument: u16,
    ) -> PyResult<u8> {
        self.check(line, kind)?;
        let header = Frame {
            kind,
            instrument,
            line,
            kernel_ns,
            received_ns,
            connection,
            requested_ns,
            correlation,
            ..Frame::default()
        };
        let verdict = match payload.cast::<PyBytes>() {
            Ok(bytes) => self.take(&Arrival {
                header,
                payload: bytes.as_bytes(),
            }),
            Err(_) => {
                let lent = Lent::get(payload)?;
                self.take(&Arrival {
                    header,
                    payload: lent.bytes(),
                })
            }
        };
        self.raise()?;
        Ok(verdict as u8)
    }

    /// Lets go what was held too long; sends owed GAP records and connection events.
    fn tick(&mut self, now_ns: i64) -> PyResult<()> {
        self.merger.tick(now_ns);
        self.raise()
    }

    /// Ends a Block: update ids start anew, counts and frame ids go on; what is held goes out.
    fn reset(&mut self) -> PyResult<()> {
        self.merger.reset();
        self.raise()
    }

    /// Counts over all lines.
    fn counters(&mut self) -> BTreeMap<&'static str, u64> {
        let too_long = self.merger.sink().too_long;
        let readings = self.merger.readings();
        let sum = |count: fn(&LineReadings) -> u64| self.merger.lines().iter().map(count).sum();
        BTreeMap::from([
            ("frames", readings.frames),
            ("forwarded", readings.forwarded),
            ("released", readings.released),
            ("holding", readings.holding),
            ("gapsSent", readings.gaps_sent),
            ("eventsDropped", readings.events_dropped),
            ("tooLong", too_long),
            ("duplicates", sum(|line| line.duplicates)),
            ("late", sum(|line| line.late)),
            ("held", sum(|line| line.held)),
            ("dropped", sum(|line| line.dropped)),
            ("serverShutdowns", sum(|line| line.server_shutdowns)),
            ("tapped", self.tap.as_ref().map_or(0, |tap| tap.taken)),
            ("tapDropped", self.tap.as_ref().map_or(0, |tap| tap.dropped)),
        ])
    }

    /// One dict per line: its counts, and `lead`, a Histogram.
    fn line_statistics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let all = PyList::empty(py);
        for line in self.merger.lines() {
            all.append(shown(py, line)?)?;
        }
        Ok(all)
    }
}

impl FrameOutlet {
    /// Copies a frame to the tap, then gives it to the merging.
    fn take(&mut self, arrival: &Arrival<'_>) -> Verdict {
        if let Some(tap) = &mut self.tap {
            tap.copy(arrival, self.venue, self.merger.next_frame_id());
        }
        self.merger.on_frame(arrival)
    }

    fn check(&self, line: u16, kind: u8) -> PyResult<()> {
        let lines = self.merger.lines().len();
        if usize::from(line) >= lines {
            return Err(PyValueError::new_err(format!(
                "taking a frame of line {line}: this outlet has lines 0 to {}",
                lines - 1
            )));
        }
        if kind > frame_kind::ERROR {
            return Err(PyValueError::new_err(format!(
                "taking a frame of kind {kind}: kinds are 0 (text) to {} (error)",
                frame_kind::ERROR
            )));
        }
        Ok(())
    }

    fn raise(&mut self) -> PyResult<()> {
        self.merger.sink().failure.take().map_or(Ok(()), Err)
    }
}

fn shown<'py>(py: Python<'py>, line: &LineReadings) -> PyResult<Bound<'py, PyDict>> {
    let shown = PyDict::new(py);
    shown.set_item("connections", line.connections)?;
    shown.set_item("frames", line.frames)?;
    shown.set_item("wins", line.wins)?;
    shown.set_item("duplicates", line.duplicates)?;
    shown.set_item("late", line.late)?;
    shown.set_item("held", line.held)?;
    shown.set_item("dropped", line.dropped)?;
    shown.set_item("serverShutdowns", line.server_shutdowns)?;
    shown.set_item("lead", Histogram::from(Shared::clone(&line.lead)))?;
    Ok(shown)
}
