//! Records to the byte: one form, the binary layout, little endian, padded to 64 bytes.
//!
//! Here: layouts (frame, market, top, proof row), their constants, readers and builders over
//! byte slices that allocate nothing, the level digest, exact rescaling. Never here: where
//! records come from (`parse`), where they flow (`ring`, `flow`), what they do to a book.

pub mod buffer;
pub mod digest;
pub mod exponent;
pub mod frame;
mod layout;
pub mod market;
pub mod proof;
pub mod top;

/// Every record starts on this boundary and is padded to it.
pub const ALIGNMENT: usize = 64;

/// A stamp that was never taken, a price of a side that is empty. Never 0.
pub const ABSENT: i64 = i64::MIN;

/// An instrument id that names no instrument: unknown, or all of them.
pub const ANY_INSTRUMENT: u16 = 0xFFFF;

/// What a record is: the byte at offset 8.
pub mod record_type {
    /// One received frame of a venue: 64 bytes of header, then the payload.
    pub const FRAME: u8 = 1;
    /// A whole book, or with the flag IMAGE its top levels.
    pub const SNAPSHOT: u8 = 2;
    /// Changes of levels; quantity 0 removes.
    pub const DELTA: u8 = 3;
    /// Best bid and best ask, one level each.
    pub const TICKER: u8 = 4;
    /// One trade: one level, in bids where the buyer was the maker.
    pub const TRADE: u8 = 5;
    /// One cache line with the top of a book.
    pub const TOP: u8 = 6;
    /// A state is announced.
    pub const STATUS: u8 = 7;
    /// Something is wanted from upstream.
    pub const REQUEST: u8 = 8;
    /// Fills the end of a region; `length` at offset 12 is all of it.
    pub const PAD: u8 = 255;
}

/// State of a book, published beside the data: the byte at offset 10 (9 in a top).
pub mod state {
    /// Nothing is known yet.
    pub const EMPTY: u8 = 0;
    /// Deltas are buffered while the snapshot is under way.
    pub const SYNCING: u8 = 1;
    /// In step with the venue.
    pub const LIVE: u8 = 2;
    /// Something was missed; the last good book stays readable.
    pub const GAP: u8 = 3;
    /// Nothing came for longer than allowed, or no line is left.
    pub const STALE: u8 = 4;
    /// The stream has ended.
    pub const CLOSED: u8 = 5;
}

/// What a frame carries: its byte at offset 10.
pub mod frame_kind {
    /// A text message of a WebSocket.
    pub const TEXT: u8 = 0;
    /// A binary message of a WebSocket.
    pub const BINARY: u8 = 1;
    /// The body of a REST answer; `requested_ns` and `correlation` are set.
    pub const REST: u8 = 2;
    /// A connection was opened.
    pub const OPENED: u8 = 3;
    /// A connection has ended.
    pub const CLOSED: u8 = 4;
    /// A connection attempt or a request failed; the payload says why.
    pub const ERROR: u8 = 5;
}

/// Venue ids: the byte at offset 9.
pub mod venue {
    /// Binance spot.
    pub const BINANCE_SPOT: u8 = 1;
    /// Binance USD-M futures.
    pub const BINANCE_USDM: u8 = 2;
}

/// Flags of market records: the byte at offset 11.
pub mod flag {
    /// A snapshot that holds only the top levels of the book, for tops and tables.
    pub const IMAGE: u8 = 1;
    /// The buyer of a trade was the maker (the side of its level says the same).
    pub const BUYER_MAKER: u8 = 2;
    /// The last one: last line closed, end of stream.
    pub const FINAL: u8 = 4;
    /// Levels outside the venue's snapshot horizon are unknown.
    pub const TRUNCATED: u8 = 8;
}

/// Flags of frames: the byte at offset 11.
pub mod frame_flag {
    /// On `closed`: no line of this venue remains.
    pub const NO_LINE_LEFT: u8 = 1;
    /// Two lines of one stream were merged into this one.
    pub const LINE_MERGED: u8 = 2;
}

/// What a request asks for: its state byte.
pub mod request_kind {
    /// A snapshot of one instrument from the venue (book to forwarder).
    pub const VENUE_SNAPSHOT: u8 = 0;
    /// Images of all instruments or of one (publisher to book).
    pub const IMAGES: u8 = 1;
}

