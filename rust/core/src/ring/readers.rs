//! `<segment>.readers`: where readers of a broadcast say who they are and what they lost.
//!
//! What a reader writes here can cost the writer a wasted wake-up, nothing else.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::SegmentError;
use super::mapping::Mapping;
use super::segment::names::readers_path;
use crate::clock;

/// Entries of the file.
pub const ENTRIES: usize = 64;

/// Byte of the sleepers flag.
pub const SLEEPERS: usize = 0;

const FIRST_ENTRY: usize = 128;
const ENTRY_LEN: usize = 128;
const SIZE: usize = FIRST_ENTRY + ENTRIES * ENTRY_LEN;
const OWNER: usize = 0;
const CURSOR: usize = 8;
const LOST: usize = 16;
const HEARTBEAT: usize = 24;

/// An entry whose owner has been silent for so long is free.
const SILENCE_NS: i64 = 10_000_000_000;

/// Opens the writer's side, making the file where there is none of the right size.
///
/// # Errors
/// Full, System.
pub fn create(segment: &Path) -> Result<Arc<Mapping>, SegmentError> {
    let path = readers_path(segment);
    if let Some(mapping) = open(&path).ok().flatten() {
        return Ok(mapping);
    }
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".new-{}", std::process::id()));
    let system = |doing, error| SegmentError::system(doing, &path, error);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(libc::O_CLOEXEC | libc::O_NOFOLLOW)
        .open(&unfinished)
        .map_err(|error| system("making", error))?;
    super::segment::reserve(&path, &file, SIZE as u64)?;
    std::fs::rename(&unfinished, &path).map_err(|error| system("naming", error))?;
    Mapping::new(file, SIZE, true).map_err(|error| system("mapping", error))
}

fn open(path: &Path) -> io::Result<Option<Arc<Mapping>>> {
    let file: File = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_CLOEXEC | libc::O_NOFOLLOW)
        .open(path)?;
    if file.metadata()?.len() != SIZE as u64 {
        return Ok(None);
    }
    Mapping::new(file, SIZE, true).map(Some)
}

/// The reader's side; `None` where the file is missing or may not be written: then this reader
/// is invisible to `inspect`, and naps instead of sleeping.
pub fn attach(segment: &Path) -> Option<Arc<Mapping>> {
    open(&readers_path(segment)).ok().flatten()
}

/// A heartbeat far in the future is one of an earlier boot.
fn is_fresh(age_ns: i64) -> bool {
    (-SILENCE_NS..=SILENCE_NS).contains(&age_ns)
}

/// One claimed entry; free again when dropped, or 10 s after its process died.
#[derive(Debug)]
pub struct Entry {
    file: Arc<Mapping>,
    at: usize,
    owner: u64,
}

impl Entry {
    /// Claims a free entry; `None` when all are taken.
    pub fn claim(file: &Arc<Mapping>) -> Option<Self> {
        let owner = random_owner();
        let now_ns = clock::monotonic_raw_ns();
        for index in 0..ENTRIES {
            let at = FIRST_ENTRY + index * ENTRY_LEN;
            let word = file.word64(at + OWNER);
            let held = word.load(Ordering::Acquire);
            let beat_ns = file
                .word64(at + HEARTBEAT)
                .load(Ordering::Relaxed)
                .cast_signed();
            if held != 0 && is_fresh(now_ns.saturating_sub(beat_ns)) {
                continue;
            }
            // First the heartbeat: an entry with a new owner must not look silent.
            file.word64(at + HEARTBEAT)
                .store(now_ns.cast_unsigned(), Ordering::Relaxed);
            let claimed = word
                .compare_exchange(held, owner, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok();
            if claimed {
                let file = Arc::clone(file);
                return Some(Self { file, at, owner });
            }
        }
        None
    }

    /// Says where the reader is. An entry that was taken away after a long silence is left
    /// alone, and the answer is false.
    pub fn tell(&self, cursor: u64, lost: u64) -> bool {
        let word = |field| self.file.word64(self.at + field);
        if word(OWNER).load(Ordering::Relaxed) != self.owner {
            return false;
        }
        word(CURSOR).store(cursor, Ordering::Relaxed);
        word(LOST).store(lost, Ordering::Relaxed);
        let now_ns = clock::monotonic_raw_ns().cast_unsigned();
        word(HEARTBEAT).store(now_ns, Ordering::Relaxed);
        true
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let word = self.file.word64(self.at + OWNER);
        // Fails only when somebody else owns the entry by now.
        let _ = word.compare_exchange(self.owner, 0, Ordering::AcqRel, Ordering::Relaxed);
    }
}

/// What an entry says, for `inspect`.
#[derive(Clone, Copy, Debug)]
pub struct ReaderInfo {
    /// Index of the entry.
    pub entry: usize,
    /// Next position or sequence.
    pub cursor: u64,
    /// Records it has lost.
    pub lost: u64,
    /// Nanoseconds since it last said something.
    pub age_ns: i64,
}

/// All entries in use.
pub fn list(file: &Mapping) -> Vec<ReaderInfo> {
    let now_ns = clock::monotonic_raw_ns();
    let read = |entry: usize| {
        let at = FIRST_ENTRY + entry * ENTRY_LEN;
        let word = |field| file.word64(at + field).load(Ordering::Relaxed);
        let age_ns = now_ns.saturating_sub(word(HEARTBEAT).cast_signed());
        (word(OWNER) != 0 && is_fresh(age_ns)).then(|| ReaderInfo {
            entry,
            cursor: word(CURSOR),
            lost: word(LOST),
            age_ns,
        })
    };
    (0..ENTRIES).filter_map(read).collect()
}

fn random_owner() -> u64 {
    let mut bytes = [0_u8; 8];
    // SAFETY: the buffer has eight bytes; a short answer leaves zeros, which the next line
    // turns into a value that is not the free one.
    unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    u64::from_ne_bytes(bytes) | 1
}
