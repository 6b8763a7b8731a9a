//! Bytes that Python lends: any contiguous buffer, whatever its element type.

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A lent buffer; Python keeps it in place until this is dropped.
pub enum Lent<'a, 'py> {
    /// `bytes`, which nobody can move or change: no view of them has to be made.
    Bytes(&'a Bound<'py, PyBytes>),
    /// Anything else.
    Buffer(PyUntypedBuffer),
}

impl<'a, 'py> Lent<'a, 'py> {
    /// Borrows `object` (bytes, bytearray, memoryview, a NumPy array).
    #[inline]
    pub fn get(object: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast_exact::<PyBytes>() {
            return Ok(Self::Bytes(bytes));
        }
        let buffer = PyUntypedBuffer::get(object)?;
        if !buffer.is_c_contiguous() {
            return Err(PyBufferError::new_err(
                "reading records from a buffer that is not contiguous; copy it first",
            ));
        }
        Ok(Self::Buffer(buffer))
    }

    /// The bytes. Whoever lent them must not write them meanwhile, as with every buffer.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let buffer = match self {
            Self::Bytes(bytes) => return bytes.as_bytes(),
            Self::Buffer(buffer) => buffer,
        };
        if buffer.len_bytes() == 0 {
            return &[];
        }
        // SAFETY: the buffer is contiguous (checked in `get`), alive while `self` is, and its
        // owner promised not to write it during the call, which is what lending means.
        unsafe { std::slice::from_raw_parts(buffer.buf_ptr().cast(), buffer.len_bytes()) }
    }

    /// The bytes for writing.
    pub fn bytes_mut(&mut self) -> PyResult<&mut [u8]> {
        let buffer = match self {
            Self::Buffer(buffer) if !buffer.readonly() => buffer,
            _ => {
                return Err(PyBufferError::new_err(
                    "writing records into a read-only buffer; lend a bytearray or an array",
                ));
            }
        };
        if buffer.len_bytes() == 0 {
            return Ok(&mut []);
        }
        // SAFETY: as above, and the exporter said that it may be written.
        let bytes =
            unsafe { std::slice::from_raw_parts_mut(buffer.buf_ptr().cast(), buffer.len_bytes()) };
        Ok(bytes)
    }
}
