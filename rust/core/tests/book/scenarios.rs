//! Each thing that a venue, a line or a slow answer does to a book, by name.

use tickwork_core::book::rules;
use tickwork_core::record::{record_type, state};

use crate::support::{Bench, SECOND_NS, header, record, settings, snapshot};

#[test]
fn a_book_buffers_until_its_snapshot_and_then_goes_live() {
    let mut bench = Bench::spot();
    bench.delta(1, 3, (90, 1));
    bench.delta(4, 6, (91, 2));
    bench.delta(7, 9, (92, 3));
    assert_eq!(bench.told(), ["state 1", "ask 1"]);
    bench.snapshot(5);
    assert_eq!(
        bench.told(),
        ["synced 5", "state 2", "applied 6", "applied 9"]
    );
    assert_eq!(bench.board.before_snapshot.get(), 1);
    assert_eq!(bench.instrument.book().bids().len(), 3);
}

#[test]
fn a_usdm_book_takes_the_delta_that_holds_the_snapshot_id() {
    let mut bench = Bench::new(settings(rules::BINANCE_USDM));
    let delta = |first, last, previous| {
        let mut header = header(record_type::DELTA, first, last);
        header.previous = previous;
        record(&header, &[(90, 1)], &[])
    };
    bench.feed(&delta(1, 4, 0));
    bench.feed(&delta(6, 9, 4));
    bench.feed(&delta(12, 15, 9));
    bench.told();
    bench.snapshot(9);
    assert_eq!(
        bench.told(),
        ["synced 9", "state 2", "applied 9", "applied 15"]
    );
    bench.feed(&delta(20, 25, 16));
    assert_eq!(bench.board.gaps.get(), 1);
}

#[test]
fn a_gap_is_marked_and_the_last_good_book_stays_readable() {
    let mut bench = Bench::live();
    bench.delta(13, 14, (98, 7));
    assert_eq!(bench.told(), ["state 3", "ask 2"]);
    assert_eq!(bench.instrument.last(), 10);
    assert_eq!(bench.instrument.gap_since_update_id(), Some(10));
    assert_eq!(bench.instrument.book().bids().len(), 2);
    assert!(bench.board.has_open_gap());
}

#[test]
fn a_gap_is_closed_by_a_snapshot_without_a_hole() {
    let mut bench = Bench::live();
    bench.delta(13, 14, (98, 7));
    bench.delta(15, 16, (97, 8));
    bench.now_ns += 500;
    bench.told();
    bench.snapshot(12);
    let expected = [
        "resynced 500",
        "synced 12",
        "state 2",
        "applied 14",
        "applied 16",
    ];
    assert_eq!(bench.told(), expected);
    assert_eq!((bench.board.gaps.get(), bench.board.resyncs.get()), (1, 1));
    assert!(!bench.board.has_open_gap());
}

#[test]
fn two_gaps_in_a_row_need_two_snapshots() {
    let mut bench = Bench::live();
    bench.delta(13, 14, (98, 7));
    bench.delta(20, 21, (97, 8));
    bench.told();
    bench.snapshot(12);
    let told = bench.told();
    assert_eq!(
        told[1..],
        ["synced 12", "state 2", "applied 14", "state 3", "ask 3"]
    );
    assert_eq!(bench.instrument.gap_since_update_id(), Some(14));
    bench.snapshot(20);
    assert_eq!(bench.told()[1..], ["synced 20", "state 2", "applied 21"]);
    assert_eq!((bench.board.gaps.get(), bench.board.resyncs.get()), (2, 2));
}

#[test]
fn a_second_gap_while_the_first_is_open_is_seen_at_the_snapshot() {
    let mut bench = Bench::live();
    bench.delta(13, 14, (98, 7));
    bench.delta(17, 18, (98, 8));
    assert_eq!(bench.board.gaps.get(), 1);
    bench.snapshot(13);
    assert_eq!(bench.board.gaps.get(), 2);
    assert_eq!(bench.instrument.state(), state::GAP);
}

#[test]
fn duplicates_are_ignored_and_counted() {
    let mut bench = Bench::live();
    bench.delta(11, 12, (98, 7));
    bench.delta(11, 12, (98, 9));
    bench.delta(8, 10, (98, 9));
    assert_eq!(bench.told(), ["applied 12"]);
    assert_eq!(bench.board.duplicates.get(), 2);
    assert_eq!(
        bench
            .instrument
            .book()
            .bids()
            .best()
            .map(|level| level.quantity),
        Some(1)
    );
    assert_eq!(
        bench
            .instrument
            .book()
            .bids()
            .at_rank(2)
            .map(|level| level.quantity),
        Some(7)
    );
}

