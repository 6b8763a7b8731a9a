//! Proves that the hot path allocates nothing per message once its buffers have grown.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use tickwork_core::clock::fast_clock;
use tickwork_core::flow::kernel::{Emit, Kernel};
use tickwork_core::normalizer::Normalizer;
use tickwork_core::parse::binance::Parser;
use tickwork_core::parse::instruments::Instruments;
use tickwork_core::parse::rules;
use tickwork_core::publisher::Publisher;
use tickwork_core::record::frame::{self, Frame};
use tickwork_core::record::market::{self, Level, Market};
use tickwork_core::record::{flag, record_type, state};
use tickwork_core::ring::pipe::unnamed;
use tickwork_core::ring::publication::{Publication, PublicationShape};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise about `pointer` and `layout` is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about all three is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Count(usize);

impl Emit for Count {
    fn emit(&mut self, _port: usize, _record: &[u8]) {
        self.0 += 1;
    }

    fn try_emit(&mut self, _port: usize, _record: &[u8]) -> bool {
        self.0 += 1;
        true
    }
}

/// Strict and tolerant messages of every type, replies, and what cannot be read.
fn payloads() -> Vec<String> {
    let levels = r#"["61837.63000000","3.78826000"],"#.repeat(500);
    let levels = levels.trim_end_matches(',');
    let delta = format!(
        r#"{{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":1,"u":2,"b":[{levels}],"a":[]}}"#
    );
    let ticker = r#"{"u":5,"s":"BTCUSDT","b":"61837.63","B":"3.7","a":"61837.64","A":"1.5"}"#;
    let trade =
        r#"{"e":"trade","E":1,"s":"BTCUSDT","t":3,"p":"1.5","q":"2","T":1,"m":true,"M":true}"#;
    let wrapped = format!(r#"{{"stream":"btcusdt@depth","data":{delta}}}"#);
    let snapshot = format!(r#"{{"lastUpdateId":9,"bids":[{levels}],"asks":[{levels}]}}"#);
    let strict = [delta.as_str(), ticker, trade, &wrapped, &snapshot];
    let tolerant = strict.map(|text| text.replace(r#"","#, r#"" , "#));
    let others = [
        "{\"result\":null,\"id\":1}",
        "{\"e\":\"kline\"}",
        "nonsense",
        "{\"u\":",
    ];
    strict
        .iter()
        .chain(&others)
        .map(|text| (*text).to_owned())
        .chain(tolerant)
        .collect()
}

#[test]
fn no_message_allocates_after_the_buffers_have_grown() {
    let rules = rules::by_name("binance-spot").expect("a known venue");
    let instruments = Instruments::new(&["BTCUSDT"]).expect("a good symbol");
    let parser = Parser::new(rules, instruments, 1 << 20, 1000);
    let mut kernel = Normalizer::new(parser, || 1);
    let mut batch: Vec<Vec<u8>> = Vec::new();
    for payload in payloads() {
        let mut record = Vec::new();
        frame::append(
            &mut record,
            &Frame {
                venue: 1,
                ..Frame::default()
            },
            payload.as_bytes(),
        );
        batch.push(record);
    }
    let mut sent = Count(0);
    let mut turn = |sent: &mut Count| {
        batch
            .iter()
            .for_each(|record| kernel.process(record, 0, sent));
    };
    // The log of what could not be read is full after this many turns.
    (0..64).for_each(|_| turn(&mut sent));
    let before = ALLOCATIONS.with(Cell::get);
    (0..100).for_each(|_| turn(&mut sent));
    let after = ALLOCATIONS.with(Cell::get);
    assert_eq!(sent.0, 164 * 10, "ten of the payloads are market records");
    assert_eq!(after - before, 0);
}

fn market_record(record_type: u8, flags: u8, last: u64) -> Vec<u8> {
    let header = Market {
        record_type,
        flags,
        state: state::LIVE,
        instrument: 0,
        last,
        ..Market::default()
    };
    let level = Level {
        price: 1,
        quantity: 1,
    };
    let mut record = Vec::new();
    market::append(&mut record, &header, &[level; 20], &[level; 20]);
    record
}

#[test]
fn publishing_allocates_nothing() {
    let directory = std::env::temp_dir().join(format!("tickwork-alloc-{}", std::process::id()));
    let shape = PublicationShape {
        name: "demo".into(),
        instruments: vec![("BTCUSDT".into(), 1)],
        ring_slots: 64,
        depth_bytes: 1 << 16,
        table_levels: 20,
    };
    let publication = Publication::create(&directory.join("book"), &shape).expect("a segment");
    let mut kernel = Publisher::new(publication, fast_clock());
    let image = market_record(record_type::SNAPSHOT, flag::IMAGE, 1);
    let delta = market_record(record_type::DELTA, 0, 1);
    let mut out = Count(0);
    kernel.process(&image, 0, &mut out);
    let before = ALLOCATIONS.with(Cell::get);
    for _ in 0..1_000 {
        kernel.process(&delta, 0, &mut out);
        kernel.process(&image, 0, &mut out);
        kernel.tick(0, &mut out);
    }
    let allocated = ALLOCATIONS.with(Cell::get) - before;
    std::fs::remove_dir_all(&directory).expect("removed");
    assert_eq!(allocated, 0);
}

#[test]
fn a_pipe_allocates_nothing_per_record() {
    let (mut writer, mut reader) = unnamed(1 << 16, "memory").expect("a pipe");
    let delta = market_record(record_type::DELTA, 0, 1);
    let before = ALLOCATIONS.with(Cell::get);
    for _ in 0..1_000 {
        assert!(writer.try_send(&delta).expect("short enough"));
        assert!(reader.record().expect("sound").is_some());
        reader.release();
    }
    assert_eq!(ALLOCATIONS.with(Cell::get), before);
}
