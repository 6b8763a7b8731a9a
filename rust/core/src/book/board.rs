//! What an outsider may read of a running engine: one writer, relaxed atomics, any readers.

use super::instrument::Instrument;
use crate::record::ABSENT;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// How many resync durations are kept; later ones are in the histogram only.
pub const RESYNCS_KEPT: usize = 4096;

/// A counter with one writer. Readers see some recent value.
#[derive(Debug, Default)]
pub struct Tally(AtomicU64);

impl Tally {
    /// Adds, by the one writer: no locked instruction.
    #[inline]
    pub fn add(&self, amount: u64) {
        let value = self.0.load(Ordering::Relaxed).wrapping_add(amount);
        self.0.store(value, Ordering::Relaxed);
    }

    /// Sets, by the one writer.
    #[inline]
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Reads, by anyone.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A signed value with one writer: stamps, prices.
#[derive(Debug)]
pub struct Shown(AtomicI64);

impl Default for Shown {
    fn default() -> Self {
        Self(AtomicI64::new(ABSENT))
    }
}

impl Shown {
    /// Sets, by the one writer.
    #[inline]
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Reads, by anyone. ABSENT where it was never set.
    #[must_use]
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A text with one writer, written when something fails.
#[derive(Debug, Default)]
pub struct Note(Mutex<Option<String>>);

impl Note {
    /// Sets or takes back the text.
    pub fn set(&self, text: Option<String>) {
        *self.0.lock().unwrap_or_else(|poison| poison.into_inner()) = text;
    }

    /// Reads it, by anyone.
    #[must_use]
    pub fn get(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
            .clone()
    }
}

/// Counters and last values of one instrument. Fields are set one by one: a reader may see
/// two of different updates, so this is for people and metrics, not for trading.
#[derive(Debug, Default)]
pub struct InstrumentBoard {
    /// Deltas applied.
    pub updates: Tally,
    /// Times that something was missed.
    pub gaps: Tally,
    /// Returns from GAP to LIVE.
    pub resyncs: Tally,
    /// Of these, without a snapshot: what was missed came late and closed the gap.
    pub healed: Tally,
    /// Deltas that the book held already.
    pub duplicates: Tally,
    /// Deltas older than the snapshot that they waited for.
    pub before_snapshot: Tally,
    /// Deltas that were lost to a full buffer or to a failed instrument.
    pub dropped: Tally,
    /// Deltas after which the best bid reached the best ask.
    pub crossed: Tally,
    /// Snapshots that came while the book was in step, and were ignored.
    pub late_snapshots: Tally,
    /// Snapshots older than the buffered deltas, asked for again.
    pub old_snapshots: Tally,
    /// Snapshots taken.
    pub snapshots: Tally,
    /// Times that the buffer ran over and the attempt to sync began anew.
    pub overflows: Tally,
    /// Snapshots asked for.
    pub requests: Tally,
    /// Requests that found no room and are sent again.
    pub requests_refused: Tally,
    /// Records whose levels are cut off.
    pub malformed: Tally,
    /// 1 when numbers did not fit and the instrument stands still.
    pub failed: Tally,
    /// Times that the book became STALE.
    pub stale: Tally,
    /// Gaps that a reset left open.
    pub gaps_left_open: Tally,
    /// Time in LIVE, up to the last tick.
    pub live_ns: Tally,
    /// Ticker pairs compared.
    pub ticker_compared: Tally,
    /// Ticker pairs that were equal.
    pub ticker_equal: Tally,
    /// Tickers that fell out without their other half.
    pub ticker_unpaired: Tally,
    /// State, see `record::state`.
    pub state: Tally,
    /// Since when, monotonic raw.
    pub state_since_ns: Shown,
    /// When the last delta was applied, monotonic raw.
    pub updated_ns: Shown,
    /// Last update id in the book.
    pub update_id: Tally,
    /// Number of bid levels.
    pub bids: Tally,
    /// Number of ask levels.
    pub asks: Tally,
    /// Deltas that wait for a snapshot.
    pub buffered: Tally,
    /// Best bid price, ABSENT where there is none.
    pub bid: Shown,
    /// Its quantity.
    pub bid_quantity: Shown,
    /// Best ask price, ABSENT where there is none.
    pub ask: Shown,
    /// Its quantity.
    pub ask_quantity: Shown,
    /// Exponent of the prices.
    pub price_exponent: Shown,
    /// Exponent of the quantities.
    pub quantity_exponent: Shown,
    /// Why the instrument stands still, if it does.
    pub failure: Note,
}

impl InstrumentBoard {
    /// Counters by the names that results use; they only grow.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u64); 22] {
        [
            ("updates", self.updates.get()),
            ("gaps", self.gaps.get()),
            ("resyncs", self.resyncs.get()),
            ("healed", self.healed.get()),
            ("duplicates", self.duplicates.get()),
            ("beforeSnapshot", self.before_snapshot.get()),
            ("dropped", self.dropped.get()),
            ("crossed", self.crossed.get()),
            ("lateSnapshots", self.late_snapshots.get()),
            ("oldSnapshots", self.old_snapshots.get()),
            ("snapshots", self.snapshots.get()),
            ("overflows", self.overflows.get()),
            ("requests", self.requests.get()),
            ("requestsRefused", self.requests_refused.get()),
            ("malformed", self.malformed.get()),
            ("failed", self.failed.get()),
            ("stale", self.stale.get()),
            ("gapsLeftOpen", self.gaps_left_open.get()),
            ("liveNs", self.live_ns.get()),
            ("tickerCompared", self.ticker_compared.get()),
            ("tickerEqual", self.ticker_equal.get()),
            ("tickerUnpaired", self.ticker_unpaired.get()),
        ]
    }

