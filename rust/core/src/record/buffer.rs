//! A market record under construction: levels first, header last, no allocation once grown.

use super::market::{HEADER_LEN, LEVEL_LEN, Level, Market, len_of, write_level};

/// Room for one market record that is built again and again.
///
/// Levels are pushed in the order of the venue, bids before asks; `finish` writes the header.
#[derive(Default)]
pub struct RecordBuffer {
    bytes: Vec<u8>,
    at: usize,
    record: usize,
}

impl RecordBuffer {
    /// An empty buffer; it grows with the largest record it has to hold.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a record of at most `levels_max` levels.
    pub fn begin(&mut self, levels_max: usize) {
        let length = len_of(levels_max);
        if self.bytes.len() < length {
            self.bytes.resize(length, 0);
        }
        self.at = HEADER_LEN;
        self.record = 0;
    }

    /// Adds one level.
    ///
    /// # Panics
    /// When there are more levels than `begin` was told.
    #[inline(always)]
    pub fn push(&mut self, level: Level) {
        write_level(&mut self.bytes[self.at..self.at + LEVEL_LEN], level);
        self.at += LEVEL_LEN;
    }

    /// Levels pushed since `begin`.
    #[inline]
    #[must_use]
    pub fn levels(&self) -> usize {
        (self.at - HEADER_LEN) / LEVEL_LEN
    }

    /// Writes the header and the padding; `bids` of the levels are bids, the others asks.
    ///
    /// # Panics
    /// When `bids` is more than was pushed.
    #[inline]
    pub fn finish(&mut self, header: &Market, bids: usize) -> &mut [u8] {
        let asks = self
            .levels()
            .checked_sub(bids)
            .expect("no more bids than levels");
        let counted = Market {
            bids: bids as u32,
            asks: asks as u32,
            ..*header
        };
        counted.write(&mut self.bytes);
        self.record = len_of(bids + asks);
        self.bytes[self.at..self.record].fill(0);
        &mut self.bytes[..self.record]
    }

    /// The finished record; empty between `begin` and `finish`.
    #[must_use]
    pub fn record(&self) -> &[u8] {
        &self.bytes[..self.record]
    }

    /// The finished record, for stamps that are set in place.
    pub fn record_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.record]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::market::{append, levels};
    use crate::record::record_type;

    #[test]
    fn the_buffer_writes_what_append_writes_and_forgets_what_was_there() {
        let header = Market {
            record_type: record_type::DELTA,
            last: 9,
            ..Market::default()
        };
        let many = [Level {
            price: -1,
            quantity: -1,
        }; 8];
        let few = [
            Level {
                price: 3,
                quantity: 4,
            },
            Level {
                price: 5,
                quantity: 6,
            },
        ];
        let mut buffer = RecordBuffer::new();
        for (bids, asks) in [(&many[..], &many[..5]), (&few[..1], &few[1..]), (&[], &[])] {
            buffer.begin(16);
            assert!(buffer.record().is_empty());
            bids.iter()
                .chain(asks)
                .for_each(|level| buffer.push(*level));
            buffer.finish(&header, bids.len());
            let mut expected = Vec::new();
            append(&mut expected, &header, bids, asks);
            assert_eq!(buffer.record(), expected);
            assert_eq!(
                levels(buffer.record_mut()).map(|(b, _)| b.len()),
                Some(bids.len())
            );
        }
    }
}
