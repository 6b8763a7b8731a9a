//! What an instrument's engine tells its surroundings.

use super::board::InstrumentBoard;
use super::instrument::Instrument;

/// What an instrument tells while it works; the kernel makes records of it, the audit counts.
pub trait Watch {
    /// A snapshot was taken; the book and its last id are the snapshot's now.
    fn synced(&mut self, instrument: &Instrument, board: &InstrumentBoard, snapshot: &[u8]);
    /// A delta was applied; `delta` is in the book's scale.
    fn applied(&mut self, instrument: &Instrument, board: &InstrumentBoard, delta: &[u8]);
    /// The state is another one now.
    fn changed(&mut self, instrument: &Instrument, board: &InstrumentBoard);
    /// The gap is closed; how long it was open.
    fn resynced(&mut self, duration_ns: i64);
    /// A snapshot is wanted; false when the request found no room.
    fn ask(&mut self, instrument: &Instrument, correlation: u64) -> bool;
}
