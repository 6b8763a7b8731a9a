//! The kernel: what it emits, in which order, with which stamps.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tickwork_core::book::kernel::{BookKernel, BookSettings};
use tickwork_core::book::rules;
use tickwork_core::flow::kernel::{Emit, Kernel};
use tickwork_core::record::market::{self, Market};
use tickwork_core::record::proof::{self, ProofRow};
use tickwork_core::record::{
    ABSENT, ANY_INSTRUMENT, Records, flag, record_type, request_kind, state, venue,
};

use crate::support::{delta, header, record, settings, snapshot};

#[derive(Default)]
struct Ports([Vec<u8>; 2]);

impl Emit for Ports {
    fn emit(&mut self, port: usize, record: &[u8]) {
        self.0[port].extend_from_slice(record);
    }

    fn try_emit(&mut self, port: usize, record: &[u8]) -> bool {
        self.emit(port, record);
        true
    }
}

impl Ports {
    fn words(&mut self) -> Vec<String> {
        let bytes = std::mem::take(&mut self.0[0]);
        let word = |record: &[u8]| {
            let image = if Market::flags(record) & flag::IMAGE != 0 {
                "image"
            } else {
                ""
            };
            let (kind, last) = (record[8], Market::last(record));
            format!("{kind}{image} {last} {}", Market::state(record))
        };
        Records::new(&bytes).map(word).collect()
    }
}

fn kernel(instruments: usize) -> (BookKernel, Arc<AtomicI64>) {
    let time = Arc::new(AtomicI64::new(100));
    let clock = Arc::clone(&time);
    let settings = BookSettings {
        engine: settings(rules::BINANCE_SPOT),
        depth: 2,
        has_ticker_proof: true,
    };
    let venues = vec![venue::BINANCE_SPOT; instruments];
    let now = Box::new(move || clock.load(Ordering::Relaxed));
    (BookKernel::new(&venues, &settings, now), time)
}

fn live_kernel() -> (BookKernel, Ports, Arc<AtomicI64>) {
    let (mut kernel, time) = kernel(2);
    let mut ports = Ports::default();
    kernel.process(&delta(8, 10, (99, 5)), 0, &mut ports);
    kernel.process(&snapshot(9), 0, &mut ports);
    (kernel, ports, time)
}

#[test]
fn a_sync_shows_status_snapshot_and_images() {
    let (_, mut ports, _) = live_kernel();
    let expected = [
        "7 0 1",       // status SYNCING
        "2image 0 1",  // the empty book, flagged
        "2 9 2",       // the whole book
        "7 9 2",       // status LIVE
        "2image 9 2",  // its top
        "3 10 2",      // the buffered delta
        "2image 10 2", // and what it made
    ];
    assert_eq!(ports.words(), expected);
    let request = &ports.0[1];
    assert_eq!((request.len(), request[8]), (128, record_type::REQUEST));
    assert_eq!(Market::state(request), request_kind::VENUE_SNAPSHOT);
    assert_eq!(Market::correlation(request), 1);
}

#[test]
fn an_image_carries_the_stamps_of_what_caused_it() {
    let (mut kernel, mut ports, time) = live_kernel();
    ports.words();
    time.store(250, Ordering::Relaxed);
    kernel.process(&delta(11, 12, (98, 5)), 0, &mut ports);
    let records: Vec<&[u8]> = Records::new(&ports.0[0]).collect();
    let image = Market::read(records[1]).expect("a whole header");
    assert_eq!(
        (image.received_ns, image.parsed_ns, image.booked_ns),
        (5, 10, 250)
    );
    assert_eq!(
        (image.published_ns, image.frame_id, image.first),
        (ABSENT, 12, 12)
    );
    assert_eq!((image.bids, image.asks), (2, 1));
    let (bids, _) = market::levels(records[1]).expect("whole");
    assert_eq!(
        bids.iter().map(|level| level.price).collect::<Vec<_>>(),
        [100, 99]
    );
    assert_eq!(Market::booked_ns(records[0]), 250);
    let [hop, _] = kernel.histograms();
    assert_eq!(hop.maximum_ns(), Some(240));
}

