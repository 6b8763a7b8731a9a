use super::messages::*;
use super::peek::{Glance, Identity, Stream, peek};
use super::*;
use crate::parse::rules;
use crate::record::market::levels;

const MESSAGES: [&str; 11] = [
    SPOT_DEPTH,
    USDM_DEPTH,
    SPOT_TICKER,
    USDM_TICKER,
    USDM_TICKER_DOC,
    SPOT_TRADE,
    USDM_TRADE,
    SPOT_AGGREGATE,
    USDM_AGGREGATE,
    SNAPSHOT,
    USDM_SNAPSHOT,
];

fn parser(venue: &str) -> Parser {
    let rules = rules::by_name(venue).expect("a known venue");
    let mut instruments = Instruments::new(&["BTCUSDT"]).expect("a good symbol");
    instruments.refine(
        0,
        Scale {
            price_digits: 3,
            quantity_digits: 5,
        },
    );
    Parser::new(rules, instruments, 1 << 20, 1000)
}

fn read(parser: &mut Parser, path: Path, payload: &[u8]) -> Result<(Parsed, Vec<u8>), Reason> {
    let mut out = RecordBuffer::new();
    let base = Market {
        venue: parser.rules().venue,
        frame_id: 7,
        ..Market::default()
    };
    let parsed = parser.parse(path, &base, payload, &mut out)?;
    Ok((parsed, out.record().to_vec()))
}

fn record(venue: &str, path: Path, payload: &str) -> Vec<u8> {
    let (parsed, record) = read(&mut parser(venue), path, payload.as_bytes()).expect(payload);
    assert_eq!(parsed, Parsed::Record);
    record
}

fn refusal(payload: &[u8]) -> Reason {
    let mut parser = parser("binance-spot");
    assert!(
        read(&mut parser, Path::Strict, payload).is_err(),
        "the strict path took it"
    );
    read(&mut parser, Path::Both, payload).expect_err("a refusal")
}

fn pairs(record: &[u8]) -> [Vec<(i64, i64)>; 2] {
    let (bids, asks) = levels(record).expect("a whole record");
    [bids, asks].map(|side| {
        side.iter()
            .map(|level| (level.price, level.quantity))
            .collect()
    })
}

#[test]
fn a_spot_diff_is_read() {
    let record = record("binance-spot", Path::Strict, SPOT_DEPTH);
    let header = Market::read(&record).expect("a header");
    let expected = Market {
        record_type: record_type::DELTA,
        venue: 1,
        instrument: 0,
        price_exponent: -3,
        quantity_exponent: -5,
        first: 50_093_239_189,
        last: 50_093_239_202,
        event_unix_ns: 1_723_161_255_208_000_000,
        bids: 2,
        asks: 1,
        frame_id: 7,
        ..Market::default()
    };
    assert_eq!(header, expected);
    let bids = vec![(61_737_630, 0), (61_730_170, 150_000)];
    assert_eq!(pairs(&record), [bids, vec![(61_837_640, 154_698)]]);
}

