//! The digest of a book: a wrapping sum over its levels, so that it can be kept up to date.

/// Side of a level in the digest.
pub mod side {
    /// Bids.
    pub const BID: u64 = 1;
    /// Asks.
    pub const ASK: u64 = 2;
}

/// Mixes one level to 64 bits; a book's digest is the wrapping sum over all its levels.
///
/// The finaliser is that of splitmix64; the factors keep side, price and quantity apart.
#[inline]
#[must_use]
#[expect(
    clippy::cast_sign_loss,
    reason = "the two's complement bits are what is mixed"
)]
pub const fn mix_level(side: u64, price: i64, quantity: i64) -> u64 {
    let price = (price as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let quantity = (quantity as u64)
        .wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
        .rotate_left(31);
    mix64(price ^ quantity ^ side.wrapping_mul(0x1656_67B1_9E37_79F9))
}

/// The finaliser of splitmix64.
#[inline]
#[must_use]
pub const fn mix64(mut z: u64) -> u64 {
    z ^= z >> 30;
    z = z.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z ^= z >> 27;
    z = z.wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finaliser_is_that_of_splitmix64() {
        // First output of splitmix64 with seed 0: the finaliser of the golden gamma.
        assert_eq!(mix64(0x9E37_79B9_7F4A_7C15), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn side_price_and_quantity_each_change_the_digest() {
        let values = [
            mix_level(side::BID, 100, 5),
            mix_level(side::ASK, 100, 5),
            mix_level(side::BID, 101, 5),
            mix_level(side::BID, 100, 6),
            mix_level(side::BID, 5, 100),
            mix_level(side::BID, -100, 5),
        ];
        for (index, value) in values.iter().enumerate() {
            assert!(
                !values[..index].contains(value),
                "value {index} repeats an earlier one"
            );
        }
    }

    #[test]
    fn a_known_level_has_a_known_digest() {
        assert_eq!(
            mix_level(side::BID, 6_183_763, 378_826),
            0x02A1_2441_D015_9A8E
        );
    }
}
