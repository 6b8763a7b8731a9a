//! Exact rescaling of decimal mantissas. Exponents may only grow finer (smaller).

/// 10^0 … 10^18, all that an i64 holds.
pub const POWERS_OF_TEN: [i64; 19] = {
    let mut powers = [1_i64; 19];
    let mut index = 1;
    while index < powers.len() {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

/// The same number at the finer exponent `to`.
///
/// `None` when it does not fit an i64 there, or when `to` is coarser than `from` and digits
/// would be cut; 0 fits everywhere.
#[inline]
#[must_use]
pub fn rescale(mantissa: i64, from: i8, to: i8) -> Option<i64> {
    if from == to || mantissa == 0 {
        return Some(mantissa);
    }
    let steps = i16::from(from) - i16::from(to);
    let steps = usize::try_from(steps).ok()?;
    mantissa.checked_mul(*POWERS_OF_TEN.get(steps)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mantissa_is_rescaled_exactly_or_not_at_all() {
        assert_eq!(rescale(6_183_763, -2, -8), Some(6_183_763_000_000));
        assert_eq!(rescale(-5, 0, -1), Some(-50));
        assert_eq!(rescale(7, -3, -3), Some(7));
        assert_eq!(rescale(700, -3, -1), None, "coarser would cut digits");
        assert_eq!(rescale(i64::MAX / 10 + 1, 0, -1), None, "too large there");
        assert_eq!(rescale(1, 0, -19), None, "ten to the 19th does not fit");
        assert_eq!(rescale(0, 127, -128), Some(0));
        assert_eq!(rescale(0, -3, 4), Some(0));
    }
}
