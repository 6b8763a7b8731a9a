//! A look at a payload's type, symbol and ids, for the merging of two lines of one stream.

use super::super::json::TEXT_BYTES_MAX;
use super::cursor::Cursor;
use super::fields::Fields;
use super::head::{self, Head};

/// The streams whose messages carry ids of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Diff depth: `first`, `last` and, on USD-M, `previous`.
    Depth,
    /// Book ticker: `first` = `last` = update id.
    Ticker,
    /// Trade: `first` = `last` = trade id.
    Trade,
    /// Aggregate trade: `first` = `last` = aggregate id.
    Aggregate,
}

/// What a look at a payload shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Its stream.
    pub stream: Stream,
    /// Its symbol as it stands there.
    pub symbol: &'a [u8],
    /// First update id.
    pub first: u64,
    /// Last update id.
    pub last: u64,
    /// The id before, where the message says it.
    pub previous: Option<u64>,
}

/// A payload at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glance<'a> {
    /// A message that can be merged.
    Message(Identity<'a>),
    /// The venue says that this server goes away.
    ServerShutdown,
    /// Anything else: replies, snapshots, what cannot be read.
    Other,
}

/// Looks at `payload`, in the venue's key order without reading on behind the ids.
///
/// A message that ends early or is no JSON where this has to read all of it is `Other`: it
/// must not push out the good copy of the other line.
#[must_use]
pub fn peek(payload: &[u8]) -> Glance<'_> {
    let mut text = Cursor { rest: payload };
    let Some((wrapped, head)) = head::read(&mut text) else {
        return peek_tolerantly(payload);
    };
    let message = |stream, symbol, first, last, previous| {
        let ends: &[u8] = if wrapped { b"}}" } else { b"}" };
        if !payload.ends_with(ends) {
            return Glance::Other;
        }
        Glance::Message(Identity {
            stream,
            symbol,
            first,
            last,
            previous,
        })
    };
    match head {
        Head::Depth(head) => message(
            Stream::Depth,
            head.symbol,
            head.first,
            head.last,
            head.previous,
        ),
        Head::Ticker(head) => message(Stream::Ticker, head.symbol, head.id, head.id, None),
        Head::Trade(head) => message(Stream::Trade, head.symbol, head.id, head.id, None),
        Head::Aggregate(head) => message(Stream::Aggregate, head.symbol, head.id, head.id, None),
        Head::Shutdown => Glance::ServerShutdown,
        Head::Snapshot(_) | Head::Accepted => Glance::Other,
    }
}

#[cold]
fn peek_tolerantly(payload: &[u8]) -> Glance<'_> {
    Fields::read(payload)
        .ok()
        .and_then(|(_, fields)| glance(&fields))
        .unwrap_or(Glance::Other)
}

fn glance<'a>(fields: &Fields<'a>) -> Option<Glance<'a>> {
    let mut buffer = [0; TEXT_BYTES_MAX];
    let event = match fields.find(b"e") {
        Some(_) => fields.text(b"e", &mut buffer).ok()?,
        None if fields.find(b"B").is_some() => b"bookTicker",
        None => return None,
    };
    let (stream, first, last) = match event {
        b"depthUpdate" => (Stream::Depth, &b"U"[..], &b"u"[..]),
        b"bookTicker" => (Stream::Ticker, &b"u"[..], &b"u"[..]),
        b"trade" => (Stream::Trade, &b"t"[..], &b"t"[..]),
        b"aggTrade" => (Stream::Aggregate, &b"a"[..], &b"a"[..]),
        b"serverShutdown" => return Some(Glance::ServerShutdown),
        _ => return None,
    };
    let symbol = fields
        .find(b"s")?
        .strip_prefix(b"\"")?
        .strip_suffix(b"\"")?;
    if symbol.contains(&b'\\') {
        return None;
    }
    Some(Glance::Message(Identity {
        stream,
        symbol,
        first: fields.unsigned(first).ok()?,
        last: fields.unsigned(last).ok()?,
        previous: fields.optional_unsigned(b"pu").ok()?,
    }))
}
