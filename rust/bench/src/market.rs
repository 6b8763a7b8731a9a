//! Text to numbers, numbers to books, text to checked books.

use std::hint::black_box;

use tickwork_core::book::board::InstrumentBoard;
use tickwork_core::book::instrument::Instrument;
use tickwork_core::book::order_book::OrderBook;
use tickwork_core::book::rules as sync_rules;
use tickwork_core::book::scale::Scale;
use tickwork_core::book::settings::EngineSettings;
use tickwork_core::book::watch::Watch;
use tickwork_core::clock::fast_clock;
use tickwork_core::parse::binance::{Parser, Path};
use tickwork_core::parse::instruments::Instruments;
use tickwork_core::parse::rules;
use tickwork_core::record::buffer::RecordBuffer;
use tickwork_core::record::market::{self, Market};
use tickwork_core::record::state;

use crate::corpus::{Corpus, Kind};
use crate::row::{Pass, Row};
use crate::timing::measure;

/// The largest payload of a corpus: a whole REST snapshot.
const PAYLOAD_BYTES_MAX: usize = 8 << 20;
/// More levels than any snapshot here has, so that none is flagged as cut.
const SNAPSHOT_LIMIT: u32 = 1_000_000;

/// The rows of this file.
pub fn make(name: &str, corpus: &Corpus) -> Option<Box<dyn Row>> {
    Some(match name {
        "parse-ticker" => Box::new(Parse::new(corpus, Kind::Ticker)),
        "parse-depth" => Box::new(Parse::new(corpus, Kind::Depth)),
        "book-level" => Box::new(Levels::new(corpus)),
        "bytes-depth" => Box::new(Chain::new(corpus, &[Kind::Depth])),
        "bytes-mix" => Box::new(Chain::new(corpus, &[Kind::Depth, Kind::Ticker])),
        _ => return None,
    })
}

/// A parser that has seen every message once, so that its scales are the finest.
pub fn parser(corpus: &Corpus) -> Parser {
    let rules = rules::by_name(&corpus.venue).expect("a corpus of a known venue");
    let instruments = Instruments::new(&[&corpus.symbol]).expect("a good symbol");
    let mut parser = Parser::new(rules, instruments, PAYLOAD_BYTES_MAX, SNAPSHOT_LIMIT);
    let mut out = RecordBuffer::new();
    for (_, payload) in &corpus.messages {
        let base = base(&parser);
        let parsed = parser.parse(Path::Both, &base, payload, &mut out);
        parsed.expect("a corpus of readable messages");
    }
    parser
}

fn base(parser: &Parser) -> Market {
    Market {
        venue: parser.rules().venue,
        instrument: 0,
        ..Market::default()
    }
}

struct Parse {
    parser: Parser,
    payloads: Vec<Vec<u8>>,
    out: RecordBuffer,
}

impl Parse {
    fn new(corpus: &Corpus, kind: Kind) -> Self {
        Self {
            parser: parser(corpus),
            payloads: corpus.of(kind),
            out: RecordBuffer::new(),
        }
    }
}

impl Row for Parse {
    fn pass(&mut self) -> Pass {
        let base = base(&self.parser);
        measure(|| {
            for payload in &self.payloads {
                let parsed = self.parser.parse(Path::Both, &base, payload, &mut self.out);
                black_box(parsed.is_ok());
                black_box(self.out.record());
            }
            self.payloads.len() as u64
        })
    }
}

/// Records of all messages of one kind.
fn records(corpus: &Corpus, kind: Kind) -> Vec<Vec<u8>> {
    let mut parser = parser(corpus);
    let base = base(&parser);
    let mut out = RecordBuffer::new();
    let mut read = |payload: &Vec<u8>| {
        let parsed = parser.parse(Path::Both, &base, payload, &mut out);
        parsed.expect("a corpus of readable messages");
        out.record().to_vec()
    };
    corpus.of(kind).iter().map(&mut read).collect()
}

/// Parsed levels into a book; best bid and ask are read once a message.
struct Levels {
    snapshot: Vec<u8>,
    deltas: Vec<Vec<u8>>,
    book: OrderBook,
}

