//! Locks that end with their holder, and can be asked for without being taken.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Byte that the writer locks.
pub const WRITER: i64 = 0;

/// Byte that a pipe's reader locks.
pub const READER: i64 = 1;

fn request(byte: i64) -> libc::flock {
    libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: byte,
        l_len: 1,
        l_pid: 0,
    }
}

/// Takes the lock on `byte` for as long as `file` stays open; false when someone holds it.
pub fn take(file: &File, byte: i64) -> io::Result<bool> {
    let lock = request(byte);
    // SAFETY: the descriptor is open and `lock` is a valid flock.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) } == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EACCES) => Ok(false),
        _ => Err(error),
    }
}

/// Gives the lock on `byte` back.
pub fn free(file: &File, byte: i64) {
    let mut lock = request(byte);
    lock.l_type = libc::F_UNLCK as libc::c_short;
    // SAFETY: the descriptor is open and `lock` is a valid flock. Freeing cannot fail.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) };
}

/// Whether another open file holds the lock on `byte`. Works from a read-only descriptor and
/// across pid namespaces; never takes the lock.
pub fn is_held(file: &File, byte: i64) -> io::Result<bool> {
    let mut lock = request(byte);
    // SAFETY: the descriptor is open and `lock` is a valid flock that the call fills.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &raw mut lock) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(lock.l_type != libc::F_UNLCK as libc::c_short)
}

/// Serialises whoever creates in a directory, until the returned file is dropped.
pub fn directory(path: &std::path::Path) -> io::Result<File> {
    let file = File::open(path)?;
    loop {
        // SAFETY: the descriptor is open.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } == 0 {
            return Ok(file);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
