//! Brings a record and a book to one scale: the finer one, exactly or not at all.

use super::order_book::OrderBook;
use super::scale::{DoesNotFit, Scale};
use crate::record::market::{self, LEVEL_LEN, Level, Market};
use crate::record::{exponent, market::HEADER_LEN};

/// Scale of a market record that has its whole header.
#[must_use]
pub fn scale_of(record: &[u8]) -> Scale {
    Scale {
        price_exponent: Market::price_exponent(record),
        quantity_exponent: Market::quantity_exponent(record),
    }
}

/// Makes the book at least as fine as the record. True: the record can be applied as it is.
/// False: `scratch` holds the record in the book's scale, which is finer.
///
/// # Errors
/// When a number of either does not fit there; the book is as it was.
pub fn prepare(
    book: &mut OrderBook,
    record: &[u8],
    scratch: &mut Vec<u8>,
) -> Result<bool, DoesNotFit> {
    let from = scale_of(record);
    if from == book.scale() {
        return Ok(true);
    }
    let to = from.finer(book.scale());
    if from != to {
        copy_rescaled(record, from, to, scratch).ok_or(DoesNotFit { from, to })?;
    }
    book.rescale(to)?;
    Ok(from == to)
}

fn copy_rescaled(record: &[u8], from: Scale, to: Scale, scratch: &mut Vec<u8>) -> Option<()> {
    let (bids, asks) = market::levels(record)?;
    scratch.clear();
    scratch.extend_from_slice(record);
    Market::set_price_exponent(scratch, to.price_exponent);
    Market::set_quantity_exponent(scratch, to.quantity_exponent);
    let slots = scratch[HEADER_LEN..].chunks_exact_mut(LEVEL_LEN);
    for (slot, level) in slots.zip(bids.iter().chain(asks.iter())) {
        let price = exponent::rescale(level.price, from.price_exponent, to.price_exponent)?;
        let quantity =
            exponent::rescale(level.quantity, from.quantity_exponent, to.quantity_exponent)?;
        market::write_level(slot, Level { price, quantity });
    }
    Some(())
}
