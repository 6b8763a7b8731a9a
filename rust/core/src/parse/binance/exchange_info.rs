//! Exchange information: tick and step sizes become the instruments' scales.

use super::super::Reason;
use super::super::instruments::Scale;
use super::super::json::{Scanner, TEXT_BYTES_MAX, Text};
use super::Parser;
use super::fields::{decimal, text_of};

/// Reads the `symbols` array; gives the number of known instruments that got a scale.
///
/// Scales are set only when the whole array could be read.
pub(super) fn read(parser: &mut Parser, symbols: &[u8]) -> Result<usize, Reason> {
    let mut found: Vec<(u16, Scale)> = Vec::new();
    Scanner::new(symbols).items(|scanner| {
        let (symbol, scale) = read_symbol(scanner)?;
        let mut buffer = [0; TEXT_BYTES_MAX];
        let name = text_of(symbol.ok_or(Reason::Malformed)?, &mut buffer)?;
        if let Some(instrument) = parser.instruments.find(name) {
            found.push((instrument, scale));
        }
        Ok(())
    })?;
    for (instrument, scale) in &found {
        parser.instruments.refine(*instrument, *scale);
    }
    Ok(found.len())
}

/// One entry: the raw text of its symbol, and the scale its filters ask for.
fn read_symbol<'a>(scanner: &mut Scanner<'a>) -> Result<(Option<&'a [u8]>, Scale), Reason> {
    let (mut symbol, mut scale) = (None, Scale::default());
    scanner.members(|scanner, key| {
        match known(key, &[b"symbol", b"filters"]) {
            Some(0) => symbol = Some(scanner.value()?),
            Some(_) => scanner.items(|scanner| {
                scale = scale.finer(read_filter(scanner)?);
                Ok(())
            })?,
            None => scanner.value().map(drop)?,
        }
        Ok(())
    })?;
    Ok((symbol, scale))
}

/// One filter; a size of 0 switches it off, other filters say nothing of scales.
fn read_filter(scanner: &mut Scanner<'_>) -> Result<Scale, Reason> {
    let mut values = [None; 3];
    scanner.members(|scanner, key| {
        let at = known(key, &[b"filterType", b"tickSize", b"stepSize"]);
        let value = scanner.value()?;
        if let Some(at) = at {
            values[at] = Some(value);
        }
        Ok(())
    })?;
    let mut buffer = [0; TEXT_BYTES_MAX];
    let kind = text_of(values[0].ok_or(Reason::Malformed)?, &mut buffer)?;
    match (kind, values) {
        (b"PRICE_FILTER", [_, Some(tick), _]) => Ok(Scale {
            price_digits: decimal(tick)?.digits,
            quantity_digits: 0,
        }),
        (b"LOT_SIZE", [_, _, Some(step)]) => Ok(Scale {
            price_digits: 0,
            quantity_digits: decimal(step)?.digits,
        }),
        _ => Ok(Scale::default()),
    }
}

fn known(key: Text<'_>, names: &[&[u8]]) -> Option<usize> {
    let mut buffer = [0; TEXT_BYTES_MAX];
    let key = key.decode(&mut buffer)?;
    names.iter().position(|name| *name == key)
}
