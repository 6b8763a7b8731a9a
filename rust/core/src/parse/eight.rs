//! Eight bytes at a time: digits to integers without a loop over characters.

use crate::record::exponent::POWERS_OF_TEN;

/// The digit 0 in each byte.
pub(super) const ZEROS: u64 = 0x3030_3030_3030_3030;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
const ONES: u64 = 0x0101_0101_0101_0101;

/// Up to eight leading digits of a word of text.
struct Digits {
    /// Values of the bytes; whatever follows the digits is not cleared.
    values: u64,
    /// How many bytes from the start are digits, 0 to 8.
    count: u32,
}

impl Digits {
    #[inline(always)]
    fn read(bytes: &[u8]) -> Option<Self> {
        let values = u64::from_le_bytes(*bytes.first_chunk()?) ^ ZEROS;
        // A carry can only reach bytes behind the first that is no digit.
        let others = (values.wrapping_add(0x7676_7676_7676_7676) | values) & HIGH_BITS;
        Some(Self {
            values,
            count: others.trailing_zeros() / 8,
        })
    }

    /// Their value; `count` must not be 0.
    #[inline(always)]
    fn value(&self) -> u64 {
        combine(self.values << (64 - 8 * self.count))
    }

    #[inline(always)]
    fn starts_with_zero(&self) -> bool {
        self.values & 0xFF == 0
    }
}

/// Joins eight digit values, the most significant in the lowest byte.
#[inline(always)]
pub(super) fn combine(values: u64) -> u64 {
    let pairs = values.wrapping_mul(2561) >> 8;
    let fours = (pairs & 0x00FF_00FF_00FF_00FF).wrapping_mul(6_553_601) >> 16;
    (fours & 0x0000_FFFF_0000_FFFF).wrapping_mul(42_949_672_960_001) >> 32
}

/// Reads an unsigned integer at the start of `bytes`: its value and its length.
///
/// `None` when there is no digit, a superfluous leading zero, or a value beyond a u64.
#[inline(always)]
pub(super) fn unsigned(bytes: &[u8]) -> Option<(u64, usize)> {
    let Some(high) = Digits::read(bytes) else {
        return unsigned_slowly(bytes);
    };
    if high.count == 0 || (high.starts_with_zero() && high.count > 1) {
        return None;
    }
    if high.count < 8 {
        return Some((high.value(), high.count as usize));
    }
    match Digits::read(&bytes[8..]) {
        Some(Digits { count: 0, .. }) => Some((high.value(), 8)),
        Some(low) if low.count < 8 => {
            let power = POWERS_OF_TEN[low.count as usize] as u64;
            Some((high.value() * power + low.value(), 8 + low.count as usize))
        }
        _ => unsigned_slowly(bytes),
    }
}

#[cold]
fn unsigned_slowly(bytes: &[u8]) -> Option<(u64, usize)> {
    let length = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if length == 0 || (bytes[0] == b'0' && length > 1) {
        return None;
    }
    let mut value = 0_u64;
    for byte in &bytes[..length] {
        value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
    }
    Some((value, length))
}

/// Reads a plain decimal that ends with a quote, scaled to `digits` decimals (at most 8).
///
/// Gives the mantissa and the bytes used, the quote included. `None` means "not by this road":
/// a sign, an exponent, eight or more integer digits, more than eight decimals, decimals that
/// the scale would cut, or too little text behind the number to load eight bytes.
#[inline(always)]
pub(super) fn decimal(bytes: &[u8], digits: u32) -> Option<(i64, usize)> {
    let whole = Digits::read(bytes)?;
    if whole.count == 0 || whole.count == 8 || (whole.starts_with_zero() && whole.count > 1) {
        return None;
    }
    let mut used = whole.count as usize + 1;
    let scaled = whole.value() * POWERS_OF_TEN[digits as usize] as u64;
    match bytes[used - 1] {
        b'"' => return Some((scaled as i64, used)),
        b'.' => {}
        _ => return None,
    }
    let decimals = Digits::read(bytes.get(used..)?)?;
    used += decimals.count as usize;
    if decimals.count == 0 || *bytes.get(used)? != b'"' {
        return None;
    }
    let values = decimals.values & (u64::MAX >> (64 - 8 * decimals.count));
    if values.unbounded_shr(8 * digits) != 0 {
        return None;
    }
    let kept = combine(values.unbounded_shl(64 - 8 * digits));
    Some(((scaled + kept) as i64, used + 1))
}

