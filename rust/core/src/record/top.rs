//! The top of a book in one cache line; its sequence word commits the slot.

use super::layout::layout;
use super::{ABSENT, ANY_INSTRUMENT, record_type};

/// Bytes of a top record: one slot, one cache line.
pub const LEN: usize = Top::LEN;

/// `received_to_published_ns` when the span does not fit: longer, unknown, or negative.
pub const SPAN_UNKNOWN: u32 = u32::MAX;

layout! {
    /// Best bid and ask of one instrument. Price ABSENT and quantity 0 where a side is empty.
    pub struct Top: 64 {
        /// Sequence word of the slot: 0 never written, all ones being written.
        sequence / set_sequence: u64 = 0,
        /// Record type, always TOP.
        record_type / set_record_type: u8 = 8,
        /// State of the book.
        state / set_state: u8 = 9,
        /// Index in the manifest.
        instrument / set_instrument: u16 = 10,
        /// Receive stamp to publication; all ones where that does not fit.
        received_to_published_ns / set_received_to_published_ns: u32 = 12,
        /// Last update id in the book.
        update_id / set_update_id: u64 = 16,
        /// Best bid price.
        bid / set_bid: i64 = 24,
        /// Its quantity.
        bid_quantity / set_bid_quantity: i64 = 32,
        /// Best ask price.
        ask / set_ask: i64 = 40,
        /// Its quantity.
        ask_quantity / set_ask_quantity: i64 = 48,
        /// Monotonic raw stamp of publication.
        published_ns / set_published_ns: i64 = 56,
    }
}

impl Default for Top {
    fn default() -> Self {
        Self {
            sequence: 0,
            record_type: record_type::TOP,
            state: 0,
            instrument: ANY_INSTRUMENT,
            received_to_published_ns: SPAN_UNKNOWN,
            update_id: 0,
            bid: ABSENT,
            bid_quantity: 0,
            ask: ABSENT,
            ask_quantity: 0,
            published_ns: ABSENT,
        }
    }
}

/// The span between two stamps as a top carries it; SPAN_UNKNOWN where it does not fit.
#[must_use]
pub fn span_ns(received_ns: i64, published_ns: i64) -> u32 {
    if received_ns == ABSENT || published_ns == ABSENT {
        return SPAN_UNKNOWN;
    }
    let span_ns = published_ns
        .checked_sub(received_ns)
        .and_then(|span| u32::try_from(span).ok());
    span_ns.unwrap_or(SPAN_UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_is_the_documented_one() {
        let expected = [
            ("sequence", 0, 8),
            ("record_type", 8, 1),
            ("state", 9, 1),
            ("instrument", 10, 2),
            ("received_to_published_ns", 12, 4),
            ("update_id", 16, 8),
            ("bid", 24, 8),
            ("bid_quantity", 32, 8),
            ("ask", 40, 8),
            ("ask_quantity", 48, 8),
            ("published_ns", 56, 8),
        ];
        assert_eq!(Top::FIELDS, expected);
    }

    #[test]
    fn a_top_is_written_and_read_back() {
        let top = Top {
            update_id: 5,
            bid: 1,
            ask: 2,
            state: 2,
            ..Top::default()
        };
        let mut slot = [0xFF; 64];
        top.write(&mut slot);
        assert_eq!(Top::read(&slot), Some(top));
        assert_eq!(Top::read(&slot[..63]), None);
    }

    #[test]
    fn a_span_that_does_not_fit_is_said_to_be_unknown() {
        assert_eq!(span_ns(5, 12), 7);
        assert_eq!(span_ns(12, 5), SPAN_UNKNOWN);
        assert_eq!(span_ns(0, i64::from(u32::MAX) + 1), SPAN_UNKNOWN);
        assert_eq!(span_ns(ABSENT, 5), SPAN_UNKNOWN);
    }
}
