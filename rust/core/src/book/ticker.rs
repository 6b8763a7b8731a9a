//! The ticker proof: a venue's own best prices at an update id must equal the book's.

use super::order_book::OrderBook;
use super::scale::Scale;
use crate::record::exponent;
use crate::record::market::{self, Level, Market};

/// How many tickers and how many own tops wait for their other half, per instrument.
pub const WAITING_MAX: usize = 1024;

/// Best bid and ask in one scale; `None` where a side is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Top {
    /// Best bid.
    pub bid: Option<Level>,
    /// Best ask.
    pub ask: Option<Level>,
    /// Scale of both.
    pub scale: Scale,
}

impl Top {
    /// The best of a book.
    #[must_use]
    pub fn of_book(book: &OrderBook) -> Self {
        Self {
            bid: book.bids().best(),
            ask: book.asks().best(),
            scale: book.scale(),
        }
    }

    /// The best as a ticker record tells it; `None` when the record is cut off.
    #[must_use]
    pub fn of_ticker(record: &[u8]) -> Option<Self> {
        let (bids, asks) = market::levels(record)?;
        let stated = |level: Option<Level>| level.filter(|level| level.quantity != 0);
        Some(Self {
            bid: stated(bids.get(0)),
            ask: stated(asks.get(0)),
            scale: Scale {
                price_exponent: Market::price_exponent(record),
                quantity_exponent: Market::quantity_exponent(record),
            },
        })
    }

    /// Equality of the numbers, whatever the scales.
    fn equals(&self, other: &Top) -> bool {
        if self.scale == other.scale {
            return self.bid == other.bid && self.ask == other.ask;
        }
        let scale = self.scale.finer(other.scale);
        let pairs = [(self.bid, other.bid), (self.ask, other.ask)];
        pairs.into_iter().all(|pair| match pair {
            (None, None) => true,
            (Some(own), Some(other_level)) => {
                let own = rescaled(own, self.scale, scale);
                own.is_some() && own == rescaled(other_level, other.scale, scale)
            }
            _ => false,
        })
    }
}

fn rescaled(level: Level, from: Scale, to: Scale) -> Option<Level> {
    Some(Level {
        price: exponent::rescale(level.price, from.price_exponent, to.price_exponent)?,
        quantity: exponent::rescale(level.quantity, from.quantity_exponent, to.quantity_exponent)?,
    })
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    update_id: u64,
    top: Top,
    is_paired: bool,
}

/// The latest tops by ascending update id, in a ring that is made at the first one.
#[derive(Debug, Default)]
struct Waiting {
    entries: Vec<Entry>,
    next: usize,
}

impl Waiting {
    fn newest(&self) -> Option<u64> {
        let last = if self.next == 0 {
            self.entries.len()
        } else {
            self.next
        };
        self.entries
            .get(last.checked_sub(1)?)
            .map(|entry| entry.update_id)
    }

    /// Keeps one that is newer than all here; gives back the one that fell out for it.
    fn push(&mut self, update_id: u64, top: Top) -> Option<Entry> {
        let entry = Entry {
            update_id,
            top,
            is_paired: false,
        };
        if self.entries.len() < WAITING_MAX {
            self.entries.reserve_exact(WAITING_MAX - self.entries.len());
            self.entries.push(entry);
            self.next = self.entries.len() % WAITING_MAX;
            return None;
        }
        let fallen = std::mem::replace(&mut self.entries[self.next], entry);
        self.next = (self.next + 1) % WAITING_MAX;
        Some(fallen)
    }

    fn find(&mut self, update_id: u64) -> Option<&mut Entry> {
        if self.newest()? < update_id {
            return None;
        }
        let split = if self.entries.len() < WAITING_MAX {
            0
        } else {
            self.next
        };
        let (newer, older) = self.entries.split_at_mut(split);
        let half = if older.first()?.update_id > update_id {
            return None;
        } else if newer
            .first()
            .is_some_and(|entry| entry.update_id <= update_id)
        {
            newer
        } else {
            older
        };
        let place = half
            .binary_search_by_key(&update_id, |entry| entry.update_id)
            .ok()?;
        Some(&mut half[place])
    }

    fn unpaired(&self) -> u64 {
        self.entries.iter().filter(|entry| !entry.is_paired).count() as u64
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.next = 0;
    }
}

/// Counts of the proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TickerCounts {
    /// Pairs with the same update id that were compared.
    pub compared: u64,
    /// Of these, how many were equal in both prices and both quantities.
    pub equal: u64,
    /// Tickers that fell out without their other half.
    pub unpaired: u64,
}

