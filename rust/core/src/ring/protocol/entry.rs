//! One entry of the table: a sequence lock, odd while it is being written.

use std::sync::atomic::Ordering;

use super::Memory;

/// Writes the entry at word `at`: `body` is everything behind the lock word. One writer only.
#[inline]
pub fn write<M: Memory>(memory: &M, at: usize, body: &[u8]) {
    // A writer that was killed in the middle left it odd.
    let lock = memory.load(at, Ordering::Relaxed) & !1;
    memory.store(at, lock + 1, Ordering::Relaxed);
    memory.fence(Ordering::Release);
    memory.copy_in(at + 1, body);
    memory.store(at, lock + 2, Ordering::Release);
}

/// Whether a writer was killed while it wrote this entry (asked by the next writer).
pub fn is_torn<M: Memory>(memory: &M, at: usize) -> bool {
    memory.load(at, Ordering::Acquire) & 1 == 1
}

/// Copies the entry's body if nobody wrote it meanwhile; says whether it did.
#[inline]
pub fn try_read<M: Memory>(memory: &M, at: usize, body: &mut [u8]) -> bool {
    let before = memory.load(at, Ordering::Acquire);
    if before & 1 == 1 {
        return false;
    }
    memory.copy_out(at + 1, body);
    memory.fence(Ordering::Acquire);
    memory.load(at, Ordering::Relaxed) == before
}
