//! The place of a pipe's end: here while Python drives it, empty while a loop does.
//!
//! Two locked instructions of a `Mutex` cost as much as the copying of a record. Python's own lock
//! already lets only one thread at a time come here; a lock of our own is needed only while some
//! thread works on the end without Python's lock, which is told beforehand.

use std::cell::{Cell, UnsafeCell};
use std::sync::Mutex;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

use crate::waiting::lock;

/// What `users` is while somebody works under Python's lock alone.
const ALONE: usize = usize::MAX;

/// The place of a `T`.
pub struct Place<T> {
    held: UnsafeCell<Option<T>>,
    /// Threads that work without Python's lock, or `ALONE`. Touched under Python's lock only.
    users: Cell<usize>,
    /// Held by whoever works while `users` counts somebody.
    gate: Mutex<()>,
}

// SAFETY: `users` is touched only with a `Python` token, which one thread has at a time (`check`
// refuses interpreters where that is not so). While `users` is 0 the holder of the token may touch
// `held`, and says so; while it counts somebody, only the holder of the gate may.
unsafe impl<T: Send> Sync for Place<T> {}

impl<T> Place<T> {
    /// A place that holds `value`.
    pub fn new(value: T) -> Self {
        Self {
            held: UnsafeCell::new(Some(value)),
            users: Cell::new(0),
            gate: Mutex::new(()),
        }
    }

    /// Works on what is here. `work` must not run Python code.
    #[inline(always)]
    pub fn with<R>(&self, _: Python<'_>, work: impl FnOnce(&mut Option<T>) -> R) -> R {
        let users = self.users.get();
        assert!(users != ALONE, "work on a pipe's end ran Python code");
        if users > 0 {
            return self.with_gate(work);
        }
        let _alone = Users::new(&self.users, ALONE);
        // SAFETY: see `Sync`; nobody is counted, and `ALONE` keeps everybody else out.
        work(unsafe { &mut *self.held.get() })
    }

    #[cold]
    fn with_gate<R>(&self, work: impl FnOnce(&mut Option<T>) -> R) -> R {
        let _gate = lock(&self.gate);
        // SAFETY: see `Sync`; whoever is counted waits for the gate.
        work(unsafe { &mut *self.held.get() })
    }

    /// Runs `run`, which may let go of Python's lock and still work on what is here.
    pub fn away<R>(&self, _: Python<'_>, run: impl FnOnce(Away<'_, T>) -> R) -> R {
        let users = self.users.get();
        assert!(users != ALONE, "work on a pipe's end ran Python code");
        let _counted = Users::new(&self.users, users + 1);
        run(Away(self))
    }
}

/// The way to a place without Python's lock, step by step.
pub struct Away<'a, T>(&'a Place<T>);

impl<T> Away<'_, T> {
    /// Works on what is here; everybody else waits, some of them with Python's lock. So `work`
    /// must not take that, and must end soon.
    pub fn with<R>(&self, work: impl FnOnce(&mut Option<T>) -> R) -> R {
        self.0.with_gate(work)
    }
}

/// A count that is set, and taken back however the work ends.
struct Users<'a>(&'a Cell<usize>);

impl<'a> Users<'a> {
    #[inline(always)]
    fn new(users: &'a Cell<usize>, count: usize) -> Self {
        users.set(count);
        Self(users)
    }
}

impl Drop for Users<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        let users = self.0.get();
        self.0.set(if users == ALONE { 0 } else { users - 1 });
    }
}

/// Refuses an interpreter that runs without its lock.
pub fn check(py: Python<'_>) -> PyResult<()> {
    let asked = py.import("sys")?.getattr("_is_gil_enabled");
    let is_enabled = match asked {
        Ok(ask) => ask.call0()?.extract()?,
        Err(_) => true,
    };
    if is_enabled {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "importing tickwork_native: this interpreter runs without its lock (GIL), which guards the \
         ends of pipes; run it with PYTHON_GIL=1",
    ))
}