    /// Shows the book's last values.
    pub fn show(&self, instrument: &Instrument) {
        let book = instrument.book();
        self.update_id.set(instrument.last());
        self.bids.set(book.bids().len() as u64);
        self.asks.set(book.asks().len() as u64);
        self.buffered.set(instrument.buffered() as u64);
        let (bid, ask) = (book.bids().best(), book.asks().best());
        self.bid.set(bid.map_or(ABSENT, |level| level.price));
        self.bid_quantity.set(bid.map_or(0, |level| level.quantity));
        self.ask.set(ask.map_or(ABSENT, |level| level.price));
        self.ask_quantity.set(ask.map_or(0, |level| level.quantity));
        let scale = book.scale();
        self.price_exponent.set(i64::from(scale.price_exponent));
        self.quantity_exponent
            .set(i64::from(scale.quantity_exponent));
    }

    /// Whether a gap is open now.
    #[must_use]
    pub fn has_open_gap(&self) -> bool {
        self.state.get() == u64::from(crate::record::state::GAP)
    }
}

/// The whole engine, read from outside.
#[derive(Debug)]
pub struct Board {
    /// One per instrument, by index.
    pub instruments: Box<[InstrumentBoard]>,
    /// Records that name an instrument or a type that this book does not keep.
    pub unknown: Tally,
    /// Trades and tickers handed on.
    pub passed: Tally,
    /// Proof rows written.
    pub proof_rows: Tally,
    /// Proof rows that could not be written.
    pub proof_lost: Tally,
    /// Why proof rows are lost, if they are.
    pub proof_failure: Note,
    resyncs_ns: Mutex<Vec<i64>>,
}

impl Board {
    /// A board for this many instruments.
    #[must_use]
    pub fn new(instruments: usize) -> Self {
        Self {
            instruments: (0..instruments)
                .map(|_| InstrumentBoard::default())
                .collect(),
            unknown: Tally::default(),
            passed: Tally::default(),
            proof_rows: Tally::default(),
            proof_lost: Tally::default(),
            proof_failure: Note::default(),
            resyncs_ns: Mutex::new(Vec::with_capacity(RESYNCS_KEPT)),
        }
    }

    /// Keeps one resync's duration, up to [`RESYNCS_KEPT`].
    pub fn keep_resync(&self, duration_ns: i64) {
        let mut kept = self
            .resyncs_ns
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        if kept.len() < RESYNCS_KEPT {
            kept.push(duration_ns);
        }
    }

    /// Durations of the first [`RESYNCS_KEPT`] resyncs, in order.
    #[must_use]
    pub fn resyncs_ns(&self) -> Vec<i64> {
        self.resyncs_ns
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
            .clone()
    }

    /// Sums over all instruments, then what belongs to none.
    #[must_use]
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let mut sums = InstrumentBoard::default().counters().to_vec();
        let mut open = 0;
        for instrument in &self.instruments {
            for (sum, (_, value)) in sums.iter_mut().zip(instrument.counters()) {
                sum.1 += value;
            }
            open += u64::from(instrument.has_open_gap()) + instrument.gaps_left_open.get();
        }
        sums.push(("openGaps", open));
        sums.push(("instruments", self.instruments.len() as u64));
        sums.push(("unknown", self.unknown.get()));
        sums.push(("passed", self.passed.get()));
        sums.push(("proofRows", self.proof_rows.get()));
        sums.push(("proofLost", self.proof_lost.get()));
        sums
    }
}
