//! Reading the `depth` ring: variable records in checked copies, losses counted exactly.

use std::path::Path;
use std::time::Duration;

use super::SegmentError;
use super::bell::Wait;
use super::mapping::Words;
use super::protocol::tail::{Chunk, TailReader};
use super::segment::{RegionInfo, Segment, region_kind, segment_state};
use super::source::{Liveness, Source, wait_slice};
use super::top::Batch;
use crate::record::{record_len, record_type};

/// One reader of a depth ring.
#[derive(Debug)]
pub struct DepthReader {
    source: Source,
    tail: TailReader<Words>,
    region: RegionInfo,
    buffer: Vec<u8>,
    expected: u64,
    lost: u64,
    laps: u64,
    received: u64,
}

fn region_of(segment: &Segment) -> Result<(RegionInfo, TailReader<Words>), SegmentError> {
    let region = segment.region(region_kind::DEPTH)?;
    let words = Words::new(segment.mapping());
    Ok((region, TailReader::at(words, region.words(), 0)))
}

impl DepthReader {
    /// Attaches; the first record read is the first one written from now on.
    ///
    /// # Errors
    /// Missing, Refused, System.
    pub fn attach(path: &Path) -> Result<Self, SegmentError> {
        let source = Source::attach(path, region_kind::DEPTH)?;
        let (region, mut tail) = region_of(source.segment())?;
        let (position, newest) = tail.newest().ok_or_else(|| SegmentError::Corrupt {
            path: path.to_owned(),
            reason: "no sequence belongs to the committed depth position".into(),
        })?;
        tail.move_to(position);
        Ok(Self {
            source,
            tail,
            region,
            buffer: Vec::new(),
            expected: newest + 1,
            lost: 0,
            laps: 0,
            received: 0,
        })
    }

    /// Appends whole records to `out`, about `max_bytes` at most (but one record at least).
    ///
    /// After a lap reading goes on at the newest position; the loss is counted with the next
    /// record, whose sequence tells it exactly.
    ///
    /// # Errors
    /// Corrupt.
    pub fn read(&mut self, out: &mut Vec<u8>, max_bytes: usize) -> Result<Batch, SegmentError> {
        let (start, lost) = (out.len(), self.lost);
        loop {
            let left = max_bytes.saturating_sub(out.len() - start);
            if left == 0 {
                break;
            }
            let room = left.max(self.region.size as usize / 4);
            self.buffer.resize(room.min(self.region.size as usize), 0);
            match self.tail.copy(&mut self.buffer) {
                Chunk::Bytes(length) => self.take(length, left, out)?,
                Chunk::Lapped => {
                    self.laps += 1;
                    break;
                }
                Chunk::Nothing => {
                    if out.len() == start {
                        self.end();
                    }
                    break;
                }
            }
        }
        let now_ns = crate::clock::monotonic_raw_ns();
        self.source.tell(self.tail.cursor(), self.lost, now_ns);
        Ok(Batch {
            copied: out.len() - start,
            lost: self.lost - lost,
        })
    }

    /// Takes the whole records among the first `length` bytes of the buffer.
    fn take(&mut self, length: usize, left: usize, out: &mut Vec<u8>) -> Result<(), SegmentError> {
        let (mut at, mut taken) = (0, 0);
        while let Some(size) = record_len(&self.buffer[at..length]) {
            let end = at + size;
            let full = taken > 0 && taken + size > left;
            if size % 64 != 0 || end > length || full {
                break;
            }
            let record = &self.buffer[at..end];
            at = end;
            if record[8] == record_type::PAD {
                continue;
            }
            let sequence = u64::from_le_bytes(record[..8].try_into().expect("8 bytes"));
            let missed = sequence.saturating_sub(self.expected);
            self.lost = self.lost.saturating_add(missed);
            self.expected = sequence.saturating_add(1);
            self.received += 1;
            out.extend_from_slice(record);
            taken += size;
        }
        if at == 0 {
            return Err(SegmentError::Corrupt {
                path: self.source.segment().path().to_owned(),
                reason: format!("depth position {} holds no record", self.tail.cursor()),
            });
        }
        self.tail.advance(at);
        Ok(())
    }

    fn end(&mut self) {
        let said = self.source.segment().state();
        if said == segment_state::CLOSED
            && let Some((_, newest)) = self.tail.newest()
        {
            // Nothing will come any more that could tell what the last lap took.
            let missed = (newest + 1).saturating_sub(self.expected);
            self.lost = self.lost.saturating_add(missed);
            self.expected = newest + 1;
        }
        self.follow();
    }

    /// Moves to the file that took the name, when everything of the present one was read; true
    /// when it did.
    pub fn follow(&mut self) -> bool {
        if self.has_news() || !self.source.follow() {
            return false;
        }
        if let Ok((region, tail)) = region_of(self.source.segment()) {
            (self.region, self.tail) = (region, tail);
            self.expected = 1;
        }
        true
    }

    /// Whether something can be read.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.tail.committed() != self.tail.cursor()
    }

    /// Whether the writer closed the stream and everything was read.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.source.segment().state() == segment_state::CLOSED && !self.has_news()
    }

    /// Waits at most one slice (50 ms) for a record or for the end; says whether one came.
    pub fn wait_slice(&mut self, wait: Wait, timeout: Duration) -> bool {
        let (tail, segment) = (&self.tail, self.source.segment());
        let has_news = || tail.committed() != tail.cursor();
        let look = || has_news() || segment.state() >= segment_state::CLOSED;
        wait_slice(self.source.bell(), wait, timeout, look);
        has_news()
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
}
