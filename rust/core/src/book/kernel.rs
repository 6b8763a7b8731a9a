//! The book as a kernel: market records in, the same and images out, requests upstream.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::board::Board;
use super::instrument::Instrument;
use super::proof::ProofFile;
use super::rules;
use super::scribe::{self, Desk, Now, Scribe};
use super::settings::EngineSettings;
use super::ticker::{TickerProof, Top};
use crate::flow::kernel::{Emit, Kernel};
use crate::histogram::{Histogram, Shared};
use crate::record::market::{self, Market};
use crate::record::{ANY_INSTRUMENT, record_type, request_kind, type_of};

/// Ages and retries are looked at no more often than this.
const TICK_NS: i64 = 10_000_000;

/// Bytes of the longest record that is put together without growing: 5,000 levels a side.
const SCRATCH_BYTES: usize = market::len_of(10_000);

/// What a book kernel is told once.
#[derive(Clone, Copy, Debug)]
pub struct BookSettings {
    /// Bounds and times of the engine.
    pub engine: EngineSettings,
    /// Levels on each side of an image.
    pub depth: usize,
    /// Whether tickers are compared with the book.
    pub has_ticker_proof: bool,
}

/// Port 0: records. Port 1: requests to the forwarder. Inlet 0: records. Inlet 1: requests
/// from the publisher. Which is which is read from the record itself.
pub struct BookKernel {
    instruments: Vec<Instrument>,
    board: Arc<Board>,
    desk: Desk,
    next_tick_ns: i64,
}

impl BookKernel {
    /// Books for instruments whose venue ids are given in the order of their ids. The rule of
    /// a venue that has one takes the place of the settings' rule.
    #[must_use]
    pub fn new(venues: &[u8], settings: &BookSettings, now: Now) -> Self {
        let instrument = |(id, venue): (u16, &u8)| {
            let rule = rules::for_venue(*venue).unwrap_or(settings.engine.rule);
            let engine = EngineSettings {
                rule,
                ..settings.engine
            };
            Instrument::new(id, engine)
        };
        let board = Arc::new(Board::new(venues.len()));
        let tickers = if settings.has_ticker_proof {
            venues.len()
        } else {
            0
        };
        Self {
            instruments: (0..ANY_INSTRUMENT).zip(venues).map(instrument).collect(),
            board: Arc::clone(&board),
            desk: Desk {
                venues: venues.to_vec(),
                depth: settings.depth,
                board,
                tickers: (0..tickers).map(|_| TickerProof::default()).collect(),
                proof: None,
                hop: Histogram::shared("book"),
                resync: Histogram::shared("resync"),
                now,
                cause: Market::default(),
                scratch: Vec::with_capacity(SCRATCH_BYTES),
            },
            next_tick_ns: i64::MIN,
        }
    }

