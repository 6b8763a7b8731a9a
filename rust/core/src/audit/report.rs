//! What an audit found, by the names that INTERFACES §9 gives.

use super::decimal_text::decimal_text;
use crate::book::instrument::Instrument;
use crate::record::market::Level;
use crate::record::state;

/// The smallest and the largest of what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The smallest.
    pub min_ns: i64,
    /// The largest.
    pub max_ns: i64,
}

/// Counts over the whole stream, and the books at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Payload lines.
    pub messages: u64,
    /// Depth deltas among them.
    pub diffs: u64,
    /// Deltas that were applied.
    pub applied: u64,
    /// Deltas older than the snapshot they waited for.
    pub before_snapshot: u64,
    /// Times that something was missed.
    pub gaps: u64,
    /// Deltas after which the best bid reached the best ask.
    pub crossed: u64,
    /// Ticker pairs compared.
    pub ticker_compared: u64,
    /// Ticker pairs that were equal.
    pub ticker_equal: u64,
    /// Tickers whose update id no applied delta ended at.
    pub ticker_unpaired: u64,
    /// Payload lines that became nothing.
    pub unparsed: u64,
    /// Receive minus event time, over streamed messages that carry both.
    pub receive_minus_event: Option<Span>,
    /// One per instrument, in the order of appearance.
    pub books: Vec<BookReport>,
}

/// One book at the end of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookReport {
    /// Symbol.
    pub instrument: String,
    /// Name of the state.
    pub state: &'static str,
    /// Last good id where a gap is open.
    pub gap_since_update_id: Option<u64>,
    /// Last update id in the book.
    pub last_update_id: u64,
    /// Best bid: price and quantity.
    pub bid: Option<(String, String)>,
    /// Best ask: price and quantity.
    pub ask: Option<(String, String)>,
    /// Number of levels: bids, asks.
    pub levels: (usize, usize),
    /// Why the book stands still, if numbers did not fit.
    pub failure: Option<String>,
}

impl BookReport {
    /// What there is to say of one book.
    #[must_use]
    pub fn new(symbol: &str, instrument: &Instrument) -> Self {
        let book = instrument.book();
        let scale = book.scale();
        let text = |level: Level| {
            (
                decimal_text(level.price, scale.price_exponent),
                decimal_text(level.quantity, scale.quantity_exponent),
            )
        };
        Self {
            instrument: symbol.to_owned(),
            state: state_name(instrument.state()),
            gap_since_update_id: instrument.gap_since_update_id(),
            last_update_id: instrument.last(),
            bid: book.bids().best().map(text),
            ask: book.asks().best().map(text),
            levels: (book.bids().len(), book.asks().len()),
            failure: instrument.failure().map(|failure| failure.to_string()),
        }
    }
}

/// Name of a state, as results and tables write it.
#[must_use]
pub fn state_name(code: u8) -> &'static str {
    match code {
        state::EMPTY => "EMPTY",
        state::SYNCING => "SYNCING",
        state::LIVE => "LIVE",
        state::GAP => "GAP",
        state::STALE => "STALE",
        _ => "CLOSED",
    }
}
