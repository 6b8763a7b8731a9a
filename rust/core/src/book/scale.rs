//! An instrument's scale: the two exponents its mantissas are written in.

use std::fmt;

/// Decimal exponents of one instrument: value = mantissa × 10^exponent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// Exponent of prices.
    pub price_exponent: i8,
    /// Exponent of quantities.
    pub quantity_exponent: i8,
}

/// A number that has no exact place in 64 bits at the scale that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoesNotFit {
    /// The scale the numbers had.
    pub from: Scale,
    /// The scale they were to have.
    pub to: Scale,
}

impl fmt::Display for DoesNotFit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "rescaling a book from price exponent {} and quantity exponent {} to {} and {}: a \
             number does not fit 64 bits exactly; this instrument stands still, correct its \
             tick and step sizes",
            self.from.price_exponent,
            self.from.quantity_exponent,
            self.to.price_exponent,
            self.to.quantity_exponent,
        )
    }
}

impl std::error::Error for DoesNotFit {}

impl Scale {
    /// The finer one of both, each exponent for itself.
    pub fn finer(self, other: Scale) -> Scale {
        Scale {
            price_exponent: self.price_exponent.min(other.price_exponent),
            quantity_exponent: self.quantity_exponent.min(other.quantity_exponent),
        }
    }

    /// The factors (price, quantity) that bring mantissas of `self` to the scale `to`, which
    /// must not be coarser.
    pub fn factors(self, to: Scale) -> Result<(i64, i64), DoesNotFit> {
        let factor = |from: i8, to: i8| {
            let digits = u32::try_from(i32::from(from) - i32::from(to)).ok()?;
            10_i64.checked_pow(digits)
        };
        let price = factor(self.price_exponent, to.price_exponent);
        let quantity = factor(self.quantity_exponent, to.quantity_exponent);
        price.zip(quantity).ok_or(DoesNotFit { from: self, to })
    }
}
