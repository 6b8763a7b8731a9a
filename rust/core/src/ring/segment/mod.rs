//! A segment's file: its header, how it is made, taken over, attached.

pub mod control_offset;
mod create;
mod header;
pub mod names;
pub mod offset;

pub(crate) use create::reserve;
pub use create::{create_or_take_over, create_unnamed};
pub use header::{Geometry, Instrument, RegionInfo, SCHEMA_ID, UNKNOWN_EXPONENT};

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::SegmentError;
use super::lock;
use super::mapping::Mapping;

/// What a region is.
pub mod region_kind {
    /// Fixed 64-byte slots, broadcast.
    pub const TOP: u16 = 1;
    /// Variable records, broadcast.
    pub const DEPTH: u16 = 2;
    /// The current book of every instrument.
    pub const TABLE: u16 = 3;
    /// Variable records from one writer to one reader.
    pub const PIPE: u16 = 4;
}

/// Where a segment is in its life, as its writer says.
pub mod segment_state {
    /// Being made or taken over.
    pub const STARTING: u32 = 0;
    /// Open for business.
    pub const LIVE: u32 = 1;
    /// The writer drains.
    pub const DRAINING: u32 = 2;
    /// The stream has ended.
    pub const CLOSED: u32 = 3;
    /// Another file has taken this one's name.
    pub const MOVED: u32 = 4;

    /// The word for a state.
    #[must_use]
    pub fn name(state: u32) -> &'static str {
        match state {
            STARTING => "starting",
            LIVE => "live",
            DRAINING => "draining",
            CLOSED => "closed",
            MOVED => "moved",
            _ => "unknown",
        }
    }
}

/// What a segment shall hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Name of at most 31 bytes, for people.
    pub name: String,
    /// Instruments; an id is an index.
    pub instruments: Vec<(String, u8)>,
    /// Regions: kind, size of a slot, number of slots (slot size × slots = bytes).
    pub regions: Vec<(u16, u32, u64)>,
}

/// A mapped segment.
#[derive(Clone, Debug)]
pub struct Segment {
    path: PathBuf,
    mapping: Arc<Mapping>,
    geometry: Geometry,
    inode: u64,
}

impl Segment {
    /// Attaches an existing segment, read-only for readers of a broadcast.
    ///
    /// # Errors
    /// Missing, Refused (magic, version, byte order, size, boot), System.
    pub fn attach(path: &Path, writable: bool) -> Result<Self, SegmentError> {
        let file = OpenOptions::new()
            .read(true)
            .write(writable)
            .custom_flags(libc::O_CLOEXEC)
            .open(path)
            .map_err(|error| SegmentError::system("opening", path, error))?;
        let segment = Self::from_file(path, file, writable)?;
        if Geometry::boot_id(&segment.mapping) != create::boot_id(path)? {
            let reason = "it was made before this machine started; its writer is gone. Start the \
                          writer again, or remove the file";
            return Err(SegmentError::refused(path, reason));
        }
        Ok(segment)
    }

    pub(crate) fn from_file(path: &Path, file: File, writable: bool) -> Result<Self, SegmentError> {
        let system = |doing| move |error| SegmentError::system(doing, path, error);
        let metadata = file.metadata().map_err(system("looking at"))?;
        let size = metadata.len();
        if size < header::SMALLEST {
            let reason = format!("it has {size} bytes, less than a header, so it is no segment");
            return Err(SegmentError::refused(path, reason));
        }
        let mapping = Mapping::new(file, size as usize, writable).map_err(system("mapping"))?;
        let geometry = Geometry::read(path, &mapping)?;
        Ok(Self {
            path: path.to_owned(),
            mapping,
            geometry,
            inode: metadata.ino(),
        })
    }

    /// Path it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its memory.
    pub fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    /// Its regions and instruments.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The region of `kind`.
    ///
    /// # Errors
    /// Refused when there is none.
    pub fn region(&self, kind: u16) -> Result<RegionInfo, SegmentError> {
        let found = self
            .geometry
            .regions
            .iter()
            .find(|region| region.kind == kind);
        found.copied().ok_or_else(|| {
            let reason = format!("it has no region of kind {kind}; is it the right segment?");
            SegmentError::refused(&self.path, reason)
        })
    }

    /// Generation: rises with each writer and with each change of an exponent.
    #[inline]
    pub fn generation(&self) -> u64 {
        self.mapping
            .word64(offset::GENERATION)
            .load(Ordering::Acquire)
    }

    pub(crate) fn raise_generation(&self, to: u64) {
        self.mapping
            .word64(offset::GENERATION)
            .store(to, Ordering::Release);
    }

    /// State, as its writer said last.
    pub fn state(&self) -> u32 {
        self.mapping.word32(offset::STATE).load(Ordering::Acquire)
    }

    pub(crate) fn set_state(&self, state: u32) {
        self.mapping
            .word32(offset::STATE)
            .store(state, Ordering::Release);
    }

    /// Last heartbeat of the writer, monotonic raw.
    pub fn heartbeat_ns(&self) -> i64 {
        self.mapping
            .word64(offset::HEARTBEAT)
            .load(Ordering::Relaxed)
            .cast_signed()
    }

    #[inline]
    pub(crate) fn beat(&self, now_ns: i64) {
        let word = self.mapping.word64(offset::HEARTBEAT);
        word.store(now_ns.cast_unsigned(), Ordering::Relaxed);
    }

    /// Takes the lock of an end for the life of this mapping.
    pub(crate) fn take_lock(&self, byte: i64) -> Result<(), SegmentError> {
        let end = if byte == lock::WRITER {
            "writer"
        } else {
            "reader"
        };
        match lock::take(self.mapping.file(), byte) {
            Ok(true) => Ok(()),
            Ok(false) => Err(SegmentError::Busy {
                path: self.path.clone(),
                end,
            }),
            Err(error) => Err(SegmentError::system("locking", &self.path, error)),
        }
    }

    pub(crate) fn free_lock(&self, byte: i64) {
        lock::free(self.mapping.file(), byte);
    }

    /// Whether another holder's lock is on `byte`.
    ///
    /// # Errors
    /// System.
    pub fn is_locked(&self, byte: i64) -> Result<bool, SegmentError> {
        lock::is_held(self.mapping.file(), byte)
            .map_err(|error| SegmentError::system("asking for the lock of", &self.path, error))
    }

    /// Whether the name leads to another file by now.
    pub fn is_replaced(&self) -> bool {
        match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata.ino() != self.inode,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Exponents of `instrument`: price, quantity; UNKNOWN_EXPONENT before the first image.
    pub fn exponents(&self, instrument: usize) -> (i8, i8) {
        let word = self.mapping.word64(self.geometry.instrument_at(instrument));
        let [_, _, _, price, quantity, ..] = word.load(Ordering::Acquire).to_le_bytes();
        (price.cast_signed(), quantity.cast_signed())
    }

    pub(crate) fn set_exponents(&self, instrument: usize, price: i8, quantity: i8) {
        let word = self.mapping.word64(self.geometry.instrument_at(instrument));
        let mut bytes = word.load(Ordering::Relaxed).to_le_bytes();
        bytes[3] = price.cast_unsigned();
        bytes[4] = quantity.cast_unsigned();
        word.store(u64::from_le_bytes(bytes), Ordering::Release);
    }
}
