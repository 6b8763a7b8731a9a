//! Venue text to records: one pass over the bytes, a strict path and a tolerant one.
//!
//! Here: exact decimals, a JSON scanner, the instruments a parser knows, one folder per venue.
//! Never here: sockets, stamps, counters (those are the normalizer's), what a book does with it.

pub mod binance;
mod block;
pub mod decimal;
mod eight;
pub mod instruments;
mod json;
pub mod rules;

/// Why a payload became no record. Each is counted by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// Not JSON, or JSON that lacks what its type needs.
    Malformed,
    /// The text ends before its value does.
    Truncated,
    /// More bytes than allowed.
    TooLarge,
    /// A message of a type that is not read here.
    UnknownType,
    /// A symbol that is not among the configured ones.
    UnknownInstrument,
    /// A field that should be a number is none.
    BadNumber,
    /// A number beyond an int64 in the instrument's scale.
    NumberDoesNotFit,
    /// A binary frame, where the venue speaks text.
    Binary,
}

impl Reason {
    /// All of them, in the order of `index`.
    pub const ALL: [Self; 9] = [
        Self::NotUtf8,
        Self::Malformed,
        Self::Truncated,
        Self::TooLarge,
        Self::UnknownType,
        Self::UnknownInstrument,
        Self::BadNumber,
        Self::NumberDoesNotFit,
        Self::Binary,
    ];

    /// The name under which it is counted.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotUtf8 => "notUtf8",
            Self::Malformed => "malformed",
            Self::Truncated => "truncated",
            Self::TooLarge => "tooLarge",
            Self::UnknownType => "unknownType",
            Self::UnknownInstrument => "unknownInstrument",
            Self::BadNumber => "badNumber",
            Self::NumberDoesNotFit => "numberDoesNotFit",
            Self::Binary => "binary",
        }
    }

    /// Its place in `ALL`.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// What a payload was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// A market record stands in the buffer.
    Record,
    /// Exchange information: this many known instruments got their scale.
    Scales(usize),
    /// The venue accepted a control message.
    Accepted,
    /// The venue refused a control message or a request.
    Refused,
    /// The venue says that this server goes away.
    ServerShutdown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_place_and_a_name_of_its_own() {
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
            let same = Reason::ALL
                .iter()
                .filter(|other| other.name() == reason.name());
            assert_eq!(same.count(), 1);
        }
    }
}
