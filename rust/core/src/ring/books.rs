//! Reading the table: the current book of every instrument, each in one consistent look.

use std::path::Path;

use super::SegmentError;
use super::mapping::Words;
use super::protocol::{WORD, entry};
use super::segment::{RegionInfo, region_kind, segment_state};
use super::source::{Liveness, Source};
use crate::record::market::{LEVEL_LEN, Level};
use crate::record::{ABSENT, pad64, state};

/// Bytes of an entry before its levels.
pub const ENTRY_HEAD: usize = 64;

/// Bytes of an entry with `levels` levels a side.
#[must_use]
pub const fn entry_len(levels: usize) -> usize {
    pad64(ENTRY_HEAD + 2 * levels * LEVEL_LEN)
}

/// Looks before a reader asks whether the writer still writes.
const LOOKS: usize = 10_000;

/// Offsets inside an entry.
pub(crate) mod field {
    /// Instrument id, u16.
    pub const INSTRUMENT: usize = 8;
    /// State of the book, u8.
    pub const STATE: usize = 10;
    /// Flags of the last image, u8.
    pub const FLAGS: usize = 11;
    /// Bid levels, u16.
    pub const BIDS: usize = 12;
    /// Ask levels, u16.
    pub const ASKS: usize = 14;
    /// Last update id, u64.
    pub const UPDATE_ID: usize = 16;
    /// Since when the state is what it is, i64 mono.
    pub const STATE_SINCE: usize = 24;
    /// When the levels were last written, i64 mono.
    pub const UPDATED: usize = 32;
    /// Receive stamp of the cause, i64 mono.
    pub const RECEIVED: usize = 40;
    /// The venue's event time, i64 unix.
    pub const EVENT: usize = 48;
    /// Publication, i64 mono.
    pub const PUBLISHED: usize = 56;
}

/// One consistent reading of one book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookReading {
    /// Instrument id.
    pub instrument: u16,
    /// State of the book; STALE where its writer is dead.
    pub state: u8,
    /// Flags of the last image.
    pub flags: u8,
    /// Last update id.
    pub update_id: u64,
    /// Since when the state is what it is; ABSENT before the first image.
    pub state_since_ns: i64,
    /// When the levels were last written; ABSENT before the first image.
    pub updated_ns: i64,
    /// Receive stamp of the cause.
    pub received_ns: i64,
    /// The venue's event time.
    pub event_unix_ns: i64,
    /// Publication stamp.
    pub published_ns: i64,
    /// Price and quantity exponents of this generation.
    pub exponents: (i8, i8),
    /// Bids, best first.
    pub bids: Vec<Level>,
    /// Asks, best first.
    pub asks: Vec<Level>,
}

/// A reader of the table.
#[derive(Debug)]
pub struct BooksReader {
    source: Source,
    region: RegionInfo,
    body: Vec<u8>,
}

impl BooksReader {
    /// Attaches read-only.
    ///
    /// # Errors
    /// Missing, Refused, System.
    pub fn attach(path: &Path) -> Result<Self, SegmentError> {
        let source = Source::attach(path, region_kind::TABLE)?;
        let region = source.segment().region(region_kind::TABLE)?;
        Ok(Self {
            source,
            region,
            body: Vec::new(),
        })
    }

    /// Symbols in the order of their ids.
    #[must_use]
    pub fn symbols(&self) -> Vec<String> {
        let instruments = &self.source.segment().geometry().instruments;
        instruments
            .iter()
            .map(|instrument| instrument.name.clone())
            .collect()
    }

    /// Id of `symbol`.
    #[must_use]
    pub fn find(&self, symbol: &str) -> Option<usize> {
        let instruments = &self.source.segment().geometry().instruments;
        instruments
            .iter()
            .position(|instrument| instrument.name == symbol)
    }

