//! Broadcast of variable records: the writer announces where it will be before it touches
//! memory, a reader copies first and then asks whether the writer has come too close.

use std::sync::atomic::Ordering;

use super::{Memory, Newest, Region, WORD, control, put_pad};

/// Looks for the newest sequence while the writer is moving on.
const NEWEST_LOOKS: usize = 1_000_000;

/// The one writer.
#[derive(Debug)]
pub struct TailWriter<M> {
    memory: M,
    region: Region,
    committed: u64,
    newest: Newest,
}

impl<M: Memory> TailWriter<M> {
    /// Goes on behind what is committed; `None` when no sequence belongs to it, or more than a
    /// whole region was announced. What a killed writer had announced stays announced until the
    /// next record: it may have been touched, and readers must go on counting it as spoiled.
    pub fn resume(memory: M, region: Region) -> Option<Self> {
        let committed = memory.load(region.control + control::COMMITTED, Ordering::Acquire);
        let announced = memory.load(region.control + control::ANNOUNCED, Ordering::Acquire);
        let newest = Newest::resume(&memory, &region, committed)?;
        if announced.saturating_sub(committed) > region.size {
            return None;
        }
        Some(Self {
            memory,
            region,
            committed,
            newest,
        })
    }

    /// Longest record that is taken: a quarter of the region.
    pub fn longest(&self) -> usize {
        (self.region.size / 4) as usize
    }

    /// Sequence of the newest record.
    pub fn sequence(&self) -> u64 {
        self.newest.sequence
    }

    /// Writes one record of at most `longest` bytes, a multiple of 64.
    #[inline]
    pub fn write(&mut self, record: &[u8]) -> u64 {
        let length = record.len() as u64;
        let to_end = self.region.size - self.region.inside(self.committed);
        let pad = if length > to_end { to_end } else { 0 };
        let end = self.committed + pad + length;
        let control = self.region.control;
        let announced = self
            .memory
            .load(control + control::ANNOUNCED, Ordering::Relaxed);
        self.memory.store(
            control + control::ANNOUNCED,
            end.max(announced),
            Ordering::Relaxed,
        );
        self.memory.fence(Ordering::Release);
        if pad > 0 {
            put_pad(
                &self.memory,
                self.word_of(self.committed),
                self.newest.sequence,
                pad,
            );
        }
        let at = self.word_of(self.committed + pad);
        self.newest.sequence += 1;
        self.memory
            .store(at, self.newest.sequence, Ordering::Relaxed);
        self.memory.copy_in(at + 1, &record[WORD..]);
        self.newest.tell(&self.memory, &self.region, end);
        self.memory
            .store(control + control::COMMITTED, end, Ordering::Release);
        self.committed = end;
        self.newest.sequence
    }

    #[inline(always)]
    fn word_of(&self, position: u64) -> usize {
        self.region.at + self.region.inside(position) as usize / WORD
    }
}

/// What a reader found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// This many bytes of whole records (pads among them) were copied and checked.
    Bytes(usize),
    /// Nothing new.
    Nothing,
    /// The writer has come round; the reader stands at the newest position now.
    Lapped,
}

/// One of any number of readers.
#[derive(Debug)]
pub struct TailReader<M> {
    memory: M,
    region: Region,
    cursor: u64,
}

impl<M: Memory> TailReader<M> {
    /// Starts at `position`, which is the beginning of a record.
    pub fn at(memory: M, region: Region, position: u64) -> Self {
        Self {
            memory,
            region,
            cursor: position,
        }
    }

    /// Position behind the newest record.
    #[inline]
    pub fn committed(&self) -> u64 {
        let committed = self.region.control + control::COMMITTED;
        self.memory.load(committed, Ordering::Acquire)
    }

    /// Position behind the newest record, and its sequence. `None` when no sequence belongs to
    /// it, which no writer leaves behind, alive or killed.
    pub fn newest(&self) -> Option<(u64, u64)> {
        (0..NEWEST_LOOKS).find_map(|_| {
            let committed = self.committed();
            let newest = Newest::resume(&self.memory, &self.region, committed)?;
            Some((committed, newest.sequence))
        })
    }

    /// Position that is read next.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Goes back or on to `position`, the beginning of a record.
    pub fn move_to(&mut self, position: u64) {
        self.cursor = position;
    }

    /// Copies up to `out.len()` bytes from the cursor, not past the region's end, and checks
    /// that none of them was overwritten. The caller finds the last whole record among them and
    /// calls `advance` with its end.
    pub fn copy(&mut self, out: &mut [u8]) -> Chunk {
        let committed = self.committed();
        if committed == self.cursor {
            return Chunk::Nothing;
        }
        if committed < self.cursor || self.is_spoiled() {
            return self.lap();
        }
        let inside = self.region.inside(self.cursor);
        let available = (committed - self.cursor).min(self.region.size - inside);
        let length = (available as usize).min(out.len());
        let at = self.region.at + inside as usize / WORD;
        self.memory.copy_out(at, &mut out[..length]);
        self.memory.fence(Ordering::Acquire);
        if self.is_spoiled() {
            return self.lap();
        }
        Chunk::Bytes(length)
    }

    /// Moves past `length` bytes.
    pub fn advance(&mut self, length: usize) {
        self.cursor += length as u64;
    }

    fn is_spoiled(&self) -> bool {
        let announced = self.region.control + control::ANNOUNCED;
        let announced = self.memory.load(announced, Ordering::Relaxed);
        announced.saturating_sub(self.cursor) > self.region.size
    }

    fn lap(&mut self) -> Chunk {
        self.cursor = self.committed();
        Chunk::Lapped
    }
}