/// Rounds a length up to whole 64-byte lines.
#[must_use]
pub const fn pad64(length: usize) -> usize {
    (length + ALIGNMENT - 1) & !(ALIGNMENT - 1)
}

/// Type of a record; `None` where not even the type byte is there.
#[must_use]
pub fn type_of(record: &[u8]) -> Option<u8> {
    record.get(8).copied()
}

/// Whole padded length of the record that starts at `bytes`, from its header alone.
///
/// `None` when the header is cut off or the type is unknown: then nothing after it can be
/// found either, and the reader has to stop.
#[must_use]
#[inline]
pub fn record_len(bytes: &[u8]) -> Option<usize> {
    if bytes.len() < ALIGNMENT {
        return None;
    }
    match bytes[8] {
        record_type::FRAME => Some(frame::HEADER_LEN + pad64(layout::u32_at(bytes, 36) as usize)),
        record_type::TOP => Some(top::LEN),
        record_type::PAD => Some(layout::u32_at(bytes, 12) as usize).filter(|&n| n >= ALIGNMENT),
        record_type::SNAPSHOT..=record_type::REQUEST if bytes.len() >= market::HEADER_LEN => {
            let levels = layout::u32_at(bytes, 64) as usize + layout::u32_at(bytes, 68) as usize;
            Some(market::len_of(levels))
        }
        _ => None,
    }
}

/// Whether `bytes` are one record, whole and padded to full lines.
#[inline]
#[must_use]
pub fn is_one(bytes: &[u8]) -> bool {
    bytes.len().is_multiple_of(ALIGNMENT) && record_len(bytes) == Some(bytes.len())
}

/// Writes a pad record of `length` bytes (its header only; the rest is never read).
///
/// # Panics
/// When `out` is shorter than one line.
pub fn write_pad(out: &mut [u8], sequence: u64, length: u32) {
    out[..ALIGNMENT].fill(0);
    out[..8].copy_from_slice(&sequence.to_le_bytes());
    out[8] = record_type::PAD;
    out[12..16].copy_from_slice(&length.to_le_bytes());
}

/// The records of a batch, one after the other; ends at the first that is not whole.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    /// Walks `batch`, which holds whole records without gaps.
    #[must_use]
    pub fn new(batch: &'a [u8]) -> Self {
        Self { rest: batch }
    }

    /// What could not be read: empty after a clean end.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let length = record_len(self.rest)?;
        let (record, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_rounded_up_to_whole_lines() {
        assert_eq!([0, 1, 63, 64, 65].map(pad64), [0, 64, 64, 64, 128]);
    }

    #[test]
    fn a_record_tells_its_own_length() {
        let mut bytes = [0_u8; 192];
        bytes[8] = record_type::FRAME;
        bytes[36] = 65;
        assert_eq!(record_len(&bytes), Some(64 + 128));
        bytes = [0; 192];
        bytes[8] = record_type::DELTA;
        (bytes[64], bytes[68]) = (3, 2);
        assert_eq!(record_len(&bytes), Some(128 + 128));
        bytes[8] = record_type::TOP;
        assert_eq!(record_len(&bytes), Some(64));
        write_pad(&mut bytes, 9, 640);
        assert_eq!((record_len(&bytes), bytes[0]), (Some(640), 9));
    }

    #[test]
    fn what_cannot_be_a_record_has_no_length() {
        assert_eq!(record_len(&[0; 63]), None);
        assert_eq!(record_len(&[0; 128]), None);
        let mut delta = [0_u8; 127];
        delta[8] = record_type::DELTA;
        assert_eq!(record_len(&delta), None);
        let mut pad = [0_u8; 64];
        pad[8] = record_type::PAD;
        assert_eq!(record_len(&pad), None, "a pad of length 0 would never end");
    }

    #[test]
    fn a_batch_is_walked_until_it_ends() {
        let mut batch = vec![0_u8; 64 + 128 + 10];
        batch[8] = record_type::TOP;
        batch[64 + 8] = record_type::STATUS;
        let mut records = Records::new(&batch);
        let lengths: Vec<usize> = records.by_ref().map(<[u8]>::len).collect();
        assert_eq!(lengths, [64, 128]);
        assert_eq!(records.rest().len(), 10);
    }
}
