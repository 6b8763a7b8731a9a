//! Mantissas as people write them.

/// Exact decimal text of mantissa × 10^exponent, without trailing zeros.
#[must_use]
pub fn decimal_text(mantissa: i64, exponent: i8) -> String {
    if mantissa == 0 {
        return "0".to_owned();
    }
    let sign = if mantissa < 0 { "-" } else { "" };
    let digits = mantissa.unsigned_abs().to_string();
    let decimals = usize::from(exponent.unsigned_abs());
    if exponent >= 0 {
        return format!("{sign}{digits}{}", "0".repeat(decimals));
    }
    let padded = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::decimal_text;

    #[test]
    fn the_text_is_exact_and_short() {
        assert_eq!(decimal_text(6_160_201, -2), "61602.01");
        assert_eq!(decimal_text(167_177_000, -8), "1.67177");
        assert_eq!(decimal_text(-5, -3), "-0.005");
        assert_eq!(decimal_text(1200, -2), "12");
        assert_eq!(decimal_text(12, 3), "12000");
        assert_eq!(decimal_text(0, -8), "0");
        assert_eq!(decimal_text(i64::MIN, 0), i64::MIN.to_string());
    }
}
