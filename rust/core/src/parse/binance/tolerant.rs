//! The tolerant path: any key order, white space, escapes, unknown fields.
//!
//! First the raw text of every known field is noted while the JSON is checked, then the
//! fields are read as their message's type says.

use super::super::decimal::Misfit;
use super::super::instruments::{Scale, ScaleMisfit};
use super::super::json::{Scanner, TEXT_BYTES_MAX};
use super::super::{Parsed, Reason};
use super::fields::{Fields, decimal};
use super::{Parser, exchange_info, time_unix_ns};
use crate::record::buffer::RecordBuffer;
use crate::record::market::{Level, Market};
use crate::record::{flag, record_type};

/// The shortest text of a level that this path takes, `[0,0]`, with its comma.
const LEVEL_TEXT_BYTES: usize = 6;

/// Reads `payload`; a record is left in `out`. Scales grow only when the whole is good.
pub(super) fn parse(
    parser: &mut Parser,
    base: &Market,
    payload: &[u8],
    out: &mut RecordBuffer,
) -> Result<Parsed, Reason> {
    let (wrapped, fields) = Fields::read(payload)?;
    if fields.find(b"e").is_some() {
        let mut buffer = [0; TEXT_BYTES_MAX];
        return match fields.text(b"e", &mut buffer)? {
            b"depthUpdate" => depth(parser, base, &fields, out),
            b"bookTicker" => ticker(parser, base, &fields, out),
            b"trade" => trade(parser, base, &fields, out, false),
            b"aggTrade" => trade(parser, base, &fields, out, true),
            b"serverShutdown" => fields.unsigned(b"E").map(|_| Parsed::ServerShutdown),
            _ => Err(Reason::UnknownType),
        };
    }
    let has = |key: &[u8]| fields.find(key).is_some();
    if has(b"u") && has(b"B") && has(b"A") {
        ticker(parser, base, &fields, out)
    } else if wrapped {
        Err(Reason::UnknownType)
    } else if has(b"lastUpdateId") {
        snapshot(parser, base, &fields, out)
    } else if let Some(symbols) = fields.find(b"symbols") {
        exchange_info::read(parser, symbols).map(Parsed::Scales)
    } else if has(b"error") || (has(b"code") && has(b"msg")) {
        Ok(Parsed::Refused)
    } else if has(b"result") {
        Ok(Parsed::Accepted)
    } else {
        Err(Reason::UnknownType)
    }
}

fn instrument(parser: &Parser, fields: &Fields<'_>) -> Result<u16, Reason> {
    let mut buffer = [0; TEXT_BYTES_MAX];
    let symbol = fields.text(b"s", &mut buffer)?;
    parser
        .instruments
        .find(symbol)
        .ok_or(Reason::UnknownInstrument)
}

fn set_times(header: &mut Market, fields: &Fields<'_>) -> Result<(), Reason> {
    let as_ns = |time: u64| time_unix_ns(time).ok_or(Reason::NumberDoesNotFit);
    if let Some(time) = fields.optional_unsigned(b"E")? {
        header.event_unix_ns = as_ns(time)?;
    }
    if let Some(time) = fields.optional_unsigned(b"T")? {
        header.match_unix_ns = as_ns(time)?;
    }
    Ok(())
}

fn depth(
    parser: &mut Parser,
    base: &Market,
    fields: &Fields<'_>,
    out: &mut RecordBuffer,
) -> Result<Parsed, Reason> {
    let instrument = instrument(parser, fields)?;
    let previous = fields.optional_unsigned(b"pu")?;
    if parser.previous_required() && previous.is_none() {
        return Err(Reason::Malformed);
    }
    let ids = (
        fields.unsigned(b"U")?,
        fields.unsigned(b"u")?,
        previous.unwrap_or(0),
    );
    let raw = (fields.need(b"b")?, fields.need(b"a")?);
    let (bids, scale) = scaled(parser, instrument, |scale| sides(raw, scale, out))?;
    let mut header = Parser::header(base, record_type::DELTA, instrument, scale);
    (header.first, header.last, header.previous) = ids;
    set_times(&mut header, fields)?;
    finish(parser, scale, &header, bids, out)
}

fn snapshot(
    parser: &mut Parser,
    base: &Market,
    fields: &Fields<'_>,
    out: &mut RecordBuffer,
) -> Result<Parsed, Reason> {
    let instrument = parser
        .snapshot_instrument(base)
        .ok_or(Reason::UnknownInstrument)?;
    let id = fields.unsigned(b"lastUpdateId")?;
    let raw = (fields.need(b"bids")?, fields.need(b"asks")?);
    let (bids, scale) = scaled(parser, instrument, |scale| sides(raw, scale, out))?;
    let counts = (bids, out.levels() - bids);
    let mut header = parser.snapshot_header(base, instrument, scale, id, counts);
    set_times(&mut header, fields)?;
    finish(parser, scale, &header, bids, out)
}

