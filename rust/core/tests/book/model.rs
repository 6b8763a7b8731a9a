//! The book against a map from price to quantity, the plainest model there is.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tickwork_core::book::order_book::OrderBook;
use tickwork_core::book::scale::Scale;
use tickwork_core::record::digest::{mix_level, side};
use tickwork_core::record::market::Level;

use crate::support::levels;

type Pairs = Vec<(i64, i64)>;

#[derive(Clone, Debug)]
enum Step {
    Apply(Pairs, Pairs),
    Replace(Pairs, Pairs),
    Finer,
}

#[derive(Default)]
struct Model {
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
}

fn put(side: &mut BTreeMap<i64, i64>, pairs: &Pairs) {
    for (price, quantity) in pairs {
        if *quantity == 0 {
            side.remove(price);
        } else {
            side.insert(*price, *quantity);
        }
    }
}

impl Model {
    fn scale(&mut self) {
        for side in [&mut self.bids, &mut self.asks] {
            *side = side
                .iter()
                .map(|(price, quantity)| (price * 10, quantity * 10))
                .collect();
        }
    }

    fn digest(&self) -> u64 {
        let sum = |number, side: &BTreeMap<i64, i64>| {
            let mix = |(price, quantity): (&i64, &i64)| mix_level(number, *price, *quantity);
            side.iter().map(mix).fold(0, u64::wrapping_add)
        };
        sum(side::BID, &self.bids).wrapping_add(sum(side::ASK, &self.asks))
    }
}

fn pairs() -> impl Strategy<Value = Pairs> {
    let near = prop::collection::vec((-40_i64..40, 0_i64..4), 0..40);
    let wide = prop::collection::vec((-900_i64..900, 0_i64..2), 0..400);
    let free = prop_oneof![near, wide].boxed();
    let sorted = free.clone().prop_map(|mut pairs| {
        pairs.sort_unstable();
        pairs
    });
    let reversed = sorted
        .clone()
        .prop_map(|pairs| pairs.into_iter().rev().collect());
    prop_oneof![free, sorted, reversed]
}

/// Snapshots state each price once and no empty level.
fn stated() -> impl Strategy<Value = Pairs> {
    let map = prop::collection::btree_map(-900_i64..900, 1_i64..4, 0..400);
    map.prop_map(|map| map.into_iter().collect::<Pairs>())
        .prop_shuffle()
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (pairs(), pairs()).prop_map(|(bids, asks)| Step::Apply(bids, asks)),
        2 => (stated(), stated()).prop_map(|(bids, asks)| Step::Replace(bids, asks)),
        1 => Just(Step::Finer),
    ]
}

fn compare(book: &OrderBook, model: &Model) {
    let bids: Pairs = book
        .bids()
        .iter()
        .map(|level| (level.price, level.quantity))
        .collect();
    let asks: Pairs = book
        .asks()
        .iter()
        .map(|level| (level.price, level.quantity))
        .collect();
    let best_first: Pairs = model.bids.iter().rev().map(|(p, q)| (*p, *q)).collect();
    assert_eq!(bids, best_first);
    assert_eq!(
        asks,
        model.asks.iter().map(|(p, q)| (*p, *q)).collect::<Pairs>()
    );
    assert_eq!(book.digest(), model.digest());
    let (bid, ask) = (bids.first(), asks.first());
    let crossed = bid.zip(ask).is_some_and(|(bid, ask)| bid.0 >= ask.0);
    assert_eq!(book.is_crossed(), crossed);
    assert_eq!(book.spread(), bid.zip(ask).map(|(bid, ask)| ask.0 - bid.0));
    let twice_mid = bid.zip(ask).map(|(bid, ask)| i128::from(ask.0 + bid.0));
    assert_eq!(book.twice_mid(), twice_mid);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn test_book_equals_plain_model(steps in prop::collection::vec(step(), 1..25)) {
        let mut book = OrderBook::new(usize::MAX);
        let mut model = Model::default();
        let mut exponent = 0_i8;
        for step in &steps {
            match step {
                Step::Apply(bids, asks) => {
                    book.apply(levels(bids).into_iter(), levels(asks).into_iter());
                    put(&mut model.bids, bids);
                    put(&mut model.asks, asks);
                }
                Step::Replace(bids, asks) => {
                    book.replace(levels(bids).into_iter(), levels(asks).into_iter());
                    model = Model::default();
                    put(&mut model.bids, bids);
                    put(&mut model.asks, asks);
                }
                Step::Finer if exponent > -10 => {
                    exponent -= 1;
                    let scale = Scale { price_exponent: exponent, quantity_exponent: exponent };
                    book.rescale(scale).expect("small numbers fit");
                    model.scale();
                }
                Step::Finer => {}
            }
            compare(&book, &model);
        }
    }
}

#[test]
fn test_power_of_ten_keeps_the_best_thousand() {
    let mut book = OrderBook::new(1000);
    let ask = |price| Level { price, quantity: 1 };
    book.apply(std::iter::empty(), (9_999_000..=10_000_999).rev().map(ask));
    let prices: Vec<i64> = book.asks().iter().map(|level| level.price).collect();
    assert_eq!(prices, (9_999_000..=9_999_999).collect::<Vec<i64>>());
    let digest = prices.iter().map(|price| mix_level(side::ASK, *price, 1));
    assert_eq!(book.digest(), digest.fold(0, u64::wrapping_add));
}

#[test]
fn what_lies_behind_the_snapshot_is_said_to_be_unknown() {
    let mut book = OrderBook::new(usize::MAX);
    let side = |prices: [i64; 3]| prices.map(|price| Level { price, quantity: 1 }).into_iter();
    book.replace(side([99, 98, 97]), side([101, 102, 103]));
    book.limit_to_snapshot(3);
    assert!(book.is_truncated() && !book.is_truncated_within(3));
    assert!(
        book.is_truncated_within(4),
        "a fourth level may exist and be unknown"
    );
    book.apply(levels(&[(99, 0), (90, 1)]).into_iter(), std::iter::empty());
    assert!(!book.is_truncated_within(2) && book.is_truncated_within(3));
    book.replace(side([99, 98, 97]), side([101, 102, 103]));
    book.limit_to_snapshot(4);
    assert!(!book.is_truncated() && !book.is_truncated_within(100));
}

#[test]
fn a_book_that_cannot_be_rescaled_stays_as_it_was() {
    let mut book = OrderBook::new(usize::MAX);
    book.apply(
        levels(&[(1, 1)]).into_iter(),
        levels(&[(i64::MAX / 5, 1)]).into_iter(),
    );
    let digest = book.digest();
    let finer = Scale {
        price_exponent: -1,
        quantity_exponent: 0,
    };
    assert!(book.rescale(finer).is_err());
    assert_eq!((book.digest(), book.scale()), (digest, Scale::default()));
    assert_eq!(
        book.bids().best(),
        Some(Level {
            price: 1,
            quantity: 1
        })
    );
    let coarser = Scale {
        price_exponent: 1,
        quantity_exponent: 0,
    };
    assert!(book.rescale(coarser).is_err());
}
