//! The strict path's cursor: every step takes exactly what it expects or gives up.

use super::super::block::{self, Behind, Cut};
use super::super::decimal::Decimal;
use super::super::eight;
use super::super::instruments::Scale;
use crate::record::market::Level;

/// What is left of a payload.
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Takes `literal` if it comes next.
    #[inline(always)]
    pub(super) fn take<const N: usize>(&mut self, literal: &[u8; N]) -> bool {
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) if head == literal => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes `literal` or gives up.
    #[inline(always)]
    pub(super) fn expect<const N: usize>(&mut self, literal: &[u8; N]) -> Option<()> {
        self.take(literal).then_some(())
    }

    /// Takes an unsigned integer.
    #[inline(always)]
    pub(super) fn unsigned(&mut self) -> Option<u64> {
        let (value, used) = eight::unsigned(self.rest)?;
        self.rest = &self.rest[used..];
        Some(value)
    }

    /// Takes text up to its quote, and the quote.
    #[inline(always)]
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let text = eight::plain_text(self.rest)?;
        self.rest = &self.rest[text.len() + 1..];
        Some(text)
    }

    /// Takes `true` or `false`.
    #[inline(always)]
    pub(super) fn boolean(&mut self) -> Option<bool> {
        if self.take(b"true") {
            return Some(true);
        }
        self.expect(b"false").map(|()| false)
    }

    /// Takes a decimal and the quote behind it, at `digits` decimals.
    #[inline(always)]
    pub(super) fn decimal(&mut self, digits: u8) -> Option<i64> {
        if digits <= 8
            && let Some((mantissa, used)) = eight::decimal(self.rest, u32::from(digits))
        {
            self.rest = &self.rest[used..];
            return Some(mantissa);
        }
        self.any_decimal(digits)
    }

    /// The same without the short cut; numbers that the scale cannot take are given up.
    #[cold]
    fn any_decimal(&mut self, digits: u8) -> Option<i64> {
        let text = self.text()?;
        Decimal::parse(text).ok()?.at(digits).ok()
    }

    /// Takes a level behind its opening `["`, and what stands behind it.
    #[inline(always)]
    pub(super) fn level(
        &mut self,
        cuts: Option<(Cut, Cut)>,
        scale: Scale,
    ) -> Option<(Level, Behind)> {
        if let Some((price, quantity)) = cuts
            && let Some((level, used, behind)) = block::level(self.rest, price, quantity)
        {
            self.rest = &self.rest[used..];
            return Some((level, behind));
        }
        self.any_level(scale)
    }

    /// The same number by number.
    #[inline(never)]
    fn any_level(&mut self, scale: Scale) -> Option<(Level, Behind)> {
        let price = self.decimal(scale.price_digits)?;
        self.expect(b",\"")?;
        let quantity = self.quantity(scale.quantity_digits)?;
        let level = Level { price, quantity };
        if self.take(b"],[\"") {
            return Some((level, Behind::Level));
        }
        self.expect(b"]]").map(|()| (level, Behind::End))
    }

    /// As `decimal`, but gives up below zero.
    #[inline(always)]
    pub(super) fn quantity(&mut self, digits: u8) -> Option<i64> {
        self.decimal(digits).filter(|&mantissa| mantissa >= 0)
    }
}