fn ticker(
    parser: &mut Parser,
    base: &Market,
    fields: &Fields<'_>,
    out: &mut RecordBuffer,
) -> Result<Parsed, Reason> {
    let instrument = instrument(parser, fields)?;
    let id = fields.unsigned(b"u")?;
    let mut raw = [&b""[..]; 4];
    for (raw, key) in raw.iter_mut().zip([b"b", b"B", b"a", b"A"]) {
        *raw = fields.need(key)?;
    }
    let (bids, scale) = scaled(parser, instrument, |scale| {
        out.begin(2);
        out.push(level(raw[0], raw[1], scale)?);
        out.push(level(raw[2], raw[3], scale)?);
        Ok(1)
    })?;
    let mut header = Parser::header(base, record_type::TICKER, instrument, scale);
    (header.first, header.last) = (id, id);
    set_times(&mut header, fields)?;
    finish(parser, scale, &header, bids, out)
}

fn trade(
    parser: &mut Parser,
    base: &Market,
    fields: &Fields<'_>,
    out: &mut RecordBuffer,
    aggregate: bool,
) -> Result<Parsed, Reason> {
    let instrument = instrument(parser, fields)?;
    let (price, quantity) = (fields.need(b"p")?, fields.need(b"q")?);
    let buyer_is_maker = fields.boolean(b"m")?;
    let (bids, scale) = scaled(parser, instrument, |scale| {
        out.begin(1);
        out.push(level(price, quantity, scale)?);
        Ok(usize::from(buyer_is_maker))
    })?;
    let mut header = Parser::header(base, record_type::TRADE, instrument, scale);
    header.flags |= if buyer_is_maker { flag::BUYER_MAKER } else { 0 };
    if aggregate {
        header.correlation = fields.unsigned(b"a")?;
        (header.first, header.last) = (fields.unsigned(b"f")?, fields.unsigned(b"l")?);
    } else {
        let id = fields.unsigned(b"t")?;
        (header.first, header.last) = (id, id);
    }
    fields.unsigned(b"E").and(fields.unsigned(b"T"))?;
    set_times(&mut header, fields)?;
    finish(parser, scale, &header, bids, out)
}

fn finish(
    parser: &mut Parser,
    scale: Scale,
    header: &Market,
    bids: usize,
    out: &mut RecordBuffer,
) -> Result<Parsed, Reason> {
    parser.instruments.refine(header.instrument, scale);
    out.finish(header, bids);
    Ok(Parsed::Record)
}

/// Why levels were not read.
enum Stop {
    Bad(Reason),
    Scale(ScaleMisfit),
}

/// Reads levels by `read`, again with a finer scale as long as one has more decimals.
///
/// Each turn adds a decimal to one of two scales, so there are at most 37 turns.
fn scaled(
    parser: &Parser,
    instrument: u16,
    mut read: impl FnMut(Scale) -> Result<usize, Stop>,
) -> Result<(usize, Scale), Reason> {
    let mut scale = parser.instruments.scale(instrument);
    loop {
        match read(scale) {
            Ok(bids) => return Ok((bids, scale)),
            Err(Stop::Scale(ScaleMisfit::Price(Misfit::Finer(digits)))) => {
                scale.price_digits = digits;
            }
            Err(Stop::Scale(ScaleMisfit::Quantity(Misfit::Finer(digits)))) => {
                scale.quantity_digits = digits;
            }
            Err(Stop::Scale(_)) => return Err(Reason::NumberDoesNotFit),
            Err(Stop::Bad(reason)) => return Err(reason),
        }
    }
}

/// Both sides into `out`; gives the number of bids.
fn sides(raw: (&[u8], &[u8]), scale: Scale, out: &mut RecordBuffer) -> Result<usize, Stop> {
    out.begin((raw.0.len() + raw.1.len()) / LEVEL_TEXT_BYTES + 4);
    side(raw.0, scale, out)?;
    let bids = out.levels();
    side(raw.1, scale, out)?;
    Ok(bids)
}

fn side(raw: &[u8], scale: Scale, out: &mut RecordBuffer) -> Result<(), Stop> {
    let mut misfit = None;
    let read = Scanner::new(raw).items(|scanner| {
        let mut pair = [None; 2];
        let mut count = 0;
        scanner.items(|scanner| {
            let value = scanner.value()?;
            if let Some(slot) = pair.get_mut(count) {
                *slot = Some(value);
            }
            count += 1;
            Ok(())
        })?;
        let [Some(price), Some(quantity)] = pair else {
            return Err(Reason::Malformed);
        };
        match level(price, quantity, scale) {
            Ok(level) => out.push(level),
            Err(Stop::Bad(reason)) => return Err(reason),
            Err(stop) => {
                misfit = Some(stop);
                return Err(Reason::NumberDoesNotFit);
            }
        }
        Ok(())
    });
    match misfit {
        Some(stop) => Err(stop),
        None => read.map_err(Stop::Bad),
    }
}

fn level(price: &[u8], quantity: &[u8], scale: Scale) -> Result<Level, Stop> {
    let price = decimal(price).map_err(Stop::Bad)?;
    let quantity = decimal(quantity).map_err(Stop::Bad)?;
    if quantity.mantissa < 0 {
        return Err(Stop::Bad(Reason::BadNumber));
    }
    let as_stop = |wrap: fn(Misfit) -> ScaleMisfit| move |misfit| Stop::Scale(wrap(misfit));
    Ok(Level {
        price: price
            .at(scale.price_digits)
            .map_err(as_stop(ScaleMisfit::Price))?,
        quantity: quantity
            .at(scale.quantity_digits)
            .map_err(as_stop(ScaleMisfit::Quantity))?,
    })
}
