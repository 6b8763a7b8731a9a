//! The parser against plain models: numbers, whole messages, and both paths on mutants.

use proptest::prelude::*;
use tickwork_core::parse::Reason;
use tickwork_core::parse::binance::peek::{Glance, peek};
use tickwork_core::parse::binance::{Parser, Path};
use tickwork_core::parse::decimal::{DIGITS_MAX, Decimal, DecimalError};
use tickwork_core::parse::instruments::{Instruments, Scale};
use tickwork_core::parse::rules;
use tickwork_core::record::buffer::RecordBuffer;
use tickwork_core::record::market::{Market, levels};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

// -- numbers --------------------------------------------------------------------------------------

/// The same number by plain means: all digits in an i128, then zeros taken off one by one.
///
/// Texts of at most 30 digits and powers below 1,000 only, so that nothing overflows here.
fn plain_decimal(text: &str) -> Result<Decimal, DecimalError> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (number, power) = match unsigned.split_once(['e', 'E']) {
        Some((number, power)) => (number, plain_power(power)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((_, "")) => return Err(DecimalError::NotANumber),
        Some((whole, fraction)) => (whole, fraction),
        None => (number, ""),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || !all_digits(whole) || !all_digits(fraction) {
        return Err(DecimalError::NotANumber);
    }
    let mut value: i128 = format!("{whole}{fraction}")
        .parse()
        .expect("at most 30 digits");
    let mut digits = fraction.len() as i32 - power;
    while value != 0 && value % 10 == 0 {
        value /= 10;
        digits -= 1;
    }
    if value == 0 {
        return Ok(Decimal {
            mantissa: 0,
            digits: 0,
        });
    }
    while digits < 0 && value <= i128::from(i64::MAX) {
        value *= 10;
        digits += 1;
    }
    if digits < 0 || digits > i32::from(DIGITS_MAX) || value > i128::from(i64::MAX) {
        return Err(DecimalError::DoesNotFit);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    Ok(Decimal {
        mantissa: sign * value as i64,
        digits: digits as u8,
    })
}

fn plain_power(text: &str) -> Result<i32, DecimalError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DecimalError::NotANumber);
    }
    text.parse().map_err(|_| DecimalError::NotANumber)
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn numbers_are_read_as_plainly(text in "-?[0-9]{1,20}(\\.[0-9]{1,10})?([eE][+-]?[0-9]{1,3})?") {
        prop_assert_eq!(Decimal::parse(text.as_bytes()), plain_decimal(&text));
    }

    #[test]
    fn what_looks_like_a_number_is_read_as_plainly(text in "[-+0-9.eE]{0,12}") {
        prop_assume!(!text.contains("e9") && !text.contains("E9"));
        let power = text.rsplit(['e', 'E']).next().unwrap_or("").trim_start_matches(['+', '-']);
        prop_assume!(power.len() < 4 || !text.contains(['e', 'E']));
        prop_assert_eq!(Decimal::parse(text.as_bytes()), plain_decimal(&text));
    }

    #[test]
    fn a_scale_is_exact(
        mantissa in -(10_i64.pow(12))..10_i64.pow(12),
        digits in 0_u8..8,
        finer in 0_u8..14,
    ) {
        let number = Decimal { mantissa, digits };
        let scaled = i128::from(mantissa) * 10_i128.pow(u32::from(finer));
        let expected = i64::try_from(scaled).ok().filter(|_| digits + finer <= DIGITS_MAX);
        prop_assert_eq!(number.at(digits + finer).ok(), expected.or((mantissa == 0).then_some(0)));
    }
}

// -- messages -------------------------------------------------------------------------------------

fn parser(scale: Scale) -> Parser {
    let rules = rules::by_name("binance-spot").expect("a known venue");
    let mut instruments = Instruments::new(&["BTCUSDT"]).expect("a good symbol");
    instruments.refine(0, scale);
    Parser::new(rules, instruments, 1 << 16, 1000)
}

fn read(scale: Scale, path: Path, payload: &[u8]) -> Result<Vec<u8>, Reason> {
    let mut out = RecordBuffer::new();
    let parsed = parser(scale).parse(path, &Market::default(), payload, &mut out);
    parsed.map(|_| out.record().to_vec())
}

/// A mantissa as the venue writes it: with `digits` decimals and `zeros` more.
fn written(mantissa: i64, digits: u8, zeros: usize) -> String {
    let text = format!("{mantissa:0>width$}", width = usize::from(digits) + 1);
    let (whole, fraction) = text.split_at(text.len() - usize::from(digits));
    let fraction = format!("{fraction}{}", "0".repeat(zeros));
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

fn side(levels: &[(i64, i64)], scale: Scale, zeros: usize) -> String {
    let one = |(price, quantity): &(i64, i64)| {
        let price = written(*price, scale.price_digits, zeros);
        format!(
            "[\"{price}\",\"{}\"]",
            written(*quantity, scale.quantity_digits, zeros)
        )
    };
    levels.iter().map(one).collect::<Vec<_>>().join(",")
}

fn book_side() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let magnitude = prop_oneof![0_i64..1000, 0_i64..10_000_000, 0_i64..1_000_000_000_000];
    proptest::collection::vec((magnitude.clone(), magnitude), 0..12)
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn what_is_written_is_read_by_both_paths(
        bids in book_side(),
        asks in book_side(),
        price_digits in 0_u8..11,
        quantity_digits in 0_u8..11,
        zeros in 0_usize..9,
    ) {
        let scale = Scale { price_digits, quantity_digits };
        let (b, a) = (side(&bids, scale, zeros), side(&asks, scale, zeros));
        let text = format!(
            r#"{{"e":"depthUpdate","E":9,"s":"BTCUSDT","U":1,"u":2,"b":[{b}],"a":[{a}]}}"#
        );
        for path in [Path::Strict, Path::Tolerant] {
            let record = read(scale, path, text.as_bytes()).expect("a good message");
            let (read_bids, read_asks) = levels(&record).expect("a whole record");
            for (read, expected) in [(read_bids, &bids), (read_asks, &asks)] {
                let pairs = read.iter().map(|level| (level.price, level.quantity));
                let pairs: Vec<_> = pairs.collect();
                prop_assert_eq!(&pairs, expected, "{:?}", path);
            }
        }
    }
}