    /// Writes proof rows to this file from now on.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_proof(&mut self, path: &Path) -> io::Result<()> {
        self.flush();
        self.desk.proof = Some(ProofFile::open(path)?);
        Ok(())
    }

    /// What outsiders read, while the kernel runs elsewhere too.
    #[must_use]
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    /// The hop `book`, and `resync` from gap to LIVE.
    #[must_use]
    pub fn histograms(&self) -> [Shared; 2] {
        [
            Shared::clone(&self.desk.hop),
            Shared::clone(&self.desk.resync),
        ]
    }

    /// The engine of one instrument, for those who hold the kernel.
    #[must_use]
    pub fn instrument(&self, id: u16) -> Option<&Instrument> {
        self.instruments.get(usize::from(id))
    }

    fn take_book(&mut self, record: &[u8], is_delta: bool, out: &mut dyn Emit) {
        let place = usize::from(Market::instrument(record));
        let Some(instrument) = self.instruments.get_mut(place) else {
            return self.board.unknown.add(1);
        };
        let now_ns = (self.desk.now)();
        let board = &self.board.instruments[place];
        self.desk.cause = Market::read(record).unwrap_or_default();
        self.desk.cause.booked_ns = now_ns;
        let mut scribe = Scribe {
            desk: &mut self.desk,
            out,
        };
        if is_delta {
            instrument.take_delta(record, now_ns, board, &mut scribe);
        } else {
            instrument.take_snapshot(record, now_ns, board, &mut scribe);
        }
    }

    /// Tickers and trades go on; a ticker is compared with the book on its way.
    fn hand_on(&mut self, record: &[u8], is_ticker: bool, out: &mut dyn Emit) {
        let place = usize::from(Market::instrument(record));
        let Some(instrument) = self.instruments.get(place) else {
            return self.board.unknown.add(1);
        };
        let booked_ns = (self.desk.now)();
        let mut scribe = Scribe {
            desk: &mut self.desk,
            out,
        };
        scribe.record_hop(record, booked_ns);
        scribe.pass(record, instrument.state(), booked_ns);
        self.board.passed.add(1);
        let ticker = self.desk.tickers.get_mut(place).filter(|_| is_ticker);
        if let Some((ticker, top)) = ticker.zip(Top::of_ticker(record)) {
            ticker.take_ticker(Market::last(record), top);
            scribe::show_ticker(ticker, &self.board.instruments[place]);
        }
    }

    fn take_status(&mut self, record: &[u8], out: &mut dyn Emit) {
        let named = Market::instrument(record);
        let venue = Market::venue(record);
        let announced = Market::state(record);
        let now_ns = (self.desk.now)();
        self.start_cause(now_ns);
        for instrument in &mut self.instruments {
            let place = usize::from(instrument.id());
            let is_meant = (named == ANY_INSTRUMENT || named == instrument.id())
                && (venue == 0 || venue == self.desk.venues[place]);
            if is_meant {
                let mut scribe = Scribe {
                    desk: &mut self.desk,
                    out,
                };
                instrument.take_status(
                    announced,
                    now_ns,
                    &self.board.instruments[place],
                    &mut scribe,
                );
            }
        }
    }

    /// A publisher that started anew wants to see every book, or one.
    fn take_request(&mut self, record: &[u8], out: &mut dyn Emit) {
        if Market::state(record) != request_kind::IMAGES {
            return self.board.unknown.add(1);
        }
        let named = Market::instrument(record);
        let now_ns = (self.desk.now)();
        self.start_cause(now_ns);
        self.desk.cause.correlation = Market::correlation(record);
        for instrument in &self.instruments {
            if named == ANY_INSTRUMENT || named == instrument.id() {
                let mut scribe = Scribe {
                    desk: &mut self.desk,
                    out,
                };
                scribe.write_image(instrument);
            }
        }
    }

    /// What is written next is caused by no record of the venue.
    fn start_cause(&mut self, now_ns: i64) {
        self.desk.cause = Market {
            booked_ns: now_ns,
            ..Market::default()
        };
    }
}

impl Kernel for BookKernel {
    fn process(&mut self, record: &[u8], _inlet: usize, out: &mut dyn Emit) {
        if record.len() < market::HEADER_LEN {
            return self.board.unknown.add(1);
        }
        match type_of(record) {
            Some(record_type::DELTA) => self.take_book(record, true, out),
            Some(record_type::SNAPSHOT) => self.take_book(record, false, out),
            Some(record_type::TICKER) => self.hand_on(record, true, out),
            Some(record_type::TRADE) => self.hand_on(record, false, out),
            Some(record_type::STATUS) => self.take_status(record, out),
            Some(record_type::REQUEST) => self.take_request(record, out),
            _ => self.board.unknown.add(1),
        }
    }

    fn tick(&mut self, now_ns: i64, out: &mut dyn Emit) {
        if now_ns < self.next_tick_ns {
            return;
        }
        self.next_tick_ns = now_ns.saturating_add(TICK_NS);
        self.start_cause(now_ns);
        for instrument in &mut self.instruments {
            let place = usize::from(instrument.id());
            let mut scribe = Scribe {
                desk: &mut self.desk,
                out,
            };
            instrument.tick(now_ns, &self.board.instruments[place], &mut scribe);
        }
    }

    fn reset(&mut self) {
        self.flush();
        for instrument in &mut self.instruments {
            let board = &self.board.instruments[usize::from(instrument.id())];
            instrument.reset(board);
        }
        for (ticker, board) in self.desk.tickers.iter_mut().zip(&self.board.instruments) {
            ticker.reset();
            scribe::show_ticker(ticker, board);
        }
    }

    fn flush(&mut self) {
        if let Some(proof) = &mut self.desk.proof {
            proof.flush(&self.board);
        }
    }

    fn write_proof(&mut self, path: &Path) -> io::Result<()> {
        BookKernel::write_proof(self, path)
    }
}
