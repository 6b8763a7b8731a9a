//! Frames to published tops: normalizer, book and publisher by direct call, as one loop runs them.

use std::path::PathBuf;

use tickwork_core::book::kernel::{BookKernel, BookSettings};
use tickwork_core::book::rules as sync_rules;
use tickwork_core::book::settings::EngineSettings;
use tickwork_core::clock::fast_clock;
use tickwork_core::flow::kernel::{Emit, Kernel};
use tickwork_core::normalizer::Normalizer;
use tickwork_core::publisher::Publisher;
use tickwork_core::record::frame::{self, Frame};
use tickwork_core::record::{frame_kind, state};
use tickwork_core::ring::publication::{Publication, PublicationShape};

use crate::corpus::{Corpus, Kind};
use crate::market::parser;
use crate::rings::scratch_directory;
use crate::row::{Pass, Row};
use crate::timing::measure;

/// The rows of this file.
pub fn make(name: &str, corpus: &Corpus) -> Option<Box<dyn Row>> {
    match name {
        "fused-depth" => Some(Box::new(Fused::new(corpus, &[Kind::Depth]))),
        "fused-mix" => Some(Box::new(Fused::new(corpus, &[Kind::Depth, Kind::Ticker]))),
        _ => None,
    }
}

/// Nobody upstream: requests are accepted and forgotten.
struct Upstream;

impl Emit for Upstream {
    fn emit(&mut self, _port: usize, _record: &[u8]) {}

    fn try_emit(&mut self, _port: usize, _record: &[u8]) -> bool {
        true
    }
}

struct ToPublisher<'a>(&'a mut Publisher);

impl Emit for ToPublisher<'_> {
    fn emit(&mut self, port: usize, record: &[u8]) {
        if port == 0 {
            self.0.process(record, 0, &mut Upstream);
        }
    }

    fn try_emit(&mut self, _port: usize, _record: &[u8]) -> bool {
        true
    }
}

struct ToBook<'a> {
    book: &'a mut BookKernel,
    publisher: &'a mut Publisher,
}

impl Emit for ToBook<'_> {
    fn emit(&mut self, _port: usize, record: &[u8]) {
        self.book
            .process(record, 0, &mut ToPublisher(self.publisher));
    }

    fn try_emit(&mut self, _port: usize, _record: &[u8]) -> bool {
        true
    }
}

struct Fused {
    normalizer: Normalizer<fn() -> i64>,
    book: BookKernel,
    publisher: Publisher,
    /// The diff before the snapshot, and the snapshot: what it takes to be LIVE.
    start: Vec<Vec<u8>>,
    frames: Vec<Vec<u8>>,
    directory: PathBuf,
}

fn now_ns() -> i64 {
    fast_clock().now_ns()
}

fn framed(venue: u8, kind: u8, payload: &[u8]) -> Vec<u8> {
    let header = Frame {
        venue,
        kind,
        instrument: if kind == frame_kind::REST { 0 } else { 0xFFFF },
        received_ns: now_ns(),
        ..Frame::default()
    };
    let mut record = Vec::new();
    frame::append(&mut record, &header, payload);
    record
}

impl Fused {
    fn new(corpus: &Corpus, kinds: &[Kind]) -> Self {
        let parser = parser(corpus);
        let venue = parser.rules().venue;
        let settings = BookSettings {
            engine: EngineSettings {
                rule: sync_rules::for_venue(venue).expect("a known venue"),
                stale_after_ns: i64::MAX,
                request_timeout_ns: 1_000_000_000,
                request_retry_ns: 100_000_000,
                buffered_deltas_max: 10_000,
                buffered_bytes_max: 64 << 20,
                levels_max: usize::MAX,
            },
            depth: 20,
            has_ticker_proof: true,
        };
        let directory = scratch_directory("fused");
        let shape = PublicationShape {
            name: "bench".to_owned(),
            instruments: vec![(corpus.symbol.clone(), venue)],
            ring_slots: 131_072,
            depth_bytes: 16 << 20,
            table_levels: 20,
        };
        let publication =
            Publication::create(&directory.join("book"), &shape).expect("a new segment");
        let whole = |kind: Kind| match kind {
            Kind::Snapshot => frame_kind::REST,
            Kind::Depth | Kind::Ticker => frame_kind::TEXT,
        };
        let wanted = corpus
            .messages
            .iter()
            .filter(|(kind, _)| kinds.contains(kind));
        let first = corpus.of(Kind::Depth).swap_remove(0);
        let snapshot = corpus.of(Kind::Snapshot).pop().expect("a snapshot");
        Self {
            normalizer: Normalizer::new(parser, now_ns as fn() -> i64),
            book: BookKernel::new(&[venue], &settings, Box::new(now_ns)),
            publisher: Publisher::new(publication, fast_clock()),
            start: vec![
                framed(venue, frame_kind::TEXT, &first),
                framed(venue, frame_kind::REST, &snapshot),
            ],
            frames: wanted
                .map(|(kind, payload)| framed(venue, whole(*kind), payload))
                .collect(),
            directory,
        }
    }
}

impl Row for Fused {
    fn pass(&mut self) -> Pass {
        let Self {
            normalizer,
            book,
            publisher,
            ..
        } = self;
        book.reset();
        let mut out = ToBook { book, publisher };
        for frame in &self.start {
            normalizer.process(frame, 0, &mut out);
        }
        let pass = measure(|| {
            for frame in &self.frames {
                normalizer.process(frame, 0, &mut out);
            }
            self.frames.len() as u64
        });
        let live = self.book.instrument(0).map(|each| each.state());
        assert_eq!(live, Some(state::LIVE), "the book lost its way");
        pass
    }
}

impl Drop for Fused {
    fn drop(&mut self) {
        // A directory that stays is told by the runner, which looks for it.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
