//! Bid and ask as a value, so that both sides of a book are one code.

/// One side of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Buyers; the highest price is the best.
    Bid = 0,
    /// Sellers; the lowest price is the best.
    Ask = 1,
}

impl Side {
    /// The side's number in a digest.
    pub fn number(self) -> u64 {
        self as u64 + 1
    }

    /// A key that grows with how good a price is. The complement turns the order around
    /// without the overflow that negation has at the smallest number.
    #[inline(always)]
    pub fn rank(self, price: i64) -> i64 {
        price ^ -(self as i64)
    }
}
