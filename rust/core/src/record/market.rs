//! Market records: delta, snapshot, ticker, trade, status and request share one header.
//!
//! Header of 128 bytes, then bids, then asks as {i64 price, i64 quantity} in the record's own
//! exponents, padded to 64.

use super::layout::layout;
use super::{ABSENT, ANY_INSTRUMENT, pad64, record_type};

/// Bytes before the levels.
pub const HEADER_LEN: usize = Market::LEN;

/// Bytes of one level.
pub const LEVEL_LEN: usize = 16;

layout! {
    /// Header of a market record. Stamps are monotonic raw nanoseconds unless their name says
    /// unix; ABSENT where none was taken.
    pub struct Market: 128 {
        /// Sequence word of the region, from 1.
        sequence / set_sequence: u64 = 0,
        /// See `record_type`.
        record_type / set_record_type: u8 = 8,
        /// Venue id.
        venue / set_venue: u8 = 9,
        /// State of the book, or for a request what is wanted.
        state / set_state: u8 = 10,
        /// See `flag`.
        flags / set_flags: u8 = 11,
        /// Index in the manifest, or ANY_INSTRUMENT.
        instrument / set_instrument: u16 = 12,
        /// A price is mantissa times ten to this.
        price_exponent / set_price_exponent: i8 = 14,
        /// A quantity is mantissa times ten to this.
        quantity_exponent / set_quantity_exponent: i8 = 15,
        /// First update id.
        first / set_first: u64 = 16,
        /// Last update id; a ticker's id, a snapshot's id, a trade's id.
        last / set_last: u64 = 24,
        /// Last update id of the record before, where the venue says it.
        previous / set_previous: u64 = 32,
        /// The venue's send time.
        event_unix_ns / set_event_unix_ns: i64 = 40,
        /// The venue's match time.
        match_unix_ns / set_match_unix_ns: i64 = 48,
        /// Receive stamp of the frame.
        received_ns / set_received_ns: i64 = 56,
        /// Number of bid levels.
        bids / set_bids: u32 = 64,
        /// Number of ask levels.
        asks / set_asks: u32 = 68,
        /// Line that brought the frame.
        line / set_line: u16 = 72,
        /// Connection that brought the frame.
        connection / set_connection: u32 = 76,
        /// The frame's id.
        frame_id / set_frame_id: u64 = 80,
        /// The kernel's receive stamp.
        kernel_ns / set_kernel_ns: i64 = 88,
        /// When the parser had finished this record.
        parsed_ns / set_parsed_ns: i64 = 96,
        /// When the book had taken it.
        booked_ns / set_booked_ns: i64 = 104,
        /// When the publisher let it go.
        published_ns / set_published_ns: i64 = 112,
        /// Echo of a request's correlation.
        correlation / set_correlation: u64 = 120,
    }
}

impl Default for Market {
    fn default() -> Self {
        Self {
            sequence: 0,
            record_type: 0,
            venue: 0,
            state: 0,
            flags: 0,
            instrument: ANY_INSTRUMENT,
            price_exponent: 0,
            quantity_exponent: 0,
            first: 0,
            last: 0,
            previous: 0,
            event_unix_ns: ABSENT,
            match_unix_ns: ABSENT,
            received_ns: ABSENT,
            bids: 0,
            asks: 0,
            line: 0,
            connection: 0,
            frame_id: 0,
            kernel_ns: ABSENT,
            parsed_ns: ABSENT,
            booked_ns: ABSENT,
            published_ns: ABSENT,
            correlation: 0,
        }
    }
}

impl Market {
    /// A status record's header: `state` is announced for `instrument`.
    #[must_use]
    pub fn status(venue: u8, instrument: u16, state: u8) -> Self {
        Self {
            record_type: record_type::STATUS,
            venue,
            instrument,
            state,
            ..Self::default()
        }
    }

    /// A request record's header: `kind` (see `request_kind`) is wanted for `instrument`.
    #[must_use]
    pub fn request(venue: u8, instrument: u16, kind: u8, correlation: u64) -> Self {
        let record_type = record_type::REQUEST;
        Self {
            record_type,
            venue,
            instrument,
            state: kind,
            correlation,
            ..Self::default()
        }
    }

    /// This header as a whole record without levels.
    #[must_use]
    pub fn to_record(&self) -> [u8; HEADER_LEN] {
        let mut record = [0; HEADER_LEN];
        Self {
            bids: 0,
            asks: 0,
            ..*self
        }
        .write(&mut record);
        record
    }
}

/// One price level, as mantissas in the record's exponents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Price mantissa.
    pub price: i64,
    /// Quantity mantissa; 0 removes the level in a delta.
    pub quantity: i64,
}

/// Levels of one side, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Levels<'a> {
    bytes: &'a [u8],
}

impl<'a> Levels<'a> {
    /// Number of levels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() / LEVEL_LEN
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Level `index`, in the order of the venue; `None` behind the end.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Level> {
        let at = index.checked_mul(LEVEL_LEN)?;
        self.bytes
            .get(at..)?
            .first_chunk::<LEVEL_LEN>()
            .map(read_level)
    }

    /// The levels in the order of the record.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Level> + 'a {
        self.bytes
            .chunks_exact(LEVEL_LEN)
            .map(|raw| read_level(raw.first_chunk().expect("chunks of one level")))
    }
}

