//! One instrument kept in step with its venue: states, buffering, gaps, resync.

mod upkeep;

use super::board::InstrumentBoard;
use super::delta_buffer::{DeltaBuffer, Pushed};
use super::order_book::OrderBook;
use super::request::Request;
use super::rules::{UpdateIds, Verdict};
use super::scale::DoesNotFit;
use super::scaling;
use super::settings::EngineSettings;
use super::watch::Watch;
use crate::record::market::{self, Market};
use crate::record::{flag, state};

/// How many old deltas, and nothing but these, say that a venue counts anew.
const OLD_IN_A_ROW_MAX: u32 = 100;

/// One instrument's engine.
#[derive(Debug)]
pub struct Instrument {
    id: u16,
    settings: EngineSettings,
    state: u8,
    book: OrderBook,
    last: u64,
    is_chained: bool,
    buffer: DeltaBuffer,
    request: Request,
    now_ns: i64,
    live_counted_ns: i64,
    gap_since_ns: Option<i64>,
    gap_since_update_id: Option<u64>,
    failure: Option<DoesNotFit>,
    scratch: Vec<u8>,
    old_in_a_row: u32,
}

impl Instrument {
    /// An EMPTY book.
    #[must_use]
    pub fn new(id: u16, settings: EngineSettings) -> Self {
        Self {
            id,
            settings,
            state: state::EMPTY,
            book: OrderBook::new(settings.levels_max),
            last: 0,
            is_chained: false,
            buffer: DeltaBuffer::new(settings.buffered_deltas_max, settings.buffered_bytes_max),
            request: Request::default(),
            now_ns: 0,
            live_counted_ns: 0,
            gap_since_ns: None,
            gap_since_update_id: None,
            failure: None,
            scratch: Vec::new(),
            old_in_a_row: 0,
        }
    }

    /// Index in the manifest.
    #[must_use]
    pub fn id(&self) -> u16 {
        self.id
    }

    /// State, see `record::state`.
    #[must_use]
    pub fn state(&self) -> u8 {
        self.state
    }

    /// The book: in every state but EMPTY and a first SYNCING the last good one.
    #[must_use]
    pub fn book(&self) -> &OrderBook {
        &self.book
    }

    /// Last update id in the book.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The stamp of what is being done now.
    #[must_use]
    pub fn now_ns(&self) -> i64 {
        self.now_ns
    }

    /// The last good id when a gap is open.
    #[must_use]
    pub fn gap_since_update_id(&self) -> Option<u64> {
        self.gap_since_update_id
    }

    /// Number of deltas that wait for a snapshot.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Whether a snapshot that stands at `last` falls into what waits for one.
    #[must_use]
    pub fn awaits_snapshot_at(&self, last: u64) -> bool {
        let rule = &self.settings.rule;
        let judge = |ids: Option<UpdateIds>| ids.map(|ids| rule.judge_first(last, ids));
        let (oldest, newest) = (self.buffer.first_ids(), self.buffer.last_ids());
        self.is_waiting()
            && matches!(judge(oldest), Some(Verdict::Old | Verdict::Continues))
            && matches!(judge(newest), Some(Verdict::Continues | Verdict::Missing))
    }

    /// Why this instrument stands still, if it does.
    #[must_use]
    pub fn failure(&self) -> Option<DoesNotFit> {
        self.failure
    }

    fn is_waiting(&self) -> bool {
        matches!(self.state, state::EMPTY | state::SYNCING | state::GAP)
    }

    fn verdict(&self, ids: UpdateIds) -> Verdict {
        if self.is_chained {
            self.settings.rule.judge_next(self.last, ids)
        } else {
            self.settings.rule.judge_first(self.last, ids)
        }
    }

    /// Takes one delta that arrived.
    pub fn take_delta(
        &mut self,
        delta: &[u8],
        now_ns: i64,
        board: &InstrumentBoard,
        watch: &mut impl Watch,
    ) {
        self.now_ns = now_ns;
        if self.failure.is_some() {
            board.dropped.add(1);
        } else if self.is_waiting() {
            self.hold(delta, board, watch);
        } else {
            match self.verdict(UpdateIds::of(delta)) {
                Verdict::Continues => self.follow(delta, board, watch),
                Verdict::Old => self.take_old(delta, board, watch),
                Verdict::Missing => self.open_gap(delta, board, watch),
            }
        }
    }