/// Pairs tickers with the book's own tops, whichever comes first.
#[derive(Debug, Default)]
pub struct TickerProof {
    tickers: Waiting,
    tops: Waiting,
    counts: TickerCounts,
}

impl TickerProof {
    /// Counts so far; tickers that still wait are in none of them.
    #[must_use]
    pub fn counts(&self) -> TickerCounts {
        self.counts
    }

    /// Tickers that still wait for their own top.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.tickers.unpaired()
    }

    /// Takes the venue's top at an update id.
    pub fn take_ticker(&mut self, update_id: u64, top: Top) {
        if let Some(own) = self.tops.find(update_id) {
            if !own.is_paired {
                own.is_paired = true;
                count(&mut self.counts, &own.top, &top);
            }
        } else if self
            .tickers
            .newest()
            .is_some_and(|newest| newest >= update_id)
        {
            self.counts.unpaired += 1;
        } else if let Some(fallen) = self.tickers.push(update_id, top) {
            self.counts.unpaired += u64::from(!fallen.is_paired);
        }
    }

    /// Takes the book's top after a delta that ended at an update id.
    pub fn take_own(&mut self, update_id: u64, top: Top) {
        let waiting = self.tickers.find(update_id);
        let is_paired = waiting.is_some();
        if let Some(ticker) = waiting.filter(|ticker| !ticker.is_paired) {
            ticker.is_paired = true;
            count(&mut self.counts, &ticker.top, &top);
        }
        let is_newer = self.tops.newest().is_none_or(|newest| newest < update_id);
        if is_newer && !is_paired {
            self.tops.push(update_id, top);
        }
    }

    /// Forgets what waits; tickers without their other half are counted.
    pub fn reset(&mut self) {
        self.counts.unpaired += self.waiting();
        self.tickers.clear();
        self.tops.clear();
    }
}

fn count(counts: &mut TickerCounts, one: &Top, other: &Top) {
    counts.compared += 1;
    counts.equal += u64::from(one.equals(other));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(price: i64) -> Top {
        let level = |price| Some(Level { price, quantity: 5 });
        let scale = Scale {
            price_exponent: -2,
            quantity_exponent: -1,
        };
        Top {
            bid: level(price),
            ask: level(price + 1),
            scale,
        }
    }

    #[test]
    fn pairs_meet_in_either_order() {
        let mut proof = TickerProof::default();
        proof.take_ticker(7, top(100));
        proof.take_own(7, top(100));
        proof.take_own(9, top(101));
        proof.take_ticker(9, top(102));
        proof.take_ticker(9, top(101));
        let expected = TickerCounts {
            compared: 2,
            equal: 1,
            unpaired: 0,
        };
        assert_eq!(proof.counts(), expected);
    }

    #[test]
    fn the_scale_does_not_matter_for_equality() {
        let mut proof = TickerProof::default();
        let mut finer = top(100);
        finer.scale.price_exponent = -3;
        finer.bid = Some(Level {
            price: 1000,
            quantity: 5,
        });
        finer.ask = Some(Level {
            price: 1010,
            quantity: 5,
        });
        proof.take_ticker(7, top(100));
        proof.take_own(7, finer);
        assert_eq!(proof.counts().equal, 1);
    }

    #[test]
    fn what_falls_out_is_counted_and_the_rest_still_waits() {
        let mut proof = TickerProof::default();
        for update_id in 0..WAITING_MAX as u64 + 10 {
            proof.take_ticker(update_id, top(100));
        }
        assert_eq!(proof.counts().unpaired, 10);
        for update_id in 0..WAITING_MAX as u64 + 10 {
            proof.take_own(update_id, top(100));
        }
        assert_eq!(proof.counts().compared, WAITING_MAX as u64);
        proof.reset();
        assert_eq!(proof.counts().unpaired, 10);
    }

    #[test]
    fn a_ticker_behind_newer_ones_is_compared_or_counted() {
        let mut proof = TickerProof::default();
        proof.take_own(5, top(100));
        proof.take_ticker(9, top(100));
        proof.take_ticker(5, top(100));
        proof.take_ticker(6, top(100));
        assert_eq!(
            proof.counts(),
            TickerCounts {
                compared: 1,
                equal: 1,
                unpaired: 1
            }
        );
        assert_eq!(proof.waiting(), 1);
    }
}
