//! `Audit`: captures in, the proof of their books out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use tickwork_core::audit::auditor::Auditor;
use tickwork_core::audit::report::{BookReport, Report};
use tickwork_core::parse::rules;

use crate::buffers::Lent;

/// One audit; several captures are one stream in the given order.
#[pyclass(frozen, module = "tickwork_native")]
pub struct Audit(Mutex<Auditor>);

impl Audit {
    fn auditor(&self) -> MutexGuard<'_, Auditor> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Audit {
    #[new]
    #[pyo3(signature = (venue, keep_rows = false))]
    fn new(venue: &str, keep_rows: bool) -> PyResult<Self> {
        let known = || rules::ALL.map(|rules| rules.name).join(", ");
        let rules = rules::by_name(venue).ok_or_else(|| {
            let known = known();
            PyValueError::new_err(format!("auditing venue {venue:?}: known are {known}"))
        })?;
        let auditor = Auditor::new(rules, keep_rows)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self(Mutex::new(auditor)))
    }

    /// Makes room for an instrument before it appears; ids follow the order of the calls.
    fn expect(&self, symbol: &str) -> bool {
        self.auditor().expect(symbol)
    }

    /// Takes the next bytes of a capture; they may end anywhere.
    fn feed(&self, py: Python<'_>, chunk: &Bound<'_, PyAny>) -> PyResult<()> {
        let lent = Lent::get(chunk)?;
        let bytes = lent.bytes();
        py.detach(|| self.auditor().feed(bytes));
        Ok(())
    }

    /// Ends one capture; true when its last line was cut off.
    fn end_capture(&self) -> bool {
        self.auditor().end_capture()
    }

    /// What was found, by the keys of `audit --json`.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let report = self.auditor().finish();
        dict_of(py, &report)
    }

    /// Proof rows of every applied update, instrument by instrument.
    fn rows<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.auditor().rows())
    }
}

fn dict_of<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let counts = [
        ("messages", report.messages),
        ("diffs", report.diffs),
        ("applied", report.applied),
        ("beforeSnapshot", report.before_snapshot),
        ("gaps", report.gaps),
        ("crossed", report.crossed),
        ("tickerCompared", report.ticker_compared),
        ("tickerEqual", report.ticker_equal),
        ("tickerUnpaired", report.ticker_unpaired),
        ("unparsed", report.unparsed),
    ];
    for (name, count) in counts {
        dict.set_item(name, count)?;
    }
    let span = PyDict::new(py);
    let milliseconds = |ns: i64| ns as f64 / 1e6;
    let receive_minus_event = report.receive_minus_event;
    span.set_item(
        "min",
        receive_minus_event.map(|span| milliseconds(span.min_ns)),
    )?;
    span.set_item(
        "max",
        receive_minus_event.map(|span| milliseconds(span.max_ns)),
    )?;
    dict.set_item("receiveMinusEventMs", span)?;
    let books = PyList::empty(py);
    for book in &report.books {
        books.append(book_dict(py, book)?)?;
    }
    dict.set_item("books", books)?;
    Ok(dict)
}

fn book_dict<'py>(py: Python<'py>, book: &BookReport) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let (bid, bid_quantity) = book.bid.clone().unzip();
    let (ask, ask_quantity) = book.ask.clone().unzip();
    dict.set_item("instrument", &book.instrument)?;
    dict.set_item("state", book.state)?;
    dict.set_item("gapSinceUpdateId", book.gap_since_update_id)?;
    dict.set_item("lastUpdateId", book.last_update_id)?;
    dict.set_item("bid", bid)?;
    dict.set_item("bidQuantity", bid_quantity)?;
    dict.set_item("ask", ask)?;
    dict.set_item("askQuantity", ask_quantity)?;
    let levels = PyDict::new(py);
    levels.set_item("bids", book.levels.0)?;
    levels.set_item("asks", book.levels.1)?;
    dict.set_item("levels", levels)?;
    Ok(dict)
}
