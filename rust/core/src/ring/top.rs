//! Reading the `top` ring: 64-byte records, losses counted exactly.

use std::path::Path;
use std::time::Duration;

use super::SegmentError;
use super::bell::Wait;
use super::mapping::Words;
use super::protocol::COUNT_MAX;
use super::protocol::slot::{Found, SLOT, SlotReader};
use super::segment::{Segment, region_kind, segment_state};
use super::source::{Liveness, Source, wait_slice};

/// What a batch was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Records (in `top`) or bytes (in `depth`) that were copied.
    pub copied: usize,
    /// Records that were overwritten before they could be read, found in this call.
    pub lost: u64,
}

/// One reader of a top ring.
#[derive(Debug)]
pub struct TopReader {
    source: Source,
    slots: SlotReader<Words>,
    lost: u64,
    laps: u64,
    received: u64,
}

fn reader_of(segment: &Segment, after: u64) -> Result<SlotReader<Words>, SegmentError> {
    let region = segment.region(region_kind::TOP)?;
    let words = Words::new(segment.mapping());
    Ok(SlotReader::after(words, region.words(), after))
}

#[cold]
fn corrupt(source: &Source, newest: u64) -> SegmentError {
    SegmentError::Corrupt {
        path: source.segment().path().to_owned(),
        reason: format!("top record {newest} is said to be the newest and is not there"),
    }
}

impl TopReader {
    /// Attaches; the first record read is the first one written from now on.
    ///
    /// # Errors
    /// Missing, Refused, System.
    pub fn attach(path: &Path) -> Result<Self, SegmentError> {
        let source = Source::attach(path, region_kind::TOP)?;
        let mut slots = reader_of(source.segment(), 0)?;
        if slots.newest() >= COUNT_MAX {
            return Err(corrupt(&source, slots.newest()));
        }
        slots.skip_to(slots.newest() + 1);
        Ok(Self {
            source,
            slots,
            lost: 0,
            laps: 0,
            received: 0,
        })
    }

    /// Copies as many checked records as `out` takes.
    ///
    /// After a lap everything up to the newest record is counted as lost, and reading goes on
    /// with the newest.
    ///
    /// # Errors
    /// Corrupt when the newest committed record does not lie in its slot.
    pub fn read(&mut self, out: &mut [u8]) -> Result<Batch, SegmentError> {
        let mut batch = Batch::default();
        for slot in out.as_chunks_mut::<SLOT>().0 {
            loop {
                match self.slots.read(slot) {
                    Found::Record => {
                        batch.copied += 1;
                        break;
                    }
                    // A lap leads forwards; where it does not, no writer has been at work.
                    Found::Lapped { newest } if newest <= self.slots.next() => {
                        return Err(corrupt(&self.source, newest));
                    }
                    Found::Lapped { newest } => batch.lost += self.lap(newest),
                    Found::Nothing => return Ok(self.end(batch, false)),
                }
            }
        }
        Ok(self.end(batch, out.is_empty()))
    }

    fn lap(&mut self, newest: u64) -> u64 {
        let lost = newest - self.slots.next();
        self.slots.skip_to(newest);
        self.laps += 1;
        self.lost += lost;
        lost
    }

    /// An empty read asks for nothing but this look.
    #[inline]
    fn end(&mut self, batch: Batch, is_asked: bool) -> Batch {
        self.received += batch.copied as u64;
        if let Some(now_ns) = self.source.look_due(is_asked || batch.lost > 0) {
            self.look(now_ns);
        }
        batch
    }

    /// Follows a writer that made a new file, and says in `.readers` where this reader is.
    fn look(&mut self, now_ns: i64) {
        // What is committed lies in a line that the writer wants for itself: asked for last.
        if self.source.is_follow_due(now_ns) && self.available() == 0 && self.source.follow() {
            // A new file counts from 1; what it already overwrote is found as a lap.
            if let Ok(slots) = reader_of(self.source.segment(), 0) {
                self.slots = slots;
            }
        }
        self.source.tell(self.slots.next(), self.lost, now_ns);
    }

    /// Waits at most one slice (50 ms) for a record or for the end; says whether one came.
    pub fn wait_slice(&mut self, wait: Wait, timeout: Duration) -> bool {
        let (slots, segment) = (&self.slots, self.source.segment());
        let look = || slots.has_news() || segment.state() >= segment_state::CLOSED;
        wait_slice(self.source.bell(), wait, timeout, look);
        self.slots.has_news()
    }

    /// Records that could be read now.
    #[must_use]
    pub fn available(&self) -> u64 {
        let behind = self.slots.newest().saturating_add(1);
        behind.saturating_sub(self.slots.next())
    }

    /// Whether the writer closed the stream and everything was read.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.source.segment().state() == segment_state::CLOSED && self.available() == 0
    }

    /// How the writer is.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        self.source.liveness()
    }

    /// The followed segment.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Sequence of the record that is read next.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.slots.next()
    }

    /// Records lost in all.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// How often the writer came round.
    #[must_use]
    pub fn laps(&self) -> u64 {
        self.laps
    }

    /// Records read in all.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Somebody who waits for the record `next_sequence` in another thread.
    ///
    /// # Errors
    /// Refused, System.
    pub fn waiter(&self) -> Result<TopWaiter, SegmentError> {
        let slots = reader_of(self.source.segment(), self.slots.next() - 1)?;
        Ok(TopWaiter {
            slots,
            segment: self.source.segment().clone(),
            bell: self.source.bell().clone(),
        })
    }
}

/// Waits for news of a top ring without reading it.
#[derive(Debug)]
pub struct TopWaiter {
    slots: SlotReader<Words>,
    segment: Segment,
    bell: super::bell::Bell,
}

impl TopWaiter {
    /// Waits at most one slice (50 ms); says whether the awaited record is there or lost.
    pub fn wait_slice(&self, timeout: Duration) -> bool {
        let look = || self.slots.has_news() || self.segment.state() >= segment_state::CLOSED;
        wait_slice(&self.bell, Wait::Park, timeout, look);
        self.slots.has_news()
    }
}
