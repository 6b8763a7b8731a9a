//! Two lines that lose and delay what they like: what at least one brought comes out once.

use proptest::prelude::*;
use tickwork_core::lines::{Arrival, LineMerger, Sink, Verdict};
use tickwork_core::parse::instruments::Instruments;
use tickwork_core::parse::rules;
use tickwork_core::record::frame::{self, Frame};
use tickwork_core::record::{Records, frame_kind};

const DIFFS: usize = 60;

#[derive(Default)]
struct Written(Vec<u8>);

impl Sink for Written {
    fn try_write(&mut self, record: &[u8]) -> bool {
        self.0.extend_from_slice(record);
        true
    }
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn diff(venue: &str, id: usize) -> String {
    let (first, last) = (2 * id + 1, 2 * id + 2);
    let previous = if venue == "binance-usdm" {
        format!(r#","pu":{}"#, 2 * id)
    } else {
        String::new()
    };
    let ids = format!(r#""U":{first},"u":{last}{previous}"#);
    format!(r#"{{"e":"depthUpdate","E":1,"s":"BTCUSDT",{ids},"b":[],"a":[]}}"#)
}

fn trade(id: usize) -> String {
    format!(r#"{{"e":"trade","E":1,"s":"BTCUSDT","t":{id},"p":"1","q":"1","T":1,"m":true}}"#)
}

/// Feeds both lines in the order of `turns` and returns the payloads that came out.
fn merge(venue: &str, brought: [Vec<String>; 2], turns: &[bool]) -> (Vec<String>, [u64; 5]) {
    let rules = rules::by_name(venue).expect("a known venue");
    let instruments = Instruments::new(&["BTCUSDT"]).expect("a good symbol");
    let mut merger = LineMerger::new(rules, instruments, 2, i64::MAX, Written::default());
    for line in 0..2 {
        let header = Frame {
            line,
            kind: frame_kind::OPENED,
            ..Frame::default()
        };
        merger.on_frame(&Arrival {
            header,
            payload: b"",
        });
    }
    merger.sink().0.clear();
    let mut verdicts = [0; 5];
    let mut queues = brought.map(Vec::into_iter);
    let rest = std::iter::repeat_n([false, true], 2 * DIFFS).flatten();
    for (turn, second) in turns.iter().copied().chain(rest).enumerate() {
        let line = u16::from(second);
        let Some(payload) = queues[usize::from(line)].next() else {
            continue;
        };
        let header = Frame {
            line,
            received_ns: turn as i64,
            ..Frame::default()
        };
        let verdict: Verdict = merger.on_frame(&Arrival {
            header,
            payload: payload.as_bytes(),
        });
        verdicts[verdict as usize] += 1;
    }
    assert_eq!(merger.readings().holding, 0);
    let payload = |record: &[u8]| {
        String::from_utf8_lossy(frame::payload(record).expect("a frame")).into_owned()
    };
    (
        Records::new(&merger.sink().0).map(payload).collect(),
        verdicts,
    )
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn diffs_come_out_once_and_in_order(
        venue in proptest::sample::select(&["binance-spot", "binance-usdm"][..]),
        fates in proptest::collection::vec(0_u8..3, DIFFS),
        turns in proptest::collection::vec(any::<bool>(), 2 * DIFFS),
    ) {
        // The first and the last reach both lines: what comes first is the start for both, and
        // no line is waited for at the end.
        let brought = [1, 2].map(|lost: u8| {
            let came = |id: &usize| fates[*id] != lost || [0, DIFFS - 1].contains(id);
            (0..DIFFS).filter(came).map(|id| diff(venue, id)).collect::<Vec<_>>()
        });
        let fed = brought.iter().map(Vec::len).sum::<usize>() as u64;
        let (out, verdicts) = merge(venue, brought, &turns);
        prop_assert_eq!(out, (0..DIFFS).map(|id| diff(venue, id)).collect::<Vec<_>>());
        prop_assert_eq!(verdicts.iter().sum::<u64>(), fed);
        prop_assert_eq!(verdicts[3] + verdicts[4], 0, "nothing is dropped or too late");
    }

    #[test]
    fn trades_come_out_once(
        fates in proptest::collection::vec(0_u8..4, DIFFS),
        turns in proptest::collection::vec(any::<bool>(), 2 * DIFFS),
    ) {
        let brought = [1, 2].map(|lost: u8| {
            let came = |id: &usize| fates[*id] != lost && fates[*id] != 3;
            (0..DIFFS).filter(came).map(trade).collect::<Vec<_>>()
        });
        let (mut out, _) = merge("binance-spot", brought, &turns);
        let mut expected: Vec<String> =
            (0..DIFFS).filter(|id| fates[*id] != 3).map(trade).collect();
        out.sort();
        expected.sort();
        prop_assert_eq!(out, expected);
    }
}
