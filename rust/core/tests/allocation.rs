//! Proves that the hot path allocates nothing per message once its buffers have grown.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use tickwork_core::flow::kernel::{Emit, Kernel};
use tickwork_core::normalizer::Normalizer;
use tickwork_core::parse::binance::Parser;
use tickwork_core::parse::instruments::Instruments;
use tickwork_core::parse::rules;
use tickwork_core::record::frame::{self, Frame};

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
