//! Methods of one record that CPython calls as they are.
//!
//! PyO3's way in takes any arguments by place or name, counts this thread as attached and turns
//! results around: as much again as a record takes from hand to hand. What is rare goes that way.

use std::ffi::{CStr, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::types::PyString;
use pyo3::{PyClass, ffi};
use tickwork_core::record;

use crate::pipe_reader::PipeReader;
use crate::pipe_writer::PipeWriter;

const TRY_SEND: &CStr = c"try_send($self, records, /)
--

Sends as many whole records as there is room for; returns their number.";

const READ_RECORD: &CStr = c"read_record($self, /)
--

A copy of the next record, its room given back; None when there is none yet.";

/// Puts the methods into their classes.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    put::<PipeWriter>(py, c"try_send", try_send, ffi::METH_O, TRY_SEND)?;
    put::<PipeReader>(
        py,
        c"read_record",
        read_record,
        ffi::METH_NOARGS,
        READ_RECORD,
    )
}

fn put<T: PyClass>(
    py: Python<'_>,
    name: &'static CStr,
    function: ffi::PyCFunction,
    flags: c_int,
    text: &'static CStr,
) -> PyResult<()> {
    let class = py.get_type::<T>();
    // Classes and their methods live as long as the process.
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer {
            PyCFunction: function,
        },
        ml_flags: flags,
        ml_doc: text.as_ptr(),
    }));
    // SAFETY: the class is a type, and the definition stays where it is.
    let method = unsafe {
        let method = ffi::PyDescr_NewMethod(class.as_type_ptr(), definition);
        Bound::from_owned_ptr_or_err(py, method)?
    };
    class.setattr(PyString::from_bytes(py, name.to_bytes())?, method)
}

/// Runs a method's body.
///
/// # Safety
/// Called by CPython: `object` is one of the class `T`, and this thread is attached.
#[inline(always)]
unsafe fn run<T: PyClass<Frozen = True> + Sync>(
    object: *mut ffi::PyObject,
    body: impl FnOnce(Python<'_>, &T) -> Option<*mut ffi::PyObject>,
    rare: impl FnOnce(Python<'_>, &T) -> PyResult<*mut ffi::PyObject>,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise.
    let (py, object) = unsafe {
        let py = Python::assume_attached();
        (py, Borrowed::from_ptr(py, object).cast_unchecked::<T>())
    };
    let face = object.get();
    match catch_unwind(AssertUnwindSafe(|| body(py, face))) {
        Ok(Some(answer)) => answer,
        Ok(None) => run_rare(|py| rare(py, face)),
        Err(_) => run_rare(|_| Err(panicked())),
    }
}

#[cold]
fn run_rare(rare: impl FnOnce(Python<'_>) -> PyResult<*mut ffi::PyObject>) -> *mut ffi::PyObject {
    Python::attach(|py| {
        let answer = catch_unwind(AssertUnwindSafe(|| rare(py)));
        answer
            .unwrap_or_else(|_| Err(panicked()))
            .unwrap_or_else(|error| {
                error.restore(py);
                std::ptr::null_mut()
            })
    })
}

fn panicked() -> PyErr {
    PanicException::new_err("a method of a pipe panicked; what it said is on standard error")
}

unsafe extern "C" fn try_send(
    object: *mut ffi::PyObject,
    records: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let one = |py: Python<'_>, face: &PipeWriter| {
        // SAFETY: the argument is an object, alive during the call.
        let bytes = unsafe { lent(records) }?;
        if !record::is_one(bytes) {
            return None;
        }
        let sent = face.try_send_one(py, bytes)?;
        // SAFETY: attached.
        Some(unsafe { ffi::PyLong_FromLong(sent.into()) })
    };
    let any = |py: Python<'_>, face: &PipeWriter| {
        // SAFETY: as above.
        let records = unsafe { Bound::from_borrowed_ptr(py, records) };
        let sent = face.try_send_all(py, &records)?;
        Ok(sent.into_pyobject(py)?.into_ptr())
    };
    // SAFETY: CPython calls a method with an object of its class.
    unsafe { run(object, one, any) }
}

unsafe extern "C" fn read_record(
    object: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let read = |py: Python<'_>, face: &PipeReader| face.read_one(py);
    let raise = |py: Python<'_>, face: &PipeReader| face.read_any(py);
    // SAFETY: as above.
    unsafe { run(object, read, raise) }
}

/// The bytes of a `bytes` object and of nothing else.
///
/// # Safety
/// `object` is alive for `'a`, and this thread is attached.
#[inline(always)]
unsafe fn lent<'a>(object: *mut ffi::PyObject) -> Option<&'a [u8]> {
    // SAFETY: the caller's promise; `bytes` never change.
    unsafe {
        if ffi::PyBytes_CheckExact(object) == 0 {
            return None;
        }
        let length = ffi::Py_SIZE(object).cast_unsigned();
        let first = ffi::PyBytes_AsString(object).cast::<u8>();
        Some(std::slice::from_raw_parts(first, length))
    }
}
