use super::bench::{Bench, HOLD_NS, spot, trade, usdm};
use super::*;
use crate::record::frame::Frame;
use crate::record::{ANY_INSTRUMENT, frame_flag, frame_kind};

#[test]
fn one_line_is_forwarded_as_it_comes_duplicates_too() {
    let mut bench = Bench::new("binance-spot", 1);
    for (first, last) in [(1, 2), (1, 2), (9, 9), (3, 8)] {
        assert_eq!(bench.spot(0, first, last), Verdict::Forwarded);
    }
    let records = bench.records();
    let ids: Vec<u64> = records
        .iter()
        .map(|record| Frame::frame_id(record))
        .collect();
    assert_eq!(ids, [1, 2, 3, 4], "the opened frame had id 0");
    assert!(records.iter().all(|record| Frame::flags(record) == 0));
}

#[test]
fn the_first_of_two_copies_wins_and_its_lead_is_measured() {
    let mut bench = Bench::new("binance-spot", 2);
    assert_eq!(bench.text(1, &trade(7)), Verdict::Forwarded);
    bench.now_ns += 40;
    assert_eq!(bench.text(0, &trade(7)), Verdict::Duplicate);
    assert_eq!(bench.spot(0, 1, 5), Verdict::Forwarded);
    assert_eq!(bench.spot(1, 1, 5), Verdict::Duplicate);
    assert_eq!(
        bench.text(0, &trade(6)),
        Verdict::Forwarded,
        "an older one that never came"
    );
    let records = bench.records();
    let ids: Vec<u64> = records
        .iter()
        .map(|record| Frame::frame_id(record))
        .collect();
    assert_eq!(ids, [2, 4, 6], "ids count the duplicates too");
    assert!(
        records
            .iter()
            .all(|record| Frame::flags(record) == frame_flag::LINE_MERGED)
    );
    let [a, b] = bench.merger.lines() else {
        panic!("two lines")
    };
    assert_eq!((a.wins, a.duplicates, a.lead.maximum_ns()), (2, 1, Some(1)));
    assert_eq!(
        (b.wins, b.duplicates, b.lead.maximum_ns()),
        (1, 1, Some(41))
    );
}

#[test]
fn a_diff_waits_for_the_one_that_another_line_may_bring() {
    let mut bench = Bench::new("binance-spot", 2);
    bench.spot(0, 1, 2);
    assert_eq!(bench.spot(0, 5, 6), Verdict::Held);
    assert_eq!(bench.spot(0, 7, 8), Verdict::Held);
    assert_eq!(bench.merger.readings().holding, 2);
    bench.spot(1, 1, 2);
    assert_eq!(bench.spot(1, 3, 4), Verdict::Forwarded);
    assert_eq!(
        bench.written(),
        [spot(1, 2), spot(3, 4), spot(5, 6), spot(7, 8)]
    );
    assert_eq!(bench.spot(1, 5, 6), Verdict::Duplicate);
    assert_eq!(
        (
            bench.merger.readings().released,
            bench.merger.readings().holding
        ),
        (0, 0)
    );
}

#[test]
fn a_diff_that_no_line_can_complete_goes_out_at_once() {
    let mut bench = Bench::new("binance-spot", 2);
    bench.spot(0, 1, 2);
    bench.spot(1, 1, 2);
    assert_eq!(bench.spot(0, 5, 6), Verdict::Held);
    assert_eq!(
        bench.spot(1, 5, 6),
        Verdict::Duplicate,
        "both lines missed 3 and 4"
    );
    assert_eq!(bench.written(), [spot(1, 2), spot(5, 6)]);
    assert_eq!(bench.merger.readings().released, 1);
    assert_eq!(
        bench.spot(1, 9, 9),
        Verdict::Held,
        "line 0 has only come to 6"
    );
    assert_eq!(bench.spot(0, 7, 8), Verdict::Forwarded);
    assert_eq!(bench.written(), [spot(7, 8), spot(9, 9)]);
}

