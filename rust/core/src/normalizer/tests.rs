use super::*;
use crate::parse::instruments::Instruments;
use crate::parse::rules;
use crate::record::{Records, frame, venue};

const TICKER: &[u8] =
    br#"{"u":7,"s":"BTCUSDT","b":"61837.63","B":"3.78","a":"61837.64","A":"1.5"}"#;

#[derive(Default)]
struct Sent(Vec<u8>);

impl Emit for Sent {
    fn emit(&mut self, port: usize, record: &[u8]) {
        assert_eq!(port, RECORDS);
        self.0.extend_from_slice(record);
    }

    fn try_emit(&mut self, port: usize, record: &[u8]) -> bool {
        self.emit(port, record);
        true
    }
}

struct Bench {
    kernel: Normalizer<fn() -> i64>,
    next_frame_id: u64,
    sent: Sent,
}

impl Bench {
    fn new() -> Self {
        let rules = rules::by_name("binance-spot").expect("a known venue");
        let instruments = Instruments::new(&["BTCUSDT", "ETHUSDT"]).expect("good symbols");
        let parser = Parser::new(rules, instruments, 4096, 1000);
        Self {
            kernel: Normalizer::new(parser, || 1_000),
            next_frame_id: 0,
            sent: Sent::default(),
        }
    }

    fn feed(&mut self, header: Frame, payload: &[u8]) -> Vec<Market> {
        let header = Frame {
            venue: venue::BINANCE_SPOT,
            frame_id: self.next_frame_id,
            ..header
        };
        self.next_frame_id += 1;
        let mut record = Vec::new();
        frame::append(&mut record, &header, payload);
        self.pass(&record)
    }

    fn pass(&mut self, record: &[u8]) -> Vec<Market> {
        self.sent.0.clear();
        self.kernel.process(record, 0, &mut self.sent);
        Records::new(&self.sent.0)
            .map(|record| Market::read(record).expect("a header"))
            .collect()
    }

    fn count(&self, name: &str) -> u64 {
        let list = self.kernel.readings().tally.list();
        list.into_iter()
            .find(|(known, _)| known == name)
            .expect("a known count")
            .1
    }
}

fn kind(kind: u8) -> Frame {
    Frame {
        kind,
        ..Frame::default()
    }
}

#[test]
fn a_record_inherits_what_its_frame_knows_and_is_stamped() {
    let mut bench = Bench::new();
    let header = Frame {
        kernel_ns: 300,
        received_ns: 400,
        line: 1,
        connection: 9,
        ..Frame::default()
    };
    let records = bench.feed(header, TICKER);
    let [record] = records.as_slice() else {
        panic!("one record, not {}", records.len())
    };
    assert_eq!(
        (record.kernel_ns, record.received_ns, record.parsed_ns),
        (300, 400, 1_000)
    );
    assert_eq!((record.line, record.connection, record.frame_id), (1, 9, 0));
    assert_eq!((record.booked_ns, record.published_ns), (ABSENT, ABSENT));
    let readings = bench.kernel.readings();
    assert_eq!(
        (readings.receive.maximum_ns(), readings.parse.maximum_ns()),
        (Some(100), Some(600))
    );
}

#[test]
fn stamps_that_were_not_taken_are_in_no_histogram() {
    let mut bench = Bench::new();
    bench.feed(Frame::default(), TICKER);
    let readings = bench.kernel.readings();
    assert_eq!((readings.receive.count(), readings.parse.count()), (0, 0));
}

