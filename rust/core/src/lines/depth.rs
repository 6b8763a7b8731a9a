//! The order of one instrument's diffs when several lines bring them.

use std::collections::VecDeque;

use super::window::{Recall, Seen, Window};
use crate::parse::binance::peek::Identity;
use crate::parse::rules::Chain;

/// Diffs that are held per instrument until the missing one comes; above it the oldest goes.
pub const HELD_FRAMES_MAX: usize = 256;

/// A diff that waits for the one before it.
pub(super) struct Held {
    pub(super) record: Vec<u8>,
    pub(super) line: u16,
    pub(super) received_ns: i64,
    /// The id that must have been forwarded before it.
    pub(super) needed: u64,
    pub(super) last: u64,
}

/// One line, as one instrument's diffs see it.
#[derive(Clone, Copy, Default)]
pub(super) struct LineState {
    pub(super) open: bool,
    pub(super) seen: u64,
}

/// One instrument's diffs.
pub(super) struct DepthStream {
    chain: Chain,
    pub(super) last: Option<u64>,
    pub(super) lines: Vec<LineState>,
    pub(super) held: VecDeque<Held>,
    pub(super) window: Window,
}

impl DepthStream {
    pub(super) fn new(chain: Chain, lines: usize) -> Self {
        Self {
            chain,
            last: None,
            lines: vec![LineState::default(); lines],
            held: VecDeque::new(),
            window: Window::default(),
        }
    }

    /// The id that must have been forwarded before a diff.
    pub(super) fn needed(&self, identity: &Identity<'_>) -> u64 {
        match self.chain {
            Chain::First => identity.first.saturating_sub(1),
            Chain::Previous => identity.previous.unwrap_or(0),
        }
    }

    /// Whether a diff that needs `needed` follows what was forwarded last.
    ///
    /// On spot a diff may overlap what came before; on USD-M it has to follow exactly.
    pub(super) fn chains(&self, needed: u64) -> bool {
        self.last.is_none_or(|last| match self.chain {
            Chain::First => needed <= last,
            Chain::Previous => needed == last,
        })
    }

    /// Whether another open line can still bring what is missing before `needed`.
    pub(super) fn may_be_filled(&self, line: u16, needed: u64) -> bool {
        let others = self
            .lines
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != usize::from(line));
        others
            .map(|(_, other)| other)
            .any(|other| other.open && other.seen < needed)
    }

    /// Notes how far a line has come.
    pub(super) fn advance(&mut self, line: u16, last: u64) {
        let state = &mut self.lines[usize::from(line)];
        state.seen = state.seen.max(last);
    }

    /// Puts a diff among the held ones, in the order of its last id.
    pub(super) fn hold(&mut self, held: Held) {
        let at = self.held.partition_point(|other| other.last < held.last);
        self.held.insert(at, held);
    }

    /// What is known of the diff with this last id. One that is held counts as known, and one
    /// behind the last that was forwarded is too old even where it never came.
    pub(super) fn recall(&self, last: u64) -> Recall {
        if let Some(held) = self.held.iter().find(|held| held.last == last) {
            let (line, received_ns) = (held.line, held.received_ns);
            return Recall::Known(Seen {
                id: last,
                line,
                received_ns,
            });
        }
        match self.window.recall(last) {
            Recall::New if self.last.is_some_and(|forwarded| last <= forwarded) => Recall::TooOld,
            recall => recall,
        }
    }

    /// Whether the first held diff has to go now, and may be forwarded in that order.
    pub(super) fn is_due(&self, now_ns: i64, hold_ns: i64) -> bool {
        self.held.front().is_some_and(|front| {
            self.last.is_some_and(|last| front.last <= last)
                || self.chains(front.needed)
                || self.held.len() > HELD_FRAMES_MAX
                || now_ns.saturating_sub(front.received_ns) >= hold_ns
                || !self.may_be_filled(front.line, front.needed)
        })
    }

    /// Forgets all ids; whoever clears has taken what was held.
    pub(super) fn clear(&mut self) {
        self.last = None;
        self.held.clear();
        self.window.clear();
        self.lines.iter_mut().for_each(|line| line.seen = 0);
    }
}
