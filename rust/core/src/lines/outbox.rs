//! What goes out: whole records or nothing, and what is owed when there was no room.

use std::collections::{BTreeMap, VecDeque};

use super::Sink;
use crate::record::market::Market;
use crate::record::state;

/// Connection events that are kept until there is room; beyond it they are dropped.
pub const EVENTS_OWED_MAX: usize = 64;

/// A sink with a memory of what it owes its reader.
///
/// Owed records go out before anything else, so that a reader learns of a gap in its place.
pub(super) struct Outbox<S> {
    pub(super) sink: S,
    venue: u8,
    /// Frames dropped per (instrument, line) since the last GAP that was sent.
    gaps: BTreeMap<(u16, u16), u64>,
    events: VecDeque<Vec<u8>>,
    pub(super) gaps_sent: u64,
    pub(super) events_dropped: u64,
}

impl<S: Sink> Outbox<S> {
    pub(super) fn new(sink: S, venue: u8) -> Self {
        let (gaps, events) = (BTreeMap::new(), VecDeque::new());
        Self {
            sink,
            venue,
            gaps,
            events,
            gaps_sent: 0,
            events_dropped: 0,
        }
    }

    /// Sends a frame, or drops it and owes a GAP for its instrument and line.
    pub(super) fn send(&mut self, record: &[u8], instrument: u16, line: u16) -> bool {
        if self.settle() && self.sink.try_write(record) {
            return true;
        }
        *self.gaps.entry((instrument, line)).or_insert(0) += 1;
        false
    }

    /// Sends a connection event, now or as soon as there is room.
    pub(super) fn send_event(&mut self, record: &[u8]) -> bool {
        if self.settle() && self.sink.try_write(record) {
            return true;
        }
        if self.events.len() == EVENTS_OWED_MAX {
            self.events_dropped += 1;
            return false;
        }
        self.events.push_back(record.to_vec());
        true
    }

    /// Sends what is owed; says whether nothing is left.
    pub(super) fn settle(&mut self) -> bool {
        while let Some((&(instrument, line), &dropped)) = self.gaps.first_key_value() {
            let status = Market::status(self.venue, instrument, state::GAP);
            let record = Market {
                line,
                correlation: dropped,
                ..status
            }
            .to_record();
            if !self.sink.try_write(&record) {
                return false;
            }
            self.gaps.pop_first();
            self.gaps_sent += 1;
        }
        while let Some(event) = self.events.front() {
            if !self.sink.try_write(event) {
                return false;
            }
            self.events.pop_front();
        }
        true
    }
}
