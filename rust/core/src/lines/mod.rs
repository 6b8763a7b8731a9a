//! From sockets to frames: counts, merges the lines of one stream, never blocks a reader.
//!
//! Here: frame ids, duplicates of two lines, the order of diffs, whole frames dropped when
//! there is no room, and the GAP that says so. Never here: sockets, reconnects (the forwarder),
//! what a frame means for a book.

mod depth;
mod merger;
mod outbox;
mod readings;
mod window;

pub use depth::HELD_FRAMES_MAX;
pub use merger::LineMerger;
pub use outbox::EVENTS_OWED_MAX;
pub use readings::{Arrival, LineReadings, MergerReadings, Verdict};
pub use window::RECENT_IDS_MAX;

/// Where whole records are written without waiting.
pub trait Sink {
    /// Writes one whole record if there is room at once; says whether it did.
    fn try_write(&mut self, record: &[u8]) -> bool;
}

#[cfg(test)]
mod bench;
#[cfg(test)]
mod tests;
