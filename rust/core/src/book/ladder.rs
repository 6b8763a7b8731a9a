//! One side of a book: sorted levels in contiguous blocks, the best one at the cheap end.
//!
//! One long array moves half of all levels for every one that comes or goes deep in the book;
//! blocks of 32 move a few lines. The blocks' lowest keys stand in one array of their own, so
//! that a search touches few lines, and the searches of a delta run side by side.

use std::cmp::Reverse;
use std::hint::select_unpredictable;

use super::block::{Block, CAPACITY, NOBODY, Ranked};
use super::side::Side;
use crate::record::market::Level;

/// How many searches run side by side.
const LANES: usize = 4;
/// How many changes are searched before they are carried out; when blocks move, the rest of
/// these is searched again.
const WINDOW: usize = 32;
/// Levels in a block that a snapshot fills: room for some more.
const FILLED: usize = CAPACITY * 3 / 4;
/// A block that falls below this many levels joins a neighbour, if both then have room left.
const SPARSE: usize = CAPACITY / 4;

/// One change on its way to its place.
#[derive(Clone, Copy, Debug)]
struct Change {
    level: Ranked,
    block: usize,
    place: usize,
}

/// Sorted levels of one side.
#[derive(Clone, Debug)]
pub struct Ladder {
    side: Side,
    /// Memory of all blocks, used and spare.
    blocks: Vec<Block>,
    /// Blocks in use, worst first; there is always one.
    order: Vec<u32>,
    /// No key of a block is below its floor, all keys of the block before it are. The first
    /// block takes what is below all floors.
    floors: Vec<i64>,
    spare: Vec<u32>,
    length: usize,
    changes: Vec<Change>,
}

impl Ladder {
    /// An empty side.
    pub fn new(side: Side) -> Self {
        Self {
            side,
            blocks: vec![Block::EMPTY],
            order: vec![0],
            floors: vec![i64::MIN],
            spare: Vec::new(),
            length: 0,
            changes: Vec::new(),
        }
    }

    /// Which side this is.
    pub fn side(&self) -> Side {
        self.side
    }

    /// Number of levels.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing rests here.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The best level.
    pub fn best(&self) -> Option<Level> {
        self.iter().next()
    }

    /// The worst level.
    pub fn worst(&self) -> Option<Level> {
        self.block(0)
            .levels()
            .first()
            .map(|ranked| self.shown(ranked))
    }

