//! `Parser`: one venue's text to records, for tests, benchmarks and tools.

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tickwork_core::parse::binance::{Parser as Core, Path};
use tickwork_core::parse::instruments::Instruments;
use tickwork_core::parse::rules::{self, Rules};
use tickwork_core::parse::{Parsed, Reason};
use tickwork_core::record::buffer::RecordBuffer;
use tickwork_core::record::market::Market;

use crate::buffers::Lent;

create_exception!(
    tickwork_native,
    ParseRefused,
    PyException,
    "A payload became no record; `reason` says why, by the name under which it is counted."
);

/// Reads payloads of one venue; the same code as the normalizer's.
#[pyclass(module = "tickwork_native")]
pub struct Parser {
    core: Core,
    out: RecordBuffer,
}

#[pymethods]
impl Parser {
    #[new]
    #[pyo3(signature = (
        venue, instruments, payload_bytes_max = 1_048_576, snapshot_limit = 1000,
    ))]
    fn new(
        venue: &str,
        instruments: Vec<String>,
        payload_bytes_max: usize,
        snapshot_limit: u32,
    ) -> PyResult<Self> {
        let core = core(venue, &instruments, payload_bytes_max, snapshot_limit)?;
        Ok(Self {
            core,
            out: RecordBuffer::new(),
        })
    }

    /// The record of a payload; empty for a message that is no market data.
    #[pyo3(signature = (payload, instrument = 0xFFFF, path = "both"))]
    fn parse<'py>(
        &mut self,
        py: Python<'py>,
        payload: &Bound<'py, PyAny>,
        instrument: u16,
        path: &str,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let path = path_of(path)?;
        let parsed = match payload.cast::<PyBytes>() {
            Ok(bytes) => self.read(instrument, path, bytes.as_bytes()),
            Err(_) => self.read(instrument, path, Lent::get(payload)?.bytes()),
        };
        match parsed {
            Ok(Parsed::Record) => Ok(PyBytes::new(py, self.out.record())),
            Ok(_) => Ok(PyBytes::new(py, &[])),
            Err(reason) => Err(refused(py, reason)),
        }
    }

    /// Exponents of prices and quantities per instrument, as they are now.
    fn exponents(&self) -> Vec<(i8, i8)> {
        let instruments = self.core.instruments();
        let scales = (0..instruments.len()).map(|index| instruments.scale(index as u16));
        scales
            .map(|scale| (scale.price_exponent(), scale.quantity_exponent()))
            .collect()
    }
}

impl Parser {
    fn read(&mut self, instrument: u16, path: Path, payload: &[u8]) -> Result<Parsed, Reason> {
        let venue = self.core.rules().venue;
        let base = Market {
            venue,
            instrument,
            ..Market::default()
        };
        self.core.parse(path, &base, payload, &mut self.out)
    }
}

fn path_of(name: &str) -> PyResult<Path> {
    match name {
        "both" => Ok(Path::Both),
        "strict" => Ok(Path::Strict),
        "tolerant" => Ok(Path::Tolerant),
        _ => Err(PyValueError::new_err(format!(
            "parsing by the path {name:?}: give \"both\", \"strict\" or \"tolerant\""
        ))),
    }
}

fn refused(py: Python<'_>, reason: Reason) -> PyErr {
    let name = reason.name();
    let error = ParseRefused::new_err(format!("parsing a payload: {name}; no record was made"));
    match error.value(py).setattr("reason", name) {
        Ok(()) => error,
        Err(other) => other,
    }
}

/// A parser of the core, or what is wrong with its settings.
pub fn core(
    venue: &str,
    instruments: &[String],
    payload_bytes_max: usize,
    snapshot_limit: u32,
) -> PyResult<Core> {
    let (rules, instruments) = known(venue, instruments)?;
    Ok(Core::new(
        rules,
        instruments,
        payload_bytes_max,
        snapshot_limit,
    ))
}

/// The rules of a venue and the table of its instruments, or what is wrong with their names.
pub fn known(venue: &str, instruments: &[String]) -> PyResult<(Rules, Instruments)> {
    let rules = rules::by_name(venue).ok_or_else(|| {
        let names = rules::ALL.map(|rules| rules.name).join(", ");
        PyValueError::new_err(format!(
            "parsing for the venue {venue:?}: known are {names}"
        ))
    })?;
    let instruments =
        Instruments::new(instruments).map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok((rules, instruments))
}
