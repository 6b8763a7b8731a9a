//! Bytes that Python lends: any contiguous buffer, whatever its element type.

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;

/// A lent buffer; Python keeps it in place until this is dropped.
pub struct Lent(PyUntypedBuffer);

impl Lent {
    /// Borrows `object` (bytes, bytearray, memoryview, a NumPy array).
    pub fn get(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let buffer = PyUntypedBuffer::get(object)?;
        if !buffer.is_c_contiguous() {
            return Err(PyBufferError::new_err(
                "reading records from a buffer that is not contiguous; copy it first",
            ));
        }
        Ok(Self(buffer))
    }

    /// The bytes. Whoever lent them must not write them meanwhile, as with every buffer.
    pub fn bytes(&self) -> &[u8] {
        if self.0.len_bytes() == 0 {
            return &[];
        }
        // SAFETY: the buffer is contiguous (checked in `get`), alive while `self` is, and its
        // owner promised not to write it during the call, which is what lending means.
        unsafe { std::slice::from_raw_parts(self.0.buf_ptr().cast(), self.0.len_bytes()) }
    }

    /// The bytes for writing.
    pub fn bytes_mut(&mut self) -> PyResult<&mut [u8]> {
        if self.0.readonly() {
            return Err(PyBufferError::new_err(
                "writing records into a read-only buffer; lend a bytearray or an array",
            ));
        }
        if self.0.len_bytes() == 0 {
            return Ok(&mut []);
        }
        // SAFETY: as above, and the exporter said that it may be written.
        let bytes =
            unsafe { std::slice::from_raw_parts_mut(self.0.buf_ptr().cast(), self.0.len_bytes()) };
        Ok(bytes)
    }
}
