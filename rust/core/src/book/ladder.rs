//! One side of a book: levels in one contiguous sorted array, the best one at the cheap end.

use super::side::Side;
use crate::record::market::Level;

/// What one upsert changed; the quantity that was there before goes into the digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new level.
    Inserted,
    /// The level was there with this quantity.
    Replaced(i64),
    /// The level was there with this quantity and is gone.
    Removed(i64),
    /// Removal of a level that is not there: ordinary at venues that truncate.
    Missing,
}

/// Sorted levels of one side. The vector's end is the best price, so that what changes most
/// moves least.
#[derive(Clone, Debug)]
pub struct Ladder {
    side: Side,
    levels: Vec<Level>,
}

/// How many levels from the starting point are looked at one by one before steps double.
const LINEAR_STEPS: usize = 4;

impl Ladder {
    /// An empty side.
    pub fn new(side: Side) -> Self {
        Self {
            side,
            levels: Vec::new(),
        }
    }

    /// Which side this is.
    pub fn side(&self) -> Side {
        self.side
    }

    /// Number of levels.
    pub fn len(&self) -> usize {
        self.levels.len()
    }

    /// Whether nothing rests here.
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// The best level.
    pub fn best(&self) -> Option<Level> {
        self.levels.last().copied()
    }

    /// The worst level.
    pub fn worst(&self) -> Option<Level> {
        self.levels.first().copied()
    }

    /// Levels from best to worst.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Level> {
        self.levels.iter().rev()
    }

    /// The level `rank` places behind the best (0 = best).
    pub fn at_rank(&self, rank: usize) -> Option<Level> {
        let index = self.levels.len().checked_sub(rank + 1)?;
        Some(self.levels[index])
    }

    /// Forgets every level, keeps the memory.
    pub fn clear(&mut self) {
        self.levels.clear();
    }

    /// Inserts, replaces or (quantity 0) removes one level. `hint` is the place that the last
    /// call returned, or `len()` for the best: deltas are sorted, so the next place is near.
    pub fn upsert(&mut self, level: Level, hint: usize) -> (Change, usize) {
        let place = self.find(level.price, hint);
        let present = self
            .levels
            .get(place)
            .is_some_and(|found| found.price == level.price);
        let change = match (present, level.quantity) {
            (true, 0) => Change::Removed(self.levels.remove(place).quantity),
            (false, 0) => Change::Missing,
            (true, quantity) => {
                let before = std::mem::replace(&mut self.levels[place].quantity, quantity);
                Change::Replaced(before)
            }
            (false, _) => {
                self.levels.insert(place, level);
                Change::Inserted
            }
        };
        (change, place)
    }

    /// First index whose price is not worse than `price`, searched from `hint` outwards:
    /// step by step at first, then in doubled steps, then by halves between the last two.
    fn find(&self, price: i64, hint: usize) -> usize {
        let key = self.side.rank(price);
        let hint = hint.min(self.levels.len());
        if hint > 0 && self.key(hint - 1) >= key {
            self.find_below(key, hint - 1)
        } else {
            self.find_above(key, hint)
        }
    }

    /// `key(from) >= key` holds; looks towards the worst.
    fn find_below(&self, key: i64, from: usize) -> usize {
        let mut high = from;
        for _ in 0..LINEAR_STEPS {
            if high == 0 || self.key(high - 1) < key {
                return high;
            }
            high -= 1;
        }
        let mut step = LINEAR_STEPS;
        while high >= step && self.key(high - step) >= key {
            high -= step;
            step *= 2;
        }
        self.halve(key, high.saturating_sub(step), high)
    }

    /// Every level before `from` is below `key`; looks towards the best.
    fn find_above(&self, key: i64, from: usize) -> usize {
        let length = self.levels.len();
        let mut low = from;
        for _ in 0..LINEAR_STEPS {
            if low == length || self.key(low) >= key {
                return low;
            }
            low += 1;
        }
        let mut step = LINEAR_STEPS;
        while low + step <= length && self.key(low + step - 1) < key {
            low += step;
            step *= 2;
        }
        self.halve(key, low, (low + step).min(length))
    }

    /// First index in `low..high` that is not below `key`, or `high`.
    fn halve(&self, key: i64, low: usize, high: usize) -> usize {
        let side = self.side;
        low + self.levels[low..high].partition_point(|level| side.rank(level.price) < key)
    }

    fn key(&self, index: usize) -> i64 {
        self.side.rank(self.levels[index].price)
    }

    /// Takes whole new contents, in any order; of equal prices the last one given stands.
    /// Quantities of 0 are left out. The venue's order (best first) costs one pass.
    pub fn replace(&mut self, levels: impl Iterator<Item = Level>) {
        self.levels.clear();
        self.levels
            .extend(levels.filter(|level| level.quantity != 0));
        let side = self.side;
        self.levels.reverse();
        let sorted = |pair: &[Level]| side.rank(pair[0].price) < side.rank(pair[1].price);
        if self.levels.windows(2).all(sorted) {
            return;
        }
        // The reversal put the last one given first among equals, and the sort keeps that.
        self.levels.sort_by_key(|level| side.rank(level.price));
        self.levels.dedup_by_key(|level| level.price);
    }

    /// Drops the worst levels beyond `keep` and tells each to `dropped`.
    pub fn prune(&mut self, keep: usize, mut dropped: impl FnMut(Level)) {
        let excess = self.levels.len().saturating_sub(keep);
        if excess > 0 {
            self.levels.drain(..excess).for_each(&mut dropped);
        }
    }

    /// Multiplies every price and quantity; false, and nothing changed, where one would not
    /// fit 64 bits.
    pub fn scale(&mut self, price_factor: i64, quantity_factor: i64) -> bool {
        let fits = |level: &Level| {
            level.price.checked_mul(price_factor).is_some()
                && level.quantity.checked_mul(quantity_factor).is_some()
        };
        if !self.levels.iter().all(fits) {
            return false;
        }
        for level in &mut self.levels {
            level.price *= price_factor;
            level.quantity *= quantity_factor;
        }
        true
    }
}
