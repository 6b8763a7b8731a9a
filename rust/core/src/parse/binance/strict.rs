//! The strict path: one pass in the venue's own key order, no white space, no escapes.
//!
//! `None` is no verdict: the tolerant path reads the payload again and says what is wrong.

use super::super::Parsed;
use super::super::block::{Behind, Cut};
use super::super::instruments::Scale;
use super::cursor::Cursor;
use super::head::{self, DepthHead, Head, TickerHead, Times, TradeHead};
use super::{Parser, time_unix_ns};
use crate::record::buffer::RecordBuffer;
use crate::record::market::{Level, Market};
use crate::record::{flag, record_type};

/// The shortest text of a level, `["0","0"]`, with its comma.
const LEVEL_TEXT_BYTES: usize = 10;

/// Reads `payload` or gives it up; a record is left in `out`.
#[inline]
pub(super) fn parse(
    parser: &Parser,
    base: &Market,
    payload: &[u8],
    out: &mut RecordBuffer,
) -> Option<Parsed> {
    let mut text = Cursor { rest: payload };
    let (wrapped, head) = head::read(&mut text)?;
    let parsed = match head {
        Head::Depth(head) => depth(parser, base, &head, &mut text, out)?,
        Head::Ticker(head) => ticker(parser, base, &head, &mut text, out)?,
        Head::Trade(head) => trade(parser, base, &head, &mut text, out)?,
        Head::Aggregate(head) => aggregate(parser, base, &head, &mut text, out)?,
        Head::Snapshot(id) => snapshot(parser, base, id, &mut text, out)?,
        Head::Shutdown => Parsed::ServerShutdown,
        Head::Accepted => Parsed::Accepted,
    };
    text.expect(b"}")?;
    if wrapped {
        text.expect(b"}")?;
    }
    text.rest.is_empty().then_some(parsed)
}

/// A record's header with instrument, scale and times filled in.
#[inline(always)]
fn start(
    parser: &Parser,
    base: &Market,
    record_type: u8,
    symbol: &[u8],
    times: Times,
) -> Option<(Market, Scale)> {
    let instrument = parser.instruments.find(symbol)?;
    let scale = parser.instruments.scale(instrument);
    let mut header = Parser::header(base, record_type, instrument, scale);
    set_times(&mut header, times)?;
    Some((header, scale))
}

#[inline(always)]
fn set_times(header: &mut Market, times: Times) -> Option<()> {
    if let Some(time) = times.event {
        header.event_unix_ns = time_unix_ns(time)?;
    }
    if let Some(time) = times.matched {
        header.match_unix_ns = time_unix_ns(time)?;
    }
    Some(())
}

#[inline(always)]
fn depth(
    parser: &Parser,
    base: &Market,
    head: &DepthHead<'_>,
    text: &mut Cursor<'_>,
    out: &mut RecordBuffer,
) -> Option<Parsed> {
    let (mut header, scale) = start(parser, base, record_type::DELTA, head.symbol, head.times)?;
    if parser.previous_required() && head.previous.is_none() {
        return None;
    }
    (header.first, header.last) = (head.first, head.last);
    header.previous = head.previous.unwrap_or(0);
    out.begin(text.rest.len() / LEVEL_TEXT_BYTES + 2);
    text.expect(b",\"b\":[")?;
    side(text, scale, out)?;
    let bids = out.levels();
    text.expect(b",\"a\":[")?;
    side(text, scale, out)?;
    out.finish(&header, bids);
    Some(Parsed::Record)
}

#[inline(always)]
fn snapshot(
    parser: &Parser,
    base: &Market,
    id: u64,
    text: &mut Cursor<'_>,
    out: &mut RecordBuffer,
) -> Option<Parsed> {
    let instrument = parser.snapshot_instrument(base)?;
    let scale = parser.instruments.scale(instrument);
    let mut times = Times::default();
    if text.take(b",\"E\":") {
        times.event = Some(text.unsigned()?);
        text.expect(b",\"T\":")?;
        times.matched = Some(text.unsigned()?);
    }
    out.begin(text.rest.len() / LEVEL_TEXT_BYTES + 2);
    text.expect(b",\"bids\":[")?;
    side(text, scale, out)?;
    let bids = out.levels();
    text.expect(b",\"asks\":[")?;
    side(text, scale, out)?;
    let sides = (bids, out.levels() - bids);
    let mut header = parser.snapshot_header(base, instrument, scale, id, sides);
    set_times(&mut header, times)?;
    out.finish(&header, bids);
    Some(Parsed::Record)
}

