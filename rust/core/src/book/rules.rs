//! Sync rules as data: how a venue's deltas join its snapshots and each other.

use crate::record::market::Market;
use crate::record::venue;

/// The update ids of one delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateIds {
    /// First id inside (`U`).
    pub first: u64,
    /// Last id inside (`u`).
    pub last: u64,
    /// Last id of the delta before, where the venue says it (`pu`).
    pub previous: u64,
}

impl UpdateIds {
    /// Reads them from a market record that has its whole header.
    #[must_use]
    pub fn of(record: &[u8]) -> Self {
        Self {
            first: Market::first(record),
            last: Market::last(record),
            previous: Market::previous(record),
        }
    }
}

/// How a delta stands to a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The book holds all of it already.
    Old,
    /// It is the next one.
    Continues,
    /// Something between the book and this delta was missed.
    Missing,
}

/// What joins a delta to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// `U` is one more than the last `u`. An overlap (`U` lower, `u` higher) is applied too:
    /// quantities are absolute, and the venue's own procedure restarts only when `U` is
    /// larger.
    FirstId,
    /// `pu` equals the last `u`.
    PreviousId,
}

/// One venue's rule. Source: the venues' own guides to a local order book, mid-2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncRule {
    /// Whether a delta that ends exactly at the snapshot is old (spot) or the first (USD-M).
    pub drops_equal: bool,
    /// The first delta must contain the snapshot's id plus this.
    pub reach: u64,
    /// What joins the deltas after the first.
    pub chain: Chain,
}

/// Binance spot: drop `u ≤ last`; the first kept has `U ≤ last + 1 ≤ u`; then `U = u + 1`.
pub const BINANCE_SPOT: SyncRule = SyncRule {
    drops_equal: true,
    reach: 1,
    chain: Chain::FirstId,
};

/// Binance USD-M: drop `u < last`; the first kept has `U ≤ last ≤ u`; then `pu = u`.
pub const BINANCE_USDM: SyncRule = SyncRule {
    drops_equal: false,
    reach: 0,
    chain: Chain::PreviousId,
};

/// The rule of a venue by its id; `None` for a venue without one.
#[must_use]
pub fn for_venue(venue_id: u8) -> Option<SyncRule> {
    match venue_id {
        venue::BINANCE_SPOT => Some(BINANCE_SPOT),
        venue::BINANCE_USDM => Some(BINANCE_USDM),
        _ => None,
    }
}

impl SyncRule {
    /// Judges the first delta after a snapshot that stands at `last`.
    #[must_use]
    pub fn judge_first(&self, last: u64, ids: UpdateIds) -> Verdict {
        let old = ids.last < last || (self.drops_equal && ids.last == last);
        let continues = ids.first <= last.saturating_add(self.reach)
            || (self.chain == Chain::PreviousId && ids.previous == last);
        match (old, continues) {
            (true, _) => Verdict::Old,
            (false, true) => Verdict::Continues,
            (false, false) => Verdict::Missing,
        }
    }

    /// Judges a delta that follows another one, which ended at `last`.
    #[must_use]
    pub fn judge_next(&self, last: u64, ids: UpdateIds) -> Verdict {
        let continues = match self.chain {
            Chain::FirstId => ids.first <= last.saturating_add(1),
            Chain::PreviousId => ids.previous == last,
        };
        match (ids.last <= last, continues) {
            (true, _) => Verdict::Old,
            (false, true) => Verdict::Continues,
            (false, false) => Verdict::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(first: u64, last: u64, previous: u64) -> UpdateIds {
        UpdateIds {
            first,
            last,
            previous,
        }
    }

    #[test]
    fn spot_takes_the_first_that_holds_the_next_id() {
        let judge = |first, last| BINANCE_SPOT.judge_first(100, ids(first, last, 0));
        assert_eq!(judge(90, 100), Verdict::Old);
        assert_eq!(judge(95, 101), Verdict::Continues);
        assert_eq!(judge(101, 101), Verdict::Continues);
        assert_eq!(judge(102, 110), Verdict::Missing);
    }

    #[test]
    fn spot_then_chains_by_the_first_id() {
        let judge = |first, last| BINANCE_SPOT.judge_next(100, ids(first, last, 0));
        assert_eq!(judge(101, 104), Verdict::Continues);
        assert_eq!(judge(99, 104), Verdict::Continues);
        assert_eq!(judge(99, 100), Verdict::Old);
        assert_eq!(judge(102, 104), Verdict::Missing);
    }

    #[test]
    fn usdm_takes_the_first_that_holds_the_snapshot_id() {
        let judge =
            |first, last, previous| BINANCE_USDM.judge_first(100, ids(first, last, previous));
        assert_eq!(judge(90, 99, 89), Verdict::Old);
        assert_eq!(judge(90, 100, 89), Verdict::Continues);
        assert_eq!(judge(100, 105, 99), Verdict::Continues);
        assert_eq!(judge(103, 105, 100), Verdict::Continues);
        assert_eq!(judge(103, 105, 102), Verdict::Missing);
    }

    #[test]
    fn usdm_then_chains_by_the_previous_id() {
        let judge =
            |first, last, previous| BINANCE_USDM.judge_next(100, ids(first, last, previous));
        assert_eq!(judge(105, 110, 100), Verdict::Continues);
        assert_eq!(judge(90, 100, 89), Verdict::Old);
        assert_eq!(judge(101, 110, 101), Verdict::Missing);
    }

    #[test]
    fn ids_at_the_end_of_their_range_do_not_wrap() {
        assert_eq!(
            BINANCE_SPOT.judge_next(u64::MAX, ids(0, 0, 0)),
            Verdict::Old
        );
        assert_eq!(
            BINANCE_SPOT.judge_first(u64::MAX, ids(0, 5, 0)),
            Verdict::Old
        );
    }
}
