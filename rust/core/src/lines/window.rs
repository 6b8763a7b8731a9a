//! The ids that were forwarded last on one stream, with who brought them and when.

/// Ids that are remembered per stream; what is older counts as late.
pub const RECENT_IDS_MAX: usize = 512;

/// One forwarded message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) id: u64,
    pub(super) line: u16,
    pub(super) received_ns: i64,
}

/// What is known of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recall {
    /// Not forwarded yet.
    New,
    /// Forwarded before.
    Known(Seen),
    /// Older than everything remembered.
    TooOld,
}

/// A circle of the ids forwarded last; it grows to its bound and no further.
#[derive(Default)]
pub(super) struct Window {
    recent: Vec<Seen>,
    oldest: usize,
    highest: Option<u64>,
}

impl Window {
    /// Looks an id up. Ids rise, so that most of them are new at the first look.
    pub(super) fn recall(&self, id: u64) -> Recall {
        if self.highest.is_none_or(|highest| id > highest) {
            return Recall::New;
        }
        let newest_first = self.recent[..self.oldest].iter().rev();
        let newest_first = newest_first.chain(self.recent[self.oldest..].iter().rev());
        let mut lowest = u64::MAX;
        for seen in newest_first {
            if seen.id == id {
                return Recall::Known(*seen);
            }
            lowest = lowest.min(seen.id);
        }
        let forgotten = self.recent.len() == RECENT_IDS_MAX && id < lowest;
        if forgotten {
            Recall::TooOld
        } else {
            Recall::New
        }
    }

    /// Remembers a forwarded message.
    pub(super) fn remember(&mut self, seen: Seen) {
        self.highest = self.highest.max(Some(seen.id));
        if self.recent.len() < RECENT_IDS_MAX {
            self.recent.push(seen);
            return;
        }
        self.recent[self.oldest] = seen;
        self.oldest = (self.oldest + 1) % RECENT_IDS_MAX;
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.recent.clear();
        (self.oldest, self.highest) = (0, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: u64) -> Seen {
        Seen {
            id,
            line: 0,
            received_ns: id as i64,
        }
    }

    #[test]
    fn ids_are_known_until_they_are_forgotten() {
        let mut window = Window::default();
        assert_eq!(window.recall(0), Recall::New);
        let count = RECENT_IDS_MAX as u64 + 100;
        for id in 0..count {
            window.remember(seen(2 * id));
        }
        assert_eq!(window.recall(2 * count), Recall::New);
        assert_eq!(
            window.recall(2 * count - 3),
            Recall::New,
            "a late one between two others"
        );
        assert_eq!(
            window.recall(2 * count - 2),
            Recall::Known(seen(2 * count - 2))
        );
        assert_eq!(window.recall(200), Recall::Known(seen(200)));
        assert_eq!(window.recall(198), Recall::TooOld);
        window.clear();
        assert_eq!(window.recall(200), Recall::New);
    }
}