#[test]
fn what_is_held_too_long_goes_out_in_order() {
    let mut bench = Bench::new("binance-spot", 2);
    bench.spot(0, 1, 2);
    bench.spot(0, 9, 9);
    bench.spot(0, 5, 6);
    bench.merger.tick(bench.now_ns + HOLD_NS - 2);
    assert_eq!(bench.written(), [spot(1, 2)]);
    bench.merger.tick(bench.now_ns + HOLD_NS);
    assert_eq!(bench.written(), [spot(5, 6), spot(9, 9)]);
}

#[test]
fn the_number_of_held_diffs_is_bounded() {
    let mut bench = Bench::new("binance-spot", 2);
    bench.spot(0, 1, 2);
    for id in 0..HELD_FRAMES_MAX as u64 + 3 {
        bench.spot(0, 10 + 2 * id, 10 + 2 * id);
    }
    assert_eq!(bench.merger.readings().holding, HELD_FRAMES_MAX as u64);
    assert_eq!(
        bench.written(),
        [spot(1, 2), spot(10, 10), spot(12, 12), spot(14, 14)]
    );
}

#[test]
fn futures_chain_by_the_id_before() {
    let mut bench = Bench::new("binance-usdm", 2);
    bench.text(0, &usdm(10, 12, 20));
    assert_eq!(bench.text(0, &usdm(30, 33, 40)), Verdict::Held);
    assert_eq!(bench.text(1, &usdm(20, 24, 30)), Verdict::Forwarded);
    assert_eq!(
        bench.written(),
        [usdm(10, 12, 20), usdm(20, 24, 30), usdm(30, 33, 40)]
    );
}

#[test]
fn a_line_that_closes_is_waited_for_no_longer() {
    let mut bench = Bench::new("binance-spot", 2);
    bench.spot(0, 1, 2);
    bench.spot(0, 5, 6);
    bench.event(1, frame_kind::CLOSED);
    assert_eq!(
        bench.written(),
        [spot(1, 2), spot(5, 6), "closed 0".to_owned()]
    );
    assert_eq!(
        bench.spot(0, 9, 9),
        Verdict::Forwarded,
        "nobody else can bring 7 and 8"
    );
    bench.event(0, frame_kind::CLOSED);
    assert_eq!(bench.written(), [spot(9, 9), "closed 1".to_owned()]);
    bench.event(0, frame_kind::OPENED);
    assert_eq!(
        bench.spot(0, 1, 1),
        Verdict::Forwarded,
        "ids start anew without lines"
    );
}

#[test]
fn where_only_one_line_is_open_the_book_sees_what_the_venue_sends() {
    let mut bench = Bench::new("binance-spot", 2);
    bench.spot(1, 1, 2);
    bench.text(1, &trade(1));
    bench.event(1, frame_kind::CLOSED);
    assert_eq!(
        bench.spot(0, 1, 2),
        Verdict::Duplicate,
        "the other line had brought it"
    );
    assert_eq!(bench.text(0, &trade(1)), Verdict::Duplicate);
    for _ in 0..2 {
        assert_eq!(bench.spot(0, 3, 4), Verdict::Forwarded);
        assert_eq!(bench.text(0, &trade(2)), Verdict::Forwarded);
    }
    assert_eq!(bench.spot(0, 9, 9), Verdict::Forwarded);
    assert_eq!(bench.spot(0, 5, 8), Verdict::Forwarded);
    assert_eq!(
        (bench.merger.lines()[0].wins, bench.merger.lines()[1].wins),
        (0, 2)
    );
    assert_eq!(
        (
            bench.merger.readings().released,
            bench.merger.readings().holding
        ),
        (0, 0)
    );
    bench.event(1, frame_kind::OPENED);
    assert_eq!(bench.text(1, &trade(2)), Verdict::Duplicate);
}

#[test]
fn a_line_stays_open_while_one_of_its_connections_does() {
    let mut bench = Bench::new("binance-spot", 1);
    bench.event(0, frame_kind::OPENED);
    bench.event(0, frame_kind::CLOSED);
    bench.event(0, frame_kind::CLOSED);
    assert_eq!(bench.written(), ["opened", "closed 0", "closed 1"]);
}