    /// Levels from best to worst.
    pub fn iter(&self) -> impl Iterator<Item = Level> + '_ {
        let blocks = self.order.iter().rev().map(|id| &self.blocks[*id as usize]);
        let levels = blocks.flat_map(|block| block.levels().iter().rev());
        levels.map(|ranked| self.shown(ranked))
    }

    /// The level `rank` places behind the best (0 = best).
    pub fn at_rank(&self, rank: usize) -> Option<Level> {
        self.iter().nth(rank)
    }

    fn shown(&self, ranked: &Ranked) -> Level {
        Level {
            price: self.side.rank(ranked.key),
            quantity: ranked.quantity,
        }
    }

    fn ranked(&self, level: Level) -> Ranked {
        Ranked {
            key: self.side.rank(level.price),
            quantity: level.quantity,
        }
    }

    fn block(&self, index: usize) -> &Block {
        &self.blocks[self.order[index] as usize]
    }

    fn block_mut(&mut self, index: usize) -> &mut Block {
        &mut self.blocks[self.order[index] as usize]
    }

    /// Forgets every level, keeps the memory.
    pub fn clear(&mut self) {
        self.spare.extend(self.order.drain(1..));
        self.floors.truncate(1);
        self.block_mut(0).fill(&[]);
        self.length = 0;
    }

    /// Inserts, replaces or (quantity 0) removes levels; of equal prices the last one stands.
    /// `changed` gets each level that changed and the quantity that was there before (0: none).
    pub fn apply(
        &mut self,
        levels: impl Iterator<Item = Level>,
        mut changed: impl FnMut(Level, i64),
    ) {
        let mut changes = self.sorted(levels);
        for window in changes.chunks_mut(WINDOW) {
            self.carry_out(window, &mut changed);
        }
        changes.clear();
        self.changes = changes;
    }

    /// The changes from the best to the worst, of equal prices the last one only.
    fn sorted(&mut self, levels: impl Iterator<Item = Level>) -> Vec<Change> {
        let mut changes = std::mem::take(&mut self.changes);
        changes.extend(levels.enumerate().map(|(place, level)| Change {
            level: self.ranked(level),
            block: 0,
            place,
        }));
        let key = |change: &Change| change.level.key;
        if changes.is_sorted_by(|one, next| key(one) < key(next)) {
            changes.reverse();
        } else if !changes.is_sorted_by(|one, next| key(one) > key(next)) {
            // Venues sort their deltas; this is for those that do not.
            changes.sort_unstable_by_key(|change| Reverse((key(change), change.place)));
            changes.dedup_by_key(|change| change.level.key);
        }
        changes
    }

    /// From the best to the worst: what comes or goes leaves the places below it as they are.
    fn carry_out(&mut self, changes: &mut [Change], changed: &mut impl FnMut(Level, i64)) {
        self.search(changes);
        for index in 0..changes.len() {
            let change = changes[index];
            let block = self.block_mut(change.block);
            let found = block.levels_mut().get_mut(change.place);
            let found = found.filter(|found| found.key == change.level.key);
            let before = found.as_ref().map_or(0, |found| found.quantity);
            let mut has_moved = false;
            match (found, change.level.quantity) {
                (None, 0) => continue,
                (Some(found), quantity) if quantity != 0 => found.quantity = quantity,
                (Some(_), _) => has_moved = self.remove(change),
                (None, _) => has_moved = self.insert(change),
            }
            changed(self.shown(&change.level), before);
            if has_moved {
                self.search(&mut changes[index + 1..]);
            }
        }
    }

    /// Finds the places of all changes, several at a time: none waits for another's memory.
    fn search(&self, changes: &mut [Change]) {
        let mut lanes = changes.chunks_exact_mut(LANES);
        for lane in &mut lanes {
            if let Ok(lane) = <&mut [Change; LANES]>::try_from(lane) {
                self.search_lanes(lane);
            }
        }
        for change in lanes.into_remainder() {
            self.search_lanes(std::array::from_mut(change));
        }
    }

    #[inline(always)]
    fn search_lanes<const WIDTH: usize>(&self, changes: &mut [Change; WIDTH]) {
        let keys: [i64; WIDTH] = std::array::from_fn(|lane| changes[lane].level.key);
        let mut blocks = [0; WIDTH];
        let mut size = self.floors.len();
        while size > 1 {
            let half = size / 2;
            for lane in 0..WIDTH {
                let middle = blocks[lane] + half;
                let is_here = self.floors[middle] <= keys[lane];
                blocks[lane] = select_unpredictable(is_here, middle, blocks[lane]);
            }
            size -= half;
        }
        let found: [&Block; WIDTH] = std::array::from_fn(|lane| self.block(blocks[lane]));
        let mut places = [0; WIDTH];
        let mut half = CAPACITY / 2;
        while half > 0 {
            for lane in 0..WIDTH {
                places[lane] = found[lane].step(places[lane], half, keys[lane]);
            }
            half /= 2;
        }
        for lane in 0..WIDTH {
            changes[lane].block = blocks[lane];
            changes[lane].place = found[lane].step(places[lane], 1, keys[lane]);
        }
    }

    /// Puts a level in; true when blocks moved and places have to be searched again.
    fn insert(&mut self, change: Change) -> bool {
        self.length += 1;
        let block = self.block_mut(change.block);
        if !block.is_full() {
            block.insert(change.place, change.level);
            return false;
        }
        let upper = self.take_spare();
        let lower = self.order[change.block] as usize;
        let mut better = std::mem::replace(&mut self.blocks[upper as usize], Block::EMPTY);
        self.blocks[lower].split_into(&mut better);
        let floor = better.levels()[0].key;
        let target = if change.level.key < floor {
            &mut self.blocks[lower]
        } else {
            &mut better
        };
        target.insert(target.find(change.level.key), change.level);
        self.blocks[upper as usize] = better;
        self.order.insert(change.block + 1, upper);
        self.floors.insert(change.block + 1, floor);
        true
    }

    fn take_spare(&mut self) -> u32 {
        self.spare.pop().unwrap_or_else(|| {
            self.blocks.push(Block::EMPTY);
            self.blocks.len() as u32 - 1
        })
    }

    /// Takes a level out; true when blocks moved and places have to be searched again.
    fn remove(&mut self, change: Change) -> bool {
        self.length -= 1;
        self.block_mut(change.block).remove(change.place);
        let length = self.block(change.block).levels().len();
        if length >= SPARSE {
            return false;
        }
        let room = |index: usize| {
            let neighbour = self.order.get(index)?;
            let joined = self.blocks[*neighbour as usize].levels().len() + length;
            (joined <= FILLED).then_some(index)
        };
        let worse = change.block.checked_sub(1).and_then(room);
        let lower = worse.or_else(|| room(change.block + 1).map(|_| change.block));
        if let Some(lower) = lower {
            self.join(lower);
        }
        lower.is_some()
    }

    /// Joins a block with the better one behind it.
    fn join(&mut self, lower: usize) {
        let upper = self.order.remove(lower + 1);
        self.floors.remove(lower + 1);
        let better = std::mem::replace(&mut self.blocks[upper as usize], Block::EMPTY);
        self.block_mut(lower).append(&better);
        self.spare.push(upper);
    }

    /// Takes whole new contents, in any order; of equal prices the last one given stands.
    /// Quantities of 0 are left out.
    pub fn replace(&mut self, levels: impl Iterator<Item = Level>) {
        self.clear();
        let mut changes = self.sorted(levels.filter(|level| level.quantity != 0));
        changes.reverse();
        self.length = changes.len();
        let mut filled = [NOBODY; FILLED];
        for (index, part) in changes.chunks(FILLED).enumerate() {
            for (slot, change) in filled.iter_mut().zip(part) {
                *slot = change.level;
            }
            if index > 0 {
                let id = self.take_spare();
                self.order.push(id);
                self.floors.push(filled[0].key);
            }
            self.block_mut(index).fill(&filled[..part.len()]);
        }
        changes.clear();
        self.changes = changes;
    }

    /// Drops the worst levels beyond `keep` and tells each to `dropped`.
    pub fn prune(&mut self, keep: usize, mut dropped: impl FnMut(Level)) {
        while self.length > keep {
            let excess = self.length - keep;
            let worst = self.block(0).levels();
            let count = worst.len().min(excess);
            worst[..count]
                .iter()
                .for_each(|ranked| dropped(self.shown(ranked)));
            self.block_mut(0).remove_worst(count);
            self.length -= count;
            if self.block(0).levels().is_empty() && self.order.len() > 1 {
                self.spare.push(self.order.remove(0));
                self.floors.remove(0);
            }
        }
    }

    /// Multiplies every price and quantity; false, and nothing changed, where one would not
    /// fit 64 bits.
    pub fn scale(&mut self, price_factor: i64, quantity_factor: i64) -> bool {
        let fits = |level: Level| {
            level.price.checked_mul(price_factor).is_some()
                && level.quantity.checked_mul(quantity_factor).is_some()
        };
        if !self.iter().all(fits) {
            return false;
        }
        let scaled: Vec<Level> = self
            .iter()
            .map(|level| Level {
                price: level.price * price_factor,
                quantity: level.quantity * quantity_factor,
            })
            .collect();
        self.replace(scaled.into_iter());
        true
    }
}
