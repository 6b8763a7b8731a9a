//! Runs a captured stream through the parser and the engine that the pipeline uses.

use std::collections::VecDeque;

use super::assembly::Assembly;
use super::lines::{self, Line};
use super::report::{BookReport, Report, Span};
use crate::book::board::InstrumentBoard;
use crate::book::instrument::Instrument;
use crate::book::proof::row_of;
use crate::book::rules;
use crate::book::settings::EngineSettings;
use crate::book::ticker::{TickerProof, Top};
use crate::book::watch::Watch;
use crate::parse::binance::peek::{Glance, peek};
use crate::parse::binance::{Parser, Path};
use crate::parse::instruments::{Instruments, InstrumentsError};
use crate::parse::rules::Rules;
use crate::parse::{Parsed, Reason};
use crate::record::buffer::RecordBuffer;
use crate::record::market::Market;
use crate::record::proof;
use crate::record::{ABSENT, record_type, state, type_of};

/// Deltas of one instrument that wait for their snapshot; older attempts are dropped, counted.
pub const BUFFERED_DELTAS_MAX: usize = 100_000;
/// Bytes that these take at most.
pub const BUFFERED_BYTES_MAX: usize = 64 << 20;
/// Snapshots whose instrument is not known yet; the oldest goes when there are more.
pub const SNAPSHOTS_WAITING_MAX: usize = 64;
/// The longest payload.
pub const PAYLOAD_BYTES_MAX: usize = 16 << 20;

/// An instrument id that none has, so that a snapshot is never taken for the only one.
const NOBODY: u16 = 0xFFFE;
/// A snapshot with this many levels on a side may have been cut by its venue.
const SNAPSHOT_LIMIT: u32 = 1;

struct Kept {
    instrument: Instrument,
    board: InstrumentBoard,
    eyes: Eyes,
    /// Where the last snapshot stood that the deltas do not reach.
    unreached: Option<u64>,
}

impl Kept {
    /// Where a book never began although its snapshot came: what joins it to the deltas is missing.
    fn hole(&self) -> Option<u64> {
        let is_waiting = matches!(self.instrument.state(), state::EMPTY | state::SYNCING);
        self.unreached.filter(|_| is_waiting)
    }
}

/// Watches one instrument: the ticker proof and, where wanted, a row per update.
#[derive(Default)]
struct Eyes {
    ticker: TickerProof,
    rows: Option<Vec<u8>>,
}

impl Watch for Eyes {
    fn synced(&mut self, _: &Instrument, _: &InstrumentBoard, _: &[u8]) {}

    fn applied(&mut self, instrument: &Instrument, _: &InstrumentBoard, _: &[u8]) {
        let top = Top::of_book(instrument.book());
        self.ticker.take_own(instrument.last(), top);
        if let Some(rows) = &mut self.rows {
            let at = rows.len();
            rows.resize(at + proof::LEN, 0);
            row_of(instrument).write(&mut rows[at..]);
        }
    }

    fn changed(&mut self, _: &Instrument, _: &InstrumentBoard) {}

    fn resynced(&mut self, _: i64) {}

    /// Nobody can be asked: the snapshot is in the capture or nowhere.
    fn ask(&mut self, _: &Instrument, _: u64) -> bool {
        true
    }
}

/// A snapshot that waits until one instrument's deltas contain it.
struct Waiting {
    last: u64,
    received_ns: i64,
    payload: Vec<u8>,
}

/// One audit: several captures in the given order are one stream.
pub struct Auditor {
    rules: Rules,
    parser: Parser,
    scout: Parser,
    symbols: Vec<String>,
    kept: Vec<Kept>,
    waiting: VecDeque<Waiting>,
    assembly: Assembly,
    out: RecordBuffer,
    report: Report,
    keeps_rows: bool,
    is_first_line: bool,
}

fn parser_of(rules: Rules, symbols: &[String]) -> Result<Parser, InstrumentsError> {
    let instruments = Instruments::new(symbols)?;
    Ok(Parser::new(
        rules,
        instruments,
        PAYLOAD_BYTES_MAX,
        SNAPSHOT_LIMIT,
    ))
}

impl Auditor {
    /// An audit of one venue's captures. With `keeps_rows` every applied update leaves a
    /// proof row in memory.
    ///
    /// # Errors
    /// Never for the symbols made here; the parser's own check is handed on.
    pub fn new(rules: Rules, keeps_rows: bool) -> Result<Self, InstrumentsError> {
        Ok(Self {
            rules,
            parser: parser_of(rules, &[])?,
            scout: parser_of(rules, &["SNAPSHOT".to_owned()])?,
            symbols: Vec::new(),
            kept: Vec::new(),
            waiting: VecDeque::new(),
            assembly: Assembly::default(),
            out: RecordBuffer::new(),
            report: Report::default(),
            keeps_rows,
            is_first_line: true,
        })
    }

