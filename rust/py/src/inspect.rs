//! `inspect_segment`: a report of any segment as plain Python data.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use tickwork_core::ring::inspect::{self, RegionReport};
use tickwork_core::ring::segment::{UNKNOWN_EXPONENT, names, region_kind};

use crate::errors::raise;

fn kind_name(kind: u16) -> &'static str {
    match kind {
        region_kind::TOP => "top",
        region_kind::DEPTH => "depth",
        region_kind::TABLE => "table",
        region_kind::PIPE => "pipe",
        _ => "unknown",
    }
}

fn region<'py>(py: Python<'py>, report: &RegionReport) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    let kind = report.info.kind;
    out.set_item("kind", kind_name(kind))?;
    out.set_item("slot_size", report.info.slot_size)?;
    out.set_item("slots", report.info.slots)?;
    out.set_item("size", report.info.size)?;
    if kind == region_kind::TABLE {
        return Ok(out);
    }
    out.set_item("committed", report.committed)?;
    out.set_item("newest_sequence", report.newest)?;
    if kind == region_kind::DEPTH {
        out.set_item("announced", report.announced)?;
    }
    if kind == region_kind::PIPE {
        out.set_item("cursor", report.cursor)?;
        out.set_item("pending", report.committed.saturating_sub(report.cursor))?;
        out.set_item("high_water", report.high_water)?;
    }
    Ok(out)
}

/// The report of the segment at `path`.
pub fn describe<'py>(py: Python<'py>, path: &Path) -> PyResult<Bound<'py, PyDict>> {
    let report = inspect::inspect(path).map_err(raise)?;
    let out = PyDict::new(py);
    out.set_item("path", report.path.display().to_string())?;
    out.set_item("name", &report.name)?;
    out.set_item("size", report.size)?;
    out.set_item("generation", report.generation)?;
    out.set_item("state", report.liveness.name())?;
    out.set_item("writer_held", report.writer_held)?;
    out.set_item("reader_held", report.reader_held)?;
    out.set_item("heartbeat_age_ns", report.heartbeat_age_ns)?;
    let regions = PyList::empty(py);
    for entry in &report.regions {
        regions.append(region(py, entry)?)?;
    }
    out.set_item("regions", regions)?;
    let instruments = PyList::empty(py);
    for (instrument, (price, quantity)) in &report.instruments {
        let known = |exponent: i8| (exponent != UNKNOWN_EXPONENT).then_some(exponent);
        let entry = PyDict::new(py);
        entry.set_item("name", &instrument.name)?;
        entry.set_item("venue", instrument.venue)?;
        entry.set_item("price_exponent", known(*price))?;
        entry.set_item("quantity_exponent", known(*quantity))?;
        instruments.append(entry)?;
    }
    out.set_item("instruments", instruments)?;
    let readers = PyList::empty(py);
    for reader in &report.readers {
        let entry = PyDict::new(py);
        entry.set_item("entry", reader.entry)?;
        entry.set_item("cursor", reader.cursor)?;
        entry.set_item("lost", reader.lost)?;
        entry.set_item("age_ns", reader.age_ns)?;
        readers.append(entry)?;
    }
    out.set_item("readers", readers)?;
    Ok(out)
}

/// Header, regions, cursors, readers, losses, ages of any segment; read-only.
#[pyfunction]
pub fn inspect_segment(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyDict>> {
    describe(py, &path)
}

/// The book segment that `name` means.
#[pyfunction]
#[pyo3(signature = (name, root = None))]
pub fn segment_path(name: PathBuf, root: Option<PathBuf>) -> String {
    names::book_path(&name, root.as_deref())
        .display()
        .to_string()
}
