//! A bench for tests: a sink with limited room, lines, and messages for them.

use super::{Arrival, LineMerger, Sink, Verdict};
use crate::parse::instruments::Instruments;
use crate::parse::rules;
use crate::record::frame::{self, Frame};
use crate::record::market::Market;
use crate::record::{Records, frame_kind, record_type, state};

pub(super) const HOLD_NS: i64 = 1_000;

/// A sink with room for a number of records.
pub(super) struct Room {
    pub(super) left: usize,
    pub(super) written: Vec<u8>,
}

impl Sink for Room {
    fn try_write(&mut self, record: &[u8]) -> bool {
        let fits = self.left > 0;
        if fits {
            self.left -= 1;
            self.written.extend_from_slice(record);
        }
        fits
    }
}

pub(super) struct Bench {
    pub(super) merger: LineMerger<Room>,
    pub(super) now_ns: i64,
}

impl Bench {
    pub(super) fn new(venue: &str, lines: u16) -> Self {
        let rules = rules::by_name(venue).expect("a known venue");
        let instruments = Instruments::new(&["BTCUSDT", "ETHUSDT"]).expect("good symbols");
        let room = Room {
            left: usize::MAX,
            written: Vec::new(),
        };
        let merger = LineMerger::new(rules, instruments, lines, HOLD_NS, room);
        let mut bench = Self { merger, now_ns: 0 };
        for line in 0..lines {
            bench.event(line, frame_kind::OPENED);
        }
        bench.written();
        bench
    }

    pub(super) fn event(&mut self, line: u16, kind: u8) -> Verdict {
        self.arrive(
            Frame {
                line,
                kind,
                ..Frame::default()
            },
            b"",
        )
    }

    pub(super) fn text(&mut self, line: u16, payload: &str) -> Verdict {
        self.arrive(
            Frame {
                line,
                ..Frame::default()
            },
            payload.as_bytes(),
        )
    }

    pub(super) fn arrive(&mut self, header: Frame, payload: &[u8]) -> Verdict {
        self.now_ns += 1;
        let header = Frame {
            received_ns: self.now_ns,
            ..header
        };
        self.merger.on_frame(&Arrival { header, payload })
    }

    pub(super) fn spot(&mut self, line: u16, first: u64, last: u64) -> Verdict {
        self.text(line, &spot(first, last))
    }

    pub(super) fn records(&mut self) -> Vec<Vec<u8>> {
        let written = std::mem::take(&mut self.merger.sink().written);
        Records::new(&written).map(<[u8]>::to_vec).collect()
    }

    /// What was written since the last look: payloads, GAP as "gap instrument line", events.
    pub(super) fn written(&mut self) -> Vec<String> {
        self.records()
            .iter()
            .map(|record| describe(record))
            .collect()
    }
}

pub(super) fn describe(record: &[u8]) -> String {
    if record[8] == record_type::STATUS {
        assert_eq!(Market::state(record), state::GAP);
        return format!(
            "gap {} {}",
            Market::instrument(record),
            Market::line(record)
        );
    }
    match Frame::kind(record) {
        frame_kind::OPENED => "opened".to_owned(),
        frame_kind::CLOSED => format!("closed {}", Frame::flags(record) & 1),
        _ => String::from_utf8_lossy(frame::payload(record).expect("a payload")).into_owned(),
    }
}

pub(super) fn spot(first: u64, last: u64) -> String {
    format!(r#"{{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":{first},"u":{last},"b":[],"a":[]}}"#)
}

pub(super) fn usdm(previous: u64, first: u64, last: u64) -> String {
    spot(first, last)
        .replace(r#""E":1"#, r#""E":1,"T":1"#)
        .replace(r#","b""#, &format!(r#","pu":{previous},"b""#))
}

pub(super) fn trade(id: u64) -> String {
    format!(
        r#"{{"e":"trade","E":1,"s":"ETHUSDT","t":{id},"p":"1","q":"1","T":1,"m":true,"M":true}}"#
    )
}
