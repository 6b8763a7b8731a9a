//! The writer of a broadcast segment: top ring, depth ring, table.

use std::path::Path;
use std::sync::Arc;

use super::bell::Bell;
use super::books::{ENTRY_HEAD, entry_len, field};
use super::heartbeat::Heart;
use super::mapping::Words;
use super::protocol::slot::SlotWriter;
use super::protocol::tail::TailWriter;
use super::protocol::{WORD, entry};
use super::segment::{
    RegionInfo, Segment, Shape, control_offset, create_or_take_over, region_kind, segment_state,
};
use super::{SegmentError, lock, readers};
use crate::record::market::{LEVEL_LEN, Market};
use crate::record::top::{Top, span_ns};
use crate::record::{ABSENT, market, state};

/// What a publication shall hold.
#[derive(Clone, Debug)]
pub struct PublicationShape {
    /// Name for people, at most 31 bytes.
    pub name: String,
    /// Symbol and venue id of each instrument; an id is an index.
    pub instruments: Vec<(String, u8)>,
    /// Slots of the top ring, a power of two.
    pub ring_slots: u64,
    /// Bytes of the depth ring.
    pub depth_bytes: u64,
    /// Levels a side in the table.
    pub table_levels: usize,
}

impl PublicationShape {
    fn to_shape(&self, path: &Path) -> Result<Shape, SegmentError> {
        if self.ring_slots < 2 || !self.ring_slots.is_power_of_two() {
            let next = self.ring_slots.max(2).next_power_of_two();
            let slots = self.ring_slots;
            let reason = format!("{slots} ring slots are no power of two; {next} would do");
            return Err(SegmentError::shape(path, reason));
        }
        if self.instruments.is_empty() || self.table_levels == 0 {
            let reason = "a table needs at least one instrument and one level a side";
            return Err(SegmentError::shape(path, reason));
        }
        let entry = u32::try_from(entry_len(self.table_levels))
            .map_err(|_| SegmentError::shape(path, "too many levels a side"))?;
        let depth_slots = self.depth_bytes.max(1).next_multiple_of(4096) / 64;
        Ok(Shape {
            name: self.name.clone(),
            instruments: self.instruments.clone(),
            regions: vec![
                (region_kind::TOP, 64, self.ring_slots),
                (region_kind::DEPTH, 64, depth_slots),
                (region_kind::TABLE, entry, self.instruments.len() as u64),
            ],
        })
    }
}

/// The one writer of a broadcast segment.
#[derive(Debug)]
pub struct Publication {
    segment: Segment,
    top: SlotWriter<Words>,
    depth: TailWriter<Words>,
    words: Words,
    table: RegionInfo,
    table_levels: usize,
    /// The body of each entry as last written, so that a change of state needs no read.
    bodies: Vec<u8>,
    bell: Bell,
    heart: Option<Arc<Heart>>,
    took_over: bool,
}

impl Publication {
    /// Makes the segment, or takes over what a dead writer left: then the table is kept, every
    /// book in it is STALE, and what it was just writing is empty.
    ///
    /// # Errors
    /// Busy while a writer lives; Full, Shape, System.
    pub fn create(path: &Path, shape: &PublicationShape) -> Result<Self, SegmentError> {
        let (segment, took_over) = create_or_take_over(path, &shape.to_shape(path)?)?;
        let readers = readers::create(path)?;
        let words = Words::new(segment.mapping());
        let top = segment.region(region_kind::TOP)?;
        let depth = segment.region(region_kind::DEPTH)?;
        let table = segment.region(region_kind::TABLE)?;
        let wake_words = [top, depth].map(|region| region.control_at + control_offset::WAKE);
        let sleepers = Some((readers, readers::SLEEPERS));
        let bell = Bell::new(segment.mapping(), &wake_words, sleepers);
        let corrupt = |what: &str| SegmentError::Corrupt {
            path: path.to_owned(),
            reason: format!("no sequence belongs to the committed {what} position"),
        };
        let depth = TailWriter::resume(words.clone(), depth.words());
        let top = SlotWriter::resume(words.clone(), top.words());
        let mut publication = Self {
            top: top.ok_or_else(|| corrupt("top"))?,
            depth: depth.ok_or_else(|| corrupt("depth"))?,
            words,
            table,
            table_levels: shape.table_levels,
            bodies: vec![0; table.slots as usize * (table.slot_size as usize - WORD)],
            bell,
            heart: Some(Heart::start(&segment)),
            took_over,
            segment,
        };
        publication.mend_table();
        publication.segment.set_state(segment_state::LIVE);
        Ok(publication)
    }