#[test]
fn duplicates_that_wait_for_a_snapshot_are_kept_once() {
    let mut bench = Bench::spot();
    bench.delta(1, 3, (90, 1));
    bench.delta(1, 3, (90, 1));
    assert_eq!(bench.board.duplicates.get(), 1);
    assert_eq!(bench.instrument.buffered(), 1);
}

#[test]
fn reordered_deltas_close_their_own_gap() {
    let mut bench = Bench::live();
    bench.delta(12, 12, (98, 7));
    bench.delta(11, 11, (98, 6));
    let expected = [
        "state 3",
        "ask 2",
        "resynced 0",
        "state 2",
        "applied 11",
        "applied 12",
    ];
    assert_eq!(bench.told(), expected);
    assert_eq!((bench.board.gaps.get(), bench.board.healed.get()), (1, 1));
    bench.snapshot(12);
    assert_eq!(bench.told(), [""; 0]);
    assert_eq!(bench.board.late_snapshots.get(), 1);
}

#[test]
fn reordered_deltas_before_the_snapshot_are_put_in_order() {
    let mut bench = Bench::spot();
    bench.delta(4, 6, (91, 2));
    bench.delta(1, 3, (91, 1));
    bench.told();
    bench.snapshot(2);
    assert_eq!(
        bench.told(),
        ["synced 2", "state 2", "applied 3", "applied 6"]
    );
}

#[test]
fn a_late_snapshot_is_ignored() {
    let mut bench = Bench::live();
    bench.snapshot(5);
    bench.snapshot(50);
    assert_eq!(bench.told(), [""; 0]);
    assert_eq!(bench.instrument.last(), 10);
    assert_eq!(bench.board.late_snapshots.get(), 2);
}

#[test]
fn a_snapshot_older_than_the_buffer_is_asked_for_again() {
    let mut bench = Bench::spot();
    bench.delta(20, 22, (90, 1));
    bench.told();
    bench.snapshot(15);
    assert_eq!(bench.told(), [""; 0]);
    bench.pass_time(SECOND_NS / 20);
    assert_eq!(bench.told(), [""; 0]);
    bench.pass_time(SECOND_NS / 20);
    assert_eq!(bench.told(), ["ask 2"]);
    bench.snapshot(15);
    bench.pass_time(SECOND_NS / 10);
    assert_eq!(bench.told(), [""; 0], "the pause doubles");
    bench.pass_time(SECOND_NS / 10);
    assert_eq!(bench.told(), ["ask 3"]);
    bench.snapshot(21);
    assert_eq!(bench.told(), ["synced 21", "state 2", "applied 22"]);
    assert_eq!(bench.board.old_snapshots.get(), 2);
}

#[test]
fn a_snapshot_newer_than_the_buffer_waits_for_the_first_delta() {
    let mut bench = Bench::spot();
    bench.delta(1, 3, (90, 1));
    bench.snapshot(30);
    bench.delta(28, 30, (90, 2));
    bench.delta(29, 33, (90, 3));
    assert_eq!(bench.instrument.last(), 33);
    assert_eq!(
        (bench.board.before_snapshot.get(), bench.board.updates.get()),
        (2, 1)
    );
}

#[test]
fn a_request_that_nobody_answers_is_made_again() {
    let mut bench = Bench::spot();
    bench.told.has_room = false;
    bench.delta(1, 3, (90, 1));
    assert_eq!(bench.told(), ["state 1", "ask 1"]);
    bench.told.has_room = true;
    bench.pass_time(SECOND_NS / 10);
    assert_eq!(bench.told(), ["ask 2"]);
    bench.pass_time(SECOND_NS);
    assert_eq!(bench.told(), [""; 0], "one is outstanding");
    bench.pass_time(SECOND_NS);
    assert_eq!(bench.told(), ["ask 3"]);
    assert_eq!(
        (
            bench.board.requests.get(),
            bench.board.requests_refused.get()
        ),
        (2, 1)
    );
}

#[test]
fn a_buffer_that_runs_over_starts_the_sync_anew() {
    let mut small = settings(rules::BINANCE_SPOT);
    small.buffered_deltas_max = 3;
    let mut bench = Bench::new(small);
    for id in 1..=4 {
        bench.delta(id, id, (90, 1));
    }
    assert_eq!(bench.told(), ["state 1", "ask 1", "ask 2"]);
    assert_eq!(
        (bench.board.overflows.get(), bench.board.dropped.get()),
        (1, 3)
    );
    bench.snapshot(2);
    assert_eq!(bench.board.old_snapshots.get(), 1, "what it needs is gone");
    bench.snapshot(3);
    assert_eq!(bench.instrument.last(), 4);
}

