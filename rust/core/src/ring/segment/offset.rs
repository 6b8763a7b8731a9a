//! Byte offsets of the header's fields.

/// Magic, written last.
pub const MAGIC: usize = 0;
/// Bytes of all header pages, u32.
pub const HEADER_SIZE: usize = 8;
/// Major version, u16.
pub const MAJOR: usize = 12;
/// Minor version, u16.
pub const MINOR: usize = 14;
/// Byte-order mark, u32.
pub const BYTE_ORDER: usize = 16;
/// Page size, u32.
pub const PAGE_SIZE: usize = 20;
/// Schema id, u64.
pub const SCHEMA: usize = 24;
/// Generation, u64.
pub const GENERATION: usize = 32;
/// Size of the file, u64.
pub const SIZE: usize = 40;
/// Boot id, 16 bytes.
pub const BOOT_ID: usize = 48;
/// Creation on the wall clock, i64.
pub const CREATED_UNIX: usize = 64;
/// Creation on the monotonic raw clock, i64.
pub const CREATED: usize = 72;
/// Writer's process id, for information, u32.
pub const PID: usize = 80;
/// Number of regions, u16.
pub const REGIONS: usize = 84;
/// Number of instruments, u16.
pub const INSTRUMENTS: usize = 86;
/// Offset of the region table, u32.
pub const REGIONS_AT: usize = 88;
/// Offset of the instrument table, u32.
pub const INSTRUMENTS_AT: usize = 92;
/// Name, 32 bytes, padded with zeros.
pub const NAME: usize = 96;
/// Heartbeat, i64.
pub const HEARTBEAT: usize = 128;
/// State, u32.
pub const STATE: usize = 136;
/// Where the region table is put.
pub const FIRST_REGION: usize = 256;
