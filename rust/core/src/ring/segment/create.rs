//! Making a segment: room first, the name last; or taking over what a dead writer left.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::header::{Geometry, put_name};
use super::{Segment, Shape, names, segment_state};
use crate::clock;
use crate::ring::mapping::Mapping;
use crate::ring::{SegmentError, lock};

/// Opens the segment for its one writer and says whether a leftover was taken over.
///
/// The writer's lock is held until the segment is dropped. A leftover of the same shape and the
/// same boot is taken over with the next generation; any other is replaced, and says `moved`.
///
/// # Errors
/// Busy while a writer lives, Full, Shape, System.
pub fn create_or_take_over(path: &Path, shape: &Shape) -> Result<(Segment, bool), SegmentError> {
    let geometry = Geometry::plan(path, shape)?;
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.ok_or_else(|| {
        SegmentError::shape(path, "a segment needs a directory; give an absolute path")
    })?;
    make_directory(path, directory)?;
    let _alone = lock::directory(directory)
        .map_err(|error| SegmentError::system("locking the directory of", path, error))?;
    let leftover = open_leftover(path)?;
    if let Some(segment) = &leftover
        && segment.geometry().is_same_shape(&geometry)
        && Geometry::boot_id(segment.mapping()) == boot_id(path)?
    {
        take_over(segment);
        return Ok((segment.clone(), true));
    }
    let generation = leftover
        .as_ref()
        .map_or(1, |segment| segment.generation().wrapping_add(1));
    let segment = create(path, &geometry, generation)?;
    if let Some(old) = leftover {
        old.set_state(segment_state::MOVED);
    }
    Ok((segment, false))
}

/// A segment without a name, for both ends in one process.
///
/// # Errors
/// Full, Shape, System.
pub fn create_unnamed(shape: &Shape) -> Result<Segment, SegmentError> {
    let path = PathBuf::from(format!("memory:{}", shape.name));
    let geometry = Geometry::plan(&path, shape)?;
    // SAFETY: the name is a C string; the result is checked.
    let descriptor = unsafe { libc::memfd_create(c"tickwork".as_ptr(), libc::MFD_CLOEXEC) };
    if descriptor < 0 {
        let error = io::Error::last_os_error();
        return Err(SegmentError::system("making memory for", &path, error));
    }
    // SAFETY: the descriptor is fresh and ours.
    let file = unsafe { File::from_raw_fd(descriptor) };
    fill(&path, file, &geometry, 1)
}

fn take_over(segment: &Segment) {
    segment.set_state(segment_state::STARTING);
    segment.beat(clock::monotonic_raw_ns());
    segment.raise_generation(segment.generation().wrapping_add(1));
}

/// The file that lies there, locked; `None` when there is none or it is no segment of ours (it
/// is replaced then).
fn open_leftover(path: &Path) -> Result<Option<Segment>, SegmentError> {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_CLOEXEC | libc::O_NOFOLLOW)
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SegmentError::system("opening the leftover", path, error)),
    };
    let held = lock::take(&file, lock::WRITER)
        .map_err(|error| SegmentError::system("locking", path, error))?;
    if !held {
        let path = path.to_owned();
        return Err(SegmentError::Busy {
            path,
            end: "writer",
        });
    }
    match Segment::from_file(path, file, true) {
        Ok(segment) => Ok(Some(segment)),
        Err(SegmentError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn create(path: &Path, geometry: &Geometry, generation: u64) -> Result<Segment, SegmentError> {
    remove_unfinished(path);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let unfinished = PathBuf::from(name);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_CLOEXEC)
        .open(&unfinished)
        .map_err(|error| SegmentError::system("making", path, error))?;
    let named = lock::take(&file, lock::WRITER)
        .map_err(|error| SegmentError::system("locking", path, error))
        .and_then(|_| fill(path, file, geometry, generation))
        .and_then(|segment| {
            fs::rename(&unfinished, path)
                .map_err(|error| SegmentError::system("naming", path, error))?;
            Ok(segment)
        });
    if named.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    named
}

/// Reserves the room (a full file system says so here, not by a signal later), writes the
/// header, then the magic.
fn fill(
    path: &Path,
    file: File,
    geometry: &Geometry,
    generation: u64,
) -> Result<Segment, SegmentError> {
    reserve(path, &file, geometry.size)?;
    let inode = file
        .metadata()
        .map_err(|error| SegmentError::system("looking at", path, error))?
        .ino();
    let mapping = Mapping::new(file, geometry.size as usize, true)
        .map_err(|error| SegmentError::system("mapping", path, error))?;
    let header = geometry.to_bytes(boot_id(path)?, generation);
    // SAFETY: nobody knows this file yet, or nobody can tell it from a foreign one.
    unsafe { mapping.put(8, &header[8..]) };
    put_name(&mapping);
    let segment = Segment {
        path: path.to_owned(),
        mapping,
        geometry: geometry.clone(),
        inode,
    };
    segment.beat(clock::monotonic_raw_ns());
    Ok(segment)
}

/// Allocates every page of `file`.
pub(crate) fn reserve(path: &Path, file: &File, size: u64) -> Result<(), SegmentError> {
    let length = libc::off_t::try_from(size)
        .map_err(|_| SegmentError::shape(path, format!("{size} bytes are too many")))?;
    loop {
        // SAFETY: the descriptor is open.
        return match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length) } {
            0 => Ok(()),
            libc::EINTR => continue,
            libc::ENOSPC | libc::ENOMEM => Err(SegmentError::Full {
                path: path.to_owned(),
                size,
            }),
            code => {
                let error = io::Error::from_raw_os_error(code);
                Err(SegmentError::system("reserving room for", path, error))
            }
        };
    }
}

/// What a creator left that was killed before it could give the file its name.
fn remove_unfinished(path: &Path) {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return;
    };
    let prefix = format!("{}.new-", name.to_string_lossy());
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes the directory for its owner alone. Below the shared `/dev/shm` an existing one must be
/// ours, or somebody else could have laid it there.
fn make_directory(path: &Path, directory: &Path) -> Result<(), SegmentError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| SegmentError::system("making the directory of", path, error))?;
    let root = names::default_root();
    if !directory.starts_with(&root) {
        return Ok(());
    }
    let metadata = fs::symlink_metadata(&root)
        .map_err(|error| SegmentError::system("looking at the directory of", path, error))?;
    // SAFETY: asks for a number; cannot fail.
    let uid = unsafe { libc::geteuid() };
    if !metadata.is_dir() || metadata.uid() != uid {
        let reason = format!("{} is not a directory of this user", root.display());
        return Err(SegmentError::refused(path, reason));
    }
    Ok(())
}

/// Identity of this boot of the machine.
pub(crate) fn boot_id(path: &Path) -> Result<[u8; 16], SegmentError> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_err(|error| SegmentError::system("reading the boot id for", path, error))?;
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let number = u128::from_str_radix(&digits, 16)
        .map_err(|_| SegmentError::refused(path, format!("the boot id {text:?} is no number")))?;
    Ok(number.to_be_bytes())
}
