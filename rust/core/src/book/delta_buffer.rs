//! Deltas that wait for a snapshot: a bounded arena, made once, ordered by update id.

use super::rules::UpdateIds;

/// Where one buffered delta lies.
#[derive(Clone, Copy, Debug)]
struct Entry {
    ids: UpdateIds,
    at: usize,
    length: usize,
}

/// What became of a delta that was to be buffered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is kept.
    Stored,
    /// One that ends at the same id is here already.
    Duplicate,
    /// No room, by count or by bytes.
    Full,
}

/// Buffered deltas in the order of their last id, whatever order they came in.
#[derive(Debug)]
pub struct DeltaBuffer {
    entries: Vec<Entry>,
    head: usize,
    bytes: Vec<u8>,
    deltas_max: usize,
    bytes_max: usize,
}

impl DeltaBuffer {
    /// Reserves room for `deltas_max` deltas of `bytes_max` bytes in all; pages of it are
    /// touched only when they are needed.
    #[must_use]
    pub fn new(deltas_max: usize, bytes_max: usize) -> Self {
        Self {
            entries: Vec::with_capacity(deltas_max),
            head: 0,
            bytes: Vec::with_capacity(bytes_max),
            deltas_max,
            bytes_max,
        }
    }

    /// Number of deltas that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len() - self.head
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether one record could be kept by an empty buffer.
    #[must_use]
    pub fn could_hold(&self, record: &[u8]) -> bool {
        record.len() <= self.bytes_max && self.deltas_max > 0
    }

    /// Keeps a copy of one delta.
    pub fn push(&mut self, record: &[u8], ids: UpdateIds) -> Pushed {
        let waiting = &self.entries[self.head..];
        let later = waiting
            .iter()
            .rev()
            .take_while(|entry| entry.ids.last > ids.last)
            .count();
        let place = self.entries.len() - later;
        if place > self.head && self.entries[place - 1].ids.last == ids.last {
            return Pushed::Duplicate;
        }
        let is_full = self.entries.len() == self.deltas_max
            || self.bytes.len() + record.len() > self.bytes_max;
        if is_full {
            return Pushed::Full;
        }
        let entry = Entry {
            ids,
            at: self.bytes.len(),
            length: record.len(),
        };
        self.bytes.extend_from_slice(record);
        self.entries.insert(place, entry);
        Pushed::Stored
    }

    /// Ids of the earliest delta that waits.
    #[must_use]
    pub fn first_ids(&self) -> Option<UpdateIds> {
        self.entries.get(self.head).map(|entry| entry.ids)
    }

    /// Ids of the latest delta that waits.
    #[must_use]
    pub fn last_ids(&self) -> Option<UpdateIds> {
        self.entries[self.head..].last().map(|entry| entry.ids)
    }

    /// Ids of all deltas that wait, in order.
    pub fn ids(&self) -> impl Iterator<Item = UpdateIds> + '_ {
        self.entries[self.head..].iter().map(|entry| entry.ids)
    }

    /// The earliest delta that waits.
    #[must_use]
    pub fn first(&self) -> Option<&[u8]> {
        let entry = self.entries.get(self.head)?;
        Some(&self.bytes[entry.at..entry.at + entry.length])
    }

    /// Lets the earliest one go; the memory is free again when the last one goes.
    pub fn pop(&mut self) {
        self.head += usize::from(self.head < self.entries.len());
        if self.is_empty() {
            self.clear();
        }
    }

    /// Moves what still waits to the start, so that the whole arena is usable again.
    pub fn compact(&mut self) {
        self.entries.drain(..self.head);
        self.head = 0;
        self.entries.sort_unstable_by_key(|entry| entry.at);
        let mut end = 0;
        for entry in &mut self.entries {
            self.bytes
                .copy_within(entry.at..entry.at + entry.length, end);
            entry.at = end;
            end += entry.length;
        }
        self.bytes.truncate(end);
        self.entries.sort_unstable_by_key(|entry| entry.ids.last);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes.clear();
        self.head = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(last: u64) -> UpdateIds {
        UpdateIds {
            first: last,
            last,
            previous: last - 1,
        }
    }

    fn drained(buffer: &mut DeltaBuffer) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        while let Some(record) = buffer.first() {
            out.push(record.to_vec());
            buffer.pop();
        }
        out
    }

    #[test]
    fn deltas_come_out_in_the_order_of_their_ids() {
        let mut buffer = DeltaBuffer::new(8, 64);
        for last in [3_u64, 1, 2] {
            assert_eq!(buffer.push(&[last as u8], ids(last)), Pushed::Stored);
        }
        assert_eq!(buffer.push(&[9], ids(2)), Pushed::Duplicate);
        assert_eq!(drained(&mut buffer), [[1], [2], [3]]);
        assert!(buffer.is_empty());
    }

    #[test]
    fn both_bounds_are_kept() {
        let mut buffer = DeltaBuffer::new(2, 8);
        assert_eq!(buffer.push(&[0; 9], ids(1)), Pushed::Full);
        assert!(!buffer.could_hold(&[0; 9]));
        assert_eq!(buffer.push(&[1; 4], ids(1)), Pushed::Stored);
        assert_eq!(buffer.push(&[2; 5], ids(2)), Pushed::Full);
        assert_eq!(buffer.push(&[2; 1], ids(2)), Pushed::Stored);
        assert_eq!(buffer.push(&[3; 1], ids(3)), Pushed::Full);
    }

    #[test]
    fn compacting_keeps_what_waits_and_frees_the_rest() {
        let mut buffer = DeltaBuffer::new(4, 8);
        for (last, bytes) in [(1, [1_u8; 2]), (4, [4; 2]), (3, [3; 2])] {
            assert_eq!(buffer.push(&bytes, ids(last)), Pushed::Stored);
        }
        buffer.pop();
        buffer.compact();
        assert_eq!(buffer.push(&[5; 4], ids(5)), Pushed::Stored);
        assert_eq!(drained(&mut buffer), [vec![3; 2], vec![4; 2], vec![5; 4]]);
    }
}
