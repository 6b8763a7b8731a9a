//! `NormalizerKernel`: frames to records, in Python's batch drive and in native loops.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use tickwork_core::clock;
use tickwork_core::histogram::Shared;
use tickwork_core::normalizer::{Normalizer, Readings, Unparsed};

use crate::histogram::Histogram;
use crate::kernel::KernelFace;
use crate::parse;

/// The normalizer of a unit: frames in, records out at port 0.
#[pyclass(frozen, extends = KernelFace, module = "tickwork_native")]
pub struct NormalizerKernel {
    readings: Readings,
}

#[pymethods]
impl NormalizerKernel {
    #[new]
    #[pyo3(signature = (
        venue, instruments, payload_bytes_max = 1_048_576, snapshot_limit = 1000,
    ))]
    fn new(
        venue: &str,
        instruments: Vec<String>,
        payload_bytes_max: usize,
        snapshot_limit: u32,
    ) -> PyResult<PyClassInitializer<Self>> {
        let parser = parse::core(venue, &instruments, payload_bytes_max, snapshot_limit)?;
        let clock = clock::fast_clock();
        let core = Normalizer::new(parser, move || clock.now_ns());
        let readings = core.readings();
        let base = PyClassInitializer::from(KernelFace::new(Box::new(core)));
        Ok(base.add_subclass(Self { readings }))
    }

    /// Counts by name; `unparsed` is the sum of the `unparsed.<reason>`.
    fn counters(&self) -> BTreeMap<String, u64> {
        self.readings.tally.list().into_iter().collect()
    }

    /// The hops `receive` and `parse`.
    fn histograms(&self) -> [Histogram; 2] {
        let readings = &self.readings;
        [&readings.receive, &readings.parse].map(|hop| Histogram::from(Shared::clone(hop)))
    }

    /// The last payloads that became no record, oldest first.
    fn unparsed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        // Copied under the lock and shown after it: the kernel may be waiting to note one.
        let entries: Vec<Unparsed> = {
            let log = self
                .readings
                .unparsed
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            log.entries().copied().collect()
        };
        let all = PyList::empty(py);
        for entry in &entries {
            all.append(shown(py, entry)?)?;
        }
        Ok(all)
    }
}

fn shown<'py>(py: Python<'py>, entry: &Unparsed) -> PyResult<Bound<'py, PyDict>> {
    let shown = PyDict::new(py);
    shown.set_item("frameId", entry.frame_id)?;
    shown.set_item("receivedNs", entry.received_ns)?;
    shown.set_item("line", entry.line)?;
    shown.set_item("reason", entry.reason.name())?;
    shown.set_item("length", entry.length)?;
    shown.set_item("excerpt", PyBytes::new(py, entry.excerpt()))?;
    Ok(shown)
}
