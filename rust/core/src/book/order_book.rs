//! One instrument's book: two ladders, their scale, what is known of them, their digest.

use super::ladder::Ladder;
use super::scale::{DoesNotFit, Scale};
use super::side::Side;
use crate::record::digest;
use crate::record::market::Level;

/// A whole book. It knows nothing of update ids beyond the last one it was told.
#[derive(Clone, Debug)]
pub struct OrderBook {
    bids: Ladder,
    asks: Ladder,
    scale: Scale,
    digest: u64,
    horizons: [Option<i64>; 2],
    levels_max: usize,
}

impl OrderBook {
    /// An empty book. `levels_max` bounds each side where the venue truncates its books
    /// (`usize::MAX`: the venue does not).
    pub fn new(levels_max: usize) -> Self {
        Self {
            bids: Ladder::new(Side::Bid),
            asks: Ladder::new(Side::Ask),
            scale: Scale::default(),
            digest: 0,
            horizons: [None; 2],
            levels_max,
        }
    }

    /// The buyers' side.
    pub fn bids(&self) -> &Ladder {
        &self.bids
    }

    /// The sellers' side.
    pub fn asks(&self) -> &Ladder {
        &self.asks
    }

    /// The scale of every mantissa in this book.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Σ mix64(side, price, quantity) over all levels, kept up to date by every change.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Whether nothing rests on either side.
    pub fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }

    /// Whether the best bid reaches the best ask: a venue's book never does.
    pub fn is_crossed(&self) -> bool {
        match (self.bids.best(), self.asks.best()) {
            (Some(bid), Some(ask)) => bid.price >= ask.price,
            _ => false,
        }
    }

    /// Best ask minus best bid, as a price mantissa.
    pub fn spread(&self) -> Option<i64> {
        self.asks.best()?.price.checked_sub(self.bids.best()?.price)
    }

    /// Best bid plus best ask: twice the mid price, because half a tick has no mantissa.
    pub fn twice_mid(&self) -> Option<i128> {
        Some(i128::from(self.asks.best()?.price) + i128::from(self.bids.best()?.price))
    }

    /// Forgets every level; memory, scale and bounds stay.
    pub fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
        self.digest = 0;
        self.horizons = [None; 2];
    }

    /// Takes a snapshot in its own scale (never coarser than what was seen: the caller has
    /// brought it to [`Self::scale`]).
    pub fn replace(
        &mut self,
        bids: impl Iterator<Item = Level>,
        asks: impl Iterator<Item = Level>,
    ) {
        self.bids.replace(bids);
        self.asks.replace(asks);
        self.digest = sum(&self.bids).wrapping_add(sum(&self.asks));
        self.horizons = [None; 2];
        self.prune();
    }

    /// States that the venue told of no level worse than the worst one now here, on each side
    /// that holds at least `snapshot_levels` (what the venue was asked for).
    pub fn limit_to_snapshot(&mut self, snapshot_levels: usize) {
        let known = |ladder: &Ladder| {
            let worst = ladder.worst().map(|level| level.price);
            worst.filter(|_| ladder.len() >= snapshot_levels)
        };
        self.horizons = [known(&self.bids), known(&self.asks)];
    }

    /// Upserts a delta's levels; quantity 0 removes. Mantissas are in [`Self::scale`].
    pub fn apply(&mut self, bids: impl Iterator<Item = Level>, asks: impl Iterator<Item = Level>) {
        self.digest = self.digest.wrapping_add(upsert_all(&mut self.bids, bids));
        self.digest = self.digest.wrapping_add(upsert_all(&mut self.asks, asks));
        self.prune();
    }

    fn prune(&mut self) {
        let Self {
            bids,
            asks,
            digest,
            levels_max,
            ..
        } = self;
        for ladder in [bids, asks] {
            let side = ladder.side();
            ladder.prune(*levels_max, |level| {
                *digest = digest.wrapping_sub(mix(side, level));
            });
        }
    }

    /// Brings the book to a scale that is at least as fine as its own; nothing changes where
    /// one number would not fit.
    pub fn rescale(&mut self, to: Scale) -> Result<(), DoesNotFit> {
        if to == self.scale {
            return Ok(());
        }
        let refusal = DoesNotFit {
            from: self.scale,
            to,
        };
        let (price, quantity) = self.scale.factors(to)?;
        let mut bids = self.bids.clone();
        let mut horizons = self.horizons;
        for horizon in horizons.iter_mut().flatten() {
            *horizon = horizon.checked_mul(price).ok_or(refusal)?;
        }
        if !bids.scale(price, quantity) || !self.asks.scale(price, quantity) {
            return Err(refusal);
        }
        self.bids = bids;
        self.horizons = horizons;
        self.scale = to;
        self.digest = sum(&self.bids).wrapping_add(sum(&self.asks));
        Ok(())
    }

    /// Whether the best `depth` levels reach beyond what the snapshot told, so that levels
    /// may be missing among them.
    pub fn is_truncated_within(&self, depth: usize) -> bool {
        let reaches = |ladder: &Ladder, horizon: Option<i64>| {
            let Some(horizon) = horizon else { return false };
            let last = depth.checked_sub(1).and_then(|rank| ladder.at_rank(rank));
            let side = ladder.side();
            last.is_none_or(|level| side.rank(level.price) < side.rank(horizon))
        };
        reaches(&self.bids, self.horizons[0]) || reaches(&self.asks, self.horizons[1])
    }

    /// Whether any level may be unknown, however deep.
    pub fn is_truncated(&self) -> bool {
        self.horizons.iter().any(Option::is_some)
    }

    /// The worst price the snapshot told of on one side, if it told of some only.
    pub fn horizon(&self, side: Side) -> Option<i64> {
        self.horizons[side as usize]
    }
}

#[inline]
fn mix(side: Side, level: Level) -> u64 {
    digest::mix_level(side.number(), level.price, level.quantity)
}

/// A ladder's share of the digest, from nothing.
fn sum(ladder: &Ladder) -> u64 {
    let side = ladder.side();
    ladder
        .iter()
        .fold(0, |sum, level| sum.wrapping_add(mix(side, level)))
}

/// Upserts all levels and returns by how much the digest changes.
fn upsert_all(ladder: &mut Ladder, levels: impl Iterator<Item = Level>) -> u64 {
    let side = ladder.side();
    let mut digest = 0_u64;
    ladder.apply(levels, |level, before| {
        if before != 0 {
            let gone = Level {
                quantity: before,
                ..level
            };
            digest = digest.wrapping_sub(mix(side, gone));
        }
        if level.quantity != 0 {
            digest = digest.wrapping_add(mix(side, level));
        }
    });
    digest
}
