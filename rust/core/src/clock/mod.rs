//! Time of the data plane: nanoseconds of CLOCK_MONOTONIC_RAW, read without a system call.
//!
//! Here: the counter of the CPU, its calibration, the error bound. Never here: wall-clock time
//! (maps between clocks belong to who publishes them), cached stamps.

mod calibration;
mod counter;
mod fast;

pub use calibration::RECALIBRATION_NS;
pub use counter::ticks as counter_ticks;
pub use fast::{FastClock, fast_clock};

/// CLOCK_MONOTONIC_RAW by the operating system, in nanoseconds.
#[must_use]
pub fn monotonic_raw_ns() -> i64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place for one timespec, and this clock id exists on Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_RAW, &raw mut time) };
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// CLOCK_REALTIME in nanoseconds since 1970, for headers that people read.
#[must_use]
pub fn unix_ns() -> i64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place for one timespec, and this clock id exists on Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut time) };
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