    /// Old deltas are duplicates, unless nothing else comes to a book that is STALE already:
    /// then the venue counts anew, and so does the book.
    fn take_old(&mut self, delta: &[u8], board: &InstrumentBoard, watch: &mut impl Watch) {
        self.count_old(board);
        self.old_in_a_row += 1;
        if self.state == state::STALE && self.old_in_a_row > OLD_IN_A_ROW_MAX {
            self.old_in_a_row = 0;
            self.last = 0;
            self.is_chained = false;
            self.open_gap(delta, board, watch);
        }
    }

    fn count_old(&self, board: &InstrumentBoard) {
        let count = if self.is_chained {
            &board.duplicates
        } else {
            &board.before_snapshot
        };
        count.add(1);
    }

    fn follow(&mut self, delta: &[u8], board: &InstrumentBoard, watch: &mut impl Watch) {
        if self.state != state::LIVE {
            self.enter(state::LIVE, board, watch);
        }
        self.apply(delta, board, watch);
    }

    fn open_gap(&mut self, delta: &[u8], board: &InstrumentBoard, watch: &mut impl Watch) {
        self.note_gap(board, watch);
        self.hold(delta, board, watch);
    }

    fn note_gap(&mut self, board: &InstrumentBoard, watch: &mut impl Watch) {
        board.gaps.add(1);
        self.gap_since_ns.get_or_insert(self.now_ns);
        self.gap_since_update_id = Some(self.last);
        self.enter(state::GAP, board, watch);
    }

    /// Keeps a delta for the snapshot to come, or closes the gap with it.
    fn hold(&mut self, delta: &[u8], board: &InstrumentBoard, watch: &mut impl Watch) {
        let ids = UpdateIds::of(delta);
        if self.state == state::GAP && self.verdict(ids) == Verdict::Old {
            return self.count_old(board);
        }
        match self.buffer.push(delta, ids) {
            Pushed::Stored => {}
            Pushed::Duplicate => board.duplicates.add(1),
            Pushed::Full => self.start_over(delta, ids, board),
        }
        board.buffered.set(self.buffer.len() as u64);
        if self.state == state::EMPTY {
            self.enter(state::SYNCING, board, watch);
        }
        let heals = self.state == state::GAP
            && self.buffer.first_ids().map(|ids| self.verdict(ids)) == Some(Verdict::Continues);
        if heals {
            board.healed.add(1);
            self.close_gap(board, watch);
            watch.changed(self, board);
            self.drain(board, watch);
        } else {
            self.ask_if_due(board, watch);
        }
    }

    /// The buffer ran over: what it held is lost, this delta is the first of a new attempt.
    fn start_over(&mut self, delta: &[u8], ids: UpdateIds, board: &InstrumentBoard) {
        board.overflows.add(1);
        board.dropped.add(self.buffer.len() as u64);
        self.buffer.clear();
        if self.buffer.could_hold(delta) {
            self.buffer.push(delta, ids);
        } else {
            board.dropped.add(1);
        }
        self.request.restart();
    }

    /// Takes a snapshot that came back.
    pub fn take_snapshot(
        &mut self,
        snapshot: &[u8],
        now_ns: i64,
        board: &InstrumentBoard,
        watch: &mut impl Watch,
    ) {
        self.now_ns = now_ns;
        if self.failure.is_some() {
            return board.dropped.add(1);
        }
        if !self.is_waiting() {
            return board.late_snapshots.add(1);
        }
        let last = Market::last(snapshot);
        if self.is_too_old(last) {
            board.old_snapshots.add(1);
            return self.request.retry_later(now_ns, &self.settings);
        }
        let is_direct = match scaling::prepare(&mut self.book, snapshot, &mut self.scratch) {
            Ok(is_direct) => is_direct,
            Err(failure) => return self.fail(failure, board, watch),
        };
        let scratch = std::mem::take(&mut self.scratch);
        let snapshot = if is_direct {
            snapshot
        } else {
            scratch.as_slice()
        };
        let is_whole = self.replace(snapshot, last, board, watch);
        self.scratch = scratch;
        if is_whole {
            self.drain(board, watch);
        }
    }

