//! Waiting for Python: without the GIL, in slices, so that Ctrl-C is answered.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use tickwork_core::ring::Wait;

/// Longest time without a look at signals.
pub const SLICE: Duration = Duration::from_millis(50);

/// The wait strategy of that name.
pub fn strategy(name: &str) -> PyResult<Wait> {
    Wait::from_name(name).ok_or_else(|| {
        PyValueError::new_err(format!(
            "waiting by {name:?}: the ways to wait are spin, yield and park"
        ))
    })
}

/// Turns a time of Python's into a duration; a negative one is none.
pub fn duration(timeout_ns: i64) -> Duration {
    Duration::from_nanos(u64::try_from(timeout_ns).unwrap_or(0))
}

/// Calls `step` without the GIL, slice by slice, until it has an answer or time is over. A step
/// must let go of its locks before it returns.
pub fn until<T: Send>(
    py: Python<'_>,
    timeout: Duration,
    mut step: impl FnMut(Duration) -> Option<T> + Send,
) -> PyResult<Option<T>> {
    // A time that long is for ever: adding it to now would overflow.
    let deadline = Instant::now().checked_add(timeout);
    loop {
        let left = deadline.map_or(SLICE, |at| at.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Ok(None);
        }
        if let Some(answer) = py.detach(|| step(left.min(SLICE))) {
            return Ok(Some(answer));
        }
        py.check_signals()?;
    }
}

/// The lock of a handle. A holder that panicked leaves a handle that is still sound.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
