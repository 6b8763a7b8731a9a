//! A block of text at a time: where the digits end, found for all its bytes at once.
//!
//! What limits a parser is the chain from one number's end to the next one's start. Here that
//! chain is one load, one comparison and a few bit operations; the conversion hangs beside it.

use super::eight::{ZEROS, combine};
use crate::record::exponent::POWERS_OF_TEN;
use crate::record::market::Level;

/// Bytes that are looked at at once.
const SIGHT: usize = 32;

/// Bytes that must be there: a word may be loaded behind the last byte that is looked at.
const BLOCK: usize = SIGHT + 16;

/// How decimals of one scale are cut out of a word, at most eight of them.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    digits: u32,
    /// The bytes that hold what the scale would cut, after the word was turned.
    rest: u64,
}

impl Cut {
    /// `None` beyond eight decimals, which do not fit a word.
    #[inline(always)]
    pub(super) fn new(digits: u8) -> Option<Self> {
        let digits = u32::from(digits);
        (digits <= 8).then_some(Self {
            digits,
            rest: u64::MAX.unbounded_shr(8 * digits),
        })
    }
}

/// What stands behind a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    /// The start of the next level.
    Level,
    /// The end of the side.
    End,
}

/// One bit per byte of the block's sight that is no digit.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn others(block: &[u8; BLOCK]) -> u32 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_set1_epi8,
        _mm_sub_epi8,
    };
    // SAFETY: SSE2 is part of every x86-64, and both loads stay within the block.
    unsafe {
        let (zero, nine) = (_mm_set1_epi8(b'0' as i8), _mm_set1_epi8(9));
        let digits = |at: usize| {
            let values = _mm_sub_epi8(_mm_loadu_si128(block.as_ptr().add(at).cast()), zero);
            _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, nine), values)) as u32
        };
        !(digits(0) | digits(16) << 16)
    }
}

/// One bit per byte of the block's sight that is no digit.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn others(block: &[u8; BLOCK]) -> u32 {
    others_by_words(block)
}

/// The same with plain words, for machines without the instruction and for its test.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn others_by_words(block: &[u8; BLOCK]) -> u32 {
    const LOW_BITS: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    (0..SIGHT / 8).fold(0, |mask, index| {
        let values = word(block, 8 * index) ^ ZEROS;
        let flags = (((values & LOW_BITS) + 0x7676_7676_7676_7676) | values) & !LOW_BITS;
        let bits = (flags >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask | (bits as u32) << (8 * index)
    })
}

/// Eight bytes from `at` on, which is within the sight.
#[inline(always)]
fn word(block: &[u8; BLOCK], at: usize) -> u64 {
    let at = at % SIGHT;
    let mut raw = [0_u8; 8];
    raw.copy_from_slice(&block[at..at + 8]);
    u64::from_le_bytes(raw)
}

/// Joins `whole` digits at `at` and `decimals` digits behind the dot; `None` when the scale
/// would cut one of them, or when there are too many or too few for a word.
#[inline(always)]
fn number(block: &[u8; BLOCK], at: u32, whole: u32, decimals: u32, cut: Cut) -> Option<i64> {
    let high = word(block, at as usize) ^ ZEROS;
    let leads_with_zero = (high & 0xFF == 0) & (whole > 1);
    if (whole.wrapping_sub(1) >= 7) | (decimals.wrapping_sub(1) >= 8) | leads_with_zero {
        return None;
    }
    let high = high << (64 - 8 * whole);
    let low = word(block, (at + whole + 1) as usize) ^ ZEROS;
    let low = (low & (u64::MAX >> (64 - 8 * decimals))).rotate_right(8 * cut.digits);
    if low & cut.rest != 0 {
        return None;
    }
    if whole + cut.digits <= 8 {
        return Some(combine(high >> (8 * cut.digits) | low) as i64);
    }
    Some((combine(high) * POWERS_OF_TEN[cut.digits as usize] as u64 + combine(low)) as i64)
}

