//! The protocols of a segment over plain words, whoever holds them.
//!
//! Each is generic over [`Memory`], so that the code that runs on mapped memory is the code that
//! loom explores. Handles own their index: a writer never reads its own position back.

pub mod entry;
pub mod pipe;
pub mod slot;
pub mod tail;

use std::sync::atomic::Ordering;

/// Words of 64 bits that two sides share.
pub trait Memory {
    /// Reads the word `at`.
    fn load(&self, at: usize, order: Ordering) -> u64;

    /// Writes the word `at`.
    fn store(&self, at: usize, value: u64, order: Ordering);

    /// Orders what stands before against what stands behind.
    fn fence(&self, order: Ordering);

    /// Writes whole words from `bytes`, in any order, each word whole.
    #[inline(always)]
    fn copy_in(&self, at: usize, bytes: &[u8]) {
        for (index, chunk) in bytes.as_chunks::<8>().0.iter().enumerate() {
            self.store(at + index, u64::from_le_bytes(*chunk), Ordering::Relaxed);
        }
    }

    /// Writes whole words that nobody looks at before a later store says that they are there.
    #[inline(always)]
    fn fill(&self, at: usize, bytes: &[u8]) {
        self.copy_in(at, bytes);
    }

    /// Reads whole words into `bytes`, in any order, each word whole.
    #[inline(always)]
    fn copy_out(&self, at: usize, bytes: &mut [u8]) {
        for (index, chunk) in bytes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            *chunk = self.load(at + index, Ordering::Relaxed).to_le_bytes();
        }
    }
}

/// Bytes of a word.
pub const WORD: usize = 8;

/// Positions and sequences stay below it; what lies above was never counted, but damaged.
pub const COUNT_MAX: u64 = 1 << 62;

/// Where a variable region lies, in words: its control lines and its data.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// First word of the control lines.
    pub control: usize,
    /// First word of the data.
    pub at: usize,
    /// Bytes of data, a multiple of 64.
    pub size: u64,
}

impl Region {
    /// Where in the region the byte `position` since the beginning lies. Most regions are a power
    /// of two, and a division costs more than the rest of a record's way.
    #[inline(always)]
    pub fn inside(&self, position: u64) -> u64 {
        if self.size.is_power_of_two() {
            position & (self.size - 1)
        } else {
            position % self.size
        }
    }
}

/// Words of the control lines, from their first.
pub mod control {
    /// Position that the writer is about to reach.
    pub const ANNOUNCED: usize = 0;
    /// Position (bytes; in `top` the last sequence) up to which records are whole.
    pub const COMMITTED: usize = 1;
    /// Two pairs (sequence, position) that are written in turn before each commit.
    pub const NEWEST: usize = 2;
    /// Highest fill that the writer has seen, in bytes (pipe only).
    pub const HIGH_WATER: usize = 6;
    /// Position up to which the reader has read (pipe only).
    pub const CURSOR: usize = 16;
}

/// Length of the record at word `at`, from its header; 0 for what cannot be a record.
#[inline(always)]
pub fn record_length<M: Memory>(memory: &M, at: usize) -> u64 {
    use crate::record::record_type;
    let head = memory.load(at + 1, Ordering::Relaxed);
    match head as u8 {
        record_type::FRAME => {
            let length = memory.load(at + 4, Ordering::Relaxed) >> 32;
            64 + ((length + 63) & !63)
        }
        record_type::TOP => 64,
        record_type::PAD => head >> 32,
        record_type::SNAPSHOT..=record_type::REQUEST => {
            let counts = memory.load(at + 8, Ordering::Relaxed);
            let levels = (counts & 0xFFFF_FFFF) + (counts >> 32);
            (128 + 16 * levels + 63) & !63
        }
        _ => 0,
    }
}

/// Whether the record at word `at` only fills the end of a region.
#[inline(always)]
pub fn is_pad<M: Memory>(memory: &M, at: usize) -> bool {
    memory.load(at + 1, Ordering::Relaxed) as u8 == crate::record::record_type::PAD
}

/// Writes the pad that fills `length` bytes up to the end of a region.
#[inline]
pub fn put_pad<M: Memory>(memory: &M, at: usize, sequence: u64, length: u64) {
    let head = u64::from(crate::record::record_type::PAD) | length << 32;
    memory.store(at, sequence, Ordering::Relaxed);
    memory.store(at + 1, head, Ordering::Relaxed);
}

/// Whether a writer can stand at `position`: between two records, and not beyond all counting.
#[must_use]
pub fn is_position(position: u64) -> bool {
    position.is_multiple_of(64) && position < COUNT_MAX
}

/// Sequence of the newest record and the position behind it, told before the commit.
///
/// Two pairs take turns: whatever the instant at which a writer is killed, the pair of the last
/// commit is whole, and its position is the committed one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Newest {
    turn: usize,
    /// Sequence of the newest record, 0 before the first.
    pub sequence: u64,
}

impl Newest {
    /// What belongs to `committed`; `None` where neither pair does, or no writer gets there.
    pub fn resume<M: Memory>(memory: &M, region: &Region, committed: u64) -> Option<Self> {
        if committed == 0 {
            return Some(Self::default());
        }
        if !is_position(committed) {
            return None;
        }
        (0..2).find_map(|turn| {
            let at = region.control + control::NEWEST + 2 * turn;
            let sequence = memory.load(at, Ordering::Acquire);
            let position = memory.load(at + 1, Ordering::Acquire);
            let turn = 1 - turn;
            (position == committed && sequence < COUNT_MAX).then_some(Self { turn, sequence })
        })
    }

    /// Tells the pair of the commit that follows.
    #[inline(always)]
    pub fn tell<M: Memory>(&mut self, memory: &M, region: &Region, position: u64) {
        let at = region.control + control::NEWEST + 2 * self.turn;
        memory.store(at, self.sequence, Ordering::Release);
        memory.store(at + 1, position, Ordering::Release);
        self.turn = 1 - self.turn;
    }
}
