//! The one outstanding snapshot request of an instrument.

use super::settings::EngineSettings;

/// How often a pause may double.
const DOUBLINGS_MAX: u32 = 16;

/// When the next request is due, and what number it has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request {
    correlation: u64,
    due_ns: Option<i64>,
    attempts: u32,
}

impl Request {
    /// Whether a request should go out now: none was made yet, or the last one's time is over.
    #[must_use]
    pub fn is_due(&self, now_ns: i64) -> bool {
        self.due_ns.is_none_or(|due_ns| now_ns >= due_ns)
    }

    /// The number that the next request carries; the answer echoes it.
    #[must_use]
    pub fn next_correlation(&mut self) -> u64 {
        self.correlation += 1;
        self.correlation
    }

    /// Notes that a request went out, or found no room and goes out again soon.
    pub fn note(&mut self, is_sent: bool, now_ns: i64, settings: &EngineSettings) {
        let pause_ns = if is_sent {
            settings.request_timeout_ns
        } else {
            settings.request_retry_ns
        };
        self.due_ns = Some(now_ns.saturating_add(pause_ns));
    }

    /// The answer was of no use: ask again after a pause that doubles up to the timeout.
    pub fn retry_later(&mut self, now_ns: i64, settings: &EngineSettings) {
        let factor = 1_i64 << self.attempts.min(DOUBLINGS_MAX);
        let pause_ns = settings.request_retry_ns.saturating_mul(factor);
        self.attempts += 1;
        self.due_ns = Some(now_ns.saturating_add(pause_ns.min(settings.request_timeout_ns)));
    }

    /// What was asked for is worth nothing any more: the next request is due at once.
    pub fn restart(&mut self) {
        self.due_ns = None;
    }

    /// Nothing is wanted any more.
    pub fn settle(&mut self) {
        self.due_ns = None;
        self.attempts = 0;
    }
}
