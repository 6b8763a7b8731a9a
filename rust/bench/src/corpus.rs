//! The messages that are timed, from a file that `benchmarks/corpus.py` wrote.

use std::path::Path;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A depth snapshot as REST gives it.
    Snapshot,
    /// A diff.
    Depth,
    /// A book ticker.
    Ticker,
}

/// Messages in the order in which they were received.
#[derive(Debug)]
pub struct Corpus {
    /// Name of the venue.
    pub venue: String,
    /// The only symbol.
    pub symbol: String,
    /// All messages.
    pub messages: Vec<(Kind, Vec<u8>)>,
}

impl Corpus {
    /// Reads `venue symbol\n`, then per message a kind byte, a length and the payload.
    ///
    /// # Errors
    /// What the file system says, or where the file stops making sense.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let bytes =
            std::fs::read(path).map_err(|error| format!("reading the corpus {shown}: {error}"))?;
        let broken = || format!("reading the corpus {shown}: it is cut; make it again");
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (head, mut rest) = bytes.split_at(end.ok_or_else(broken)?);
        let head = String::from_utf8_lossy(head);
        let (venue, symbol) = head.split_once(' ').ok_or_else(broken)?;
        rest = &rest[1..];
        let mut messages = Vec::new();
        while let Some((kind, after)) = rest.split_first() {
            let (length, after) = after.split_first_chunk().ok_or_else(broken)?;
            let length = u32::from_le_bytes(*length) as usize;
            let (payload, after) = after.split_at_checked(length).ok_or_else(broken)?;
            let kind = match kind {
                0 => Kind::Snapshot,
                1 => Kind::Depth,
                2 => Kind::Ticker,
                _ => return Err(broken()),
            };
            messages.push((kind, payload.to_vec()));
            rest = after;
        }
        Ok(Self {
            venue: venue.to_owned(),
            symbol: symbol.to_owned(),
            messages,
        })
    }

    /// Payloads of one kind.
    pub fn of(&self, wanted: Kind) -> Vec<Vec<u8>> {
        let wanted = self.messages.iter().filter(|(kind, _)| *kind == wanted);
        wanted.map(|(_, payload)| payload.clone()).collect()
    }
}
