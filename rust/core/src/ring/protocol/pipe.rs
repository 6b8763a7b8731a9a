//! A lossless pipe: one writer, one reader, variable records, back-pressure.
//!
//! Positions are bytes since the beginning and never wrap. The committed position commits: what
//! a writer left behind it when it was killed is never seen. Each side caches the other's
//! position, so that a cache line moves only when it has to.

use std::sync::atomic::Ordering;

use crate::record::Records;

use super::{Memory, Newest, Region, WORD, control, is_pad, is_position, put_pad, record_length};

/// The writing end.
#[derive(Debug)]
pub struct PipeTail<M> {
    memory: M,
    region: Region,
    staged: u64,
    committed: u64,
    cursor: u64,
    newest: Newest,
    high_water: u64,
}

impl<M: Memory> PipeTail<M> {
    /// Goes on behind what is committed; `None` when no sequence belongs to it, or the reader
    /// stands where it cannot.
    pub fn resume(memory: M, region: Region) -> Option<Self> {
        let load = |word| memory.load(region.control + word, Ordering::Acquire);
        let (committed, cursor) = (load(control::COMMITTED), load(control::CURSOR));
        let high_water = load(control::HIGH_WATER);
        let newest = Newest::resume(&memory, &region, committed)?;
        if !is_within(&region, cursor, committed) {
            return None;
        }
        Some(Self {
            memory,
            region,
            staged: committed,
            committed,
            cursor,
            newest,
            high_water,
        })
    }

    /// Longest record that always finds room in the end.
    pub fn longest(&self) -> usize {
        (self.region.size / 2) as usize
    }

    /// Sequence of the newest record.
    pub fn sequence(&self) -> u64 {
        self.newest.sequence
    }

    /// Highest fill so far, in bytes.
    pub fn high_water(&self) -> u64 {
        self.high_water
    }

    /// Copies one record in, if there is room; `commit` lets the reader see it. The record's
    /// first word becomes its sequence; its length is a multiple of 64.
    #[inline(always)]
    pub fn stage(&mut self, record: &[u8]) -> bool {
        let length = record.len() as u64;
        let inside = self.region.inside(self.staged);
        let to_end = self.region.size - inside;
        let pad = if length > to_end { to_end } else { 0 };
        if !self.has_room(pad + length) {
            return false;
        }
        if pad > 0 {
            self.pad(pad);
        }
        self.put(self.word_of(self.staged), record);
        true
    }

    /// Copies records in until one finds no room or is longer than `longest`; says how many, and
    /// leaves the others.
    #[inline]
    pub fn stage_all(&mut self, records: &mut Records<'_>) -> usize {
        let mut count = 0;
        let mut rest = records.clone();
        let mut free = self.piece();
        let mut at = self.word_of(self.staged);
        while let Some(record) = rest.next() {
            let length = record.len() as u64;
            if length <= free {
                self.put(at, record);
                free -= length;
                at += record.len() / WORD;
            } else if record.len() > self.longest() || !self.stage(record) {
                break;
            } else {
                (free, at) = (self.piece(), self.word_of(self.staged));
            }
            *records = rest.clone();
            count += 1;
        }
        count
    }

    /// Bytes from here that are free as far as is known, in one piece.
    #[inline(always)]
    fn piece(&self) -> u64 {
        let to_end = self.region.size - self.region.inside(self.staged);
        let used = self.staged.saturating_sub(self.cursor);
        self.region.size.saturating_sub(used).min(to_end)
    }

    /// Copies a record to the word `at`, where there is room.
    #[inline(always)]
    fn put(&mut self, at: usize, record: &[u8]) {
        self.newest.sequence += 1;
        self.memory.fill(at, record);
        self.memory
            .store(at, self.newest.sequence, Ordering::Relaxed);
        self.staged += record.len() as u64;
    }

    /// Fills the end of the region: the next record begins where the region does.
    #[cold]
    fn pad(&mut self, length: u64) {
        let at = self.word_of(self.staged);
        put_pad(&self.memory, at, self.newest.sequence, length);
        self.staged += length;
    }

    /// Lets the reader see all that was staged; says whether that was anything.
    #[inline(always)]
    pub fn commit(&mut self) -> bool {
        if self.staged == self.committed {
            return false;
        }
        let control = self.region.control;
        self.newest.tell(&self.memory, &self.region, self.staged);
        self.memory
            .store(control + control::ANNOUNCED, self.staged, Ordering::Relaxed);
        self.memory
            .store(control + control::COMMITTED, self.staged, Ordering::Release);
        self.committed = self.staged;
        // Behind the commit: the reader's line may be far away, and nobody waits for this.
        if self.staged.saturating_sub(self.cursor) > self.high_water {
            self.note_fill();
        }
        true
    }

    /// Looks where the reader really is before a new highest fill is believed.
    fn note_fill(&mut self) {
        let control = self.region.control;
        self.cursor = self
            .memory
            .load(control + control::CURSOR, Ordering::Acquire);
        let fill = self.staged.saturating_sub(self.cursor);
        if fill > self.high_water {
            self.high_water = fill;
            self.memory
                .store(control + control::HIGH_WATER, fill, Ordering::Relaxed);
        }
    }