#[test]
fn a_usdm_diff_names_the_id_before_it() {
    let record = record("binance-usdm", Path::Strict, USDM_DEPTH);
    assert_eq!(Market::previous(&record), 5_123_107_831_937);
    assert_eq!(Market::match_unix_ns(&record), 1_723_161_256_298_000_000);
    let without = USDM_DEPTH.replace(r#","pu":5123107831937"#, "");
    let refused = read(&mut parser("binance-usdm"), Path::Both, without.as_bytes());
    assert_eq!(refused.map(drop), Err(Reason::Malformed));
}

#[test]
fn trades_say_their_side_and_their_ids() {
    let sold = record("binance-spot", Path::Strict, SPOT_TRADE);
    assert_eq!(pairs(&sold), [vec![(61_837_630, 2_000)], vec![]]);
    assert_eq!(
        (Market::first(&sold), Market::last(&sold)),
        (3_735_683_259, 3_735_683_259)
    );
    assert_eq!(Market::flags(&sold), flag::BUYER_MAKER);
    let bought = record("binance-usdm", Path::Strict, USDM_TRADE);
    assert_eq!(pairs(&bought), [vec![], vec![(61_800_300, 600)]]);
    for text in [SPOT_AGGREGATE, USDM_AGGREGATE] {
        let merged = record("binance-usdm", Path::Strict, text);
        assert_eq!((Market::first(&merged), Market::last(&merged)), (100, 105));
        assert_eq!(Market::correlation(&merged), 12_345);
    }
}

#[test]
fn a_snapshot_needs_its_instrument_and_says_where_it_is_cut() {
    let snapshot = record("binance-spot", Path::Strict, SNAPSHOT);
    assert_eq!(
        (Market::last(&snapshot), Market::flags(&snapshot)),
        (50_093_239_218, 0)
    );
    let rules = rules::by_name("binance-spot").expect("a known venue");
    let instruments = Instruments::new(&["ETHUSDT", "BTCUSDT"]).expect("good symbols");
    let mut parser = Parser::new(rules, instruments, 1 << 20, 2);
    let mut out = RecordBuffer::new();
    for (instrument, expected) in [
        (ANY_INSTRUMENT, Err(Reason::UnknownInstrument)),
        (1, Ok(Parsed::Record)),
    ] {
        let base = Market {
            instrument,
            ..Market::default()
        };
        let parsed = parser.parse(Path::Both, &base, SNAPSHOT.as_bytes(), &mut out);
        assert_eq!(parsed, expected);
    }
    assert_eq!(Market::instrument(out.record()), 1);
    assert_eq!(Market::flags(out.record()), flag::TRUNCATED);
    assert_eq!(
        parser.instruments().scale(1),
        Scale {
            price_digits: 2,
            quantity_digits: 1
        }
    );
}

#[test]
fn test_strict_and_tolerant_parser_agree() {
    for venue in ["binance-spot", "binance-usdm"] {
        for text in MESSAGES {
            if venue == "binance-usdm" && text == SPOT_DEPTH {
                continue;
            }
            let wrapped = format!(r#"{{"stream":"btcusdt@x","data":{text}}}"#);
            let all = if text.starts_with("{\"last") {
                vec![text]
            } else {
                vec![text, &wrapped]
            };
            for text in all {
                let strict = record(venue, Path::Strict, text);
                assert_eq!(strict, record(venue, Path::Tolerant, text), "{text}");
            }
        }
    }
}

#[test]
fn any_order_white_space_escapes_and_unknown_fields_give_the_same_record() {
    let changed = r#" { "a" : [ ["61837.64", 1.54698, []] ] ,"new":{"x":[1,{}]},"s":"BTC\u0055SDT",
        "u":50093239202,"\u0055":50093239189,"E":1723161255208,"e":"depthUpdate",
        "b":[["61737.63","0"],["6173017e-2","1.5"]]} "#;
    let strict = record("binance-spot", Path::Strict, SPOT_DEPTH);
    assert_eq!(record("binance-spot", Path::Both, changed), strict);
    assert_eq!(refusal_of_strict(changed), Err(Reason::Malformed));
}

fn refusal_of_strict(text: &str) -> Result<(), Reason> {
    read(&mut parser("binance-spot"), Path::Strict, text.as_bytes()).map(drop)
}

#[test]
fn other_messages_are_told_apart() {
    let cases = [
        (r#"{"result":null,"id":1}"#, Parsed::Accepted),
        (r#"{"id":"a","result":["x"]}"#, Parsed::Accepted),
        (r#"{"error":{"code":2,"msg":"x"},"id":1}"#, Parsed::Refused),
        (
            r#"{"code":-1003,"msg":"Too many requests"}"#,
            Parsed::Refused,
        ),
        (
            r#"{"e":"serverShutdown","E":1770123456789}"#,
            Parsed::ServerShutdown,
        ),
        (
            r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#,
            Parsed::ServerShutdown,
        ),
    ];
    for (text, expected) in cases {
        for path in [Path::Both, Path::Tolerant] {
            let parsed = read(&mut parser("binance-spot"), path, text.as_bytes());
            assert_eq!(parsed.map(|(parsed, _)| parsed), Ok(expected), "{text}");
        }
    }
}

#[test]
fn exchange_information_sets_the_scale_and_never_makes_it_coarser() {
    let mut parser = parser("binance-spot");
    parser.instruments = Instruments::new(&["BTCUSDT"]).expect("a good symbol");
    let parsed = read(&mut parser, Path::Both, EXCHANGE_INFO.as_bytes());
    assert_eq!(parsed.map(|(parsed, _)| parsed), Ok(Parsed::Scales(1)));
    let scale = Scale {
        price_digits: 2,
        quantity_digits: 5,
    };
    assert_eq!(parser.instruments().scale(0), scale);
    let coarse = EXCHANGE_INFO
        .replace("0.01000000", "1")
        .replace("0.00001000", "0.1");
    read(&mut parser, Path::Both, coarse.as_bytes()).expect("good information");
    assert_eq!(parser.instruments().scale(0), scale);
    let broken = EXCHANGE_INFO.replace("0.01000000", "x");
    assert_eq!(
        read(&mut parser, Path::Both, broken.as_bytes()).map(drop),
        Err(Reason::BadNumber)
    );
}

#[test]
fn a_finer_number_makes_the_scale_finer_only_with_a_good_message() {
    let mut parser = parser("binance-spot");
    let bad = SPOT_TICKER
        .replace("61837.63000000", "61837.63000001")
        .replace("1.54698000", "x");
    assert_eq!(
        read(&mut parser, Path::Both, bad.as_bytes()).map(drop),
        Err(Reason::BadNumber)
    );
    assert_eq!(parser.instruments().scale(0).price_digits, 3);
    let good = SPOT_TICKER.replace("61837.63000000", "61837.63010000");
    let (_, record) = read(&mut parser, Path::Both, good.as_bytes()).expect("a good message");
    assert_eq!(
        (Market::price_exponent(&record), pairs(&record)[0][0].0),
        (-4, 618_376_301)
    );
    let (_, record) = read(&mut parser, Path::Strict, good.as_bytes()).expect("now strictly too");
    assert_eq!(pairs(&record)[1], [(618_376_400, 154_698)]);
}

#[test]
fn refusals_say_why() {
    let cases: [(&[u8], Reason); 13] = [
        (b"", Reason::Truncated),
        (b"hello", Reason::Malformed),
        (b"[]", Reason::Malformed),
        (
            b"{\"e\":\"kline\",\"E\":1,\"s\":\"BTCUSDT\"}",
            Reason::UnknownType,
        ),
        (b"{\"x\":1}", Reason::UnknownType),
        (b"{\"e\":\"depthUpdate\"}", Reason::Malformed),
        (b"{\"e\":\"\xff\"}", Reason::NotUtf8),
        (b"{\"e\":\"\xc3", Reason::Truncated),
        (
            b"{\"stream\":\"a@depth5\",\"data\":{\"lastUpdateId\":1,\"bids\":[],\"asks\":[]}}",
            Reason::UnknownType,
        ),
        (b"{\"e\":\"trade\",\"e\":\"trade\"}", Reason::Malformed),
        (
            b"{\"u\":1,\"s\":\"ETHUSDT\",\"b\":\"1\",\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
            Reason::UnknownInstrument,
        ),
        (
            b"{\"u\":1,\"s\":\"BTCUSDT\",\"b\":\"1\",\"B\":\"-1\",\"a\":\"1\",\"A\":\"1\"}",
            Reason::BadNumber,
        ),
        (
            b"{\"u\":-1,\"s\":\"BTCUSDT\",\"b\":\"1\",\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
            Reason::BadNumber,
        ),
    ];
    for (payload, expected) in cases {
        assert_eq!(
            refusal(payload),
            expected,
            "{}",
            String::from_utf8_lossy(payload)
        );
    }
    for huge in ["99999999999999999999", "9223372036854775807"] {
        let text = SPOT_TICKER.replace("61837.63000000", huge);
        assert_eq!(refusal(text.as_bytes()), Reason::NumberDoesNotFit);
    }
    assert_eq!(refusal(&vec![b' '; (1 << 20) + 1]), Reason::TooLarge);
}

#[test]
fn a_message_that_is_cut_anywhere_is_truncated() {
    for text in MESSAGES {
        for end in 0..text.len() {
            assert_eq!(
                refusal(&text.as_bytes()[..end]),
                Reason::Truncated,
                "{}",
                &text[..end]
            );
        }
    }
}

#[test]
fn a_look_shows_stream_symbol_and_ids() {
    let wrapped = format!(r#"{{"stream":"x","data":{USDM_DEPTH}}}"#);
    let depth = Identity {
        stream: Stream::Depth,
        symbol: b"BTCUSDT",
        first: 5_123_107_832_006,
        last: 5_123_107_837_557,
        previous: Some(5_123_107_831_937),
    };
    let spaced = USDM_DEPTH.replace(',', " , ");
    for text in [USDM_DEPTH, &wrapped, &spaced] {
        assert_eq!(peek(text.as_bytes()), Glance::Message(depth));
    }
    let streams = MESSAGES.map(|text| match peek(text.as_bytes()) {
        Glance::Message(identity) => Some((identity.stream, identity.last)),
        _ => None,
    });
    assert_eq!(streams[2], Some((Stream::Ticker, 50_093_239_212)));
    assert_eq!(streams[5], Some((Stream::Trade, 3_735_683_259)));
    assert_eq!(streams[7], Some((Stream::Aggregate, 12_345)));
    assert_eq!(streams[9], None);
    assert_eq!(
        peek(br#"{"e":"serverShutdown","E":1}"#),
        Glance::ServerShutdown
    );
    assert_eq!(
        peek(&USDM_DEPTH.as_bytes()[..150]),
        Glance::Other,
        "a torn copy must not win"
    );
    assert_eq!(peek(b"\xff"), Glance::Other);
}
