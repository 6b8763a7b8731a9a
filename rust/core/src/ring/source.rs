//! What every reader of a broadcast shares: the segment, its writer's life, following it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bell::{Bell, Wait};
use super::readers::{self, Entry};
use super::segment::{Segment, control_offset, segment_state};
use super::{SegmentError, lock};
use crate::clock;

/// A heartbeat younger than this proves a living writer without asking for its lock.
const FRESH_NS: i64 = 120_000_000;

/// A living writer without a heartbeat for so long is stuck (a container may be throttled for
/// 100 ms and more).
const STUCK_NS: i64 = 1_000_000_000;

/// How often an idle reader looks whether the name leads to another file.
const PROBE_NS: i64 = 50_000_000;

/// How often an active reader says where it is.
const TELL_NS: i64 = 20_000_000;

/// Looks at the clock that come closer than this are too many.
const FREQUENT_NS: i64 = 1_000_000;

/// Most calls between two looks at the clock.
const STRIDE_MAX: u32 = 32;

/// State of a segment as a reader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// Its writer is alive and says so (see `segment_state`).
    Said(u32),
    /// Its writer is alive but has not beaten for a second.
    Stuck,
    /// Its writer is dead: nobody holds the lock, and the stream was not closed.
    Dead,
}

impl Liveness {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Said(state) => segment_state::name(state),
            Self::Stuck => "stuck",
            Self::Dead => "dead",
        }
    }
}

/// A followed broadcast segment.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    segment: Segment,
    entry: Option<Entry>,
    bell: Bell,
    region_kind: u16,
    probed_ns: i64,
    told_ns: i64,
    told_lost: u64,
    looked_ns: i64,
    /// Calls from one look at the clock to the next, and how many of them are left.
    stride: u32,
    calls_left: u32,
}

impl Source {
    /// Attaches read-only, waits on the region of `region_kind`.
    ///
    /// # Errors
    /// Missing, Refused, System.
    pub fn attach(path: &Path, region_kind: u16) -> Result<Self, SegmentError> {
        let segment = Segment::attach(path, false)?;
        let (bell, entry) = join(&segment, region_kind)?;
        Ok(Self {
            path: path.to_owned(),
            segment,
            entry,
            bell,
            region_kind,
            probed_ns: 0,
            told_ns: 0,
            told_lost: 0,
            looked_ns: 0,
            stride: 1,
            calls_left: 0,
        })
    }

    /// The segment that is read now.
    #[must_use]
    pub fn segment(&self) -> &Segment {
        &self.segment
    }

    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// How the writer is. Asks for its lock only where its heartbeat is not fresh.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        liveness(&self.segment)
    }

    /// The time, where a call that reads should look at the file and at `.readers`: each call of
    /// a reader that comes rarely or `is_asked` to, one of some of a reader that spins, which would
    /// wait longer for the clock than for the record.
    #[inline]
    pub(crate) fn look_due(&mut self, is_asked: bool) -> Option<i64> {
        if self.calls_left > 1 && !is_asked {
            self.calls_left -= 1;
            return None;
        }
        Some(self.look())
    }

    #[cold]
    fn look(&mut self) -> i64 {
        let now_ns = clock::monotonic_raw_ns();
        let is_frequent = now_ns - self.looked_ns < FREQUENT_NS;
        self.stride = if is_frequent {
            (self.stride * 2).min(STRIDE_MAX)
        } else {
            1
        };
        (self.looked_ns, self.calls_left) = (now_ns, self.stride);
        now_ns
    }

    /// Says in `.readers` where this reader is: a new loss at once, else every 20 ms.
    pub(crate) fn tell(&mut self, cursor: u64, lost: u64, now_ns: i64) {
        if now_ns - self.told_ns < TELL_NS && lost == self.told_lost {
            return;
        }
        (self.told_ns, self.told_lost) = (now_ns, lost);
        let kept = self
            .entry
            .as_ref()
            .is_some_and(|entry| entry.tell(cursor, lost));
        if !kept && let Some(file) = readers::attach(&self.path) {
            self.entry = Entry::claim(&file);
            if let Some(entry) = &self.entry {
                entry.tell(cursor, lost);
            }
        }
    }

    /// Whether it is time to look for a new segment: the writer said so, or 50 ms went by.
    pub(crate) fn is_follow_due(&self, now_ns: i64) -> bool {
        self.segment.state() == segment_state::MOVED || now_ns - self.probed_ns >= PROBE_NS
    }

    /// Looks whether the name leads to a new segment and moves there; true when it did. Call it
    /// when everything of the present one was read.
    pub(crate) fn follow(&mut self) -> bool {
        let now_ns = clock::monotonic_raw_ns();
        if !self.is_follow_due(now_ns) {
            return false;
        }
        self.probed_ns = now_ns;
        let moved = self.segment.state() == segment_state::MOVED;
        if !moved && !self.segment.is_replaced() {
            return false;
        }
        let Ok(segment) = Segment::attach(&self.path, false) else {
            return false;
        };
        if segment.geometry() == self.segment.geometry() && !self.segment.is_replaced() {
            return false;
        }
        let Ok((bell, entry)) = join(&segment, self.region_kind) else {
            return false;
        };
        (self.segment, self.bell, self.entry) = (segment, bell, entry);
        true
    }
}

/// How the writer of `segment` is.
pub(crate) fn liveness(segment: &Segment) -> Liveness {
    let state = segment.state();
    if state == segment_state::CLOSED || state == segment_state::MOVED {
        return Liveness::Said(state);
    }
    let age_ns = clock::monotonic_raw_ns().saturating_sub(segment.heartbeat_ns());
    // One far in the future is damaged, and no proof of life.
    if (-FRESH_NS..FRESH_NS).contains(&age_ns) {
        return Liveness::Said(state);
    }
    match segment.is_locked(lock::WRITER) {
        Ok(false) => Liveness::Dead,
        _ if age_ns > STUCK_NS => Liveness::Stuck,
        _ => Liveness::Said(segment.state()),
    }
}

fn join(segment: &Segment, kind: u16) -> Result<(Bell, Option<Entry>), SegmentError> {
    let wake = segment.region(kind)?.control_at + control_offset::WAKE;
    let file = readers::attach(segment.path());
    let entry = file.as_ref().and_then(Entry::claim);
    let sleepers = file.map(|file| (file, readers::SLEEPERS));
    let bell = Bell::new(segment.mapping(), &[wake], sleepers);
    Ok((bell, entry))
}

/// Waits in slices, so that somebody can look at signals and at the writer between them.
pub(crate) const SLICE: Duration = Duration::from_millis(50);

/// Waits on `bell`, at most one slice.
pub(crate) fn wait_slice(
    bell: &Bell,
    wait: Wait,
    timeout: Duration,
    look: impl FnMut() -> bool,
) -> bool {
    bell.wait(wait, timeout.min(SLICE), look)
}