#[test]
fn a_rest_snapshot_keeps_its_instrument_and_correlation() {
    let mut bench = Bench::new();
    let header = Frame {
        kind: frame_kind::REST,
        instrument: 1,
        correlation: 77,
        ..kind(2)
    };
    let records = bench.feed(header, br#"{"lastUpdateId":5,"bids":[],"asks":[]}"#);
    assert_eq!(records[0].record_type, record_type::SNAPSHOT);
    assert_eq!(
        (
            records[0].instrument,
            records[0].correlation,
            records[0].last
        ),
        (1, 77, 5)
    );
}

#[test]
fn only_the_first_and_the_last_line_change_what_books_can_be() {
    let mut bench = Bench::new();
    let states = |records: Vec<Market>| -> Vec<(u8, u8)> {
        records
            .iter()
            .map(|record| (record.state, record.flags))
            .collect()
    };
    let opened = bench.feed(kind(frame_kind::OPENED), b"");
    assert_eq!(
        (opened[0].instrument, opened[0].parsed_ns),
        (ANY_INSTRUMENT, 1_000)
    );
    assert_eq!(states(opened), [(state::SYNCING, 0)]);
    assert!(bench.feed(kind(frame_kind::OPENED), b"").is_empty());
    assert!(bench.feed(kind(frame_kind::CLOSED), b"1006").is_empty());
    assert!(bench.feed(kind(frame_kind::ERROR), b"refused").is_empty());
    let last = Frame {
        flags: frame_flag::NO_LINE_LEFT,
        ..kind(frame_kind::CLOSED)
    };
    assert_eq!(states(bench.feed(last, b"")), [(state::STALE, flag::FINAL)]);
    assert_eq!(
        states(bench.feed(kind(frame_kind::OPENED), b"")),
        [(state::SYNCING, 0)]
    );
    assert_eq!((bench.count("opened"), bench.count("closed")), (3, 2));
    assert_eq!(
        (bench.count("connectionErrors"), bench.count("statuses")),
        (1, 3)
    );
}

#[test]
fn a_status_from_upstream_passes_and_a_dead_writer_ends_all_lines() {
    let mut bench = Bench::new();
    bench.feed(kind(frame_kind::OPENED), b"");
    let gap = bench.pass(&Market::status(1, 1, state::GAP).to_record());
    assert_eq!(
        (gap[0].state, gap[0].instrument, gap[0].parsed_ns),
        (state::GAP, 1, 1_000)
    );
    let dead = Market::status(1, ANY_INSTRUMENT, state::STALE).to_record();
    assert_eq!(bench.pass(&dead)[0].state, state::STALE);
    assert_eq!(
        bench.feed(kind(frame_kind::OPENED), b"")[0].state,
        state::SYNCING
    );
}

#[test]
fn what_cannot_be_read_is_counted_by_reason_and_kept_within_bounds() {
    let mut bench = Bench::new();
    for number in 0..70 {
        let text = format!("{{\"number\":{number},\"rest\":\"{}\"}}", "x".repeat(300));
        assert!(bench.feed(Frame::default(), text.as_bytes()).is_empty());
    }
    bench.feed(kind(frame_kind::BINARY), b"\x00");
    bench.feed(Frame::default(), &[b' '; 4097]);
    assert_eq!(
        (bench.count("unparsed"), bench.count("unparsed.unknownType")),
        (72, 70)
    );
    assert_eq!(
        (
            bench.count("unparsed.binary"),
            bench.count("unparsed.tooLarge")
        ),
        (1, 1)
    );
    let readings = bench.kernel.readings();
    let log = readings.unparsed.lock().expect("no poison");
    let kept: Vec<&Unparsed> = log.entries().collect();
    assert_eq!((log.total(), kept.len()), (72, ENTRIES_MAX));
    assert_eq!((kept[0].frame_id, kept[63].frame_id), (8, 71));
    assert!(kept[0].excerpt().starts_with(b"{\"number\":8,"));
    assert_eq!(
        (kept[0].excerpt().len(), kept[62].excerpt()),
        (EXCERPT_BYTES_MAX, &b"\x00"[..])
    );
    assert_eq!(kept[63].reason, Reason::TooLarge);
}

#[test]
fn frames_that_never_came_are_counted() {
    let mut bench = Bench::new();
    bench.next_frame_id = 5;
    bench.feed(Frame::default(), TICKER);
    bench.next_frame_id = 9;
    bench.feed(Frame::default(), TICKER);
    bench.next_frame_id = 0;
    bench.feed(Frame::default(), TICKER);
    bench.next_frame_id = 7;
    let merged = Frame {
        flags: frame_flag::LINE_MERGED,
        ..Frame::default()
    };
    bench.feed(merged, TICKER);
    assert_eq!(
        bench.count("framesMissing"),
        3,
        "a new forwarder starts at 0 and misses none"
    );
}

#[test]
fn other_messages_are_counted_and_other_records_too() {
    let mut bench = Bench::new();
    for text in [
        &br#"{"result":null,"id":1}"#[..],
        br#"{"code":-1003,"msg":"Too many requests"}"#,
        br#"{"e":"serverShutdown","E":1770123456789}"#,
        br#"{"symbols":[{"symbol":"ETHUSDT","filters":[]}]}"#,
    ] {
        assert!(bench.feed(Frame::default(), text).is_empty());
    }
    assert!(
        bench
            .pass(&Market::request(1, 0, 0, 1).to_record())
            .is_empty()
    );
    for name in [
        "accepted",
        "refused",
        "serverShutdowns",
        "scales",
        "unexpected",
    ] {
        assert_eq!(bench.count(name), 1, "{name}");
    }
    assert_eq!(bench.count("unparsed"), 0);
}

#[test]
fn after_a_block_lines_open_anew() {
    let mut bench = Bench::new();
    bench.feed(kind(frame_kind::OPENED), b"");
    bench.kernel.reset();
    assert_eq!(bench.feed(kind(frame_kind::OPENED), b"").len(), 1);
}
