//! `BookKernel`: the order-book engine behind Python's batch drive and in native loops.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use tickwork_core::audit::report::state_name;
use tickwork_core::book::board::{Board, InstrumentBoard, Shown};
use tickwork_core::book::kernel::{BookKernel as Core, BookSettings};
use tickwork_core::book::rules;
use tickwork_core::book::settings::EngineSettings;
use tickwork_core::clock;
use tickwork_core::histogram::Shared;
use tickwork_core::record::ABSENT;

use crate::histogram::Histogram;
use crate::kernel::KernelFace;

/// The book of a unit: market records in, the same and images out, requests upstream.
#[pyclass(frozen, extends = KernelFace, module = "tickwork_native")]
pub struct BookKernel {
    symbols: Vec<String>,
    board: Arc<Board>,
    histograms: [Shared; 2],
}

fn rule_of(venue: u8) -> PyResult<rules::SyncRule> {
    rules::for_venue(venue).ok_or_else(|| {
        PyValueError::new_err(format!(
            "making a book: venue id {venue} has no sync rule; give 1 (binance-spot) or 2 \
             (binance-usdm)"
        ))
    })
}

#[pymethods]
impl BookKernel {
    #[new]
    #[pyo3(signature = (
        instruments, depth, stale_after_ns, request_timeout_ns = 2_000_000_000,
        request_retry_ns = 100_000_000, buffered_deltas_max = 10_000,
        buffered_bytes_max = 16_777_216, levels_max = None, has_ticker_proof = true,
        proof_path = None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn new(
        instruments: Vec<(String, u8)>,
        depth: usize,
        stale_after_ns: i64,
        request_timeout_ns: i64,
        request_retry_ns: i64,
        buffered_deltas_max: usize,
        buffered_bytes_max: usize,
        levels_max: Option<usize>,
        has_ticker_proof: bool,
        proof_path: Option<PathBuf>,
    ) -> PyResult<PyClassInitializer<Self>> {
        for (_, venue) in &instruments {
            rule_of(*venue)?;
        }
        let settings = BookSettings {
            engine: EngineSettings {
                rule: rules::BINANCE_SPOT,
                stale_after_ns,
                request_timeout_ns,
                request_retry_ns,
                buffered_deltas_max,
                buffered_bytes_max,
                levels_max: levels_max.unwrap_or(usize::MAX),
            },
            depth,
            has_ticker_proof,
        };
        let (symbols, venues): (Vec<String>, Vec<u8>) = instruments.into_iter().unzip();
        let clock = clock::fast_clock();
        let mut core = Core::new(&venues, &settings, Box::new(move || clock.now_ns()));
        if let Some(path) = &proof_path {
            core.write_proof(path)?;
        }
        let face = Self {
            symbols,
            board: core.board(),
            histograms: core.histograms(),
        };
        let base = PyClassInitializer::from(KernelFace::new(Box::new(core)));
        Ok(base.add_subclass(face))
    }

    /// Sums over all instruments, by the names of the results.
    fn counters(&self) -> BTreeMap<&'static str, u64> {
        self.board.counters().into_iter().collect()
    }

    /// The same per instrument.
    fn instrument_counters(&self) -> Vec<BTreeMap<&'static str, u64>> {
        let counters = |board: &InstrumentBoard| board.counters().into_iter().collect();
        self.board.instruments.iter().map(counters).collect()
    }

    /// How long each of the first resyncs took.
    fn resyncs_ns(&self) -> Vec<i64> {
        self.board.resyncs_ns()
    }

    /// State, ages, levels, ids and best prices per instrument.
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let all = PyList::empty(py);
        for (symbol, board) in self.symbols.iter().zip(&self.board.instruments) {
            all.append(status_of(py, symbol, board)?)?;
        }
        Ok(all)
    }

    /// The hop `book`, and `resync` (gap to LIVE).
    fn histograms(&self) -> Vec<Histogram> {
        let face = |shared: &Shared| Histogram::from(Shared::clone(shared));
        self.histograms.iter().map(face).collect()
    }

    /// Why proof rows are lost, if they are.
    #[getter]
    fn proof_failure(&self) -> Option<String> {
        self.board.proof_failure.get()
    }
}

fn stated(value: &Shown) -> Option<i64> {
    Some(value.get()).filter(|value| *value != ABSENT)
}

fn status_of<'py>(
    py: Python<'py>,
    symbol: &str,
    board: &InstrumentBoard,
) -> PyResult<Bound<'py, PyDict>> {
    let status = PyDict::new(py);
    let state = u8::try_from(board.state.get()).unwrap_or(u8::MAX);
    status.set_item("instrument", symbol)?;
    status.set_item("state", state_name(state))?;
    status.set_item("stateSinceNs", stated(&board.state_since_ns))?;
    status.set_item("updatedNs", stated(&board.updated_ns))?;
    status.set_item("updateId", board.update_id.get())?;
    status.set_item("bids", board.bids.get())?;
    status.set_item("asks", board.asks.get())?;
    status.set_item("bid", stated(&board.bid))?;
    status.set_item("bidQuantity", stated(&board.bid_quantity))?;
    status.set_item("ask", stated(&board.ask))?;
    status.set_item("askQuantity", stated(&board.ask_quantity))?;
    status.set_item("priceExponent", stated(&board.price_exponent))?;
    status.set_item("quantityExponent", stated(&board.quantity_exponent))?;
    status.set_item("buffered", board.buffered.get())?;
    status.set_item("failure", board.failure.get())?;
    Ok(status)
}
