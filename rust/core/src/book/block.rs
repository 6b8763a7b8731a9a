//! A few neighbouring levels of a ladder, contiguous and sorted.

use std::hint::select_unpredictable;

/// Levels in a full block: eight cache lines, of which half move when a level comes or goes.
pub const CAPACITY: usize = 32;

/// A level by its rank: the key grows with how good the price is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// Rank of the price on its side.
    pub key: i64,
    /// What rests there.
    pub quantity: i64,
}

/// Behind the last level: a key that is below none, so that a search needs no length.
pub const NOBODY: Ranked = Ranked {
    key: i64::MAX,
    quantity: 0,
};

/// Up to [`CAPACITY`] levels in ascending order of their keys.
#[derive(Clone, Debug)]
pub struct Block {
    levels: [Ranked; CAPACITY],
    length: usize,
}

impl Block {
    /// Room without a level.
    pub const EMPTY: Self = Self {
        levels: [NOBODY; CAPACITY],
        length: 0,
    };

    /// The levels, worst first.
    #[inline]
    pub fn levels(&self) -> &[Ranked] {
        &self.levels[..self.length]
    }

    /// The levels, for changes that keep their order.
    pub fn levels_mut(&mut self) -> &mut [Ranked] {
        &mut self.levels[..self.length]
    }

    /// Whether there is no room for one more.
    pub fn is_full(&self) -> bool {
        self.length == CAPACITY
    }

    /// One step of a search from `place` over the `half` levels behind it.
    #[inline(always)]
    pub fn step(&self, place: usize, half: usize, key: i64) -> usize {
        let probe = self.levels[(place + half - 1) % CAPACITY].key;
        select_unpredictable(probe < key, place + half, place)
    }

    /// First place whose key is not below `key`; as many steps for a full block as for one
    /// that is almost empty, so that no step has to be guessed.
    #[inline(always)]
    pub fn find(&self, key: i64) -> usize {
        let mut place = 0;
        let mut half = CAPACITY / 2;
        while half > 0 {
            place = self.step(place, half, key);
            half /= 2;
        }
        self.step(place, 1, key)
    }

    /// Puts a level at its place; the block is not full.
    pub fn insert(&mut self, place: usize, level: Ranked) {
        self.levels.copy_within(place..self.length, place + 1);
        self.levels[place] = level;
        self.length += 1;
    }

    /// Takes a level out.
    pub fn remove(&mut self, place: usize) {
        self.levels.copy_within(place + 1..self.length, place);
        self.length -= 1;
        self.levels[self.length] = NOBODY;
    }

    /// Takes the `count` worst levels out.
    pub fn remove_worst(&mut self, count: usize) {
        self.levels.copy_within(count..self.length, 0);
        self.levels[self.length - count..].fill(NOBODY);
        self.length -= count;
    }

    /// Moves the better half into an empty block.
    pub fn split_into(&mut self, upper: &mut Block) {
        let middle = self.length / 2;
        upper.fill(&self.levels[middle..self.length]);
        self.levels[middle..].fill(NOBODY);
        self.length = middle;
    }

    /// Replaces the contents.
    pub fn fill(&mut self, levels: &[Ranked]) {
        self.levels[..levels.len()].copy_from_slice(levels);
        self.levels[levels.len()..].fill(NOBODY);
        self.length = levels.len();
    }

    /// Adds better levels behind its own; there is room.
    pub fn append(&mut self, better: &Block) {
        let end = self.length + better.length;
        self.levels[self.length..end].copy_from_slice(better.levels());
        self.length = end;
    }
}
