//! What comes in, what became of it, and the counts of both.

use crate::histogram::{Histogram, Shared};
use crate::record::frame::Frame;

/// One frame as it came from a socket.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Header of the record to be; venue, flags, length and frame id are set here.
    pub header: Frame,
    /// The payload.
    pub payload: &'a [u8],
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It went out.
    Forwarded = 0,
    /// Another copy of it went out before.
    Duplicate = 1,
    /// It waits for the diff before it.
    Held = 2,
    /// There was no room.
    Dropped = 3,
    /// It is older than all that is remembered; it was not forwarded.
    Late = 4,
}

/// One line's share.
#[derive(Clone)]
pub struct LineReadings {
    /// Connections that are open.
    pub connections: u32,
    /// Frames received.
    pub frames: u64,
    /// Messages that this line brought first; counted where lines are merged.
    pub wins: u64,
    /// Messages that came again.
    pub duplicates: u64,
    /// Messages older than all that is remembered.
    pub late: u64,
    /// Diffs that had to wait for the one before.
    pub held: u64,
    /// Frames dropped for want of room.
    pub dropped: u64,
    /// Announcements of this line's server that it goes away.
    pub server_shutdowns: u64,
    /// How long before the other copy this line's messages came.
    pub lead: Shared,
}

/// The whole outlet's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MergerReadings {
    /// Frames received; the next frame's id.
    pub frames: u64,
    /// Frames sent on.
    pub forwarded: u64,
    /// Held diffs that went out although the one before them never came.
    pub released: u64,
    /// Diffs that are held now.
    pub holding: u64,
    /// GAP records sent.
    pub gaps_sent: u64,
    /// Connection events dropped for want of room.
    pub events_dropped: u64,
}

impl LineReadings {
    pub(super) fn new() -> Self {
        Self {
            connections: 0,
            frames: 0,
            wins: 0,
            duplicates: 0,
            late: 0,
            held: 0,
            dropped: 0,
            server_shutdowns: 0,
            lead: Histogram::shared("lead"),
        }
    }
}
