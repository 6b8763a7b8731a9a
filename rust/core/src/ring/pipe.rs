//! Both ends of a pipe segment: lossless, one writer, one reader, resumed after a death.

use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bell::{Bell, Wait};
use super::heartbeat::Heart;
use super::mapping::Words;
use super::protocol::pipe::{Head, PipeHead, PipeTail};
use super::protocol::{WORD, control};
use super::segment::{
    RegionInfo, Segment, Shape, control_offset, create_or_take_over, create_unnamed, region_kind,
    segment_state,
};
use super::{SegmentError, lock};
use crate::clock;

/// A pipe's data is whole pages.
const PAGE: u64 = 4096;

/// How often an idle reader looks whether its writer made a new file.
const PROBE_NS: i64 = 50_000_000;

fn shape(name: &str, capacity: u64) -> Shape {
    let slots = capacity.max(1).next_multiple_of(PAGE) / 64;
    Shape {
        name: name.to_owned(),
        instruments: Vec::new(),
        regions: vec![(region_kind::PIPE, 64, slots)],
    }
}

fn bells(segment: &Segment, region: &RegionInfo) -> (Bell, Bell) {
    let wake = region.control_at + control_offset::WAKE;
    let bell = |flag| {
        let sleepers = (Arc::clone(segment.mapping()), region.control_at + flag);
        Bell::new(segment.mapping(), &[wake], Some(sleepers))
    };
    (
        bell(control_offset::READER_SLEEPS),
        bell(control_offset::WRITER_SLEEPS),
    )
}

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

    fn open(segment: Segment) -> Result<Self, SegmentError> {
        let region = segment.region(region_kind::PIPE)?;
        let words = Words::new(segment.mapping());
        let tail =
            PipeTail::resume(words, region.words()).ok_or_else(|| SegmentError::Corrupt {
                path: segment.path().to_owned(),
                reason: "no sequence belongs to the committed position".into(),
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
    #[inline]
    pub fn try_send(&mut self, record: &[u8]) -> Result<bool, SegmentError> {
        let staged = self.stage(record)?;
        self.commit();
        Ok(staged)
    }

    /// Copies one record in if there is room, to be seen with the next `commit`.
    ///
    /// # Errors
    /// TooLong.
    #[inline]
    pub fn stage(&mut self, record: &[u8]) -> Result<bool, SegmentError> {
        if record.len() > self.tail.longest() {
            return Err(self.too_long(record.len()));
        }
        let staged = self.tail.stage(record);
        self.sent += u64::from(staged);
        Ok(staged)
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
    #[inline]
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

    fn open(segment: Segment) -> Result<Self, SegmentError> {
        let region = segment.region(region_kind::PIPE)?;
        segment.take_lock(lock::READER)?;
        let head = PipeHead::resume(Words::new(segment.mapping()), region.words());
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
    #[inline]
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
        let (mut start, mut end) = (0, 0);
        loop {
            match self.head.peek() {
                Head::Record { at, length } => {
                    let at = at * WORD;
                    let first = end == 0;
                    if !first && (at != end || end - start + length > max_bytes) {
                        break;
                    }
                    if first {
                        start = at;
                    }
                    end = at + length;
                    self.head.advance(length);
                    self.received += 1;
                }
                Head::Nothing => break,
                Head::Corrupt { position } => return Err(self.corrupt(position)),
            }
        }
        Ok((end > 0).then_some((start, end - start)))
    }

    #[cold]
    fn corrupt(&self, position: u64) -> SegmentError {
        SegmentError::Corrupt {
            path: self.segment.path().to_owned(),
            reason: format!("what lies at position {position} cannot be a record"),
        }
    }

    /// Gives the room of everything read back, and wakes a writer that waits for it.
    #[inline]
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
        let mut head = PipeHead::resume(words, self.region.words());
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

impl Drop for PipeReader {
    fn drop(&mut self) {
        self.segment.free_lock(lock::READER);
    }
}

/// Both ends of a pipe on memory without a name.
///
/// # Errors
/// Full, Shape, System.
pub fn unnamed(capacity: u64, name: &str) -> Result<(PipeWriter, PipeReader), SegmentError> {
    let segment = create_unnamed(&shape(name, capacity))?;
    // Locks belong to an open file: the second end opens the same memory once more.
    let descriptor = segment.mapping().file().as_raw_fd();
    let again = format!("/proc/self/fd/{descriptor}");
    let reading = Segment::attach(Path::new(&again), true)?;
    segment.take_lock(lock::WRITER)?;
    Ok((PipeWriter::open(segment)?, PipeReader::open(reading)?))
}

/// What anybody may read of a pipe while its ends are at work elsewhere.
#[derive(Clone, Debug)]
pub struct PipeGauge {
    segment: Segment,
    region: RegionInfo,
}

impl PipeGauge {
    /// A gauge on the segment of either end.
    ///
    /// # Errors
    /// Refused when it is no pipe.
    pub fn new(segment: &Segment) -> Result<Self, SegmentError> {
        let region = segment.region(region_kind::PIPE)?;
        Ok(Self {
            segment: segment.clone(),
            region,
        })
    }

    fn word(&self, index: usize) -> u64 {
        let at = self.region.control_at + index * WORD;
        let word = self.segment.mapping().word64(at);
        word.load(std::sync::atomic::Ordering::Acquire)
    }

    /// The segment.
    #[must_use]
    pub fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Bytes of the region.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.region.size
    }

    /// Bytes sent and not read yet.
    #[must_use]
    pub fn pending(&self) -> u64 {
        let cursor = self.word(control::CURSOR);
        self.word(control::COMMITTED).saturating_sub(cursor)
    }

    /// Highest fill so far, in bytes.
    #[must_use]
    pub fn high_water(&self) -> u64 {
        self.word(control::HIGH_WATER)
    }

    /// Sequence of the newest record; 0 before the first.
    #[must_use]
    pub fn newest(&self) -> u64 {
        let pair = |turn: usize| {
            let at = control::NEWEST + 2 * turn;
            (self.word(at + 1), self.word(at))
        };
        pair(0).max(pair(1)).1
    }
}