#[inline(always)]
fn read_level(raw: &[u8; LEVEL_LEN]) -> Level {
    let pair = u128::from_le_bytes(*raw);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "two halves"
    )]
    Level {
        price: pair as u64 as i64,
        quantity: (pair >> 64) as u64 as i64,
    }
}

/// Bytes of a market record with this many levels, padding included.
#[must_use]
pub const fn len_of(levels: usize) -> usize {
    pad64(HEADER_LEN + levels * LEVEL_LEN)
}

/// Bids and asks of a market record; `None` when the record is cut off.
#[must_use]
pub fn levels(record: &[u8]) -> Option<(Levels<'_>, Levels<'_>)> {
    if record.len() < HEADER_LEN {
        return None;
    }
    let bids = Market::bids(record) as usize * LEVEL_LEN;
    let asks = Market::asks(record) as usize * LEVEL_LEN;
    let (bids, rest) = record[HEADER_LEN..].split_at_checked(bids)?;
    Some((
        Levels { bytes: bids },
        Levels {
            bytes: rest.get(..asks)?,
        },
    ))
}

/// Writes one level at the start of `out`.
///
/// # Panics
/// When `out` is shorter than one level.
#[inline(always)]
pub fn write_level(out: &mut [u8], level: Level) {
    out[..8].copy_from_slice(&level.price.to_le_bytes());
    out[8..LEVEL_LEN].copy_from_slice(&level.quantity.to_le_bytes());
}

/// Appends one whole record to `out`; the level counts are taken from the slices.
///
/// Allocates only while `out` grows.
///
/// # Panics
/// When a side has more levels than a u32 can count.
pub fn append(out: &mut Vec<u8>, header: &Market, bids: &[Level], asks: &[Level]) {
    let count = |side: &[Level]| u32::try_from(side.len()).expect("levels counted in 32 bits");
    let at = out.len();
    out.resize(at + len_of(bids.len() + asks.len()), 0);
    let record = &mut out[at..];
    Market {
        bids: count(bids),
        asks: count(asks),
        ..*header
    }
    .write(record);
    let slots = record[HEADER_LEN..].chunks_exact_mut(LEVEL_LEN);
    for (slot, level) in slots.zip(bids.iter().chain(asks)) {
        write_level(slot, *level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::record_len;

    #[test]
    fn every_offset_is_the_documented_one() {
        let expected = [
            ("sequence", 0, 8),
            ("record_type", 8, 1),
            ("venue", 9, 1),
            ("state", 10, 1),
            ("flags", 11, 1),
            ("instrument", 12, 2),
            ("price_exponent", 14, 1),
            ("quantity_exponent", 15, 1),
            ("first", 16, 8),
            ("last", 24, 8),
            ("previous", 32, 8),
            ("event_unix_ns", 40, 8),
            ("match_unix_ns", 48, 8),
            ("received_ns", 56, 8),
            ("bids", 64, 4),
            ("asks", 68, 4),
            ("line", 72, 2),
            ("connection", 76, 4),
            ("frame_id", 80, 8),
            ("kernel_ns", 88, 8),
            ("parsed_ns", 96, 8),
            ("booked_ns", 104, 8),
            ("published_ns", 112, 8),
            ("correlation", 120, 8),
        ];
        assert_eq!(Market::FIELDS, expected);
    }

    #[test]
    fn levels_come_back_in_order_and_the_record_is_padded() {
        let bids = [
            Level {
                price: 10,
                quantity: 1,
            },
            Level {
                price: -9,
                quantity: 0,
            },
        ];
        let asks = [Level {
            price: i64::MAX,
            quantity: i64::MIN,
        }];
        let header = Market {
            record_type: record_type::DELTA,
            last: 3,
            ..Market::default()
        };
        let mut out = vec![0xAA; 64];
        append(&mut out, &header, &bids, &asks);
        let record = &out[64..];
        assert_eq!(record.len(), 192);
        assert_eq!(record_len(record), Some(192));
        let (read_bids, read_asks) = levels(record).expect("a whole record");
        assert_eq!(read_bids.iter().collect::<Vec<_>>(), bids);
        assert_eq!(read_asks.iter().collect::<Vec<_>>(), asks);
        assert_eq!((read_bids.get(1), read_bids.get(2)), (Some(bids[1]), None));
        assert_eq!(record[128 + 48..], [0; 16], "padding is zero");
        assert_eq!(
            Market::read(record),
            Some(Market {
                bids: 2,
                asks: 1,
                ..header
            })
        );
    }

    #[test]
    fn a_record_that_is_cut_off_has_no_levels() {
        let header = Market {
            record_type: record_type::DELTA,
            ..Market::default()
        };
        let mut out = Vec::new();
        append(
            &mut out,
            &header,
            &[Level {
                price: 1,
                quantity: 1,
            }],
            &[],
        );
        assert!(levels(&out[..130]).is_none());
        assert!(levels(&out[..20]).is_none());
    }

    #[test]
    fn one_field_can_be_set_in_place() {
        let mut record = Market::status(1, 3, 4).to_record();
        Market::set_booked_ns(&mut record, 77);
        assert_eq!(
            (Market::booked_ns(&record), Market::published_ns(&record)),
            (77, ABSENT)
        );
        assert_eq!(
            (record[8], record[10], record[12]),
            (record_type::STATUS, 4, 3)
        );
        assert_eq!(Market::request(2, 5, 1, 99).to_record()[120], 99);
    }
}
