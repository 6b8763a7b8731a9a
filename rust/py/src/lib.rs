//! Python's door to `tickwork-core`: PyO3 only, one file per Python class.

use pyo3::prelude::*;

/// The native module; `python/tickwork_native/__init__.py` re-exports it.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__build__", if cfg!(debug_assertions) { "debug" } else { "release" })?;
    Ok(())
}
