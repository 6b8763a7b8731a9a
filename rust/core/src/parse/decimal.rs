//! Decimal text to an exact mantissa; never by way of a float.

use crate::record::exponent::POWERS_OF_TEN;

/// The most decimals that a number may have: ten to this still fits an i64.
pub const DIGITS_MAX: u8 = 18;

/// A number exactly: mantissa / 10^digits, with as few digits as it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// All significant digits; never `i64::MIN`, which means absent.
    pub mantissa: i64,
    /// Decimals; trailing zeros do not count. 0 to DIGITS_MAX.
    pub digits: u8,
}

/// Why a text became no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// The text is no JSON number.
    NotANumber,
    /// The number has more digits than an i64 mantissa holds.
    DoesNotFit,
}

/// Why a number cannot be said in a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It has this many decimals, more than the scale: the scale has to grow finer.
    Finer(u8),
    /// Its mantissa in this scale is beyond an i64.
    TooLarge,
}

impl Decimal {
    /// Reads a whole JSON number, `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
    ///
    /// # Errors
    /// `NotANumber` for any other text, `DoesNotFit` for digits beyond an i64 or DIGITS_MAX.
    pub fn parse(text: &[u8]) -> Result<Self, DecimalError> {
        let (negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let (whole, rest) = split_digits(rest);
        if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
            return Err(DecimalError::NotANumber);
        }
        let (fraction, rest) = split_fraction(rest)?;
        let power = read_power(rest)?;
        let (mantissa, cut) = significant(whole, fraction)?;
        let power = power
            .saturating_add(cut)
            .saturating_sub(fraction.len() as i64);
        Self::new(if negative { -mantissa } else { mantissa }, power)
    }

    /// mantissa × 10^power, where a mantissa other than 0 has no trailing zero.
    fn new(mantissa: i64, power: i64) -> Result<Self, DecimalError> {
        if mantissa == 0 {
            return Ok(Self {
                mantissa,
                digits: 0,
            });
        }
        if power < 0 {
            let digits = u8::try_from(-power)
                .ok()
                .filter(|&digits| digits <= DIGITS_MAX);
            return Ok(Self {
                mantissa,
                digits: digits.ok_or(DecimalError::DoesNotFit)?,
            });
        }
        let factor = usize::try_from(power)
            .ok()
            .and_then(|power| POWERS_OF_TEN.get(power));
        let mantissa = factor.and_then(|factor| mantissa.checked_mul(*factor));
        Ok(Self {
            mantissa: mantissa.ok_or(DecimalError::DoesNotFit)?,
            digits: 0,
        })
    }

    /// The mantissa at `digits` decimals.
    ///
    /// # Errors
    /// `Finer` when decimals would be cut, `TooLarge` when it does not fit an i64.
    pub fn at(self, digits: u8) -> Result<i64, Misfit> {
        if self.mantissa == 0 {
            return Ok(0);
        }
        let steps = digits
            .checked_sub(self.digits)
            .ok_or(Misfit::Finer(self.digits))?;
        let factor = POWERS_OF_TEN.get(usize::from(steps));
        factor
            .and_then(|factor| self.mantissa.checked_mul(*factor))
            .ok_or(Misfit::TooLarge)
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at(count)
}

fn split_fraction(text: &[u8]) -> Result<(&[u8], &[u8]), DecimalError> {
    let [b'.', rest @ ..] = text else {
        return Ok((&[], text));
    };
    let (fraction, rest) = split_digits(rest);
    if fraction.is_empty() {
        Err(DecimalError::NotANumber)
    } else {
        Ok((fraction, rest))
    }
}

/// The exponent of ten behind `e`; 0 where there is none. Saturates far beyond any use.
fn read_power(text: &[u8]) -> Result<i64, DecimalError> {
    let [b'e' | b'E', rest @ ..] = text else {
        return if text.is_empty() {
            Ok(0)
        } else {
            Err(DecimalError::NotANumber)
        };
    };
    let (negative, rest) = match rest {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, rest),
    };
    let (digits, tail) = split_digits(rest);
    if digits.is_empty() || !tail.is_empty() {
        return Err(DecimalError::NotANumber);
    }
    let power = digits.iter().fold(0_i64, |power, digit| {
        power
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    Ok(if negative { -power } else { power })
}

/// The digits without trailing zeros as an integer, and how many zeros were cut.
fn significant(whole: &[u8], fraction: &[u8]) -> Result<(i64, i64), DecimalError> {
    let (mut mantissa, mut zeros) = (0_i64, 0_usize);
    for byte in whole.iter().chain(fraction) {
        if *byte == b'0' {
            zeros += 1;
            continue;
        }
        let factor = if mantissa == 0 {
            Some(&1)
        } else {
            POWERS_OF_TEN.get(zeros + 1)
        };
        let shifted = factor.and_then(|factor| mantissa.checked_mul(*factor));
        let sum = shifted.and_then(|value| value.checked_add(i64::from(byte - b'0')));
        mantissa = sum.ok_or(DecimalError::DoesNotFit)?;
        zeros = 0;
    }
    Ok((mantissa, zeros as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(i64, u8), DecimalError> {
        Decimal::parse(text.as_bytes()).map(|number| (number.mantissa, number.digits))
    }

    #[test]
    fn trailing_zeros_do_not_count_as_digits() {
        assert_eq!(read("61837.63000000"), Ok((6_183_763, 2)));
        assert_eq!(read("1000"), Ok((1000, 0)));
        assert_eq!(read("1000.000"), Ok((1000, 0)));
        assert_eq!(read("0.00000000"), Ok((0, 0)));
        assert_eq!(read("-0.50"), Ok((-5, 1)));
        assert_eq!(read("1000e-3"), Ok((1, 0)));
        assert_eq!(read("12.5E+1"), Ok((125, 0)));
        assert_eq!(read("1e-8"), Ok((1, 8)));
        assert_eq!(read("0e999999999999999999999"), Ok((0, 0)));
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_never_wraps() {
        assert_eq!(read("9223372036854775807"), Ok((i64::MAX, 0)));
        assert_eq!(read("-9223372036854775807"), Ok((-i64::MAX, 0)));
        let too_large = [
            "9223372036854775808",
            "-9223372036854775808",
            "1e19",
            "0.0000000000000000001",
            "1.0000000000000000001",
            "1e99999999999999999999",
            "1e-99999999999999999999",
        ];
        for text in too_large {
            assert_eq!(read(text), Err(DecimalError::DoesNotFit), "{text}");
        }
        assert_eq!(read("0.000000000000000001"), Ok((1, 18)));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let wrong = [
            "", "-", "+1", ".5", "1.", "01", "-01", "1e", "1e+", "1 ", " 1", "1.5.5", "0x1", "NaN",
            "Infinity", "1,5", "1_000", "--1", "1e5.5", "\u{661}",
        ];
        for text in wrong {
            assert_eq!(read(text), Err(DecimalError::NotANumber), "{text:?}");
        }
    }

    #[test]
    fn a_scale_takes_a_number_exactly_or_says_why_not() {
        let number = Decimal {
            mantissa: 6_183_763,
            digits: 2,
        };
        assert_eq!(number.at(2), Ok(6_183_763));
        assert_eq!(number.at(8), Ok(6_183_763_000_000));
        assert_eq!(number.at(1), Err(Misfit::Finer(2)));
        assert_eq!(number.at(18), Err(Misfit::TooLarge));
        assert_eq!(
            Decimal {
                mantissa: 0,
                digits: 0
            }
            .at(18),
            Ok(0)
        );
    }
}