    /// The followed segment.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// How the writer is.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        self.source.liveness()
    }

    /// The book of the instrument `id` in one consistent look.
    ///
    /// # Errors
    /// Corrupt when its writer died or stands still while it wrote this entry (a restarted one
    /// mends it), or when the entry speaks of more levels than it has.
    ///
    /// # Panics
    /// When there is no instrument `id`.
    pub fn read(&mut self, id: usize) -> Result<BookReading, SegmentError> {
        let dead = self.is_dead_after_following();
        assert!(id < self.region.slots as usize, "a known instrument");
        let at = (self.region.at + id * self.region.slot_size as usize) / WORD;
        let words = Words::new(self.source.segment().mapping());
        self.body.resize(self.region.slot_size as usize - WORD, 0);
        let mut looks = 0_usize;
        loop {
            // The exponents belong to a generation: both are read around the entry.
            let generation = self.source.segment().generation();
            let exponents = self.source.segment().exponents(id);
            let whole = entry::try_read(&words, at, &mut self.body);
            if whole && self.source.segment().generation() == generation {
                return self.parse(id, exponents, dead);
            }
            looks += 1;
            if looks.is_multiple_of(LOOKS) {
                std::thread::yield_now();
                match self.source.liveness() {
                    Liveness::Said(segment_state::STARTING..=segment_state::DRAINING) => {}
                    how => return Err(self.torn(id, how)),
                }
            }
            std::hint::spin_loop();
        }
    }

    #[cold]
    fn torn(&self, id: usize, how: Liveness) -> SegmentError {
        let how = how.name();
        self.corrupt(format!(
            "the book of instrument {id} is half written and its writer is {how}"
        ))
    }

    fn corrupt(&self, reason: String) -> SegmentError {
        SegmentError::Corrupt {
            path: self.source.segment().path().to_owned(),
            reason,
        }
    }

    /// Levels of each side in the body that was read.
    fn counts(&self, id: usize) -> Result<(usize, usize), SegmentError> {
        let count = |at: usize| {
            let bytes = [self.body[at - WORD], self.body[at - WORD + 1]];
            usize::from(u16::from_le_bytes(bytes))
        };
        let per_side = (self.region.slot_size as usize - ENTRY_HEAD) / (2 * LEVEL_LEN);
        let (bids, asks) = (count(field::BIDS), count(field::ASKS));
        if bids.max(asks) > per_side {
            return Err(self.corrupt(format!(
                "the book of instrument {id} speaks of {bids} bids and {asks} asks where \
                 {per_side} have room"
            )));
        }
        Ok((bids, asks))
    }

    fn is_dead_after_following(&mut self) -> bool {
        if self.source.follow()
            && let Ok(region) = self.source.segment().region(region_kind::TABLE)
        {
            self.region = region;
        }
        self.source.liveness() == Liveness::Dead
    }

    fn parse(
        &self,
        id: usize,
        exponents: (i8, i8),
        dead: bool,
    ) -> Result<BookReading, SegmentError> {
        let body = &self.body;
        let word = |at: usize| {
            let at = at - WORD;
            u64::from_le_bytes(body[at..at + 8].try_into().expect("8 bytes"))
        };
        let (bids, asks) = self.counts(id)?;
        let side = |first: usize, count: usize| {
            let level = |index: usize| {
                let at = ENTRY_HEAD + (first + index) * LEVEL_LEN;
                Level {
                    price: word(at).cast_signed(),
                    quantity: word(at + 8).cast_signed(),
                }
            };
            (0..count).map(level).collect()
        };
        let said = body[field::STATE - WORD];
        let written = word(field::UPDATED) != 0;
        let stamp = |at| {
            if written {
                word(at).cast_signed()
            } else {
                ABSENT
            }
        };
        Ok(BookReading {
            instrument: id as u16,
            state: if dead && said != state::EMPTY {
                state::STALE
            } else {
                said
            },
            flags: body[field::FLAGS - WORD],
            update_id: word(field::UPDATE_ID),
            state_since_ns: stamp(field::STATE_SINCE),
            updated_ns: stamp(field::UPDATED),
            received_ns: stamp(field::RECEIVED),
            event_unix_ns: stamp(field::EVENT),
            published_ns: stamp(field::PUBLISHED),
            exponents,
            bids: side(0, bids),
            asks: side(bids, asks),
        })
    }
}
