//! A file mapped into memory, seen as words.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::protocol::{Memory, WORD};

/// A shared mapping and the open file behind it (its locks end with the file).
#[derive(Debug)]
pub struct Mapping {
    base: NonNull<u8>,
    size: usize,
    file: File,
    writable: bool,
}

// SAFETY: the mapping is shared memory; every access below is atomic or, for `bytes`, bounded
// by a protocol that hands the range to one side at a time.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `size` bytes of `file`, which has at least that many.
    pub fn new(file: File, size: usize, writable: bool) -> io::Result<Arc<Self>> {
        let access = libc::PROT_READ | if writable { libc::PROT_WRITE } else { 0 };
        // SAFETY: a fresh shared mapping of an open file; the result is checked.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                size,
                access,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).expect("mmap never returns the null page");
        Ok(Arc::new(Self {
            base,
            size,
            file,
            writable,
        }))
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Bytes mapped.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The 32-bit word at byte `at`.
    #[inline]
    pub fn word32(&self, at: usize) -> &AtomicU32 {
        assert!(
            at + 4 <= self.size && at.is_multiple_of(4),
            "a word inside of the mapping"
        );
        // SAFETY: inside of the mapping (checked), aligned, and only ever accessed atomically.
        unsafe { AtomicU32::from_ptr(self.base.as_ptr().add(at).cast()) }
    }

    /// The 64-bit word at byte `at`.
    #[inline]
    pub fn word64(&self, at: usize) -> &AtomicU64 {
        assert!(
            at + 8 <= self.size && at.is_multiple_of(8),
            "a word inside of the mapping"
        );
        // SAFETY: as above.
        unsafe { AtomicU64::from_ptr(self.base.as_ptr().add(at).cast()) }
    }

    /// Bytes that nobody writes while the slice lives.
    ///
    /// # Safety
    /// A protocol must have handed this range to the caller.
    #[inline]
    pub unsafe fn bytes(&self, at: usize, length: usize) -> &[u8] {
        assert!(at + length <= self.size, "bytes inside of the mapping");
        // SAFETY: inside of the mapping; the caller vouches for the rest.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr().add(at), length) }
    }

    /// Writes bytes that nobody reads yet.
    ///
    /// # Safety
    /// A protocol must have handed this range to the caller.
    pub unsafe fn put(&self, at: usize, bytes: &[u8]) {
        assert!(
            self.writable && at + bytes.len() <= self.size,
            "a writable range"
        );
        // SAFETY: inside of the mapping; the caller vouches for the rest.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.as_ptr().add(at), bytes.len());
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly the range that was mapped; nothing borrowed from it outlives `self`.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.size) };
    }
}

/// The mapping as the memory of a protocol. Positions come from handles that checked their
/// region against the mapping's size when they were made.
#[derive(Clone, Debug)]
pub struct Words {
    base: *mut u64,
    words: usize,
    _keep: Arc<Mapping>,
}

// SAFETY: every access is atomic, and the mapping is kept alive.
unsafe impl Send for Words {}
// SAFETY: as above.
unsafe impl Sync for Words {}

impl Words {
    /// All words of `mapping`.
    pub fn new(mapping: &Arc<Mapping>) -> Self {
        Self {
            base: mapping.base.as_ptr().cast(),
            words: mapping.size / WORD,
            _keep: Arc::clone(mapping),
        }
    }

    #[inline(always)]
    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at < self.words, "a word inside of the mapping");
        // SAFETY: inside of the mapping (checked), aligned to a word, accessed atomically.
        unsafe { AtomicU64::from_ptr(self.base.add(at)) }
    }

    /// Several words, checked once.
    #[inline(always)]
    fn range(&self, at: usize, count: usize) -> &[AtomicU64] {
        let end = at.checked_add(count);
        assert!(
            end.is_some_and(|end| end <= self.words),
            "words inside of the mapping"
        );
        // SAFETY: inside of the mapping (checked), aligned, accessed atomically only.
        unsafe { std::slice::from_raw_parts(self.base.add(at).cast(), count) }
    }
}

impl Memory for Words {
    #[inline(always)]
    fn load(&self, at: usize, order: Ordering) -> u64 {
        self.word(at).load(order)
    }

    #[inline(always)]
    fn store(&self, at: usize, value: u64, order: Ordering) {
        self.word(at).store(value, order);
    }

    #[inline(always)]
    fn fence(&self, order: Ordering) {
        std::sync::atomic::fence(order);
    }

    #[inline(always)]
    fn copy_in(&self, at: usize, bytes: &[u8]) {
        let chunks = bytes.as_chunks::<WORD>().0;
        for (word, chunk) in self.range(at, chunks.len()).iter().zip(chunks) {
            word.store(u64::from_le_bytes(*chunk), Ordering::Relaxed);
        }
    }

    #[inline(always)]
    fn fill(&self, at: usize, bytes: &[u8]) {
        let words = self.range(at, bytes.len() / WORD);
        let target = words.as_ptr().cast_mut().cast::<[u8; 64]>();
        if let Ok(line) = <&[u8; 64]>::try_from(bytes) {
            // SAFETY: inside of the mapping; nobody looks at it now, which the caller says. The
            // usual record is one line, which takes four moves where its length is known.
            unsafe { target.write_unaligned(*line) };
            return;
        }
        // SAFETY: as above.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), target.cast(), words.len() * WORD);
        }
    }

    #[inline(always)]
    fn copy_out(&self, at: usize, bytes: &mut [u8]) {
        let chunks = bytes.as_chunks_mut::<WORD>().0;
        for (word, chunk) in self.range(at, chunks.len()).iter().zip(chunks) {
            *chunk = word.load(Ordering::Relaxed).to_le_bytes();
        }
    }
}
