//! Proof rows to a file: what the book says it is, at every update id it applied.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::board::Board;
use super::instrument::Instrument;
use crate::record::proof::{LEN, ProofRow};

/// Rows kept in memory before they go to the file in one call.
const ROWS_BUFFERED: usize = 4096;

/// One growing file of rows. It has no header; whoever reads it ignores a torn last row.
#[derive(Debug)]
pub struct ProofFile {
    file: File,
    rows: Vec<u8>,
    has_failed: bool,
}

impl ProofFile {
    /// Makes the file, or goes on at the end of one that is there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        let rows = Vec::with_capacity(ROWS_BUFFERED * LEN);
        Ok(Self {
            file,
            rows,
            has_failed: false,
        })
    }

    /// Keeps one row.
    pub fn push(&mut self, row: &ProofRow, board: &Board) {
        if self.rows.len() == ROWS_BUFFERED * LEN {
            self.flush(board);
        }
        let at = self.rows.len();
        self.rows.resize(at + LEN, 0);
        row.write(&mut self.rows[at..]);
    }

    /// Brings what is kept to the file. After a failure rows are counted as lost: a file with
    /// a hole in the middle of a row could not be read.
    pub fn flush(&mut self, board: &Board) {
        let rows = (self.rows.len() / LEN) as u64;
        if !self.has_failed {
            let written = self.file.write_all(&self.rows);
            if let Err(error) = &written {
                board
                    .proof_failure
                    .set(Some(format!("writing proof rows: {error}")));
            }
            self.has_failed = written.is_err();
        }
        let count = if self.has_failed {
            &board.proof_lost
        } else {
            &board.proof_rows
        };
        count.add(rows);
        self.rows.clear();
    }
}

/// The row of an instrument as it stands.
#[must_use]
pub fn row_of(instrument: &Instrument) -> ProofRow {
    let book = instrument.book();
    let mut row = ProofRow {
        instrument: instrument.id(),
        state: instrument.state(),
        price_exponent: book.scale().price_exponent,
        quantity_exponent: book.scale().quantity_exponent,
        bids: u32::try_from(book.bids().len()).unwrap_or(u32::MAX),
        asks: u32::try_from(book.asks().len()).unwrap_or(u32::MAX),
        update_id: instrument.last(),
        digest: book.digest(),
        ..ProofRow::default()
    };
    if let Some(best) = book.bids().best() {
        (row.bid, row.bid_quantity) = (best.price, best.quantity);
    }
    if let Some(best) = book.asks().best() {
        (row.ask, row.ask_quantity) = (best.price, best.quantity);
    }
    row
}