    fn replace(
        &mut self,
        snapshot: &[u8],
        last: u64,
        board: &InstrumentBoard,
        watch: &mut impl Watch,
    ) -> bool {
        let Some((bids, asks)) = market::levels(snapshot) else {
            board.malformed.add(1);
            return false;
        };
        self.book.replace(bids.iter(), asks.iter());
        if Market::flags(snapshot) & flag::TRUNCATED != 0 {
            self.book.limit_to_snapshot(bids.len().max(asks.len()));
        }
        self.last = last;
        self.is_chained = false;
        board.snapshots.add(1);
        self.close_gap(board, watch);
        watch.synced(self, board, snapshot);
        watch.changed(self, board);
        true
    }

    /// A snapshot that would leave a hole: before our own book, or before what is buffered.
    fn is_too_old(&self, last: u64) -> bool {
        let rule = &self.settings.rule;
        let is_behind = self.state == state::GAP && last < self.last;
        let mut ids = self.buffer.ids().map(|ids| rule.judge_first(last, ids));
        is_behind || ids.find(|verdict| *verdict != Verdict::Old) == Some(Verdict::Missing)
    }

    fn close_gap(&mut self, board: &InstrumentBoard, watch: &mut impl Watch) {
        self.request.settle();
        if let Some(since_ns) = self.gap_since_ns.take() {
            self.gap_since_update_id = None;
            board.resyncs.add(1);
            watch.resynced(self.now_ns - since_ns);
        }
        self.set_state(state::LIVE, board);
    }

    /// Applies what waited, as far as it chains; what is left over is another gap.
    fn drain(&mut self, board: &InstrumentBoard, watch: &mut impl Watch) {
        while let Some(ids) = self.buffer.first_ids() {
            match self.verdict(ids) {
                Verdict::Old => self.count_old(board),
                Verdict::Missing => break,
                Verdict::Continues => {
                    // The arena leaves the instrument while one of its deltas is applied.
                    let buffer = std::mem::replace(&mut self.buffer, DeltaBuffer::new(0, 0));
                    if let Some(delta) = buffer.first() {
                        self.apply(delta, board, watch);
                    }
                    self.buffer = buffer;
                }
            }
            if self.failure.is_some() {
                self.buffer.clear();
                break;
            }
            self.buffer.pop();
        }
        if !self.buffer.is_empty() {
            self.buffer.compact();
            self.note_gap(board, watch);
            self.ask_if_due(board, watch);
        }
        board.buffered.set(self.buffer.len() as u64);
    }

    fn apply(&mut self, delta: &[u8], board: &InstrumentBoard, watch: &mut impl Watch) {
        let is_direct = match scaling::prepare(&mut self.book, delta, &mut self.scratch) {
            Ok(is_direct) => is_direct,
            Err(failure) => return self.fail(failure, board, watch),
        };
        let scratch = std::mem::take(&mut self.scratch);
        let delta = if is_direct { delta } else { scratch.as_slice() };
        if let Some((bids, asks)) = market::levels(delta) {
            self.book.apply(bids.iter(), asks.iter());
            self.last = Market::last(delta);
            self.is_chained = true;
            self.old_in_a_row = 0;
            board.updates.add(1);
            board.crossed.add(u64::from(self.book.is_crossed()));
            board.updated_ns.set(self.now_ns);
            watch.applied(self, board, delta);
        } else {
            board.malformed.add(1);
        }
        self.scratch = scratch;
    }

    fn fail(&mut self, failure: DoesNotFit, board: &InstrumentBoard, watch: &mut impl Watch) {
        self.failure = Some(failure);
        board.failure.set(Some(failure.to_string()));
        self.request.settle();
        board.failed.set(1);
        self.note_gap(board, watch);
    }

    fn ask_if_due(&mut self, board: &InstrumentBoard, watch: &mut impl Watch) {
        if !self.request.is_due(self.now_ns) || self.failure.is_some() {
            return;
        }
        let correlation = self.request.next_correlation();
        let is_sent = watch.ask(self, correlation);
        let count = if is_sent {
            &board.requests
        } else {
            &board.requests_refused
        };
        count.add(1);
        self.request.note(is_sent, self.now_ns, &self.settings);
    }
}
