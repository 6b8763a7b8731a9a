//! What anybody may read of a pipe.

use crate::ring::SegmentError;
use crate::ring::protocol::{WORD, control};
use crate::ring::segment::{RegionInfo, Segment, region_kind};

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
