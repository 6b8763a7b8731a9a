//! The instruments a parser knows: symbol to index, and each one's scale.

use std::fmt;

use super::decimal::Misfit;

/// The longest symbol that fits a segment's table of instruments.
pub const SYMBOL_BYTES_MAX: usize = 48;

const FREE: u16 = u16::MAX;
const INSTRUMENTS_MAX: usize = 0xFFFE;

/// Decimals of an instrument's prices and quantities. They may only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// Decimals of prices; the records' price exponent is minus this.
    pub price_digits: u8,
    /// Decimals of quantities.
    pub quantity_digits: u8,
}

impl Scale {
    /// Exponent of prices in records.
    #[must_use]
    pub fn price_exponent(self) -> i8 {
        -(self.price_digits as i8)
    }

    /// Exponent of quantities in records.
    #[must_use]
    pub fn quantity_exponent(self) -> i8 {
        -(self.quantity_digits as i8)
    }

    /// The finer of both, side by side.
    #[must_use]
    pub fn finer(self, other: Self) -> Self {
        Self {
            price_digits: self.price_digits.max(other.price_digits),
            quantity_digits: self.quantity_digits.max(other.quantity_digits),
        }
    }
}

/// A number that a scale could not take, with what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScaleMisfit {
    Price(Misfit),
    Quantity(Misfit),
}

/// Why a list of symbols cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstrumentsError {
    /// A symbol has no bytes, too many, or bytes that are not printable ASCII.
    BadSymbol(String),
    /// A symbol stands in the list twice.
    Repeated(String),
    /// More symbols than ids.
    TooMany(usize),
}

impl fmt::Display for InstrumentsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadSymbol(symbol) => write!(
                out,
                "listing instruments: the symbol {symbol:?} is not 1 to {SYMBOL_BYTES_MAX} \
                 printable ASCII characters; use the venue's own spelling"
            ),
            Self::Repeated(symbol) => {
                write!(
                    out,
                    "listing instruments: {symbol:?} stands there twice; remove one"
                )
            }
            Self::TooMany(count) => write!(
                out,
                "listing instruments: {count} of them, at most {INSTRUMENTS_MAX} have an id; \
                 split them over several units"
            ),
        }
    }
}

impl std::error::Error for InstrumentsError {}

/// Symbols by index, found by an open-addressing table that never grows.
pub struct Instruments {
    symbols: Vec<Box<str>>,
    scales: Vec<Scale>,
    slots: Vec<u16>,
}

impl Instruments {
    /// Takes the symbols in the order of their ids.
    ///
    /// # Errors
    /// When a symbol cannot be a name, stands twice, or there are too many.
    pub fn new<S: AsRef<str>>(symbols: &[S]) -> Result<Self, InstrumentsError> {
        if symbols.len() > INSTRUMENTS_MAX {
            return Err(InstrumentsError::TooMany(symbols.len()));
        }
        let mut all = Self {
            symbols: Vec::with_capacity(symbols.len()),
            scales: vec![Scale::default(); symbols.len()],
            slots: vec![FREE; (symbols.len() * 4).next_power_of_two().max(16)],
        };
        for symbol in symbols {
            all.insert(symbol.as_ref())?;
        }
        Ok(all)
    }

    fn insert(&mut self, symbol: &str) -> Result<(), InstrumentsError> {
        let printable = symbol
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"');
        if symbol.is_empty() || symbol.len() > SYMBOL_BYTES_MAX || !printable {
            return Err(InstrumentsError::BadSymbol(symbol.to_owned()));
        }
        let slot = match self.slot_of(symbol.as_bytes()) {
            (_, Some(_)) => return Err(InstrumentsError::Repeated(symbol.to_owned())),
            (slot, None) => slot,
        };
        self.slots[slot] = self.symbols.len() as u16;
        self.symbols.push(symbol.into());
        Ok(())
    }