    /// Reads the table back; books are STALE until an image comes, torn ones are empty.
    fn mend_table(&mut self) {
        let now_ns = crate::clock::monotonic_raw_ns();
        for id in 0..self.table.slots as usize {
            let at = self.entry_word(id);
            let torn = entry::is_torn(&self.words, at);
            let range = self.body_range(id);
            let body = &mut self.bodies[range];
            if torn || !entry::try_read(&self.words, at, body) {
                body.fill(0);
            }
            put(body, field::INSTRUMENT, &(id as u16).to_le_bytes());
            if body[field::STATE - WORD] != state::EMPTY {
                put(body, field::STATE, &[state::STALE]);
                put(body, field::STATE_SINCE, &now_ns.to_le_bytes());
            }
            entry::write(&self.words, at, body);
        }
    }

    fn entry_word(&self, id: usize) -> usize {
        (self.table.at + id * self.table.slot_size as usize) / WORD
    }

    fn body_range(&self, id: usize) -> std::ops::Range<usize> {
        let length = self.table.slot_size as usize - WORD;
        id * length..(id + 1) * length
    }

    /// Whether the record's instrument is one of this segment's.
    #[inline]
    #[must_use]
    pub fn knows(&self, record: &[u8]) -> bool {
        u64::from(Market::instrument(record)) < self.table.slots
    }

    /// Shows an image (a snapshot record) in the table. Unknown instruments are the caller's to
    /// refuse (`knows`).
    pub fn show(&mut self, image: &[u8], published_ns: i64) {
        let id = usize::from(Market::instrument(image));
        self.keep_exponents(id, image);
        let per_side = self.table_levels;
        let bids = (Market::bids(image) as usize).min(per_side);
        let asks = (Market::asks(image) as usize).min(per_side);
        let asks_at = market::HEADER_LEN + Market::bids(image) as usize * LEVEL_LEN;
        let (at, range) = (self.entry_word(id), self.body_range(id));
        let body = &mut self.bodies[range];
        if body[field::STATE - WORD] != Market::state(image) || stamp(body, field::UPDATED) == 0 {
            put(body, field::STATE_SINCE, &published_ns.to_le_bytes());
        }
        put(
            body,
            field::STATE,
            &[Market::state(image), Market::flags(image)],
        );
        put(body, field::BIDS, &(bids as u16).to_le_bytes());
        put(body, field::ASKS, &(asks as u16).to_le_bytes());
        put(body, field::UPDATE_ID, &Market::last(image).to_le_bytes());
        put(body, field::UPDATED, &published_ns.to_le_bytes());
        put(
            body,
            field::RECEIVED,
            &Market::received_ns(image).to_le_bytes(),
        );
        put(
            body,
            field::EVENT,
            &Market::event_unix_ns(image).to_le_bytes(),
        );
        put(body, field::PUBLISHED, &published_ns.to_le_bytes());
        let levels = &image[market::HEADER_LEN..market::HEADER_LEN + bids * LEVEL_LEN];
        put(body, ENTRY_HEAD, levels);
        let levels = &image[asks_at..asks_at + asks * LEVEL_LEN];
        put(body, ENTRY_HEAD + bids * LEVEL_LEN, levels);
        entry::write(&self.words, at, body);
    }

    /// Sets the state of a book in the table and keeps its levels readable.
    pub fn show_state(&mut self, id: usize, state: u8, now_ns: i64) {
        let (at, range) = (self.entry_word(id), self.body_range(id));
        let body = &mut self.bodies[range];
        if body[field::STATE - WORD] != state {
            put(body, field::STATE, &[state]);
            put(body, field::STATE_SINCE, &now_ns.to_le_bytes());
            entry::write(&self.words, at, body);
        }
    }

    /// Empties a book in the table, as before its first image.
    pub fn clear(&mut self, id: usize) {
        let (at, range) = (self.entry_word(id), self.body_range(id));
        let body = &mut self.bodies[range];
        body.fill(0);
        put(body, field::INSTRUMENT, &(id as u16).to_le_bytes());
        entry::write(&self.words, at, body);
    }

    /// State of a book in the table.
    #[must_use]
    pub fn state_of(&self, id: usize) -> u8 {
        self.bodies[self.body_range(id).start + field::STATE - WORD]
    }

    /// Number of instruments.
    #[must_use]
    pub fn instruments(&self) -> usize {
        self.table.slots as usize
    }

    /// Writes the top of an image to the top ring and wakes its readers.
    #[inline]
    pub fn publish_top(&mut self, image: &[u8], published_ns: i64) {
        let levels = market::levels(image);
        let (bids, asks) = levels.map_or((None, None), |(bids, asks)| (bids.get(0), asks.get(0)));
        let top = Top {
            state: Market::state(image),
            instrument: Market::instrument(image),
            received_to_published_ns: span_ns(Market::received_ns(image), published_ns),
            update_id: Market::last(image),
            bid: bids.map_or(ABSENT, |level| level.price),
            bid_quantity: bids.map_or(0, |level| level.quantity),
            ask: asks.map_or(ABSENT, |level| level.price),
            ask_quantity: asks.map_or(0, |level| level.quantity),
            published_ns,
            ..Top::default()
        };
        self.put_top(&top);
    }

