//! Counts with one writer and any number of readers.

use std::sync::atomic::{AtomicU64, Ordering};

/// A count with a single writer; reading it never stops the writer.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `number`. Only the one writer may call this: it is no atomic addition.
    #[inline(always)]
    pub fn add(&self, number: u64) {
        let raised = self.0.load(Ordering::Relaxed).wrapping_add(number);
        self.0.store(raised, Ordering::Relaxed);
    }

    /// The count now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
