//! Records to feed, an engine to feed them to, and what it told.

use tickwork_core::book::board::InstrumentBoard;
use tickwork_core::book::instrument::Instrument;
use tickwork_core::book::rules::{self, SyncRule};
use tickwork_core::book::settings::EngineSettings;
use tickwork_core::book::watch::Watch;
use tickwork_core::record::market::{self, Level, Market};
use tickwork_core::record::{record_type, venue};

/// One second, in nanoseconds.
pub const SECOND_NS: i64 = 1_000_000_000;

pub fn settings(rule: SyncRule) -> EngineSettings {
    EngineSettings {
        rule,
        stale_after_ns: SECOND_NS,
        request_timeout_ns: 2 * SECOND_NS,
        request_retry_ns: SECOND_NS / 10,
        buffered_deltas_max: 100,
        buffered_bytes_max: 64 * 1024,
        levels_max: usize::MAX,
    }
}

pub fn levels(pairs: &[(i64, i64)]) -> Vec<Level> {
    let level = |&(price, quantity): &(i64, i64)| Level { price, quantity };
    pairs.iter().map(level).collect()
}

pub fn header(kind: u8, first: u64, last: u64) -> Market {
    Market {
        record_type: kind,
        venue: venue::BINANCE_SPOT,
        instrument: 0,
        price_exponent: -2,
        quantity_exponent: -3,
        first,
        last,
        previous: first.wrapping_sub(1),
        received_ns: 5,
        parsed_ns: 10,
        frame_id: last,
        ..Market::default()
    }
}

pub fn record(header: &Market, bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Vec<u8> {
    let mut out = Vec::new();
    market::append(&mut out, header, &levels(bids), &levels(asks));
    out
}

/// A spot delta that sets one bid to a quantity.
pub fn delta(first: u64, last: u64, bid: (i64, i64)) -> Vec<u8> {
    record(&header(record_type::DELTA, first, last), &[bid], &[])
}

/// A snapshot with one level on each side.
pub fn snapshot(last: u64) -> Vec<u8> {
    let header = header(record_type::SNAPSHOT, last, last);
    record(&header, &[(100, 1)], &[(110, 1)])
}

/// What the engine told, in words short enough to compare.
#[derive(Default)]
pub struct Told {
    pub events: Vec<String>,
    pub has_room: bool,
}

impl Watch for Told {
    fn synced(&mut self, instrument: &Instrument, _: &InstrumentBoard, _: &[u8]) {
        self.events.push(format!("synced {}", instrument.last()));
    }

    fn applied(&mut self, instrument: &Instrument, _: &InstrumentBoard, _: &[u8]) {
        self.events.push(format!("applied {}", instrument.last()));
    }

    fn changed(&mut self, instrument: &Instrument, _: &InstrumentBoard) {
        self.events.push(format!("state {}", instrument.state()));
    }

    fn resynced(&mut self, duration_ns: i64) {
        self.events.push(format!("resynced {duration_ns}"));
    }

    fn ask(&mut self, _: &Instrument, correlation: u64) -> bool {
        self.events.push(format!("ask {correlation}"));
        self.has_room
    }
}

/// One instrument with a clock that moves by hand.
pub struct Bench {
    pub instrument: Instrument,
    pub board: InstrumentBoard,
    pub told: Told,
    pub now_ns: i64,
}

impl Bench {
    pub fn new(settings: EngineSettings) -> Self {
        Self {
            instrument: Instrument::new(0, settings),
            board: InstrumentBoard::default(),
            told: Told {
                events: Vec::new(),
                has_room: true,
            },
            now_ns: 1_000,
        }
    }

    pub fn spot() -> Self {
        Self::new(settings(rules::BINANCE_SPOT))
    }

    /// A spot book that is LIVE at update id 10.
    pub fn live() -> Self {
        let mut bench = Self::spot();
        bench.delta(8, 10, (99, 5));
        bench.snapshot(9);
        bench.told.events.clear();
        bench
    }

    pub fn feed(&mut self, record: &[u8]) {
        let (board, told) = (&self.board, &mut self.told);
        if record[8] == record_type::DELTA {
            self.instrument.take_delta(record, self.now_ns, board, told);
        } else {
            self.instrument
                .take_snapshot(record, self.now_ns, board, told);
        }
    }

    pub fn delta(&mut self, first: u64, last: u64, bid: (i64, i64)) {
        self.feed(&delta(first, last, bid));
    }

    pub fn snapshot(&mut self, last: u64) {
        self.feed(&snapshot(last));
    }

    pub fn status(&mut self, announced: u8) {
        let (board, told) = (&self.board, &mut self.told);
        self.instrument
            .take_status(announced, self.now_ns, board, told);
    }

    pub fn pass_time(&mut self, span_ns: i64) {
        self.now_ns += span_ns;
        let (board, told) = (&self.board, &mut self.told);
        self.instrument.tick(self.now_ns, board, told);
    }

    /// What was told since the last call.
    pub fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told.events)
    }
}