#[test]
fn a_buffer_that_runs_over_by_bytes_starts_the_sync_anew() {
    let mut small = settings(rules::BINANCE_SPOT);
    small.buffered_bytes_max = 400;
    let mut bench = Bench::new(small);
    for id in 1..=3 {
        bench.delta(id, id, (90, 1));
    }
    assert_eq!(
        (bench.board.overflows.get(), bench.board.dropped.get()),
        (1, 2)
    );
}

#[test]
fn a_quiet_book_is_stale_until_the_next_good_delta() {
    let mut bench = Bench::live();
    bench.pass_time(SECOND_NS);
    assert_eq!(bench.told(), [""; 0]);
    bench.pass_time(1);
    assert_eq!(bench.told(), ["state 4"]);
    bench.delta(11, 11, (98, 1));
    assert_eq!(bench.told(), ["state 2", "applied 11"]);
    assert_eq!(bench.board.live_ns.get(), 1_000_000_001);
}

#[test]
fn a_lost_line_makes_stale_and_a_hole_in_the_chain_a_gap() {
    let mut bench = Bench::live();
    bench.status(state::STALE);
    assert_eq!(bench.told(), ["state 4"]);
    bench.delta(15, 16, (98, 1));
    assert_eq!(bench.told(), ["state 3", "ask 2"]);
}

#[test]
fn frames_dropped_upstream_flag_the_book_until_the_chain_is_proven() {
    let mut bench = Bench::live();
    bench.status(state::GAP);
    assert_eq!(bench.instrument.state(), state::STALE);
    bench.delta(11, 12, (98, 1));
    assert_eq!(bench.instrument.state(), state::LIVE);
    bench.status(state::CLOSED);
    assert_eq!(bench.instrument.state(), state::CLOSED);
}

#[test]
fn numbers_that_do_not_fit_stop_one_instrument_and_keep_its_last_book() {
    let mut bench = Bench::live();
    let mut finer = header(record_type::DELTA, 11, 11);
    finer.price_exponent = -19;
    bench.feed(&record(&finer, &[(1, 1)], &[]));
    assert_eq!(bench.instrument.state(), state::GAP);
    assert_eq!(bench.board.failed.get(), 1);
    assert_eq!(bench.instrument.book().bids().len(), 2);
    let text = bench
        .instrument
        .failure()
        .map(|failure| failure.to_string());
    assert!(text.is_some_and(|text| text.contains("price exponent -2")));
    bench.delta(12, 13, (98, 1));
    bench.feed(&snapshot(20));
    bench.pass_time(10 * SECOND_NS);
    assert_eq!(bench.board.dropped.get(), 2);
    assert_eq!(bench.told(), ["state 3"], "nothing is asked for any more");
    bench.instrument.reset(&bench.board);
    assert_eq!(bench.instrument.failure(), None);
}

#[test]
fn a_finer_scale_rescales_the_book_and_a_coarser_record() {
    let mut bench = Bench::live();
    let mut finer = header(record_type::DELTA, 11, 11);
    finer.price_exponent = -4;
    bench.feed(&record(&finer, &[(9_850, 4)], &[]));
    bench.delta(12, 12, (97, 6));
    let book = bench.instrument.book();
    let prices: Vec<i64> = book.bids().iter().map(|level| level.price).collect();
    assert_eq!(prices, [10_000, 9_900, 9_850, 9_700]);
    assert_eq!(book.scale().price_exponent, -4);
}

#[test]
fn a_reset_leaves_nothing_but_the_counters() {
    let mut bench = Bench::live();
    bench.delta(15, 16, (98, 1));
    bench.instrument.reset(&bench.board);
    assert!(bench.instrument.book().is_empty());
    assert_eq!(bench.instrument.state(), state::EMPTY);
    assert_eq!(
        (bench.board.gaps.get(), bench.board.gaps_left_open.get()),
        (1, 1)
    );
    bench.told();
    bench.delta(1, 2, (98, 1));
    assert_eq!(bench.told(), ["state 1", "ask 3"]);
}

#[test]
fn a_venue_that_counts_anew_is_followed_once_the_book_is_stale() {
    let mut bench = Bench::live();
    bench.delta(1, 2, (50, 1));
    bench.pass_time(2 * SECOND_NS);
    for id in 3..=101 {
        bench.delta(id % 10, id % 10, (50, 1));
    }
    bench.told();
    bench.delta(4, 5, (51, 1));
    assert_eq!(bench.told(), ["state 3", "ask 2"]);
    bench.delta(6, 7, (52, 1));
    bench.snapshot(4);
    assert_eq!(
        bench.told()[1..],
        ["synced 4", "state 2", "applied 5", "applied 7"]
    );
}
