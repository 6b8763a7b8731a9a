//! The raw text of a message's known fields, noted while its JSON is checked.

use super::super::Reason;
use super::super::decimal::{Decimal, DecimalError};
use super::super::json::{Scanner, TEXT_BYTES_MAX};

/// Every key that any message is read by.
const KEYS: [&[u8]; 27] = [
    b"e",
    b"E",
    b"T",
    b"s",
    b"U",
    b"u",
    b"pu",
    b"b",
    b"a",
    b"B",
    b"A",
    b"t",
    b"p",
    b"q",
    b"m",
    b"f",
    b"l",
    b"lastUpdateId",
    b"bids",
    b"asks",
    b"result",
    b"error",
    b"code",
    b"msg",
    b"symbols",
    b"stream",
    b"data",
];

/// The raw text of the known fields of one object, by place in KEYS.
pub(super) struct Fields<'a> {
    values: [Option<&'a [u8]>; KEYS.len()],
}

impl<'a> Fields<'a> {
    /// Checks the whole of `bytes` and notes its fields; a wrapper is taken off.
    pub(super) fn read(bytes: &'a [u8]) -> Result<(bool, Self), Reason> {
        if let Err(error) = std::str::from_utf8(bytes) {
            let cut = error.error_len().is_none();
            return Err(if cut {
                Reason::Truncated
            } else {
                Reason::NotUtf8
            });
        }
        let outer = Self::read_object(bytes)?;
        match (outer.find(b"stream"), outer.find(b"data")) {
            (Some(_), Some(data)) => Ok((true, Self::read_object(data)?)),
            _ => Ok((false, outer)),
        }
    }

    fn read_object(bytes: &'a [u8]) -> Result<Self, Reason> {
        let mut fields = Self {
            values: [None; KEYS.len()],
        };
        let mut scanner = Scanner::new(bytes);
        scanner.members(|scanner, key| {
            let mut buffer = [0; TEXT_BYTES_MAX];
            let key = key.decode(&mut buffer);
            let value = scanner.value()?;
            let known = key.and_then(|key| KEYS.iter().position(|known| *known == key));
            match known.map(|at| fields.values[at].replace(value)) {
                Some(Some(_)) => Err(Reason::Malformed),
                _ => Ok(()),
            }
        })?;
        scanner.end()?;
        Ok(fields)
    }

    /// The raw text of a field.
    pub(super) fn find(&self, key: &[u8]) -> Option<&'a [u8]> {
        KEYS.iter()
            .position(|known| *known == key)
            .and_then(|at| self.values[at])
    }

    pub(super) fn need(&self, key: &[u8]) -> Result<&'a [u8], Reason> {
        self.find(key).ok_or(Reason::Malformed)
    }

    /// An unsigned integer that must be there.
    pub(super) fn unsigned(&self, key: &[u8]) -> Result<u64, Reason> {
        unsigned(self.need(key)?)
    }

    /// An unsigned integer where there is one.
    pub(super) fn optional_unsigned(&self, key: &[u8]) -> Result<Option<u64>, Reason> {
        self.find(key).map(unsigned).transpose()
    }

    pub(super) fn boolean(&self, key: &[u8]) -> Result<bool, Reason> {
        match self.need(key)? {
            b"true" => Ok(true),
            b"false" => Ok(false),
            _ => Err(Reason::Malformed),
        }
    }

    /// A string without its quotes, decoded into `buffer` where it has escapes.
    pub(super) fn text<'b>(
        &self,
        key: &[u8],
        buffer: &'b mut [u8; TEXT_BYTES_MAX],
    ) -> Result<&'b [u8], Reason>
    where
        'a: 'b,
    {
        text_of(self.need(key)?, buffer)
    }
}

/// Content of a JSON string; what is too long to decode is no text we know.
pub(super) fn text_of<'b, 'a: 'b>(
    raw: &'a [u8],
    buffer: &'b mut [u8; TEXT_BYTES_MAX],
) -> Result<&'b [u8], Reason> {
    Scanner::new(raw)
        .string()?
        .decode(buffer)
        .ok_or(Reason::Malformed)
}

fn unsigned(raw: &[u8]) -> Result<u64, Reason> {
    let digits = raw.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(raw).map_err(|_| Reason::NotUtf8)?;
    if !digits {
        return Err(Reason::BadNumber);
    }
    text.parse().map_err(|_| Reason::NumberDoesNotFit)
}

/// A decimal, written as a JSON number or as a string that holds one.
pub(super) fn decimal(raw: &[u8]) -> Result<Decimal, Reason> {
    let mut buffer = [0; TEXT_BYTES_MAX];
    let text = if raw.starts_with(b"\"") {
        text_of(raw, &mut buffer)?
    } else {
        raw
    };
    Decimal::parse(text).map_err(|error| match error {
        DecimalError::NotANumber => Reason::BadNumber,
        DecimalError::DoesNotFit => Reason::NumberDoesNotFit,
    })
}
