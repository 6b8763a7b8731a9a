//! Broadcast of fixed 64-byte slots: sequence and payload in one cache line, nobody waits.
//!
//! Writer: sequence busy (release), release fence, payload, sequence ready (release), committed
//! (release). Reader: sequence (acquire), payload, acquire fence, sequence again (acquire). The
//! fences stand between the marks and the payload; an order on the marks alone would point the
//! wrong way. The release on `busy` and the acquire of the second look are for the count alone:
//! whoever sees a slot overwritten also sees how far the writer has come.

use std::sync::atomic::Ordering;

use super::{COUNT_MAX, Memory, Region, WORD, control};

/// Bytes of a slot.
pub const SLOT: usize = 64;

/// Words of a slot.
const SLOT_WORDS: usize = SLOT / WORD;

/// Sequence word of a slot that is being written.
pub const BUSY: u64 = u64::MAX;

/// Sequence `s` lies in slot `(s - 1) % slots`; slots are a power of two.
fn word_of(region: &Region, sequence: u64) -> usize {
    let slots = region.size / SLOT as u64;
    let slot = (sequence - 1) & (slots - 1);
    region.at + slot as usize * SLOT_WORDS
}

/// The one writer of a slot ring.
#[derive(Debug)]
pub struct SlotWriter<M> {
    memory: M,
    region: Region,
    sequence: u64,
}

impl<M: Memory> SlotWriter<M> {
    /// Goes on behind what is committed. A slot that was completed but not committed before the
    /// last writer died is taken in: a reader may have read it already. `None` when nobody can
    /// have counted that far.
    pub fn resume(memory: M, region: Region) -> Option<Self> {
        let committed = region.control + control::COMMITTED;
        let mut sequence = memory.load(committed, Ordering::Acquire);
        if sequence >= COUNT_MAX {
            return None;
        }
        let next = memory.load(word_of(&region, sequence + 1), Ordering::Acquire);
        if next == sequence + 1 {
            sequence = next;
            memory.store(committed, sequence, Ordering::Release);
        }
        Some(Self {
            memory,
            region,
            sequence,
        })
    }

    /// Sequence of the newest record, 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Writes one record; its first word becomes its sequence.
    #[inline]
    pub fn write(&mut self, record: &[u8; SLOT]) -> u64 {
        let sequence = self.sequence + 1;
        let at = word_of(&self.region, sequence);
        // Release: who sees this mark sees every commit before it, and counts a lap exactly.
        self.memory.store(at, BUSY, Ordering::Release);
        self.memory.fence(Ordering::Release);
        self.memory.copy_in(at + 1, &record[WORD..]);
        self.memory.store(at, sequence, Ordering::Release);
        let committed = self.region.control + control::COMMITTED;
        self.memory.store(committed, sequence, Ordering::Release);
        self.sequence = sequence;
        sequence
    }
}

/// What a reader found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The next record, checked.
    Record,
    /// Nothing new.
    Nothing,
    /// The next record was overwritten; `newest` can be read.
    Lapped {
        /// Sequence of the newest record.
        newest: u64,
    },
}

/// One of any number of readers.
#[derive(Debug)]
pub struct SlotReader<M> {
    memory: M,
    region: Region,
    next: u64,
}

impl<M: Memory> SlotReader<M> {
    /// Starts behind `sequence`.
    pub fn after(memory: M, region: Region, sequence: u64) -> Self {
        Self {
            memory,
            region,
            next: sequence + 1,
        }
    }

    /// Sequence of the newest committed record.
    #[inline]
    pub fn newest(&self) -> u64 {
        let committed = self.region.control + control::COMMITTED;
        self.memory.load(committed, Ordering::Acquire)
    }

    /// Sequence that is read next.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Goes on at `sequence`.
    pub fn skip_to(&mut self, sequence: u64) {
        self.next = sequence;
    }

    /// Whether the next record is there, or lost.
    #[inline]
    pub fn has_news(&self) -> bool {
        let at = word_of(&self.region, self.next);
        let seen = self.memory.load(at, Ordering::Acquire);
        seen == self.next || (seen > self.next && self.newest() >= self.next)
    }

    /// Copies the next record to `out` if it is there, whole and not overwritten meanwhile.
    #[inline]
    pub fn read(&mut self, out: &mut [u8; SLOT]) -> Found {
        let at = word_of(&self.region, self.next);
        let seen = self.memory.load(at, Ordering::Acquire);
        if seen != self.next {
            // An older record in the slot says that the next one is not complete. What is committed
            // lies in another line, which a reader that waits must not take from the writer.
            if seen < self.next || self.newest() < self.next {
                return Found::Nothing;
            }
            // It was committed, perhaps after the look above: only a second look can tell.
            if self.memory.load(at, Ordering::Acquire) != self.next {
                return self.lapped();
            }
        }
        self.memory.copy_out(at + 1, &mut out[WORD..]);
        self.memory.fence(Ordering::Acquire);
        if self.memory.load(at, Ordering::Acquire) != self.next {
            return self.lapped();
        }
        out[..WORD].copy_from_slice(&self.next.to_le_bytes());
        self.next += 1;
        Found::Record
    }

    /// The mark of a later record was acquired: the newest one is known, and later.
    #[cold]
    fn lapped(&self) -> Found {
        Found::Lapped {
            newest: self.newest(),
        }
    }
}