/// Reads `price","quantity"]` at the start of `bytes`, and what stands behind it; gives the
/// bytes used, up to the next level's price or behind the side's bracket.
///
/// `None` means "not by this road": other forms of numbers, text that is longer than the
/// sight, or too little text behind it.
#[inline(always)]
pub(super) fn level(bytes: &[u8], price: Cut, quantity: Cut) -> Option<(Level, usize, Behind)> {
    let block: &[u8; BLOCK] = bytes.first_chunk()?;
    let marks = others(block);
    let dot = marks.trailing_zeros();
    let marks = marks & marks.wrapping_sub(1);
    let end = marks.trailing_zeros();
    // The three bytes behind the price are no digits, so they are the next three marks.
    let marks = marks & u32::MAX.unbounded_shl(end + 3);
    let second_dot = marks.trailing_zeros();
    let second_end = (marks & marks.wrapping_sub(1)).trailing_zeros();
    if second_end as usize >= SIGHT {
        return None;
    }
    let start = end + 3;
    let good = (block[dot as usize] == b'.')
        & (word(block, end as usize) & 0xFF_FFFF == text(b"\",\""))
        & (block[second_dot as usize] == b'.');
    if !good {
        return None;
    }
    let (used, behind) = match word(block, second_end as usize) {
        tail if tail & 0xFF_FFFF_FFFF == text(b"\"],[\"") => (5, Behind::Level),
        tail if tail & 0xFF_FFFF == text(b"\"]]") => (3, Behind::End),
        _ => return None,
    };
    let price = number(block, 0, dot, end - dot - 1, price)?;
    let decimals = second_end - second_dot - 1;
    let quantity = number(block, start, second_dot - start, decimals, quantity)?;
    Some((
        Level { price, quantity },
        second_end as usize + used,
        behind,
    ))
}

/// A short text as it stands in a word.
const fn text<const N: usize>(text: &[u8; N]) -> u64 {
    let (mut word, mut index) = (0, 0);
    while index < N {
        word |= (text[index] as u64) << (8 * index);
        index += 1;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, digits: (u8, u8)) -> Option<(i64, i64, usize)> {
        let bytes = format!("{text:x<60}");
        let cuts = (Cut::new(digits.0)?, Cut::new(digits.1)?);
        let (level, used, _) = level(bytes.as_bytes(), cuts.0, cuts.1)?;
        Some((level.price, level.quantity, used))
    }

    #[test]
    fn levels_are_read_whole() {
        let text = r#"61737.63000000","0.00000000"],[""#;
        assert_eq!(read(text, (2, 5)), Some((6_173_763, 0, 32)));
        assert_eq!(read(text, (8, 0)), Some((6_173_763_000_000, 0, 32)));
        assert_eq!(read(text, (1, 5)), None, "the scale would cut a digit");
        assert_eq!(
            read(r#"1.5","1234567.25"]]"#, (1, 2)),
            Some((15, 123_456_725, 19))
        );
        assert_eq!(read(r#"0.5","0.1"]"#, (0, 1)), None);
        assert_eq!(read(r#"0.0","0.1"]]"#, (0, 1)), Some((0, 1, 12)));
        assert_eq!(
            read(r#"1234567.12345678","1.5"]]"#, (8, 8)).map(|all| all.0),
            Some(123_456_712_345_678)
        );
    }

    #[test]
    fn other_forms_are_left_to_others() {
        let other = [
            r#"1","1.5"]]"#,
            r#"1.5","1"]]"#,
            r#"01.5","1.5"]]"#,
            r#"1.5","01.5"]]"#,
            r#"-1.5","1.5"]]"#,
            r#"1.","1.5"]]"#,
            r#".5","1.5"]]"#,
            r#"1.5";"1.5"]]"#,
            r#"1.5", "1.5"]]"#,
            r#"1.5","1.5]]"#,
            r#"12345678.5","1.5"]]"#,
            r#"1.123456789","1.5"]]"#,
            r#"1.5e1","1.5"]]"#,
            "",
            r#"1.5"#,
            r#"1.5","1234567.12345678901234567890"]]"#,
            r#"1.5","1.5.5"]]"#,
            r#"1.5.5","1.5"]]"#,
            r#"1.5","-.5"]]"#,
            r#"1.5",",.5"]]"#,
        ];
        for text in other {
            assert_eq!(read(text, (8, 8)), None, "{text}");
        }
        let cut = Cut::new(2).expect("a short scale");
        assert!(
            level(br#"1.5","1.5"]]"#, cut, cut).is_none(),
            "too close to the end"
        );
        assert!(Cut::new(9).is_none());
    }

    #[test]
    fn both_ways_to_see_digits_agree() {
        for byte in 0..=255_u8 {
            for at in [0, 7, 8, 15, 16, 31] {
                let mut block = [b'5'; BLOCK];
                block[at] = byte;
                let expected = if byte.is_ascii_digit() { 0 } else { 1 << at };
                assert_eq!(
                    (others(&block), others_by_words(&block)),
                    (expected, expected)
                );
            }
        }
    }
}
