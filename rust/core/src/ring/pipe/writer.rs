//! The writing end of a pipe.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{bells, shape};
use crate::record::Records;
use crate::ring::bell::{Bell, Wait};
use crate::ring::heartbeat::Heart;
use crate::ring::mapping::Words;
use crate::ring::protocol::pipe::PipeTail;
use crate::ring::segment::{Segment, create_or_take_over, region_kind, segment_state};
use crate::ring::{SegmentError, lock};

/// The writing end.
#[derive(Debug)]
pub struct PipeWriter {
    tail: PipeTail<Words>,
    segment: Segment,
    to_reader: Bell,
    to_writer: Bell,
    heart: Option<Arc<Heart>>,
    sent: u64,
    waits: u64,
}

impl PipeWriter {
    /// Makes the segment, or goes on where a dead writer ended, with the next generation.
    ///
    /// # Errors
    /// Busy while a writer lives; Full, Shape, System.
    pub fn create(path: &Path, capacity: u64, name: &str) -> Result<Self, SegmentError> {
        let (segment, _) = create_or_take_over(path, &shape(name, capacity))?;
        Self::open(segment)
    }

    pub(super) fn open(segment: Segment) -> Result<Self, SegmentError> {
        let region = segment.region(region_kind::PIPE)?;
        let words = Words::new(segment.mapping());
        let tail =
            PipeTail::resume(words, region.words()).ok_or_else(|| SegmentError::Corrupt {
                path: segment.path().to_owned(),
                reason: "no sequence or no reader belongs to the committed position".into(),
            })?;
        let (to_reader, to_writer) = bells(&segment, &region);
        let heart = Some(Heart::start(&segment));
        segment.set_state(segment_state::LIVE);
        Ok(Self {
            tail,
            segment,
            to_reader,
            to_writer,
            heart,
            sent: 0,
            waits: 0,
        })
    }

    /// Sends one record if there is room; the reader sees it at once.
    ///
    /// # Errors
    /// TooLong.
    #[inline(always)]
    pub fn try_send(&mut self, record: &[u8]) -> Result<bool, SegmentError> {
        let staged = self.stage(record)?;
        self.commit();
        Ok(staged)
    }

    /// Copies one record in if there is room, to be seen with the next `commit`.
    ///
    /// # Errors
    /// TooLong.
    #[inline(always)]
    pub fn stage(&mut self, record: &[u8]) -> Result<bool, SegmentError> {
        if record.len() > self.tail.longest() {
            return Err(self.too_long(record.len()));
        }
        let staged = self.tail.stage(record);
        self.sent += u64::from(staged);
        Ok(staged)
    }

    /// Copies records in as long as there is room, to be seen with the next `commit`; returns
    /// their number.
    ///
    /// # Errors
    /// TooLong where that ended it: what stands before is staged.
    pub fn stage_all(&mut self, mut records: Records<'_>) -> Result<usize, SegmentError> {
        let count = self.tail.stage_all(&mut records);
        self.sent += count as u64;
        match records.next() {
            Some(record) if record.len() > self.tail.longest() => Err(self.too_long(record.len())),
            _ => Ok(count),
        }
    }

    #[cold]
    fn too_long(&self, length: usize) -> SegmentError {
        SegmentError::TooLong {
            path: self.segment.path().to_owned(),
            length,
            limit: self.tail.longest(),
        }
    }

    /// Lets the reader see what was staged, and wakes it if it sleeps.
    #[inline(always)]
    pub fn commit(&mut self) {
        if self.tail.commit() {
            self.to_reader.ring();
        }
    }

    /// Waits for room for `length` bytes; says whether there is.
    pub fn wait_for_room(&mut self, length: usize, wait: Wait, timeout: Duration) -> bool {
        if self.tail.has_room_for(length as u64) {
            return true;
        }
        self.waits += 1;
        let tail = &mut self.tail;
        self.to_writer
            .wait(wait, timeout, || tail.has_room_for(length as u64))
    }

    /// Sends one record and waits for room until `timeout`; false when there was none.
    ///
    /// # Errors
    /// TooLong.
    pub fn send(
        &mut self,
        record: &[u8],
        wait: Wait,
        timeout: Duration,
    ) -> Result<bool, SegmentError> {
        let deadline = Instant::now() + timeout;
        while !self.try_send(record)? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.wait_for_room(record.len(), wait, left) {
                return self.try_send(record);
            }
        }
        Ok(true)
    }

    /// Whether a process holds the reading end.
    #[must_use]
    pub fn reader_alive(&self) -> bool {
        self.segment.is_locked(lock::READER).unwrap_or(false)
    }

    /// The segment.
    #[must_use]
    pub fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Bytes of the region.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        2 * self.tail.longest() as u64
    }

    /// Highest fill so far, in bytes.
    #[must_use]
    pub fn high_water(&self) -> u64 {
        self.tail.high_water()
    }

    /// Bytes that were not read yet.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.tail.pending()
    }

    /// Records that this writer has sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// How often this writer waited for room.
    #[must_use]
    pub fn waits(&self) -> u64 {
        self.waits
    }

    /// Ends the stream: what was sent stays readable, the lock is free.
    pub fn close(&mut self) {
        if self.heart.take().is_some() {
            self.commit();
            self.segment.set_state(segment_state::CLOSED);
            self.to_reader.ring();
            self.segment.free_lock(lock::WRITER);
        }
    }
}

/// A writer that is dropped without `close` looks as if it had been killed: its lock is free
/// and its stream has no end, so that the reader knows that something is missing.
impl Drop for PipeWriter {
    fn drop(&mut self) {
        if self.heart.is_some() {
            self.segment.free_lock(lock::WRITER);
        }
    }
}