#[test]
fn without_room_whole_frames_are_dropped_and_one_gap_says_so() {
    let mut bench = Bench::new("binance-spot", 1);
    bench.merger.sink().left = 1;
    bench.spot(0, 1, 2);
    assert_eq!(bench.spot(0, 3, 4), Verdict::Dropped);
    assert_eq!(bench.text(0, &trade(1)), Verdict::Dropped);
    assert_eq!(bench.spot(0, 5, 6), Verdict::Dropped);
    assert_eq!(bench.text(0, "nonsense"), Verdict::Dropped);
    bench.merger.sink().left = 1;
    assert_eq!(
        bench.spot(0, 7, 8),
        Verdict::Dropped,
        "the one place is for the first gap"
    );
    bench.merger.sink().left = usize::MAX;
    assert_eq!(bench.spot(0, 9, 9), Verdict::Forwarded);
    let any = format!("gap {ANY_INSTRUMENT} 0");
    let gaps = ["gap 0 0", "gap 0 0", "gap 1 0", any.as_str()].map(str::to_owned);
    let mut expected = vec![spot(1, 2)];
    expected.extend(gaps);
    expected.push(spot(9, 9));
    assert_eq!(bench.written(), expected);
    assert_eq!(
        (
            bench.merger.lines()[0].dropped,
            bench.merger.readings().gaps_sent
        ),
        (5, 4)
    );
}

#[test]
fn a_gap_is_sent_as_soon_as_there_is_room_even_without_frames() {
    let mut bench = Bench::new("binance-spot", 1);
    bench.merger.sink().left = 0;
    bench.spot(0, 1, 2);
    assert_eq!(
        bench.event(0, frame_kind::CLOSED),
        Verdict::Forwarded,
        "it is kept"
    );
    bench.merger.sink().left = 2;
    bench.merger.tick(bench.now_ns);
    assert_eq!(bench.written(), ["gap 0 0", "closed 1"]);
}

#[test]
fn events_that_are_owed_are_bounded() {
    let mut bench = Bench::new("binance-spot", 1);
    bench.merger.sink().left = 0;
    for _ in 0..EVENTS_OWED_MAX {
        assert_eq!(bench.event(0, frame_kind::ERROR), Verdict::Forwarded);
    }
    assert_eq!(bench.event(0, frame_kind::ERROR), Verdict::Dropped);
    assert_eq!(bench.merger.readings().events_dropped, 1);
}

#[test]
fn a_dropped_diff_may_still_come_from_the_other_line() {
    let mut bench = Bench::new("binance-spot", 2);
    bench.spot(0, 1, 2);
    bench.merger.sink().left = 0;
    assert_eq!(bench.spot(0, 3, 4), Verdict::Dropped);
    bench.merger.sink().left = usize::MAX;
    assert_eq!(bench.spot(1, 3, 4), Verdict::Forwarded);
    assert_eq!(
        bench.written(),
        [spot(1, 2), "gap 0 0".to_owned(), spot(3, 4)]
    );
}

#[test]
fn what_cannot_be_read_or_merged_is_forwarded_as_it_is() {
    let mut bench = Bench::new("binance-spot", 2);
    let torn = &spot(1, 2)[..40];
    let foreign = trade(1).replace("ETHUSDT", "XYZUSDT");
    for text in [
        torn,
        "nonsense",
        &foreign,
        r#"{"e":"serverShutdown","E":1}"#,
    ] {
        for line in [0, 1] {
            assert_eq!(bench.text(line, text), Verdict::Forwarded, "{text}");
        }
    }
    assert!(
        bench
            .merger
            .lines()
            .iter()
            .all(|line| line.server_shutdowns == 1)
    );
    let rest = Frame {
        kind: frame_kind::REST,
        instrument: 1,
        correlation: 5,
        ..Frame::default()
    };
    bench.records();
    assert_eq!(bench.arrive(rest, b"{}"), Verdict::Forwarded);
    let record = &bench.records()[0];
    assert_eq!(
        (Frame::instrument(record), Frame::correlation(record)),
        (1, 5)
    );
}

#[test]
fn a_late_copy_is_counted_as_late() {
    let mut bench = Bench::new("binance-spot", 2);
    for id in 0..RECENT_IDS_MAX as u64 + 10 {
        bench.text(0, &trade(id));
    }
    assert_eq!(bench.text(1, &trade(3)), Verdict::Late);
    assert_eq!(bench.merger.lines()[1].late, 1);
}
