//! `Publication`: the writer of a broadcast segment, driven from Python.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use tickwork_core::clock::fast_clock;
use tickwork_core::record::market::{HEADER_LEN, Market};
use tickwork_core::record::{Records, flag, record_type};
use tickwork_core::ring::publication;

use crate::buffers::Lent;
use crate::errors::raise;
use crate::waiting::lock;

struct Inner {
    publication: publication::Publication,
    scratch: Vec<u8>,
    sent: u64,
}

/// The writer of a broadcast segment: top ring, depth ring, table of books.
#[pyclass(frozen, module = "tickwork_native")]
pub struct Publication {
    inner: Mutex<Option<Inner>>,
    path: PathBuf,
    took_over: bool,
}

/// What a manifest says of a publication.
pub fn shape(
    name: &str,
    instruments: Vec<(String, u8)>,
    ring_slots: u64,
    depth_bytes: u64,
    table_levels: usize,
) -> publication::PublicationShape {
    publication::PublicationShape {
        name: name.to_owned(),
        instruments,
        ring_slots,
        depth_bytes,
        table_levels,
    }
}

fn is_image(record: &[u8]) -> bool {
    Market::record_type(record) == record_type::SNAPSHOT && Market::flags(record) & flag::IMAGE != 0
}

impl Publication {
    fn open(path: &Path, shape: &publication::PublicationShape) -> PyResult<Self> {
        let publication = publication::Publication::create(path, shape).map_err(raise)?;
        Ok(Self {
            path: path.to_owned(),
            took_over: publication.took_over(),
            inner: Mutex::new(Some(Inner {
                publication,
                scratch: Vec::new(),
                sent: 0,
            })),
        })
    }

    fn each(
        &self,
        records: &Bound<'_, PyAny>,
        mut work: impl FnMut(&mut Inner, &[u8]) -> PyResult<()>,
    ) -> PyResult<()> {
        let lent = Lent::get(records)?;
        let mut walk = Records::new(lent.bytes());
        let mut slot = lock(&self.inner);
        let inner = slot.as_mut().ok_or_else(|| {
            let path = self.path.display();
            PyRuntimeError::new_err(format!("publishing to {path}: it is closed"))
        })?;
        for record in walk.by_ref() {
            let known = record.len() >= HEADER_LEN && inner.publication.knows(record);
            if !known && (record.len() < HEADER_LEN || is_image(record)) {
                return Err(PyValueError::new_err(format!(
                    "publishing to {}: a record of type {} and instrument {} belongs to no \
                     book of this segment",
                    self.path.display(),
                    record[8],
                    Market::instrument(record)
                )));
            }
            work(inner, record)?;
        }
        if !walk.rest().is_empty() {
            return Err(PyValueError::new_err(format!(
                "publishing a batch: the last {} bytes are no whole record",
                walk.rest().len()
            )));
        }
        Ok(())
    }
}

#[pymethods]
impl Publication {
    /// Makes the segment, or takes over leftovers of the same shape (all books STALE).
    #[staticmethod]
    fn create(
        path: PathBuf,
        name: &str,
        instruments: Vec<(String, u8)>,
        ring_slots: u64,
        depth_bytes: u64,
        table_levels: usize,
    ) -> PyResult<Self> {
        let shape = shape(name, instruments, ring_slots, depth_bytes, table_levels);
        Self::open(&path, &shape)
    }

    /// Sends market records: an IMAGE to top and table, the rest to depth.
    fn send(&self, records: &Bound<'_, PyAny>) -> PyResult<u64> {
        let mut sent = 0;
        self.each(records, |inner, record| {
            let now_ns = fast_clock().now_ns();
            if is_image(record) {
                inner.publication.show(record, now_ns);
                inner.publication.publish_top(record, now_ns);
            } else {
                let scratch = &mut inner.scratch;
                inner
                    .publication
                    .publish_depth(record, now_ns, scratch)
                    .map_err(raise)?;
            }
            inner.sent += 1;
            sent += 1;
            Ok(())
        })?;
        Ok(sent)
    }

    /// Writes IMAGE snapshots to the table alone.
    fn show(&self, records: &Bound<'_, PyAny>) -> PyResult<()> {
        self.each(records, |inner, record| {
            inner.publication.show(record, fast_clock().now_ns());
            Ok(())
        })
    }

    /// Ends the stream.
    fn close(&self) {
        if let Some(mut inner) = lock(&self.inner).take() {
            inner.publication.close();
        }
    }

    /// Path of the segment.
    #[getter]
    fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// Generation of the segment; 0 when it is closed.
    #[getter]
    fn generation(&self) -> u64 {
        let slot = lock(&self.inner);
        slot.as_ref()
            .map_or(0, |inner| inner.publication.segment().generation())
    }

    /// Whether a dead writer's segment was taken over.
    #[getter]
    fn took_over(&self) -> bool {
        self.took_over
    }

    /// Records sent by this writer; 0 when it is closed.
    #[getter]
    fn sent(&self) -> u64 {
        lock(&self.inner).as_ref().map_or(0, |inner| inner.sent)
    }
}
