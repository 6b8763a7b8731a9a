//! What can go wrong with a segment, with the data and with what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A segment could not be made, attached or used.
#[derive(Debug)]
pub enum SegmentError {
    /// There is no such file (yet).
    Missing {
        /// The segment.
        path: PathBuf,
    },
    /// A living process holds this end.
    Busy {
        /// The segment.
        path: PathBuf,
        /// `writer` or `reader`.
        end: &'static str,
    },
    /// The file is not a segment that this version may use.
    Refused {
        /// The segment.
        path: PathBuf,
        /// What was found and what was expected.
        reason: String,
    },
    /// The file system has no room.
    Full {
        /// The segment.
        path: PathBuf,
        /// Bytes that were asked for.
        size: u64,
    },
    /// What is in a region cannot be a record.
    Corrupt {
        /// The segment.
        path: PathBuf,
        /// Where, and what was found.
        reason: String,
    },
    /// A record longer than the region takes.
    TooLong {
        /// The segment.
        path: PathBuf,
        /// Length of the record.
        length: usize,
        /// Longest that is taken.
        limit: usize,
    },
    /// A configuration that makes no segment.
    Shape {
        /// The segment.
        path: PathBuf,
        /// Which value, and what would do.
        reason: String,
    },
    /// The operating system refused a call.
    System {
        /// What was being done.
        doing: &'static str,
        /// The segment.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl SegmentError {
    /// Names the call that failed; a missing file and a full disk get names of their own.
    pub(crate) fn system(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::System {
                doing,
                path,
                source,
            },
        }
    }

    pub(crate) fn refused(path: &Path, reason: impl Into<String>) -> Self {
        Self::Refused {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    pub(crate) fn shape(path: &Path, reason: impl Into<String>) -> Self {
        Self::Shape {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for SegmentError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => write!(
                out,
                "attaching {}: there is no such segment; start its writer, or check the name",
                path.display()
            ),
            Self::Busy { path, end } => write!(
                out,
                "opening {} as its {end}: a living process is its {end} already; stop that one \
                 or choose another name",
                path.display()
            ),
            Self::Refused { path, reason } => {
                write!(out, "attaching {}: {reason}", path.display())
            }
            Self::Full { path, size } => write!(
                out,
                "making {} with {size} bytes: no space is left on that file system; enlarge \
                 it or make the rings smaller",
                path.display()
            ),
            Self::Corrupt { path, reason } => write!(
                out,
                "reading {}: {reason}; stop both ends and remove the file",
                path.display()
            ),
            Self::TooLong {
                path,
                length,
                limit,
            } => write!(
                out,
                "writing a record of {length} bytes to {}: its longest is {limit}; make the \
                 region larger",
                path.display()
            ),
            Self::Shape { path, reason } => write!(out, "making {}: {reason}", path.display()),
            Self::System {
                doing,
                path,
                source,
            } => write!(out, "{doing} {}: {source}", path.display()),
        }
    }
}

impl std::error::Error for SegmentError {}
