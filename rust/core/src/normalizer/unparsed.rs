//! The last payloads that became no record: bounded, made once, overwritten in a circle.

use crate::parse::Reason;
use crate::record::frame::Frame;

/// Entries that are kept.
pub const ENTRIES_MAX: usize = 64;

/// Bytes of a payload that are kept.
pub const EXCERPT_BYTES_MAX: usize = 256;

/// One payload that became no record.
#[derive(Clone, Copy)]
pub struct Unparsed {
    /// The frame's id.
    pub frame_id: u64,
    /// Its receive stamp.
    pub received_ns: i64,
    /// Line that brought it.
    pub line: u16,
    /// Why.
    pub reason: Reason,
    /// Bytes of the whole payload.
    pub length: u32,
    excerpt: [u8; EXCERPT_BYTES_MAX],
}

impl Unparsed {
    /// The start of the payload.
    #[must_use]
    pub fn excerpt(&self) -> &[u8] {
        &self.excerpt[..EXCERPT_BYTES_MAX.min(self.length as usize)]
    }
}

/// A circle of entries that never allocates after it was made.
pub struct UnparsedLog {
    entries: Vec<Unparsed>,
    total: u64,
}

impl UnparsedLog {
    pub(super) fn new() -> Self {
        Self {
            entries: Vec::with_capacity(ENTRIES_MAX),
            total: 0,
        }
    }

    pub(super) fn note(&mut self, header: &Frame, reason: Reason, payload: &[u8]) {
        let mut entry = Unparsed {
            frame_id: header.frame_id,
            received_ns: header.received_ns,
            line: header.line,
            reason,
            length: header.length,
            excerpt: [0; EXCERPT_BYTES_MAX],
        };
        let kept = payload.len().min(EXCERPT_BYTES_MAX);
        entry.excerpt[..kept].copy_from_slice(&payload[..kept]);
        match self
            .entries
            .get_mut((self.total % ENTRIES_MAX as u64) as usize)
        {
            Some(oldest) => *oldest = entry,
            None => self.entries.push(entry),
        }
        self.total += 1;
    }

    /// Entries from the oldest kept to the newest.
    pub fn entries(&self) -> impl Iterator<Item = &Unparsed> {
        let full = self.entries.len() == ENTRIES_MAX;
        let start = if full {
            (self.total % ENTRIES_MAX as u64) as usize
        } else {
            0
        };
        self.entries[start..].iter().chain(&self.entries[..start])
    }

    /// All that was ever noted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }
}
