//! The kernel concept: one component's hot part, pure apart from what it emits.

use std::io;
use std::path::Path;

/// Where a kernel's records go. A port is the index of an outlet in the kernel's own order.
pub trait Emit {
    /// Hands one whole record over and waits for room; nothing is lost.
    fn emit(&mut self, port: usize, record: &[u8]);

    /// Hands one whole record over if there is room at once; says whether it did.
    fn try_emit(&mut self, port: usize, record: &[u8]) -> bool;
}

/// One component's hot part. The native loop and Python's batch drive call the same code.
pub trait Kernel: Send {
    /// Takes one record (whole, padded to 64 bytes) that arrived at `inlet`.
    fn process(&mut self, record: &[u8], inlet: usize, out: &mut dyn Emit);

    /// Does what time asks for (retries, ages); called once per emptied batch and at least
    /// every 50 ms. `now_ns` is monotonic raw.
    fn tick(&mut self, now_ns: i64, out: &mut dyn Emit);

    /// Ends a Block: state goes back to empty, sequences and counters go on.
    fn reset(&mut self);

    /// Brings what is buffered for files to the disk; called once a second and at stop.
    fn flush(&mut self) {}

    /// Begins the proof file of a Block; a kernel that proves nothing makes none.
    ///
    /// # Errors
    /// What the file system says.
    fn write_proof(&mut self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}
