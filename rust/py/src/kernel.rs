//! `Kernel`: base class of every native kernel; drives it batch by batch from Python.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tickwork_core::flow::kernel::{Emit, Kernel};
use tickwork_core::record::Records;

use crate::buffers::Lent;

/// The place of one kernel: here while Python drives it, empty while a loop does.
pub type Slot = Arc<Mutex<Option<Box<dyn Kernel>>>>;

/// A kernel of the core. Subclasses add its constructor, counters and histograms.
#[pyclass(frozen, subclass, name = "Kernel", module = "tickwork_native")]
pub struct KernelFace {
    slot: Slot,
    ports: Mutex<Ports>,
}

/// What a kernel emitted in the batch drive, port by port.
#[derive(Default)]
struct Ports(Vec<Vec<u8>>);

impl Emit for Ports {
    fn emit(&mut self, port: usize, record: &[u8]) {
        if self.0.len() <= port {
            self.0.resize_with(port + 1, Vec::new);
        }
        self.0[port].extend_from_slice(record);
    }

    fn try_emit(&mut self, port: usize, record: &[u8]) -> bool {
        self.emit(port, record);
        true
    }
}

impl KernelFace {
    /// The base of a subclass's instance.
    pub fn new(kernel: Box<dyn Kernel>) -> Self {
        Self {
            slot: Arc::new(Mutex::new(Some(kernel))),
            ports: Mutex::default(),
        }
    }

    /// Where a loop takes the kernel from and brings it back to.
    pub fn slot(&self) -> Slot {
        Arc::clone(&self.slot)
    }

    /// Drops the kernel, and with it what it owns; a loop that holds it keeps it.
    pub fn drop_kernel(&self) {
        lock(&self.slot).take();
    }

    fn drive(&self, work: impl FnOnce(&mut dyn Kernel, &mut dyn Emit)) -> PyResult<()> {
        let mut slot = lock(&self.slot);
        let kernel = slot.as_mut().ok_or_else(|| {
            PyRuntimeError::new_err(
                "driving a kernel that runs in a NativeLoop; stop the loop first",
            )
        })?;
        work(kernel.as_mut(), &mut *lock(&self.ports));
        Ok(())
    }

    fn taken(&self, port: usize) -> Vec<u8> {
        lock(&self.ports)
            .0
            .get_mut(port)
            .map(std::mem::take)
            .unwrap_or_default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[pymethods]
impl KernelFace {
    /// Takes whole records that arrived at `inlet`; returns what was emitted on port 0.
    #[pyo3(signature = (records, inlet = 0))]
    fn process<'py>(
        &self,
        py: Python<'py>,
        records: &Bound<'py, PyAny>,
        inlet: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let lent = Lent::get(records)?;
        let bytes = lent.bytes();
        let mut walk = Records::new(bytes);
        py.detach(|| {
            self.drive(|kernel, out| {
                for record in walk.by_ref() {
                    kernel.process(record, inlet, out);
                }
            })
        })?;
        if !walk.rest().is_empty() {
            return Err(PyValueError::new_err(format!(
                "processing a batch of {} bytes: the last {} are no whole record; send whole \
                 records only",
                bytes.len(),
                walk.rest().len()
            )));
        }
        Ok(PyBytes::new(py, &self.taken(0)))
    }

    /// Lets time pass (retries, ages); returns what was emitted on port 0.
    fn tick<'py>(&self, py: Python<'py>, now_ns: i64) -> PyResult<Bound<'py, PyBytes>> {
        self.drive(|kernel, out| kernel.tick(now_ns, out))?;
        Ok(PyBytes::new(py, &self.taken(0)))
    }

    /// Takes what was emitted on `port` since the last call.
    fn take<'py>(&self, py: Python<'py>, port: usize) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.taken(port))
    }

    /// Ends a Block: state goes back to empty, sequences and counters go on.
    fn reset(&self) -> PyResult<()> {
        self.drive(|kernel, _| kernel.reset())
    }

    /// Brings what is buffered for files to the disk.
    fn flush(&self) -> PyResult<()> {
        self.drive(|kernel, _| kernel.flush())
    }

    /// Begins the proof file of a Block; a kernel that proves nothing makes none.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands the path over by value"
    )]
    fn write_proof(&self, path: PathBuf) -> PyResult<()> {
        let mut begun = Ok(());
        self.drive(|kernel, _| begun = kernel.write_proof(&path))?;
        Ok(begun?)
    }

    /// Whether a NativeLoop holds the kernel now.
    #[getter]
    fn in_loop(&self) -> bool {
        lock(&self.slot).is_none()
    }
}