    /// Whether `length` bytes fit now, in the worst place.
    pub fn has_room_for(&mut self, length: u64) -> bool {
        let to_end = self.region.size - self.region.inside(self.staged);
        let pad = if length > to_end { to_end } else { 0 };
        self.has_room(pad + length)
    }

    /// Bytes that the reader has not read.
    pub fn pending(&self) -> u64 {
        let cursor = self.region.control + control::CURSOR;
        self.committed
            .saturating_sub(self.memory.load(cursor, Ordering::Acquire))
    }

    #[inline(always)]
    fn has_room(&mut self, length: u64) -> bool {
        let limit = (self.staged + length).saturating_sub(self.region.size);
        if self.cursor >= limit {
            return true;
        }
        let cursor = self.region.control + control::CURSOR;
        self.cursor = self.memory.load(cursor, Ordering::Acquire);
        self.cursor >= limit
    }

    #[inline(always)]
    fn word_of(&self, position: u64) -> usize {
        self.region.at + self.region.inside(position) as usize / WORD
    }
}

/// Whether a reader can stand at `cursor` when `committed` is committed.
fn is_within(region: &Region, cursor: u64, committed: u64) -> bool {
    is_position(cursor)
        && committed
            .checked_sub(cursor)
            .is_some_and(|pending| pending <= region.size)
}

/// What the reading end found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// A record: its first word and its length in bytes.
    Record {
        /// First word of the record.
        at: usize,
        /// Bytes of the record.
        length: usize,
    },
    /// Nothing new.
    Nothing,
    /// What is there cannot be a record.
    Corrupt {
        /// Position in bytes.
        position: u64,
    },
}

/// The reading end.
#[derive(Debug)]
pub struct PipeHead<M> {
    memory: M,
    region: Region,
    cursor: u64,
    stored: u64,
    committed: u64,
}

impl<M: Memory> PipeHead<M> {
    /// Goes on at the stored cursor; `None` when no reader can have stored it.
    pub fn resume(memory: M, region: Region) -> Option<Self> {
        let cursor = memory.load(region.control + control::CURSOR, Ordering::Acquire);
        let committed = memory.load(region.control + control::COMMITTED, Ordering::Acquire);
        is_within(&region, cursor, committed).then_some(Self {
            memory,
            region,
            cursor,
            stored: cursor,
            committed: cursor,
        })
    }

    /// The record at the cursor, pads skipped. Moving on is `advance`.
    #[inline(always)]
    pub fn peek(&mut self) -> Head {
        loop {
            if self.cursor >= self.committed && !self.look() {
                return Head::Nothing;
            }
            let position = self.cursor;
            let inside = self.region.inside(position);
            let at = self.region.at + inside as usize / WORD;
            let length = record_length(&self.memory, at);
            let room = (self.committed - position).min(self.region.size - inside);
            if length == 0 || !length.is_multiple_of(64) || length > room {
                return Head::Corrupt { position };
            }
            if !is_pad(&self.memory, at) {
                return Head::Record {
                    at,
                    length: length as usize,
                };
            }
            self.cursor += length;
        }
    }

    /// Goes on from the record of `length` bytes at `at`, which was passed: how many bytes of whole
    /// records follow it in one piece, at most `max_bytes` together with it, and how many records.
    /// What cannot be a record ends the piece; `peek` says so when it is its turn.
    #[inline]
    pub fn run_on(&mut self, at: usize, length: usize, max_bytes: usize) -> (usize, u64) {
        let to_end = self.region.size - (at + length / WORD - self.region.at) as u64 * WORD as u64;
        let room = (self.committed - self.cursor).min(to_end);
        let limit = room.min((max_bytes as u64).saturating_sub(length as u64));
        let (mut passed, mut count) = (0, 0);
        while passed < limit {
            let here = at + (length + passed as usize) / WORD;
            let next = record_length(&self.memory, here);
            let is_whole = next != 0 && next.is_multiple_of(64) && next <= limit - passed;
            if !is_whole || is_pad(&self.memory, here) {
                break;
            }
            passed += next;
            count += 1;
        }
        self.cursor += passed;
        (passed as usize, count)
    }

    /// Moves past a record of `length` bytes; `store` gives its room back.
    #[inline(always)]
    pub fn advance(&mut self, length: usize) {
        self.cursor += length as u64;
    }

    /// Gives the room of everything passed back to the writer; says whether that was anything.
    #[inline(always)]
    pub fn store(&mut self) -> bool {
        if self.stored == self.cursor {
            return false;
        }
        let cursor = self.region.control + control::CURSOR;
        self.memory.store(cursor, self.cursor, Ordering::Release);
        self.stored = self.cursor;
        true
    }

    /// Whether anything is there behind the cursor.
    #[inline]
    pub fn has_news(&mut self) -> bool {
        self.cursor < self.committed || self.look()
    }

    /// Bytes between cursor and committed position.
    pub fn pending(&self) -> u64 {
        let committed = self.region.control + control::COMMITTED;
        self.memory
            .load(committed, Ordering::Acquire)
            .saturating_sub(self.cursor)
    }

    #[inline(always)]
    fn look(&mut self) -> bool {
        let committed = self.region.control + control::COMMITTED;
        self.committed = self.memory.load(committed, Ordering::Acquire);
        self.cursor < self.committed
    }
}
