//! `FastClock`: the process's clock.

use pyo3::prelude::*;
use tickwork_core::clock;

/// Nanoseconds of CLOCK_MONOTONIC_RAW without a system call.
#[pyclass(frozen, module = "tickwork_native")]
pub struct FastClock(&'static clock::FastClock);

#[pymethods]
impl FastClock {
    /// Now, in nanoseconds of CLOCK_MONOTONIC_RAW.
    fn now_ns(&self) -> i64 {
        self.0.now_ns()
    }

    /// Guaranteed error of a reading taken now, in nanoseconds.
    #[getter]
    fn bound_ns(&self) -> u64 {
        self.0.bound_ns()
    }

    /// `tsc` (the CPU's counter) or `clock_gettime`.
    #[getter]
    fn source(&self) -> &'static str {
        self.0.source()
    }
}

/// The one clock of this process; the first call starts its calibrating thread.
#[pyfunction]
pub fn fast_clock(py: Python<'_>) -> FastClock {
    FastClock(py.detach(clock::fast_clock))
}

/// CLOCK_MONOTONIC_RAW by the operating system, in nanoseconds.
#[pyfunction]
pub fn monotonic_raw_ns() -> i64 {
    clock::monotonic_raw_ns()
}
