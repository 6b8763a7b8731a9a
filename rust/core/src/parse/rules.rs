//! What differs between venues of one dialect, as data.

use crate::record::venue;

/// How the deltas of a venue chain, which decides the fields that a delta must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// First id = previous last id + 1 (Binance spot).
    First,
    /// The record names the last id before it (Binance USD-M, `pu`).
    Previous,
}

/// One venue's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Venue id in records.
    pub venue: u8,
    /// Name in manifests.
    pub name: &'static str,
    /// How its deltas chain.
    pub chain: Chain,
}

/// All venues that can be parsed.
pub const ALL: [Rules; 2] = [
    Rules {
        venue: venue::BINANCE_SPOT,
        name: "binance-spot",
        chain: Chain::First,
    },
    Rules {
        venue: venue::BINANCE_USDM,
        name: "binance-usdm",
        chain: Chain::Previous,
    },
];

/// The rules of the venue called `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<Rules> {
    ALL.into_iter().find(|rules| rules.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_venue_is_found_by_its_name() {
        assert_eq!(
            by_name("binance-usdm").map(|rules| rules.chain),
            Some(Chain::Previous)
        );
        assert_eq!(by_name("binance"), None);
    }
}