    /// Makes room for an instrument before it appears: ids follow the order of the calls, and
    /// exchange information finds it. False for a symbol that cannot be one.
    pub fn expect(&mut self, symbol: &str) -> bool {
        self.symbols.iter().any(|known| known == symbol) || self.add(symbol.as_bytes())
    }

    /// Takes the next bytes of the capture; they may end anywhere.
    pub fn feed(&mut self, chunk: &[u8]) {
        let mut assembly = std::mem::take(&mut self.assembly);
        assembly.feed(chunk, |line| self.take_line(line));
        self.assembly = assembly;
    }

    /// Ends one capture. True when its last line was cut off: it has no newline and what is
    /// there is no whole message.
    pub fn end_capture(&mut self) -> bool {
        let rest = self.assembly.take_rest();
        let unparsed = self.report.unparsed;
        if !rest.trim_ascii().is_empty() {
            self.take_line(&rest);
        }
        self.is_first_line = true;
        self.report.unparsed > unparsed
    }

    fn take_line(&mut self, line: &[u8]) {
        let is_head = std::mem::take(&mut self.is_first_line)
            && line.starts_with(b"{")
            && line.windows(13).any(|window| window == b"\"instruments\"");
        if is_head {
            return;
        }
        match lines::tell(line) {
            Line::Event => {}
            Line::Unreadable => self.count_unparsed(),
            Line::Payload {
                received_unix_ns,
                payload,
            } => {
                let received_ns = received_unix_ns.unwrap_or(ABSENT);
                self.report.messages += 1;
                self.take_payload(received_ns, payload);
            }
        }
    }

    fn count_unparsed(&mut self) {
        self.report.messages += 1;
        self.report.unparsed += 1;
    }

    fn parse(
        &mut self,
        instrument: u16,
        received_ns: i64,
        payload: &[u8],
    ) -> Result<Parsed, Reason> {
        let base = Market {
            venue: self.rules.venue,
            instrument,
            received_ns,
            ..Market::default()
        };
        self.parser.parse(Path::Both, &base, payload, &mut self.out)
    }

    fn take_payload(&mut self, received_ns: i64, payload: &[u8]) {
        let mut parsed = self.parse(NOBODY, received_ns, payload);
        if parsed == Err(Reason::UnknownInstrument) {
            match peek(payload) {
                Glance::Message(identity) if self.add(identity.symbol) => {
                    parsed = self.parse(NOBODY, received_ns, payload);
                }
                _ if self.wait_with(received_ns, payload) => return,
                _ => {}
            }
        }
        match parsed {
            Ok(Parsed::Record) => self.take_record(),
            Ok(_) => {}
            Err(_) => self.report.unparsed += 1,
        }
    }

    /// Makes room for an instrument that appears for the first time; scales go on.
    fn add(&mut self, symbol: &[u8]) -> bool {
        let Ok(symbol) = std::str::from_utf8(symbol) else {
            return false;
        };
        let mut symbols = self.symbols.clone();
        symbols.push(symbol.to_owned());
        let mut instruments = match Instruments::new(&symbols) {
            Ok(instruments) => instruments,
            Err(_) => return false,
        };
        for id in 0..self.kept.len() as u16 {
            instruments.refine(id, self.parser.instruments().scale(id));
        }
        let Some(rule) = rules::for_venue(self.rules.venue) else {
            return false;
        };
        let settings = EngineSettings {
            rule,
            stale_after_ns: i64::MAX,
            request_timeout_ns: i64::MAX,
            request_retry_ns: i64::MAX,
            buffered_deltas_max: BUFFERED_DELTAS_MAX,
            buffered_bytes_max: BUFFERED_BYTES_MAX,
            levels_max: usize::MAX,
        };
        self.parser = Parser::new(self.rules, instruments, PAYLOAD_BYTES_MAX, SNAPSHOT_LIMIT);
        self.kept.push(Kept {
            instrument: Instrument::new(self.kept.len() as u16, settings),
            board: InstrumentBoard::default(),
            eyes: Eyes {
                rows: self.keeps_rows.then(Vec::new),
                ..Eyes::default()
            },
            unreached: None,
        });
        self.symbols = symbols;
        true
    }

