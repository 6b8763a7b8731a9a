//! The normalizer's counts: one writer, any number of readers, no locked instruction.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::parse::Reason;
use crate::record::record_type;

/// A count with a single writer; reading it never stops the writer.
#[derive(Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `number`. Only the one writer may call this: it is no atomic addition.
    #[inline(always)]
    pub fn add(&self, number: u64) {
        self.0.store(
            self.0.load(Ordering::Relaxed).wrapping_add(number),
            Ordering::Relaxed,
        );
    }

    /// The count now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// All counts of one normalizer.
#[derive(Default)]
pub struct Tally {
    /// Frames taken.
    pub frames: Count,
    /// Their payload bytes.
    pub bytes: Count,
    /// Frames that the sender counted and that never came.
    pub frames_missing: Count,
    /// Diffs sent on.
    pub deltas: Count,
    /// Snapshots sent on.
    pub snapshots: Count,
    /// Book tickers sent on.
    pub tickers: Count,
    /// Trades sent on, aggregate ones too.
    pub trades: Count,
    /// Status records sent on.
    pub statuses: Count,
    /// Connections opened.
    pub opened: Count,
    /// Connections closed.
    pub closed: Count,
    /// Connection attempts and requests that failed.
    pub connection_errors: Count,
    /// Control messages that the venue accepted.
    pub accepted: Count,
    /// Control messages and requests that the venue refused.
    pub refused: Count,
    /// Announcements that a server goes away.
    pub server_shutdowns: Count,
    /// Exchange informations read.
    pub exchange_informations: Count,
    /// Scales set from them.
    pub scales: Count,
    /// Records of a type that does not belong here.
    pub unexpected: Count,
    /// Payloads that became no record, by reason.
    pub unparsed: [Count; Reason::ALL.len()],
}

impl Tally {
    /// Counts one record that was sent on.
    #[inline]
    pub fn count_record(&self, kind: u8) {
        match kind {
            record_type::DELTA => self.deltas.add(1),
            record_type::SNAPSHOT => self.snapshots.add(1),
            record_type::TICKER => self.tickers.add(1),
            _ => self.trades.add(1),
        }
    }

    /// Payloads that became no record, all reasons together.
    #[must_use]
    pub fn unparsed_total(&self) -> u64 {
        self.unparsed.iter().map(Count::get).sum()
    }

    /// Names and values, for exporters.
    #[must_use]
    pub fn list(&self) -> Vec<(String, u64)> {
        let plain = [
            ("frames", &self.frames),
            ("bytes", &self.bytes),
            ("framesMissing", &self.frames_missing),
            ("deltas", &self.deltas),
            ("snapshots", &self.snapshots),
            ("tickers", &self.tickers),
            ("trades", &self.trades),
            ("statuses", &self.statuses),
            ("opened", &self.opened),
            ("closed", &self.closed),
            ("connectionErrors", &self.connection_errors),
            ("accepted", &self.accepted),
            ("refused", &self.refused),
            ("serverShutdowns", &self.server_shutdowns),
            ("exchangeInformations", &self.exchange_informations),
            ("scales", &self.scales),
            ("unexpected", &self.unexpected),
        ];
        let mut all: Vec<_> = plain
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count.get()))
            .collect();
        all.push(("unparsed".to_owned(), self.unparsed_total()));
        all.extend(Reason::ALL.into_iter().map(|reason| {
            (
                format!("unparsed.{}", reason.name()),
                self.unparsed[reason.index()].get(),
            )
        }));
        all
    }
}