/// The levels of one side, its opening bracket already taken.
#[inline(always)]
fn side(text: &mut Cursor<'_>, scale: Scale, out: &mut RecordBuffer) -> Option<()> {
    if text.take(b"]") {
        return Some(());
    }
    text.expect(b"[\"")?;
    let cuts = Cut::new(scale.price_digits).zip(Cut::new(scale.quantity_digits));
    loop {
        let (level, behind) = text.level(cuts, scale)?;
        out.push(level);
        if behind == Behind::End {
            return Some(());
        }
    }
}

#[inline(always)]
fn ticker(
    parser: &Parser,
    base: &Market,
    head: &TickerHead<'_>,
    text: &mut Cursor<'_>,
    out: &mut RecordBuffer,
) -> Option<Parsed> {
    let (mut header, scale) = start(parser, base, record_type::TICKER, head.symbol, head.times)?;
    (header.first, header.last) = (head.id, head.id);
    out.begin(2);
    text.expect(b",\"b\":\"")?;
    let price = text.decimal(scale.price_digits)?;
    text.expect(b",\"B\":\"")?;
    out.push(Level {
        price,
        quantity: text.quantity(scale.quantity_digits)?,
    });
    text.expect(b",\"a\":\"")?;
    let price = text.decimal(scale.price_digits)?;
    text.expect(b",\"A\":\"")?;
    out.push(Level {
        price,
        quantity: text.quantity(scale.quantity_digits)?,
    });
    if head.times.event.is_none() && text.take(b",\"T\":") {
        let matched = Some(text.unsigned()?);
        text.expect(b",\"E\":")?;
        set_times(
            &mut header,
            Times {
                event: Some(text.unsigned()?),
                matched,
            },
        )?;
    }
    out.finish(&header, 1);
    Some(Parsed::Record)
}

#[inline(always)]
fn trade(
    parser: &Parser,
    base: &Market,
    head: &TradeHead<'_>,
    text: &mut Cursor<'_>,
    out: &mut RecordBuffer,
) -> Option<Parsed> {
    let (mut header, scale) = start(parser, base, record_type::TRADE, head.symbol, head.times)?;
    (header.first, header.last) = (head.id, head.id);
    let level = priced(text, scale)?;
    if head.times.matched.is_none() {
        text.expect(b",\"T\":")?;
        header.match_unix_ns = time_unix_ns(text.unsigned()?)?;
    } else if text.take(b",\"X\":\"") {
        text.text()?;
    }
    finish_trade(text, header, level, out)
}

#[inline(always)]
fn aggregate(
    parser: &Parser,
    base: &Market,
    head: &TradeHead<'_>,
    text: &mut Cursor<'_>,
    out: &mut RecordBuffer,
) -> Option<Parsed> {
    let (mut header, scale) = start(parser, base, record_type::TRADE, head.symbol, head.times)?;
    let level = priced(text, scale)?;
    text.expect(b",\"f\":")?;
    header.first = text.unsigned()?;
    text.expect(b",\"l\":")?;
    header.last = text.unsigned()?;
    header.correlation = head.id;
    text.expect(b",\"T\":")?;
    header.match_unix_ns = time_unix_ns(text.unsigned()?)?;
    finish_trade(text, header, level, out)
}

/// `p,q` of a trade.
#[inline(always)]
fn priced(text: &mut Cursor<'_>, scale: Scale) -> Option<Level> {
    text.expect(b",\"p\":\"")?;
    let price = text.decimal(scale.price_digits)?;
    text.expect(b",\"q\":\"")?;
    Some(Level {
        price,
        quantity: text.quantity(scale.quantity_digits)?,
    })
}

/// `m[,M]`: the side, and a flag without meaning.
#[inline(always)]
fn finish_trade(
    text: &mut Cursor<'_>,
    mut header: Market,
    level: Level,
    out: &mut RecordBuffer,
) -> Option<Parsed> {
    text.expect(b",\"m\":")?;
    let buyer_is_maker = text.boolean()?;
    if text.take(b",\"M\":") {
        text.boolean()?;
    }
    header.flags |= if buyer_is_maker { flag::BUYER_MAKER } else { 0 };
    out.begin(1);
    out.push(level);
    out.finish(&header, usize::from(buyer_is_maker));
    Some(Parsed::Record)
}