    /// The slot where `symbol` is or would be, and its id where it is.
    #[inline]
    fn slot_of(&self, symbol: &[u8]) -> (usize, Option<u16>) {
        let mask = self.slots.len() - 1;
        let mut slot = hash(symbol) as usize & mask;
        loop {
            let id = self.slots[slot];
            if id == FREE {
                return (slot, None);
            }
            if self.symbols[usize::from(id)].as_bytes() == symbol {
                return (slot, Some(id));
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Id of `symbol`, byte for byte.
    #[inline]
    #[must_use]
    pub fn find(&self, symbol: &[u8]) -> Option<u16> {
        self.slot_of(symbol).1
    }

    /// Number of instruments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.symbols.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// Symbol of an id.
    #[must_use]
    pub fn symbol(&self, instrument: u16) -> Option<&str> {
        self.symbols.get(usize::from(instrument)).map(AsRef::as_ref)
    }

    /// Scale of an id that `find` gave or that was checked.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[inline]
    #[must_use]
    pub fn scale(&self, instrument: u16) -> Scale {
        self.scales[usize::from(instrument)]
    }

    /// Makes a scale at least as fine as `scale`; it never becomes coarser.
    ///
    /// # Panics
    /// When there is no such instrument.
    pub fn refine(&mut self, instrument: u16, scale: Scale) {
        let own = &mut self.scales[usize::from(instrument)];
        *own = own.finer(scale);
    }
}

/// Mixes length, head and tail of a symbol; what lies between is compared, not mixed.
#[inline]
fn hash(symbol: &[u8]) -> u64 {
    let word = |at: usize| -> u64 {
        symbol
            .get(at..)
            .and_then(<[u8]>::first_chunk)
            .map_or(0, |raw| u64::from(u32::from_le_bytes(*raw)))
    };
    let tail = symbol.len().saturating_sub(4);
    let head = u64::from(symbol.first().copied().unwrap_or(0));
    let mixed = word(0) ^ (word(tail) << 32) ^ (head << 24) ^ ((symbol.len() as u64) << 56);
    mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_is_found_and_no_other() {
        let symbols: Vec<String> = (0..3000).map(|n| format!("S{n}USDT")).collect();
        let instruments = Instruments::new(&symbols).expect("good symbols");
        for (id, symbol) in symbols.iter().enumerate() {
            assert_eq!(instruments.find(symbol.as_bytes()), Some(id as u16));
        }
        for other in [&b""[..], b"S", b"S3000USDT", b"s1USDT", b"S1USDT "] {
            assert_eq!(instruments.find(other), None);
        }
        assert_eq!(
            (instruments.len(), instruments.symbol(7)),
            (3000, Some("S7USDT"))
        );
    }

    #[test]
    fn symbols_that_cannot_be_names_are_refused() {
        for symbol in ["", "BTC USDT", "BTC\"", "\u{e9}", &"A".repeat(49)] {
            let refused = Instruments::new(&[symbol]).err();
            assert_eq!(
                refused,
                Some(InstrumentsError::BadSymbol(symbol.to_owned()))
            );
        }
        let twice = Instruments::new(&["A", "B", "A"]).err();
        assert_eq!(twice, Some(InstrumentsError::Repeated("A".to_owned())));
        assert!(Instruments::new(&vec!["A"; 65_535]).is_err());
    }

    #[test]
    fn a_scale_grows_finer_and_never_coarser() {
        let mut instruments = Instruments::new(&["BTCUSDT"]).expect("a good symbol");
        instruments.refine(
            0,
            Scale {
                price_digits: 2,
                quantity_digits: 5,
            },
        );
        instruments.refine(
            0,
            Scale {
                price_digits: 1,
                quantity_digits: 8,
            },
        );
        let scale = instruments.scale(0);
        assert_eq!(
            (scale.price_exponent(), scale.quantity_exponent()),
            (-2, -8)
        );
    }
}
