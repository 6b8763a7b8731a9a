//! What a segment says about itself, read-only, for people.

use std::path::{Path, PathBuf};

use super::SegmentError;
use super::lock;
use super::mapping::Words;
use super::protocol::{Memory, Newest, WORD, control};
use super::readers::{self, ReaderInfo};
use super::segment::{Instrument, RegionInfo, Segment, region_kind};
use super::source::{Liveness, liveness};
use crate::clock;

/// One region, with the positions of its control lines.
#[derive(Clone, Copy, Debug)]
pub struct RegionReport {
    /// The region.
    pub info: RegionInfo,
    /// Announced position.
    pub announced: u64,
    /// Committed position (in `top` the newest sequence).
    pub committed: u64,
    /// Sequence of the newest record.
    pub newest: u64,
    /// The reader's position (pipe only).
    pub cursor: u64,
    /// Highest fill in bytes (pipe only).
    pub high_water: u64,
}

/// Everything about a segment.
#[derive(Clone, Debug)]
pub struct Report {
    /// The file.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// Bytes of the file.
    pub size: u64,
    /// Generation.
    pub generation: u64,
    /// How its writer is.
    pub liveness: Liveness,
    /// Whether somebody holds the writer's lock.
    pub writer_held: bool,
    /// Whether somebody holds the reader's lock (pipe only).
    pub reader_held: bool,
    /// Age of the heartbeat.
    pub heartbeat_age_ns: i64,
    /// Regions.
    pub regions: Vec<RegionReport>,
    /// Instruments with their exponents.
    pub instruments: Vec<(Instrument, (i8, i8))>,
    /// Readers that say where they are.
    pub readers: Vec<ReaderInfo>,
}

/// Reads the segment at `path`.
///
/// # Errors
/// Missing, Refused, System.
pub fn inspect(path: &Path) -> Result<Report, SegmentError> {
    let segment = Segment::attach(path, false)?;
    let words = Words::new(segment.mapping());
    let geometry = segment.geometry();
    let instruments = geometry.instruments.iter().enumerate();
    Ok(Report {
        path: path.to_owned(),
        name: geometry.name.clone(),
        size: geometry.size,
        generation: segment.generation(),
        liveness: liveness(&segment),
        writer_held: segment.is_locked(lock::WRITER)?,
        reader_held: segment.is_locked(lock::READER)?,
        heartbeat_age_ns: clock::monotonic_raw_ns().saturating_sub(segment.heartbeat_ns()),
        regions: geometry
            .regions
            .iter()
            .map(|region| report(&words, region))
            .collect(),
        instruments: instruments
            .map(|(id, instrument)| (instrument.clone(), segment.exponents(id)))
            .collect(),
        readers: readers::attach(path).map_or_else(Vec::new, |file| readers::list(&file)),
    })
}

fn report(words: &Words, region: &RegionInfo) -> RegionReport {
    let acquire = std::sync::atomic::Ordering::Acquire;
    let word = |index: usize| words.load(region.control_at / WORD + index, acquire);
    let committed = word(control::COMMITTED);
    let newest = match region.kind {
        region_kind::TOP => committed,
        _ => Newest::resume(words, &region.words(), committed).map_or(0, |newest| newest.sequence),
    };
    RegionReport {
        info: *region,
        announced: word(control::ANNOUNCED),
        committed,
        newest,
        cursor: word(control::CURSOR),
        high_water: word(control::HIGH_WATER),
    }
}
