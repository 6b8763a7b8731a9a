//! What does not come from deltas and snapshots: lines, time, the end of a Block.

use super::super::board::InstrumentBoard;
use super::super::watch::Watch;
use super::Instrument;
use crate::record::state;

impl Instrument {
    /// The line told something: nothing left (STALE), frames dropped (GAP), the end (CLOSED).
    /// A book in step is no longer LIVE then; the next delta that chains proves it again.
    pub fn take_status(
        &mut self,
        announced: u8,
        now_ns: i64,
        board: &InstrumentBoard,
        watch: &mut impl Watch,
    ) {
        self.now_ns = now_ns;
        match announced {
            state::CLOSED if self.state != state::CLOSED => {
                self.enter(state::CLOSED, board, watch);
            }
            state::STALE | state::GAP if self.state == state::LIVE => {
                board.stale.add(1);
                self.enter(state::STALE, board, watch);
            }
            _ => {}
        }
    }

    /// Does what time asks for: STALE, and requests that nobody answered.
    pub fn tick(&mut self, now_ns: i64, board: &InstrumentBoard, watch: &mut impl Watch) {
        self.now_ns = now_ns;
        let updated_ns = board.updated_ns.get().max(board.state_since_ns.get());
        let is_quiet = now_ns.saturating_sub(updated_ns) > self.settings.stale_after_ns;
        if self.state == state::LIVE && is_quiet {
            board.stale.add(1);
            self.enter(state::STALE, board, watch);
        }
        let is_syncing = matches!(self.state, state::SYNCING | state::GAP);
        if is_syncing {
            self.ask_if_due(board, watch);
        }
        self.count_live(board);
    }

    /// Ends a Block: EMPTY, while the counters go on.
    pub fn reset(&mut self, board: &InstrumentBoard) {
        self.count_live(board);
        board
            .gaps_left_open
            .add(u64::from(self.state == state::GAP));
        self.state = state::EMPTY;
        self.book.clear();
        self.buffer.clear();
        self.request.settle();
        self.last = 0;
        self.is_chained = false;
        self.gap_since_ns = None;
        self.gap_since_update_id = None;
        self.failure = None;
        board.state.set(u64::from(state::EMPTY));
        board.state_since_ns.set(self.now_ns);
        board.show(self);
        board.failed.set(0);
        board.failure.set(None);
    }

    pub(super) fn enter(&mut self, entered: u8, board: &InstrumentBoard, watch: &mut impl Watch) {
        if entered != self.state {
            self.set_state(entered, board);
            watch.changed(self, board);
        }
    }

    pub(super) fn set_state(&mut self, entered: u8, board: &InstrumentBoard) {
        self.count_live(board);
        self.state = entered;
        self.live_counted_ns = self.now_ns;
        board.state.set(u64::from(entered));
        board.state_since_ns.set(self.now_ns);
    }

    fn count_live(&mut self, board: &InstrumentBoard) {
        if self.state == state::LIVE {
            let span_ns = self.now_ns.saturating_sub(self.live_counted_ns);
            board.live_ns.add(u64::try_from(span_ns).unwrap_or(0));
            self.live_counted_ns = self.now_ns.max(self.live_counted_ns);
        }
    }
}
