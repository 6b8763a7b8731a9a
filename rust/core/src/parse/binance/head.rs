//! What stands in front of a message's numbers: type, symbol, ids, times, in venue order.
//!
//! The parser goes on behind it, `peek` stops there.

use super::cursor::Cursor;

/// Event and match time where the message has them, in the venue's unit.
#[derive(Clone, Copy, Default)]
pub(super) struct Times {
    pub(super) event: Option<u64>,
    pub(super) matched: Option<u64>,
}

/// A diff up to its update ids.
pub(super) struct DepthHead<'a> {
    pub(super) times: Times,
    pub(super) symbol: &'a [u8],
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) previous: Option<u64>,
}

/// A book ticker up to its symbol.
pub(super) struct TickerHead<'a> {
    pub(super) times: Times,
    pub(super) symbol: &'a [u8],
    pub(super) id: u64,
}

/// A trade or an aggregate trade up to its id.
pub(super) struct TradeHead<'a> {
    pub(super) times: Times,
    pub(super) symbol: &'a [u8],
    pub(super) id: u64,
}

/// A message up to what its type needs last.
pub(super) enum Head<'a> {
    Depth(DepthHead<'a>),
    Ticker(TickerHead<'a>),
    Trade(TradeHead<'a>),
    Aggregate(TradeHead<'a>),
    Shutdown,
    /// A REST depth snapshot, up to its update id.
    Snapshot(u64),
    /// A reply `{"result":null,"id":n`.
    Accepted,
}

/// Reads the head of a message; `rest` stands behind it. Says whether it is in a combined
/// stream's wrapper.
#[inline(always)]
pub(super) fn read<'a>(text: &mut Cursor<'a>) -> Option<(bool, Head<'a>)> {
    let wrapped = text.take(b"{\"stream\":\"");
    if wrapped {
        text.text()?;
        text.expect(b",\"data\":")?;
    }
    text.expect(b"{\"")?;
    if text.take(b"e\":\"") {
        return event(text).map(|head| (wrapped, head));
    }
    if text.take(b"u\":") {
        return ticker(text).map(|head| (wrapped, Head::Ticker(head)));
    }
    if wrapped {
        return None;
    }
    if text.take(b"lastUpdateId\":") {
        return Some((false, Head::Snapshot(text.unsigned()?)));
    }
    text.expect(b"result\":null,\"id\":")?;
    text.unsigned()?;
    Some((false, Head::Accepted))
}

#[inline(always)]
fn event<'a>(text: &mut Cursor<'a>) -> Option<Head<'a>> {
    if text.take(b"depthUpdate\",\"E\":") {
        depth(text).map(Head::Depth)
    } else if text.take(b"bookTicker\",\"u\":") {
        ticker(text).map(Head::Ticker)
    } else if text.take(b"trade\",\"E\":") {
        trade(text).map(Head::Trade)
    } else if text.take(b"aggTrade\",\"E\":") {
        aggregate(text).map(Head::Aggregate)
    } else {
        text.expect(b"serverShutdown\",\"E\":")?;
        text.unsigned().map(|_| Head::Shutdown)
    }
}

/// `E[,T],s,U,u[,pu]`
#[inline(always)]
fn depth<'a>(text: &mut Cursor<'a>) -> Option<DepthHead<'a>> {
    let times = event_and_match(text)?;
    text.expect(b",\"s\":\"")?;
    let symbol = text.text()?;
    text.expect(b",\"U\":")?;
    let first = text.unsigned()?;
    text.expect(b",\"u\":")?;
    let last = text.unsigned()?;
    let previous = if text.take(b",\"pu\":") {
        Some(text.unsigned()?)
    } else {
        None
    };
    Some(DepthHead {
        times,
        symbol,
        first,
        last,
        previous,
    })
}

/// `u[,E,T],s`
#[inline(always)]
fn ticker<'a>(text: &mut Cursor<'a>) -> Option<TickerHead<'a>> {
    let id = text.unsigned()?;
    let times = if text.take(b",\"E\":") {
        event_and_match(text)?
    } else {
        Times::default()
    };
    text.expect(b",\"s\":\"")?;
    Some(TickerHead {
        times,
        id,
        symbol: text.text()?,
    })
}

/// `E[,T],s,t`
#[inline(always)]
fn trade<'a>(text: &mut Cursor<'a>) -> Option<TradeHead<'a>> {
    let times = event_and_match(text)?;
    text.expect(b",\"s\":\"")?;
    let symbol = text.text()?;
    text.expect(b",\"t\":")?;
    Some(TradeHead {
        times,
        symbol,
        id: text.unsigned()?,
    })
}

/// `E,s,a` (spot) or `E,a,s` (USD-M)
#[inline(always)]
fn aggregate<'a>(text: &mut Cursor<'a>) -> Option<TradeHead<'a>> {
    let times = Times {
        event: Some(text.unsigned()?),
        matched: None,
    };
    if text.take(b",\"a\":") {
        let id = text.unsigned()?;
        text.expect(b",\"s\":\"")?;
        return Some(TradeHead {
            times,
            symbol: text.text()?,
            id,
        });
    }
    text.expect(b",\"s\":\"")?;
    let symbol = text.text()?;
    text.expect(b",\"a\":")?;
    Some(TradeHead {
        times,
        symbol,
        id: text.unsigned()?,
    })
}

/// The event time, its key already taken, and the match time where it comes next.
#[inline(always)]
fn event_and_match(text: &mut Cursor<'_>) -> Option<Times> {
    let event = Some(text.unsigned()?);
    let matched = if text.take(b",\"T\":") {
        Some(text.unsigned()?)
    } else {
        None
    };
    Some(Times { event, matched })
}
