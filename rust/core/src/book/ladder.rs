//! One side of a book: levels in one contiguous sorted array, the best one at the cheap end.

use std::cmp::Ordering;

use super::side::Side;
use crate::record::market::Level;

/// One level that comes or (quantity 0) goes, and its place before anything moved.
#[derive(Clone, Copy, Debug)]
struct Edit {
    place: usize,
    level: Level,
}

/// Sorted levels of one side. The vector's end is the best price, so that what changes most
/// moves least.
#[derive(Clone, Debug)]
pub struct Ladder {
    side: Side,
    levels: Vec<Level>,
    edits: Vec<Edit>,
}

/// How many levels from the starting point are looked at one by one before steps double.
const LINEAR_STEPS: usize = 4;

impl Edit {
    /// By how much what is better moves.
    fn shift(&self) -> isize {
        if self.level.quantity == 0 { -1 } else { 1 }
    }
}

impl Ladder {
    /// An empty side.
    pub fn new(side: Side) -> Self {
        Self {
            side,
            levels: Vec::new(),
            edits: Vec::new(),
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

    /// Inserts, replaces or (quantity 0) removes levels, in their order. `changed` gets each
    /// level that changed and the quantity that was there before (0: none).
    ///
    /// Venues sort their deltas. Along a sorted stretch each search starts where the last one
    /// ended, and what lies between two changes moves once, however many changes there are.
    pub fn apply(
        &mut self,
        levels: impl Iterator<Item = Level>,
        mut changed: impl FnMut(Level, i64),
    ) {
        let mut place = self.levels.len();
        let mut last_key = None;
        let mut course = Ordering::Equal;
        for level in levels {
            let key = self.side.rank(level.price);
            let step = last_key.map_or(Ordering::Equal, |last: i64| key.cmp(&last));
            if last_key.is_some() && (step != course || step == Ordering::Equal) {
                let goes_on = course == Ordering::Equal && step != Ordering::Equal;
                if !goes_on {
                    self.settle(course);
                    place = place.min(self.levels.len());
                }
                course = if goes_on { step } else { Ordering::Equal };
            }
            last_key = Some(key);
            place = self.find(key, place);
            self.note(level, place, &mut changed);
        }
        self.settle(course);
    }

    /// Replaces a quantity at once; what comes or goes waits for [`Self::settle`].
    #[inline(always)]
    fn note(&mut self, level: Level, place: usize, changed: &mut impl FnMut(Level, i64)) {
        let found = self
            .levels
            .get_mut(place)
            .filter(|found| found.price == level.price);
        let before = match found {
            Some(found) if level.quantity != 0 => {
                std::mem::replace(&mut found.quantity, level.quantity)
            }
            Some(found) => {
                let before = found.quantity;
                self.edits.push(Edit { place, level });
                before
            }
            None if level.quantity != 0 => {
                self.edits.push(Edit { place, level });
                0
            }
            None => return,
        };
        changed(level, before);
    }

    /// Carries out the edits of one sorted stretch. What lies between two edits moves by the
    /// number of levels that came minus those that went on its worse side: first everything
    /// that moves towards the worst, from there on, then the rest, from the best.
    fn settle(&mut self, course: Ordering) {
        if course == Ordering::Less {
            self.edits.reverse();
        }
        let count = self.levels.len();
        let came = self
            .edits
            .iter()
            .filter(|edit| edit.level.quantity != 0)
            .count();
        let after = count + came - (self.edits.len() - came);
        self.levels.resize(
            count.max(after),
            Level {
                price: 0,
                quantity: 0,
            },
        );
        let mut shift = 0_isize;
        for index in 0..self.edits.len() {
            shift += self.edits[index].shift();
            if shift < 0 {
                self.shift_behind(index, shift, count);
            }
        }
        for index in (0..self.edits.len()).rev() {
            if shift > 0 {
                self.shift_behind(index, shift, count);
            }
            shift -= self.edits[index].shift();
        }
        for edit in &self.edits {
            if edit.level.quantity != 0 {
                self.levels[edit.place.wrapping_add_signed(shift)] = edit.level;
            }
            shift += edit.shift();
        }
        self.levels.truncate(after);
        self.edits.clear();
    }

    /// Moves the levels between one edit and the next.
    #[inline(always)]
    fn shift_behind(&mut self, index: usize, shift: isize, count: usize) {
        let edit = self.edits[index];
        let start = edit.place + usize::from(edit.level.quantity == 0);
        let end = self.edits.get(index + 1).map_or(count, |next| next.place);
        self.levels
            .copy_within(start..end, start.wrapping_add_signed(shift));
    }

    /// First index whose key is not below `key`, searched from `hint` outwards:
    /// step by step at first, then in doubled steps, then by halves between the last two.
    fn find(&self, key: i64, hint: usize) -> usize {
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
