//! What an engine is told once: its rule, its times, its bounds.

use super::rules::SyncRule;

/// Bounds and times of one engine, the same for all its instruments.
#[derive(Clone, Copy, Debug)]
pub struct EngineSettings {
    /// How deltas join.
    pub rule: SyncRule,
    /// A book without a delta for longer than this is STALE.
    pub stale_after_ns: i64,
    /// How long an answer to a snapshot request may take.
    pub request_timeout_ns: i64,
    /// The first pause after a snapshot that was too old; it doubles up to the timeout.
    pub request_retry_ns: i64,
    /// How many deltas wait for a snapshot at most.
    pub buffered_deltas_max: usize,
    /// How many bytes these take at most.
    pub buffered_bytes_max: usize,
    /// Levels kept on each side (`usize::MAX`: all).
    pub levels_max: usize,
}