#[test]
fn tickers_and_trades_pass_and_tickers_prove() {
    let (mut kernel, mut ports, _) = live_kernel();
    ports.words();
    let ticker = header(record_type::TICKER, 10, 10);
    kernel.process(&record(&ticker, &[(100, 1)], &[(110, 1)]), 0, &mut ports);
    kernel.process(
        &record(&header(record_type::TRADE, 7, 7), &[(100, 1)], &[]),
        0,
        &mut ports,
    );
    assert_eq!(ports.words(), ["4 10 2", "5 7 2"]);
    let board = &kernel.board().instruments[0];
    assert_eq!(
        (board.ticker_compared.get(), board.ticker_equal.get()),
        (1, 1)
    );
}

#[test]
fn a_request_for_images_shows_every_book_or_one() {
    let (mut kernel, mut ports, _) = live_kernel();
    ports.words();
    for instrument in [ANY_INSTRUMENT, 1] {
        let request = Market::request(0, instrument, request_kind::IMAGES, 3).to_record();
        kernel.process(&request, 1, &mut ports);
    }
    assert_eq!(ports.words(), ["2image 10 2", "2image 0 0", "2image 0 0"]);
}

#[test]
fn a_dead_inlet_makes_every_book_stale() {
    let (mut kernel, mut ports, _) = live_kernel();
    ports.words();
    let status = Market::status(0, ANY_INSTRUMENT, state::STALE).to_record();
    kernel.process(&status, 0, &mut ports);
    assert_eq!(ports.words(), ["7 10 4", "2image 10 4"]);
}

#[test]
fn one_instrument_fails_alone() {
    let (mut kernel, mut ports, _) = live_kernel();
    let mut other = header(record_type::SNAPSHOT, 9, 9);
    other.instrument = 1;
    kernel.process(&record(&other, &[(100, 1)], &[(110, 1)]), 0, &mut ports);
    let mut finer = header(record_type::DELTA, 11, 11);
    finer.quantity_exponent = -40;
    kernel.process(&record(&finer, &[(1, 1)], &[]), 0, &mut ports);
    let mut next = header(record_type::DELTA, 10, 11);
    next.instrument = 1;
    kernel.process(&record(&next, &[(99, 1)], &[]), 0, &mut ports);
    let states = [0, 1].map(|id| kernel.instrument(id).map(|found| found.state()));
    assert_eq!(states, [Some(state::GAP), Some(state::LIVE)]);
    assert_eq!(
        kernel
            .board()
            .counters()
            .iter()
            .find(|entry| entry.0 == "failed"),
        Some(&("failed", 1))
    );
}

#[test]
fn what_is_no_known_record_is_counted() {
    let (mut kernel, _) = kernel(1);
    let mut ports = Ports::default();
    let mut foreign = header(record_type::DELTA, 1, 1);
    foreign.instrument = 9;
    kernel.process(&record(&foreign, &[], &[]), 0, &mut ports);
    kernel.process(&[0; 64], 0, &mut ports);
    kernel.process(&[9; 128], 0, &mut ports);
    assert_eq!(kernel.board().unknown.get(), 3);
    assert!(ports.0[0].is_empty());
}

#[test]
fn every_applied_update_has_its_proof_row() {
    let path = PathBuf::from(std::env!("CARGO_TARGET_TMPDIR")).join("proof-rows.bin");
    let _ = std::fs::remove_file(&path);
    let (mut kernel, _) = kernel(1);
    kernel
        .write_proof(&path)
        .expect("a file in the target directory");
    let mut ports = Ports::default();
    kernel.process(&snapshot(9), 0, &mut ports);
    for id in 10..20 {
        kernel.process(&delta(id, id, (90, id as i64)), 0, &mut ports);
    }
    kernel.flush();
    let bytes = std::fs::read(&path).expect("the file that was written");
    std::fs::remove_file(&path).expect("our own file");
    let ids: Vec<u64> = bytes
        .chunks_exact(proof::LEN)
        .map(ProofRow::update_id)
        .collect();
    assert_eq!(ids, (10..20).collect::<Vec<u64>>());
    let last = ProofRow::read(&bytes[9 * proof::LEN..]).expect("a whole row");
    let book = kernel.instrument(0).expect("instrument 0").book();
    assert_eq!((last.digest, last.bids, last.asks), (book.digest(), 2, 1));
    assert_eq!((last.bid, last.ask, last.state), (100, 110, state::LIVE));
    assert_eq!(kernel.board().proof_rows.get(), 10);
}
