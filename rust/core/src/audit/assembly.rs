//! Chunks to lines: a chunk may end anywhere.

/// The longest line that is kept; what is longer is skipped to its end.
pub const LINE_BYTES_MAX: usize = 64 << 20;

/// Puts lines together that lie across chunks; whole ones are not copied.
#[derive(Debug, Default)]
pub struct Assembly {
    carried: Vec<u8>,
    is_skipping: bool,
    too_long: u64,
}

impl Assembly {
    /// Hands each line that ends in `chunk` to `take`, without its newline.
    pub fn feed(&mut self, chunk: &[u8], mut take: impl FnMut(&[u8])) {
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = rest.split_at(end);
            rest = &tail[1..];
            if self.carried.is_empty() && !self.is_skipping {
                take(head);
                continue;
            }
            self.carry(head);
            if !self.is_skipping {
                take(&self.carried);
            }
            self.carried.clear();
            self.is_skipping = false;
        }
        self.carry(rest);
    }

    fn carry(&mut self, part: &[u8]) {
        if self.is_skipping {
            return;
        }
        if self.carried.len() + part.len() > LINE_BYTES_MAX {
            self.too_long += 1;
            self.is_skipping = true;
            self.carried = Vec::new();
        } else {
            self.carried.extend_from_slice(part);
        }
    }

    /// What came after the last newline; the next chunk starts a new line.
    #[must_use]
    pub fn take_rest(&mut self) -> Vec<u8> {
        self.is_skipping = false;
        std::mem::take(&mut self.carried)
    }

    /// Number of lines that were skipped because they are too long.
    #[must_use]
    pub fn too_long(&self) -> u64 {
        self.too_long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_wherever_chunks_end() {
        let text = b"one\n\ntwo three\nfour";
        for size in 1..=text.len() {
            let mut assembly = Assembly::default();
            let mut lines = Vec::new();
            for chunk in text.chunks(size) {
                assembly.feed(chunk, |line| lines.push(line.to_vec()));
            }
            let expected: [&[u8]; 3] = [b"one", b"", b"two three"];
            assert_eq!(lines, expected, "chunks of {size}");
            assert_eq!(assembly.take_rest(), b"four");
            assert!(assembly.take_rest().is_empty());
        }
    }

    #[test]
    fn a_line_without_end_is_skipped_and_counted() {
        let mut assembly = Assembly::default();
        let mut lines = Vec::new();
        let chunk = vec![b'x'; LINE_BYTES_MAX / 2 + 1];
        for part in [&chunk[..], &chunk[..], b"y\nnext\n"] {
            assembly.feed(part, |line| lines.push(line.to_vec()));
        }
        assert_eq!(lines, [b"next"]);
        assert_eq!(assembly.too_long(), 1);
    }
}
