//! Both ends of a pipe segment: lossless, one writer, one reader, resumed after a death.

mod gauge;
mod reader;
mod writer;

use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;

pub use gauge::PipeGauge;
pub use reader::PipeReader;
pub use writer::PipeWriter;

use super::bell::Bell;
use super::segment::{RegionInfo, Segment, Shape, control_offset, create_unnamed, region_kind};
use super::{SegmentError, lock};

/// A pipe's data is whole pages.
const PAGE: u64 = 4096;

fn shape(name: &str, capacity: u64) -> Shape {
    let slots = capacity.max(1).next_multiple_of(PAGE) / 64;
    Shape {
        name: name.to_owned(),
        instruments: Vec::new(),
        regions: vec![(region_kind::PIPE, 64, slots)],
    }
}

fn bells(segment: &Segment, region: &RegionInfo) -> (Bell, Bell) {
    let wake = region.control_at + control_offset::WAKE;
    let bell = |flag| {
        let sleepers = (Arc::clone(segment.mapping()), region.control_at + flag);
        Bell::new(segment.mapping(), &[wake], Some(sleepers))
    };
    (
        bell(control_offset::READER_SLEEPS),
        bell(control_offset::WRITER_SLEEPS),
    )
}

/// Both ends of a pipe on memory without a name.
///
/// # Errors
/// Full, Shape, System.
pub fn unnamed(capacity: u64, name: &str) -> Result<(PipeWriter, PipeReader), SegmentError> {
    let segment = create_unnamed(&shape(name, capacity))?;
    // Locks belong to an open file: the second end opens the same memory once more.
    let descriptor = segment.mapping().file().as_raw_fd();
    let again = format!("/proc/self/fd/{descriptor}");
    let reading = Segment::attach(Path::new(&again), true)?;
    segment.take_lock(lock::WRITER)?;
    Ok((PipeWriter::open(segment)?, PipeReader::open(reading)?))
}