// -- both paths, on mutants -----------------------------------------------------------------------

const SEEDS: [&str; 8] = [
    concat!(
        r#"{"e":"depthUpdate","E":17,"s":"BTCUSDT","U":12,"u":20,"b":[["58710.20","0.014"],"#,
        r#"["1","0"]],"a":[["61800.30","2.51"]]}"#,
    ),
    concat!(
        r#"{"stream":"b@depth","data":{"e":"depthUpdate","E":17,"T":16,"s":"BTCUSDT","#,
        r#""U":12,"u":20,"pu":11,"b":[],"a":[["61800.3000","2.5"],["61800.4000","12.5"]]}}"#,
    ),
    r#"{"u":7,"s":"BTCUSDT","b":"61837.63","B":"3.78","a":"61837.64","A":"1.5"}"#,
    concat!(
        r#"{"e":"bookTicker","u":7,"s":"BTCUSDT","b":"61837.63","B":"3.78","a":"61837.64","#,
        r#""A":"1.5","T":1,"E":2}"#,
    ),
    concat!(
        r#"{"e":"trade","E":17,"s":"BTCUSDT","t":5,"p":"61800.30","q":"0.006","T":16,"#,
        r#""m":false,"M":true}"#,
    ),
    concat!(
        r#"{"e":"aggTrade","E":17,"s":"BTCUSDT","a":9,"p":"0.001","q":"100","f":100,"#,
        r#""l":105,"T":16,"m":true}"#,
    ),
    r#"{"lastUpdateId":9,"bids":[["61837.63","3.7"]],"asks":[["61837.64","1.5"]]}"#,
    r#"{"result":null,"id":1}"#,
];

/// What must hold for any bytes at all; a fuzzer calls this with whatever it finds.
fn check_any_payload(payload: &[u8]) {
    let scale = Scale {
        price_digits: 8,
        quantity_digits: 8,
    };
    let tolerant = read(scale, Path::Tolerant, payload);
    if let Ok(strict) = read(scale, Path::Strict, payload) {
        assert_eq!(Ok(strict), tolerant, "{}", String::from_utf8_lossy(payload));
    }
    assert_eq!(read(scale, Path::Both, payload), tolerant);
    if let (Glance::Message(identity), Ok(record)) = (peek(payload), &tolerant) {
        assert_eq!(identity.symbol, b"BTCUSDT");
        let aggregate = Market::correlation(record);
        assert!([Market::last(record), aggregate].contains(&identity.last));
    }
}

#[derive(Clone, Debug)]
enum Edit {
    Replace(prop::sample::Index, u8),
    Remove(prop::sample::Index, usize),
    Insert(prop::sample::Index, &'static [u8]),
    Copy(prop::sample::Index, prop::sample::Index, usize),
    Cut(prop::sample::Index),
}

static INSERTS: [&[u8]; 12] = [
    b" ",
    b"0",
    b"-",
    b"\\u0062",
    b"\"",
    b"e5",
    b".",
    b"\xff",
    b",",
    b"]",
    b"99999999",
    b"[",
];

fn edit() -> impl Strategy<Value = Edit> {
    let place = any::<prop::sample::Index>;
    let inserts = proptest::sample::select(&INSERTS[..]);
    prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        4 => (place(), b'0'..=b'9').prop_map(|(at, byte)| Edit::Replace(at, byte)),
        2 => (place(), 1_usize..4).prop_map(|(at, count)| Edit::Remove(at, count)),
        4 => (place(), inserts).prop_map(|(at, text)| Edit::Insert(at, text)),
        2 => (place(), place(), 1_usize..20).prop_map(|(at, to, count)| Edit::Copy(at, to, count)),
        1 => place().prop_map(Edit::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match edit {
        Edit::Replace(at, byte) => bytes[at.index(length)] = *byte,
        Edit::Remove(at, count) => {
            let at = at.index(length);
            bytes.drain(at..(at + count).min(length));
        }
        Edit::Insert(at, text) => {
            let at = at.index(length);
            bytes.splice(at..at, text.iter().copied());
        }
        Edit::Copy(from, to, count) => {
            let (from, to) = (from.index(length), to.index(length));
            let piece = bytes[from..(from + count).min(length)].to_vec();
            bytes.splice(to..to, piece);
        }
        Edit::Cut(at) => bytes.truncate(at.index(length)),
    }
}

proptest! {
    #![proptest_config(cases(2500))]

    #[test]
    fn test_strict_and_tolerant_parser_agree(
        seed in proptest::sample::select(&SEEDS[..]),
        edits in proptest::collection::vec(edit(), 0..4),
    ) {
        let mut payload = seed.as_bytes().to_vec();
        edits.iter().for_each(|edit| apply(&mut payload, edit));
        check_any_payload(&payload);
    }

    #[test]
    fn noise_harms_nobody(payload in proptest::collection::vec(any::<u8>(), 0..80)) {
        check_any_payload(&payload);
    }
}