/// Bytes before the next quote; `None` when there is none, or when a byte before it is an
/// escape, a control character or not ASCII.
#[inline(always)]
pub(super) fn plain_text(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let special = has(word, b'"') | has(word, b'\\') | below_space(word) | word;
        let found = special & HIGH_BITS;
        if found != 0 {
            at += found.trailing_zeros() as usize / 8;
            return (bytes[at] == b'"').then(|| &bytes[..at]);
        }
        at += 8;
    }
    let rest = &bytes[at..];
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..32 | 128..))?;
    (rest[end] == b'"').then(|| &bytes[..at + end])
}

/// High bits at the bytes that equal `byte`; exact up to the first.
#[inline(always)]
fn has(word: u64, byte: u8) -> u64 {
    let other = word ^ (ONES * byte as u64);
    other.wrapping_sub(ONES) & !other
}

/// High bits at the bytes below 0x20; exact up to the first.
#[inline(always)]
fn below_space(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned_integers_of_every_length() {
        let mut text = String::new();
        for digit in "18446744073709551615".chars() {
            text.push(digit);
            let value: u64 = text.parse().expect("a u64");
            for tail in ["", ",", ",\"u\":12345678"] {
                let bytes = format!("{text}{tail}");
                assert_eq!(
                    unsigned(bytes.as_bytes()),
                    Some((value, text.len())),
                    "{bytes}"
                );
            }
        }
        assert_eq!(unsigned(b"18446744073709551616,,,,,,,,"), None);
        assert_eq!(unsigned(b"007,,,,,,,,"), None);
        assert_eq!(unsigned(b"0,,,,,,,,"), Some((0, 1)));
        assert_eq!(unsigned(b"0"), Some((0, 1)));
        assert_eq!(unsigned(b"-5,,,,,,,"), None);
        assert_eq!(unsigned(b""), None);
    }

    #[test]
    fn decimals_are_scaled_while_they_are_read() {
        let read = |text: &str, digits| decimal(format!("{text}\",,,,,,,,,").as_bytes(), digits);
        assert_eq!(read("61837.63000000", 2), Some((6_183_763, 15)));
        assert_eq!(read("61837.63000000", 8), Some((6_183_763_000_000, 15)));
        assert_eq!(read("61837.63", 1), None, "the scale would cut a digit");
        assert_eq!(read("0.5", 3), Some((500, 4)));
        assert_eq!(read("0.000", 0), Some((0, 6)));
        assert_eq!(read("1234567", 2), Some((123_456_700, 8)));
        for text in [
            "12345678",
            "-1",
            "+1",
            "01.5",
            "1.",
            ".5",
            "1e5",
            "",
            "1.123456789",
        ] {
            assert_eq!(read(text, 8), None, "{text}");
        }
        assert_eq!(decimal(b"1.5\"", 1), None, "too close to the end");
    }

    #[test]
    fn plain_text_ends_at_its_quote_or_is_refused() {
        for length in 0..20 {
            let name = "a".repeat(length);
            let read = |rest: &str| {
                let bytes = format!("{name}{rest}");
                plain_text(bytes.as_bytes()).map(<[u8]>::to_vec)
            };
            assert_eq!(read("\"bcdefgh"), Some(name.clone().into_bytes()));
            assert_eq!(read("\""), Some(name.clone().into_bytes()));
            for bad in ["\\\"", "\n\"", "\u{e9}\"", "\u{7f}", ""] {
                assert_eq!(read(bad), None, "{length} {bad:?}");
            }
        }
    }
}
