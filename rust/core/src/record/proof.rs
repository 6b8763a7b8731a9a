//! Proof rows: what a book says it is, 64 bytes each, without a file header.
//!
//! `truth.bin` (twin) and `proof.bin` (book) hold the same rows; the analysis joins them by
//! instrument and update id.

use super::layout::layout;
use super::{ABSENT, state};

/// Bytes of one row. A file's last row may be torn: size modulo this is ignored and counted.
pub const LEN: usize = ProofRow::LEN;

layout! {
    /// One row. Price ABSENT and quantity 0 where a side is empty.
    pub struct ProofRow: 64 {
        /// Index in the manifest.
        instrument / set_instrument: u16 = 0,
        /// State of the book at that update.
        state / set_state: u8 = 2,
        /// Always 0.
        flags / set_flags: u8 = 3,
        /// Exponent of all prices in the row and in the digest.
        price_exponent / set_price_exponent: i8 = 4,
        /// Exponent of all quantities in the row and in the digest.
        quantity_exponent / set_quantity_exponent: i8 = 5,
        /// Number of bid levels.
        bids / set_bids: u32 = 8,
        /// Number of ask levels.
        asks / set_asks: u32 = 12,
        /// Last update id in the book.
        update_id / set_update_id: u64 = 16,
        /// Wrapping sum of `digest::mix_level` over all levels.
        digest / set_digest: u64 = 24,
        /// Best bid price.
        bid / set_bid: i64 = 32,
        /// Its quantity.
        bid_quantity / set_bid_quantity: i64 = 40,
        /// Best ask price.
        ask / set_ask: i64 = 48,
        /// Its quantity.
        ask_quantity / set_ask_quantity: i64 = 56,
    }
}

impl Default for ProofRow {
    fn default() -> Self {
        Self {
            instrument: 0,
            state: state::EMPTY,
            flags: 0,
            price_exponent: 0,
            quantity_exponent: 0,
            bids: 0,
            asks: 0,
            update_id: 0,
            digest: 0,
            bid: ABSENT,
            bid_quantity: 0,
            ask: ABSENT,
            ask_quantity: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_is_the_documented_one() {
        let expected = [
            ("instrument", 0, 2),
            ("state", 2, 1),
            ("flags", 3, 1),
            ("price_exponent", 4, 1),
            ("quantity_exponent", 5, 1),
            ("bids", 8, 4),
            ("asks", 12, 4),
            ("update_id", 16, 8),
            ("digest", 24, 8),
            ("bid", 32, 8),
            ("bid_quantity", 40, 8),
            ("ask", 48, 8),
            ("ask_quantity", 56, 8),
        ];
        assert_eq!(ProofRow::FIELDS, expected);
    }

    #[test]
    fn an_empty_side_is_absent_and_not_zero() {
        let mut row = [0xFF; LEN];
        ProofRow {
            instrument: 2,
            ..ProofRow::default()
        }
        .write(&mut row);
        assert_eq!(
            (ProofRow::bid(&row), ProofRow::bid_quantity(&row)),
            (ABSENT, 0)
        );
        assert_eq!(row[6..8], [0; 2]);
    }
}