impl Levels {
    fn new(corpus: &Corpus) -> Self {
        let mut snapshots = records(corpus, Kind::Snapshot);
        let snapshot = snapshots.pop().expect("a corpus with a snapshot");
        let mut deltas = records(corpus, Kind::Depth);
        deltas.retain(|delta| Market::last(delta) > Market::last(&snapshot));
        let mut book = OrderBook::new(usize::MAX);
        let scale = Scale {
            price_exponent: Market::price_exponent(&snapshot),
            quantity_exponent: Market::quantity_exponent(&snapshot),
        };
        book.rescale(scale).expect("an empty book takes any scale");
        Self {
            snapshot,
            deltas,
            book,
        }
    }
}

impl Row for Levels {
    fn pass(&mut self) -> Pass {
        let (bids, asks) = market::levels(&self.snapshot).expect("a whole record");
        self.book.replace(bids.iter(), asks.iter());
        let pass = measure(|| {
            let mut count = 0;
            for delta in &self.deltas {
                let Some((bids, asks)) = market::levels(delta) else {
                    continue;
                };
                count += (bids.len() + asks.len()) as u64;
                self.book.apply(bids.iter(), asks.iter());
                black_box((self.book.bids().best(), self.book.asks().best()));
            }
            count
        });
        assert!(!self.book.is_crossed(), "the book was kept wrongly");
        pass
    }
}

/// Reads the top of the book after every change, as a consumer would.
struct Reader;

impl Watch for Reader {
    fn synced(&mut self, _: &Instrument, _: &InstrumentBoard, _: &[u8]) {}

    fn applied(&mut self, instrument: &Instrument, _: &InstrumentBoard, _: &[u8]) {
        let book = instrument.book();
        black_box((book.bids().best(), book.asks().best()));
    }

    fn changed(&mut self, _: &Instrument, _: &InstrumentBoard) {}

    fn resynced(&mut self, _: i64) {}

    fn ask(&mut self, _: &Instrument, _: u64) -> bool {
        true
    }
}

/// Bytes to a book whose sequence is checked, its top read after every diff.
struct Chain {
    parser: Parser,
    out: RecordBuffer,
    snapshot: Vec<u8>,
    first: Vec<u8>,
    messages: Vec<(Kind, Vec<u8>)>,
    instrument: Instrument,
    board: InstrumentBoard,
    last: u64,
}

impl Chain {
    fn new(corpus: &Corpus, kinds: &[Kind]) -> Self {
        let parser = parser(corpus);
        let mut snapshots = records(corpus, Kind::Snapshot);
        let deltas = records(corpus, Kind::Depth);
        let settings = EngineSettings {
            rule: sync_rules::for_venue(parser.rules().venue).expect("a known venue"),
            stale_after_ns: i64::MAX,
            request_timeout_ns: 1_000_000_000,
            request_retry_ns: 100_000_000,
            buffered_deltas_max: 10_000,
            buffered_bytes_max: 64 << 20,
            levels_max: usize::MAX,
        };
        let wanted = corpus
            .messages
            .iter()
            .filter(|(kind, _)| kinds.contains(kind));
        Self {
            parser,
            out: RecordBuffer::new(),
            snapshot: snapshots.pop().expect("a corpus with a snapshot"),
            last: deltas.last().map_or(0, |delta| Market::last(delta)),
            first: deltas.into_iter().next().expect("a corpus with diffs"),
            messages: wanted.cloned().collect(),
            instrument: Instrument::new(0, settings),
            board: InstrumentBoard::default(),
        }
    }

    /// An empty book, then a book at the snapshot: not part of the time.
    fn prepare(&mut self) {
        let now_ns = fast_clock().now_ns();
        self.instrument.reset(&self.board);
        self.instrument
            .take_delta(&self.first, now_ns, &self.board, &mut Reader);
        self.instrument
            .take_snapshot(&self.snapshot, now_ns, &self.board, &mut Reader);
    }
}

impl Row for Chain {
    fn pass(&mut self) -> Pass {
        self.prepare();
        let clock = fast_clock();
        let base = base(&self.parser);
        let pass = measure(|| {
            for (kind, payload) in &self.messages {
                let parsed = self.parser.parse(Path::Both, &base, payload, &mut self.out);
                black_box(parsed.is_ok());
                let record = self.out.record();
                if *kind == Kind::Depth {
                    let now_ns = clock.now_ns();
                    self.instrument
                        .take_delta(record, now_ns, &self.board, &mut Reader);
                } else {
                    black_box(record);
                }
            }
            self.messages.len() as u64
        });
        assert_eq!(
            self.instrument.state(),
            state::LIVE,
            "the book lost its way"
        );
        assert_eq!(self.instrument.last(), self.last, "diffs are missing");
        pass
    }
}
