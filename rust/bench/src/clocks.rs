//! One reading of the clock: ours, the system's, and the counter's alone, which is ours' floor.

use std::hint::black_box;

use tickwork_core::clock::{counter_ticks, fast_clock, monotonic_raw_ns};

use crate::row::{Pass, Row};
use crate::timing::measure;

const READINGS: u64 = 100_000;

struct Readings<F>(F);

impl<F: FnMut() -> i64> Row for Readings<F> {
    fn pass(&mut self) -> Pass {
        measure(|| {
            for _ in 0..READINGS {
                black_box((self.0)());
            }
            READINGS
        })
    }
}

/// The rows of this file.
pub fn make(name: &str) -> Option<Box<dyn Row>> {
    match name {
        "clock-fast" => {
            let clock = fast_clock();
            Some(Box::new(Readings(move || clock.now_ns())))
        }
        "clock-counter" => Some(Box::new(Readings(|| counter_ticks().cast_signed()))),
        "clock-system" => Some(Box::new(Readings(monotonic_raw_ns))),
        _ => None,
    }
}