    /// Writes the top of a book as the table has it, for a state that came without an image.
    pub fn publish_top_of(&mut self, id: usize, now_ns: i64) {
        let body = &self.bodies[self.body_range(id)];
        let count = |at: usize| usize::from(u16::from_le_bytes([body[at - 8], body[at - 7]]));
        let (bids, asks) = (count(field::BIDS), count(field::ASKS));
        let asks_at = ENTRY_HEAD + bids * LEVEL_LEN;
        let level = |at: usize, count: usize| match count {
            0 => (ABSENT, 0),
            _ => (stamp(body, at), stamp(body, at + 8)),
        };
        let ((bid, bid_quantity), (ask, ask_quantity)) =
            (level(ENTRY_HEAD, bids), level(asks_at, asks));
        let top = Top {
            state: body[field::STATE - WORD],
            instrument: id as u16,
            update_id: stamp(body, field::UPDATE_ID).cast_unsigned(),
            bid,
            bid_quantity,
            ask,
            ask_quantity,
            published_ns: now_ns,
            ..Top::default()
        };
        self.put_top(&top);
    }

    #[inline]
    fn put_top(&mut self, top: &Top) {
        let mut slot = [0; Top::LEN];
        top.write(&mut slot);
        self.top.write(&slot);
        self.bell.ring();
    }

    /// Writes one market record to the depth ring with its publication stamp and wakes its
    /// readers. `scratch` is room for the stamped copy.
    ///
    /// # Errors
    /// TooLong.
    pub fn publish_depth(
        &mut self,
        record: &[u8],
        published_ns: i64,
        scratch: &mut Vec<u8>,
    ) -> Result<(), SegmentError> {
        if record.len() > self.depth.longest() {
            return Err(SegmentError::TooLong {
                path: self.segment.path().to_owned(),
                length: record.len(),
                limit: self.depth.longest(),
            });
        }
        scratch.clear();
        scratch.extend_from_slice(record);
        Market::set_published_ns(scratch, published_ns);
        self.depth.write(scratch);
        self.bell.ring();
        Ok(())
    }

    /// Published exponents never change within a generation: a new one raises it.
    fn keep_exponents(&self, id: usize, image: &[u8]) {
        let exponents = (
            Market::price_exponent(image),
            Market::quantity_exponent(image),
        );
        if self.segment.exponents(id) != exponents {
            let generation = self.segment.generation();
            self.segment.raise_generation(generation.wrapping_add(1));
            self.segment.set_exponents(id, exponents.0, exponents.1);
            self.segment.raise_generation(generation.wrapping_add(2));
        }
    }

    /// Writes the heartbeat.
    #[inline]
    pub fn beat(&self, now_ns: i64) {
        self.segment.beat(now_ns);
    }

    /// Whether a dead writer's segment was taken over.
    #[must_use]
    pub fn took_over(&self) -> bool {
        self.took_over
    }

    /// Sequences of the newest top and depth records.
    #[must_use]
    pub fn sequences(&self) -> (u64, u64) {
        (self.top.sequence(), self.depth.sequence())
    }

    /// Longest record that the depth ring takes.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.depth.longest()
    }

    /// The segment.
    #[must_use]
    pub fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Ends the stream: books CLOSED, the segment closed, the lock free.
    pub fn close(&mut self) {
        if self.heart.take().is_none() {
            return;
        }
        let now_ns = crate::clock::monotonic_raw_ns();
        for id in 0..self.instruments() {
            if self.state_of(id) != state::EMPTY {
                self.show_state(id, state::CLOSED, now_ns);
            }
        }
        self.segment.set_state(segment_state::CLOSED);
        self.bell.ring();
        self.segment.free_lock(lock::WRITER);
    }
}

/// A publication that is dropped without `close` looks as if it had been killed.
impl Drop for Publication {
    fn drop(&mut self) {
        if self.heart.is_some() {
            self.segment.free_lock(lock::WRITER);
        }
    }
}

/// Puts `bytes` at the entry's offset `at`; a body begins behind the lock word.
#[inline(always)]
fn put(body: &mut [u8], at: usize, bytes: &[u8]) {
    body[at - WORD..at - WORD + bytes.len()].copy_from_slice(bytes);
}

fn stamp(body: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(body[at - WORD..at].try_into().expect("8 bytes"))
}
