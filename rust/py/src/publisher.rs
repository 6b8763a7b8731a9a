//! `PublisherKernel`: the publisher of a unit.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyo3::prelude::*;
use tickwork_core::clock::fast_clock;
use tickwork_core::histogram::Shared;
use tickwork_core::publisher::{Publisher, Readings};
use tickwork_core::ring::publication::Publication;

use crate::errors::raise;
use crate::histogram::Histogram;
use crate::kernel::KernelFace;
use crate::publication::shape;

/// Market records in, a broadcast segment out. Port 1: requests to the book.
#[pyclass(frozen, extends = KernelFace, module = "tickwork_native")]
pub struct PublisherKernel {
    readings: Readings,
}

#[pymethods]
impl PublisherKernel {
    #[new]
    fn new(
        path: PathBuf,
        name: &str,
        instruments: Vec<(String, u8)>,
        ring_slots: u64,
        depth_bytes: u64,
        table_levels: usize,
    ) -> PyResult<PyClassInitializer<Self>> {
        let shape = shape(name, instruments, ring_slots, depth_bytes, table_levels);
        let publication = Publication::create(&path, &shape).map_err(raise)?;
        let core = Publisher::new(publication, fast_clock());
        let readings = core.readings();
        let base = PyClassInitializer::from(KernelFace::new(Box::new(core)));
        Ok(base.add_subclass(Self { readings }))
    }

    /// Counts by name.
    fn counters(&self) -> BTreeMap<String, u64> {
        self.readings.tally.list().into_iter().collect()
    }

    /// The hop `publish`.
    fn histograms(&self) -> [Histogram; 1] {
        [Histogram::from(Shared::clone(&self.readings.publish))]
    }

    /// Marks the end of the stream (a final Stop) and lets the segment go.
    fn close(slf: PyRef<'_, Self>) {
        slf.readings.end_with_kernel();
        slf.as_super().drop_kernel();
    }
}
