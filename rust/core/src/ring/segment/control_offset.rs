//! Byte offsets inside a region's control lines.

/// The flag of a sleeping writer (pipe only).
pub const WRITER_SLEEPS: usize = 136;
/// The word that moves when there is news.
pub const WAKE: usize = 256;
/// The flag of a sleeping reader (pipe only).
pub const READER_SLEEPS: usize = 260;
