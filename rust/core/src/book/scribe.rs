//! Makes records of what the engine tells: deltas, images, snapshots, statuses, requests.

use std::sync::Arc;

use super::board::{Board, InstrumentBoard};
use super::instrument::Instrument;
use super::ladder::Ladder;
use super::proof::{self, ProofFile};
use super::ticker::{TickerProof, Top};
use super::watch::Watch;
use crate::flow::kernel::Emit;
use crate::histogram::Shared;
use crate::record::market::{self, HEADER_LEN, LEVEL_LEN, Market};
use crate::record::{ABSENT, flag, record_type, request_kind};

/// Port of the records.
pub const RECORDS: usize = 0;
/// Port of the requests to the forwarder.
pub const REQUESTS: usize = 1;

/// Reads the clock that stamps are taken from, monotonic raw nanoseconds.
pub type Now = Box<dyn Fn() -> i64 + Send>;

/// What a kernel keeps for writing records, made once.
pub struct Desk {
    /// Venue id of each instrument.
    pub venues: Vec<u8>,
    /// Levels in an image.
    pub depth: usize,
    /// What outsiders read.
    pub board: Arc<Board>,
    /// One per instrument, empty where the venue has no ticker proof.
    pub tickers: Vec<TickerProof>,
    /// Proof rows, where they are wanted.
    pub proof: Option<ProofFile>,
    /// Parsed to booked.
    pub hop: Shared,
    /// Gap to LIVE.
    pub resync: Shared,
    /// The clock.
    pub now: Now,
    /// Header of the record that causes what is written now; stamps ABSENT when it is time.
    pub cause: Market,
    /// Where a record is put together.
    pub scratch: Vec<u8>,
}

/// A desk with an open outlet.
pub struct Scribe<'a> {
    /// What is kept between records.
    pub desk: &'a mut Desk,
    /// Where records go.
    pub out: &'a mut dyn Emit,
}

impl Scribe<'_> {
    fn venue(&self, instrument: &Instrument) -> u8 {
        self.desk.venues[usize::from(instrument.id())]
    }

    /// The header that image, snapshot and status of an instrument share.
    fn header(&self, instrument: &Instrument, record_type: u8) -> Market {
        let scale = instrument.book().scale();
        Market {
            sequence: 0,
            record_type,
            venue: self.venue(instrument),
            state: instrument.state(),
            flags: 0,
            instrument: instrument.id(),
            price_exponent: scale.price_exponent,
            quantity_exponent: scale.quantity_exponent,
            first: instrument.last(),
            last: instrument.last(),
            previous: 0,
            published_ns: ABSENT,
            ..self.desk.cause
        }
    }

    fn write_book(&mut self, header: &Market, instrument: &Instrument, depth: usize) {
        let book = instrument.book();
        let bids = book.bids().len().min(depth);
        let asks = book.asks().len().min(depth);
        let scratch = &mut self.desk.scratch;
        scratch.clear();
        scratch.resize(market::len_of(bids + asks), 0);
        let header = Market {
            bids: u32::try_from(bids).unwrap_or(u32::MAX),
            asks: u32::try_from(asks).unwrap_or(u32::MAX),
            ..*header
        };
        header.write(scratch);
        let (bid_bytes, ask_bytes) = scratch[HEADER_LEN..].split_at_mut(bids * LEVEL_LEN);
        write_levels(bid_bytes, book.bids(), bids);
        write_levels(ask_bytes, book.asks(), asks);
        self.out.emit(RECORDS, &self.desk.scratch);
    }

    /// Emits the top levels as they stand, with the state beside them.
    pub fn write_image(&mut self, instrument: &Instrument) {
        let depth = self.desk.depth;
        let mut header = self.header(instrument, record_type::SNAPSHOT);
        header.flags = flag::IMAGE;
        if instrument.book().is_truncated_within(depth) {
            header.flags |= flag::TRUNCATED;
        }
        self.write_book(&header, instrument, depth);
    }

    /// Hands a record on with the state of its book and the stamp of now.
    pub fn pass(&mut self, record: &[u8], state: u8, booked_ns: i64) {
        let scratch = &mut self.desk.scratch;
        scratch.clear();
        scratch.extend_from_slice(record);
        Market::set_state(scratch, state);
        Market::set_booked_ns(scratch, booked_ns);
        self.out.emit(RECORDS, scratch);
    }

    /// Records parsed → booked of one record that carries the first stamp.
    pub fn record_hop(&self, record: &[u8], booked_ns: i64) {
        let parsed_ns = Market::parsed_ns(record);
        if parsed_ns != ABSENT {
            self.desk.hop.record(booked_ns.wrapping_sub(parsed_ns));
        }
    }
}

fn write_levels(bytes: &mut [u8], ladder: &Ladder, count: usize) {
    let slots = bytes.chunks_exact_mut(LEVEL_LEN).take(count);
    for (slot, level) in slots.zip(ladder.iter()) {
        market::write_level(slot, level);
    }
}

impl Watch for Scribe<'_> {
    fn synced(&mut self, instrument: &Instrument, board: &InstrumentBoard, snapshot: &[u8]) {
        board.show(instrument);
        self.desk.cause = Market {
            booked_ns: (self.desk.now)(),
            ..Market::read(snapshot).unwrap_or_default()
        };
        let mut header = self.header(instrument, record_type::SNAPSHOT);
        if instrument.book().is_truncated() {
            header.flags |= flag::TRUNCATED;
        }
        self.write_book(&header, instrument, usize::MAX);
    }

    fn applied(&mut self, instrument: &Instrument, board: &InstrumentBoard, delta: &[u8]) {
        let booked_ns = (self.desk.now)();
        board.show(instrument);
        self.record_hop(delta, booked_ns);
        self.pass(delta, instrument.state(), booked_ns);
        self.desk.cause = Market {
            booked_ns,
            ..Market::read(delta).unwrap_or_default()
        };
        self.write_image(instrument);
        if let Some(proof) = &mut self.desk.proof {
            proof.push(&proof::row_of(instrument), &self.desk.board);
        }
        if let Some(ticker) = self.desk.tickers.get_mut(usize::from(instrument.id())) {
            ticker.take_own(instrument.last(), Top::of_book(instrument.book()));
            show_ticker(ticker, board);
        }
    }

    fn changed(&mut self, instrument: &Instrument, _board: &InstrumentBoard) {
        let mut header = self.header(instrument, record_type::STATUS);
        (header.bids, header.asks) = (0, 0);
        self.out.emit(RECORDS, &header.to_record());
        self.write_image(instrument);
    }

    fn resynced(&mut self, duration_ns: i64) {
        self.desk.resync.record(duration_ns);
        self.desk.board.keep_resync(duration_ns);
    }

    fn ask(&mut self, instrument: &Instrument, correlation: u64) -> bool {
        let kind = request_kind::VENUE_SNAPSHOT;
        let venue = self.venue(instrument);
        let request = Market::request(venue, instrument.id(), kind, correlation);
        self.out.try_emit(REQUESTS, &request.to_record())
    }
}

/// Shows the proof's counts to outsiders.
pub fn show_ticker(ticker: &TickerProof, board: &InstrumentBoard) {
    let counts = ticker.counts();
    board.ticker_compared.set(counts.compared);
    board.ticker_equal.set(counts.equal);
    board.ticker_unpaired.set(counts.unpaired);
}