    fn take_record(&mut self) {
        let record = self.out.record();
        let place = usize::from(Market::instrument(record));
        self.report.note_times(record);
        let Some(kept) = self.kept.get_mut(place) else {
            return;
        };
        let (board, eyes) = (&kept.board, &mut kept.eyes);
        match type_of(record) {
            Some(record_type::DELTA) => {
                self.report.diffs += 1;
                kept.instrument.take_delta(record, 0, board, eyes);
                self.assign_waiting();
            }
            Some(record_type::SNAPSHOT) => {
                let too_old = board.old_snapshots.get();
                kept.instrument.take_snapshot(record, 0, board, eyes);
                if board.old_snapshots.get() > too_old {
                    kept.unreached = Some(Market::last(record));
                }
            }
            Some(record_type::TICKER) => {
                if let Some(top) = Top::of_ticker(record) {
                    eyes.ticker.take_ticker(Market::last(record), top);
                }
            }
            _ => {}
        }
    }

    /// Keeps a snapshot until it is clear whose it is; false when the payload is none.
    fn wait_with(&mut self, received_ns: i64, payload: &[u8]) -> bool {
        let parsed = self
            .scout
            .parse(Path::Both, &Market::default(), payload, &mut self.out);
        let is_snapshot = parsed == Ok(Parsed::Record)
            && type_of(self.out.record()) == Some(record_type::SNAPSHOT);
        if is_snapshot {
            if self.waiting.len() == SNAPSHOTS_WAITING_MAX {
                self.waiting.pop_front();
                self.report.unparsed += 1;
            }
            self.waiting.push_back(Waiting {
                last: Market::last(self.out.record()),
                received_ns,
                payload: payload.to_vec(),
            });
            self.assign_waiting();
        }
        is_snapshot
    }

    /// Gives each waiting snapshot to the one instrument whose waiting deltas contain it.
    fn assign_waiting(&mut self) {
        let mut index = 0;
        while let Some(snapshot) = self.waiting.get(index) {
            let awaits = |kept: &&Kept| kept.instrument.awaits_snapshot_at(snapshot.last);
            let mut awaiting = self.kept.iter().filter(awaits);
            match (awaiting.next(), awaiting.next()) {
                (Some(kept), None) => {
                    let id = kept.instrument.id();
                    self.give(index, id);
                }
                _ => index += 1,
            }
        }
    }

    fn give(&mut self, index: usize, id: u16) {
        let Some(snapshot) = self.waiting.remove(index) else {
            return;
        };
        match self.parse(id, snapshot.received_ns, &snapshot.payload) {
            Ok(Parsed::Record) => self.take_record(),
            _ => self.report.unparsed += 1,
        }
    }

    /// What the audit found. Snapshots that still wait go to the only instrument; where there
    /// are several, they are of no use to a book that still waits, and count as unparsed.
    #[must_use]
    pub fn finish(&mut self) -> Report {
        while !self.waiting.is_empty() && self.kept.len() == 1 {
            self.give(0, 0);
        }
        let is_live = |kept: &Kept| kept.instrument.state() == state::LIVE;
        if !self.kept.iter().all(is_live) || self.kept.is_empty() {
            self.report.unparsed += self.waiting.len() as u64;
        }
        self.waiting.clear();
        let mut report = self.report.clone();
        report.messages += self.assembly.too_long();
        report.unparsed += self.assembly.too_long();
        for (kept, symbol) in self.kept.iter().zip(&self.symbols) {
            let counts = kept.eyes.ticker.counts();
            report.applied += kept.board.updates.get();
            report.before_snapshot += kept.board.before_snapshot.get();
            report.gaps += kept.board.gaps.get();
            report.crossed += kept.board.crossed.get();
            report.ticker_compared += counts.compared;
            report.ticker_equal += counts.equal;
            report.ticker_unpaired += counts.unpaired + kept.eyes.ticker.waiting();
            let mut book = BookReport::new(symbol, &kept.instrument);
            if let Some(last) = kept.hole() {
                report.gaps += 1;
                book.gap_since_update_id = Some(last);
            }
            report.books.push(book);
        }
        report
    }

    /// Proof rows of every applied update, instrument by instrument.
    #[must_use]
    pub fn rows(&self) -> Vec<u8> {
        let rows = |kept: &Kept| kept.eyes.rows.clone().unwrap_or_default();
        self.kept.iter().flat_map(rows).collect()
    }
}

impl Report {
    /// Widens the span of receive minus event by one streamed record that carries both.
    fn note_times(&mut self, record: &[u8]) {
        let (received, event) = (Market::received_ns(record), Market::event_unix_ns(record));
        // A REST answer's way is not a stream's: its venue time lies within a round trip.
        let is_rest = type_of(record) == Some(record_type::SNAPSHOT);
        if received == ABSENT || event == ABSENT || is_rest {
            return;
        }
        let delay_ns = received.saturating_sub(event);
        let span = self.receive_minus_event.get_or_insert(Span {
            min_ns: delay_ns,
            max_ns: delay_ns,
        });
        span.min_ns = span.min_ns.min(delay_ns);
        span.max_ns = span.max_ns.max(delay_ns);
    }
}
