//! Binance spot and USD-M: diff depth, book ticker, trade, aggregate trade, REST depth
//! snapshot, exchange information, replies, `serverShutdown`; raw or in a combined stream.
//!
//! The strict path reads the venue's own key order in one pass and may say "not mine"; the
//! tolerant path behind it takes any JSON. What both take, both read alike.

mod cursor;
mod exchange_info;
mod fields;
mod head;
pub mod peek;
mod strict;
mod tolerant;

use super::instruments::{Instruments, Scale};
use super::rules::{Chain, Rules};
use super::{Parsed, Reason};
use crate::record::buffer::RecordBuffer;
use crate::record::market::Market;
use crate::record::{ANY_INSTRUMENT, flag, record_type};

/// Times from here on are microseconds (`timeUnit=MICROSECOND`), below milliseconds.
const MICROSECONDS_FROM: u64 = 100_000_000_000_000;

/// Which of the two paths reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// The strict path, and the tolerant one for what it hands over.
    Both,
    /// The strict path alone; what it hands over counts as malformed. For tests.
    Strict,
    /// The tolerant path alone. For tests.
    Tolerant,
}

/// A parser of one venue with the instruments it knows.
pub struct Parser {
    rules: Rules,
    instruments: Instruments,
    payload_bytes_max: usize,
    snapshot_limit: u32,
}

impl Parser {
    /// Refuses payloads above `payload_bytes_max`; a snapshot with a side of `snapshot_limit`
    /// levels or more is flagged TRUNCATED, since the venue cuts there.
    #[must_use]
    pub fn new(
        rules: Rules,
        instruments: Instruments,
        payload_bytes_max: usize,
        snapshot_limit: u32,
    ) -> Self {
        Self {
            rules,
            instruments,
            payload_bytes_max,
            snapshot_limit,
        }
    }

    /// The instruments and their scales.
    #[must_use]
    pub fn instruments(&self) -> &Instruments {
        &self.instruments
    }

    /// The venue's rules.
    #[must_use]
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Reads one payload; a market record is left in `out`.
    ///
    /// `base` holds what the frame knows (venue, line, stamps, correlation, the instrument of
    /// a snapshot). Allocates nothing once `out` has grown, except for exchange information.
    ///
    /// # Errors
    /// The reason why there is no record; nothing of the parser has changed then.
    #[inline]
    pub fn parse(
        &mut self,
        path: Path,
        base: &Market,
        payload: &[u8],
        out: &mut RecordBuffer,
    ) -> Result<Parsed, Reason> {
        if payload.len() > self.payload_bytes_max {
            return Err(Reason::TooLarge);
        }
        if path != Path::Tolerant {
            if let Some(parsed) = strict::parse(self, base, payload, out) {
                return Ok(parsed);
            }
            if path == Path::Strict {
                return Err(Reason::Malformed);
            }
        }
        tolerant::parse(self, base, payload, out)
    }

    /// Whether deltas must name the id before them.
    fn previous_required(&self) -> bool {
        self.rules.chain == Chain::Previous
    }

    /// The instrument of a snapshot, which carries no symbol: the frame's, or the only one.
    fn snapshot_instrument(&self, base: &Market) -> Option<u16> {
        let wanted = match base.instrument {
            ANY_INSTRUMENT if self.instruments.len() == 1 => 0,
            named => named,
        };
        (usize::from(wanted) < self.instruments.len()).then_some(wanted)
    }

    /// Header of a record of `record_type` in `scale`.
    fn header(base: &Market, record_type: u8, instrument: u16, scale: Scale) -> Market {
        Market {
            record_type,
            instrument,
            price_exponent: scale.price_exponent(),
            quantity_exponent: scale.quantity_exponent(),
            ..*base
        }
    }

    /// Header of a snapshot, flagged where the venue cuts.
    fn snapshot_header(
        &self,
        base: &Market,
        instrument: u16,
        scale: Scale,
        id: u64,
        sides: (usize, usize),
    ) -> Market {
        let cut = sides.0.max(sides.1) >= self.snapshot_limit as usize;
        let flags = if cut { flag::TRUNCATED } else { 0 };
        let header = Self::header(base, record_type::SNAPSHOT, instrument, scale);
        Market {
            flags,
            first: id,
            last: id,
            ..header
        }
    }
}

/// A venue time in nanoseconds; milli- or microseconds are told apart by their size.
#[inline]
fn time_unix_ns(time: u64) -> Option<i64> {
    let factor = if time >= MICROSECONDS_FROM {
        1_000
    } else {
        1_000_000
    };
    i64::try_from(time).ok()?.checked_mul(factor)
}

#[cfg(test)]
mod messages;
#[cfg(test)]
mod tests;
