//! Python's exceptions for segments; each carries `path` in its text.

use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use tickwork_core::ring;

create_exception!(
    tickwork_native,
    SegmentError,
    PyException,
    "A segment could not be made, attached or read; the text says what to do."
);
create_exception!(
    tickwork_native,
    SegmentMissing,
    SegmentError,
    "There is no such segment (yet): its writer has not started."
);
create_exception!(
    tickwork_native,
    SegmentBusy,
    SegmentError,
    "A living process holds this end already."
);
create_exception!(
    tickwork_native,
    SegmentRefused,
    SegmentError,
    "Wrong magic, version, byte order, size, boot or rights."
);
create_exception!(
    tickwork_native,
    SegmentFull,
    SegmentError,
    "The file system has no room (ENOSPC)."
);
create_exception!(
    tickwork_native,
    SegmentCorrupt,
    SegmentError,
    "What is in the region cannot be a record."
);
create_exception!(
    tickwork_native,
    RecordTooLong,
    SegmentError,
    "A record longer than the region takes (half a pipe, a quarter of depth)."
);

/// The exception for a core error.
pub fn raise(error: ring::SegmentError) -> PyErr {
    let text = error.to_string();
    match error {
        ring::SegmentError::Missing { .. } => SegmentMissing::new_err(text),
        ring::SegmentError::Busy { .. } => SegmentBusy::new_err(text),
        ring::SegmentError::Refused { .. } => SegmentRefused::new_err(text),
        ring::SegmentError::Full { .. } => SegmentFull::new_err(text),
        ring::SegmentError::Corrupt { .. } => SegmentCorrupt::new_err(text),
        ring::SegmentError::TooLong { .. } => RecordTooLong::new_err(text),
        ring::SegmentError::Shape { .. } | ring::SegmentError::System { .. } => {
            SegmentError::new_err(text)
        }
    }
}

/// Adds the exceptions to the module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("SegmentError", py.get_type::<SegmentError>())?;
    module.add("SegmentMissing", py.get_type::<SegmentMissing>())?;
    module.add("SegmentBusy", py.get_type::<SegmentBusy>())?;
    module.add("SegmentRefused", py.get_type::<SegmentRefused>())?;
    module.add("SegmentFull", py.get_type::<SegmentFull>())?;
    module.add("SegmentCorrupt", py.get_type::<SegmentCorrupt>())?;
    module.add("RecordTooLong", py.get_type::<RecordTooLong>())
}
