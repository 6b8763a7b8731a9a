//! The reading end of a pipe.

use std::path::Path;
use std::time::Duration;

use super::bells;
use crate::clock;
use crate::ring::bell::{Bell, Wait};
use crate::ring::mapping::Words;
use crate::ring::protocol::pipe::{Head, PipeHead};
use crate::ring::protocol::{WORD, control};
use crate::ring::segment::{RegionInfo, Segment, region_kind, segment_state};
use crate::ring::{SegmentError, lock};

/// How often an idle reader looks whether its writer made a new file.
const PROBE_NS: i64 = 50_000_000;

/// The reading end.
#[derive(Debug)]
pub struct PipeReader {
    head: PipeHead<Words>,
    segment: Segment,
    region: RegionInfo,
    to_reader: Bell,
    to_writer: Bell,
    received: u64,
    probed_ns: i64,
}

impl PipeReader {
    /// Attaches and goes on at the stored cursor.
    ///
    /// # Errors
    /// Missing, Busy while another reader lives, Refused, System.
    pub fn attach(path: &Path) -> Result<Self, SegmentError> {
        Self::open(Segment::attach(path, true)?)
    }

    pub(super) fn open(segment: Segment) -> Result<Self, SegmentError> {
        let region = segment.region(region_kind::PIPE)?;
        segment.take_lock(lock::READER)?;
        let words = Words::new(segment.mapping());
        let Some(head) = PipeHead::resume(words, region.words()) else {
            segment.free_lock(lock::READER);
            return Err(misplaced(&segment));
        };
        let (to_reader, to_writer) = bells(&segment, &region);
        Ok(Self {
            head,
            segment,
            region,
            to_reader,
            to_writer,
            received: 0,
            probed_ns: 0,
        })
    }

    /// The next record, in place. It stays valid until `release`.
    ///
    /// # Errors
    /// Corrupt.
    #[inline(always)]
    pub fn record(&mut self) -> Result<Option<&[u8]>, SegmentError> {
        match self.head.peek() {
            Head::Record { at, length } => {
                self.head.advance(length);
                self.received += 1;
                // SAFETY: the writer committed this range and leaves it alone until the cursor
                // is stored, which `release` does with `&mut self`.
                Ok(Some(unsafe {
                    self.segment.mapping().bytes(at * WORD, length)
                }))
            }
            Head::Nothing => Ok(None),
            Head::Corrupt { position } => Err(self.corrupt(position)),
        }
    }

    /// As many whole records as lie in one piece, at most `max_bytes` (but one at least): first
    /// byte in the mapping, and length. The bytes stay valid until `release`.
    ///
    /// # Errors
    /// Corrupt.
    pub fn batch(&mut self, max_bytes: usize) -> Result<Option<(usize, usize)>, SegmentError> {
        match self.head.peek() {
            Head::Record { at, length } => {
                self.head.advance(length);
                let (more, count) = self.head.run_on(at, length, max_bytes);
                self.received += 1 + count;
                Ok(Some((at * WORD, length + more)))
            }
            Head::Nothing => Ok(None),
            Head::Corrupt { position } => Err(self.corrupt(position)),
        }
    }

    #[cold]
    fn corrupt(&self, position: u64) -> SegmentError {
        SegmentError::Corrupt {
            path: self.segment.path().to_owned(),
            reason: format!("what lies at position {position} cannot be a record"),
        }
    }

    /// Gives the room of everything read back, and wakes a writer that waits for it.
    #[inline(always)]
    pub fn release(&mut self) {
        if self.head.store() {
            self.to_writer.ring();
        }
    }

    /// Waits for a record; says whether one is there. Follows a writer that made a new file.
    pub fn wait(&mut self, wait: Wait, timeout: Duration) -> bool {
        let (head, segment) = (&mut self.head, &self.segment);
        let came = self.to_reader.wait(wait, timeout, || {
            head.has_news() || segment.state() == segment_state::CLOSED
        });
        (came && self.head.has_news()) || self.follow()
    }

    /// Waits for a record of this pipe or for anything else that `or` sees.
    pub fn wait_or(&mut self, wait: Wait, timeout: Duration, or: impl Fn() -> bool) {
        let head = &mut self.head;
        self.to_reader
            .wait(wait, timeout, || head.has_news() || or());
    }

    /// Records that were sent and not read; they stay where they are.
    ///
    /// # Errors
    /// Corrupt.
    pub fn count_pending(&self) -> Result<u64, SegmentError> {
        let words = Words::new(self.segment.mapping());
        let mut head =
            PipeHead::resume(words, self.region.words()).ok_or_else(|| misplaced(&self.segment))?;
        let mut count = 0;
        loop {
            match head.peek() {
                Head::Record { length, .. } => {
                    head.advance(length);
                    count += 1;
                }
                Head::Nothing => return Ok(count),
                Head::Corrupt { position } => return Err(self.corrupt(position)),
            }
        }
    }

    fn follow(&mut self) -> bool {
        let now_ns = clock::monotonic_raw_ns();
        if now_ns - self.probed_ns < PROBE_NS {
            return false;
        }
        self.probed_ns = now_ns;
        if self.segment.state() != segment_state::MOVED && !self.segment.is_replaced() {
            return false;
        }
        let Ok(mut next) = Self::attach(self.segment.path()) else {
            return false;
        };
        next.received = self.received;
        *self = next;
        self.head.has_news()
    }

    /// Whether a process holds the writing end.
    #[must_use]
    pub fn writer_alive(&self) -> bool {
        self.segment.is_locked(lock::WRITER).unwrap_or(false)
    }

    /// Whether the writer closed the stream and everything was read.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.segment.state() == segment_state::CLOSED && self.pending() == 0
    }

    /// Bytes that were not read yet.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.head.pending()
    }

    /// Records that this reader has read.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Bytes of the region.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.region.size
    }

    /// Highest fill that the writer has seen, in bytes.
    #[must_use]
    pub fn high_water(&self) -> u64 {
        let at = self.region.control_at + control::HIGH_WATER * WORD;
        let word = self.segment.mapping().word64(at);
        word.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// The segment.
    #[must_use]
    pub fn segment(&self) -> &Segment {
        &self.segment
    }
}

#[cold]
fn misplaced(segment: &Segment) -> SegmentError {
    SegmentError::Corrupt {
        path: segment.path().to_owned(),
        reason: "its stored cursor does not lie within what was sent".into(),
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        self.segment.free_lock(lock::READER);
    }
}
