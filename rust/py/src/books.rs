//! `Books` and `Book`: the table.

use std::path::PathBuf;
use std::sync::Mutex;

use pyo3::exceptions::{PyKeyError, PyRuntimeError};
use pyo3::prelude::*;
use tickwork_core::clock::monotonic_raw_ns;
use tickwork_core::record::market::Level;
use tickwork_core::record::{ABSENT, state};
use tickwork_core::ring::books::{BookReading, BooksReader};
use tickwork_core::ring::segment::names;

use crate::errors::raise;
use crate::waiting::lock;

/// The table of a broadcast segment: the current top levels of every instrument.
#[pyclass(frozen, module = "tickwork_native")]
pub struct Books(Mutex<Option<BooksReader>>);

impl Books {
    fn with<T>(&self, work: impl FnOnce(&mut BooksReader) -> PyResult<T>) -> PyResult<T> {
        let mut slot = lock(&self.0);
        work(
            slot.as_mut()
                .ok_or_else(|| PyRuntimeError::new_err("reading a table of books: it is closed"))?,
        )
    }
}

#[pymethods]
impl Books {
    /// Attaches read-only.
    #[staticmethod]
    #[pyo3(signature = (name, root = None))]
    fn open(name: PathBuf, root: Option<PathBuf>) -> PyResult<Self> {
        let path = names::book_path(&name, root.as_deref());
        let reader = BooksReader::attach(&path).map_err(raise)?;
        Ok(Self(Mutex::new(Some(reader))))
    }

    fn __getitem__(&self, symbol: &str) -> PyResult<Book> {
        self.with(|reader| {
            let id = reader.find(symbol).ok_or_else(|| {
                let known = reader.symbols().join(", ");
                PyKeyError::new_err(format!("no book of {symbol:?}; there are {known}"))
            })?;
            Ok(Book {
                symbol: symbol.to_owned(),
                reading: reader.read(id).map_err(raise)?,
                read_ns: monotonic_raw_ns(),
            })
        })
    }

    fn __len__(&self) -> PyResult<usize> {
        self.with(|reader| Ok(reader.symbols().len()))
    }

    /// Lets go.
    fn close(&self) {
        lock(&self.0).take();
    }

    /// Symbols in the order of their ids.
    #[getter]
    fn symbols(&self) -> PyResult<Vec<String>> {
        self.with(|reader| Ok(reader.symbols()))
    }

    /// starting, live, draining, closed, moved, stuck or dead.
    #[getter]
    fn state(&self) -> PyResult<&'static str> {
        self.with(|reader| Ok(reader.liveness().name()))
    }

    /// Generation of the segment.
    #[getter]
    fn generation(&self) -> PyResult<u64> {
        self.with(|reader| Ok(reader.source().segment().generation()))
    }
}

/// One consistent reading of one book.
#[pyclass(frozen, module = "tickwork_native")]
pub struct Book {
    symbol: String,
    reading: BookReading,
    read_ns: i64,
}

fn present(stamp_ns: i64) -> Option<i64> {
    (stamp_ns != ABSENT).then_some(stamp_ns)
}

fn pairs(side: &[Level]) -> Vec<(i64, i64)> {
    side.iter()
        .map(|level| (level.price, level.quantity))
        .collect()
}

/// The word for a book's state.
pub fn state_name(code: u8) -> &'static str {
    match code {
        state::EMPTY => "EMPTY",
        state::SYNCING => "SYNCING",
        state::LIVE => "LIVE",
        state::GAP => "GAP",
        state::STALE => "STALE",
        state::CLOSED => "CLOSED",
        _ => "UNKNOWN",
    }
}

#[pymethods]
impl Book {
    /// Symbol.
    #[getter]
    fn symbol(&self) -> &str {
        &self.symbol
    }

    /// Instrument id.
    #[getter]
    fn instrument(&self) -> u16 {
        self.reading.instrument
    }

    /// EMPTY, SYNCING, LIVE, GAP, STALE or CLOSED.
    #[getter]
    fn state(&self) -> &'static str {
        state_name(self.reading.state)
    }

    /// Time since the book last changed; None before the first image.
    #[getter]
    fn age_ns(&self) -> Option<i64> {
        present(self.reading.updated_ns).map(|updated_ns| self.read_ns - updated_ns)
    }

    /// Time since the state is what it is; None before the first image.
    #[getter]
    fn state_age_ns(&self) -> Option<i64> {
        present(self.reading.state_since_ns).map(|since_ns| self.read_ns - since_ns)
    }

    /// Last update id.
    #[getter]
    fn update_id(&self) -> u64 {
        self.reading.update_id
    }

    /// A price is mantissa times ten to this; -128 while unknown.
    #[getter]
    fn price_exponent(&self) -> i8 {
        self.reading.exponents.0
    }

    /// A quantity is mantissa times ten to this; -128 while unknown.
    #[getter]
    fn quantity_exponent(&self) -> i8 {
        self.reading.exponents.1
    }

    /// (price, quantity) mantissas, best first.
    #[getter]
    fn bids(&self) -> Vec<(i64, i64)> {
        pairs(&self.reading.bids)
    }

    /// (price, quantity) mantissas, best first.
    #[getter]
    fn asks(&self) -> Vec<(i64, i64)> {
        pairs(&self.reading.asks)
    }

    /// Receive stamp of the cause.
    #[getter]
    fn received_ns(&self) -> Option<i64> {
        present(self.reading.received_ns)
    }

    /// The venue's event time.
    #[getter]
    fn event_unix_ns(&self) -> Option<i64> {
        present(self.reading.event_unix_ns)
    }

    /// Publication stamp.
    #[getter]
    fn published_ns(&self) -> Option<i64> {
        present(self.reading.published_ns)
    }

    fn __repr__(&self) -> String {
        let Self {
            symbol, reading, ..
        } = self;
        let state = state_name(reading.state);
        format!("<Book {symbol} {state} update {}>", reading.update_id)
    }
}
