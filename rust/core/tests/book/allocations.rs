//! Counts what the book allocates: nothing per message once it is warm.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use tickwork_core::book::kernel::{BookKernel, BookSettings};
use tickwork_core::book::rules;
use tickwork_core::flow::kernel::{Emit, Kernel};
use tickwork_core::record::{record_type, venue};

use crate::support::{header, record, settings, snapshot};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches only a
// thread-local cell that needs no allocation.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Sink;

impl Emit for Sink {
    fn emit(&mut self, _: usize, record: &[u8]) {
        std::hint::black_box(record);
    }

    fn try_emit(&mut self, _: usize, _: &[u8]) -> bool {
        true
    }
}

/// Deltas that come and go around one place, with a gap in the middle of each round.
fn play(kernel: &mut BookKernel, messages: &[Vec<u8>]) {
    for message in messages {
        kernel.process(message, 0, &mut Sink);
    }
}

fn round(start: u64) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    for id in start..start + 40 {
        let (price, quantity) = (50 + (id as i64 % 40), id as i64 % 3);
        let delta = header(record_type::DELTA, id, id);
        messages.push(record(
            &delta,
            &[(price, quantity)],
            &[(110 + price, quantity)],
        ));
        let ticker = header(record_type::TICKER, id, id);
        messages.push(record(&ticker, &[(100, 1)], &[(110, 1)]));
    }
    messages.push(record(
        &header(record_type::DELTA, start + 42, start + 43),
        &[],
        &[],
    ));
    messages.push(snapshot(start + 42));
    messages
}

#[test]
fn a_warm_book_allocates_nothing_per_message() {
    let book = BookSettings {
        engine: settings(rules::BINANCE_SPOT),
        depth: 20,
        has_ticker_proof: true,
    };
    let mut kernel = BookKernel::new(&[venue::BINANCE_SPOT], &book, Box::new(|| 7));
    let rounds: Vec<_> = (0..60).map(|number| round(1 + number * 43)).collect();
    play(&mut kernel, &rounds[0]);
    play(&mut kernel, &[snapshot(43)]);
    for messages in &rounds[1..40] {
        play(&mut kernel, messages);
    }
    let before = COUNT.with(Cell::get);
    for messages in &rounds[40..] {
        play(&mut kernel, messages);
    }
    assert_eq!(COUNT.with(Cell::get) - before, 0);
    let board = &kernel.board().instruments[0];
    assert!(board.updates.get() > 1_000 && board.resyncs.get() > 50);
}
