//! The first pages of a segment, to the byte.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::clock;
use crate::ring::SegmentError;
use crate::ring::mapping::Mapping;
use crate::ring::protocol::{Region, WORD};

use super::{Shape, offset, region_kind};

const MAGIC: [u8; 8] = *b"TICKWRK1";
const MAJOR: u16 = 1;
const MINOR: u16 = 0;
const BYTE_ORDER: u32 = 0x0102_0304;
const PAGE: usize = 4096;
const REGION_LEN: usize = 64;
const INSTRUMENT_LEN: usize = 64;
const INSTRUMENT_NAME: usize = 48;
const SEGMENT_NAME: usize = 32;

/// Control lines of one region.
const CONTROL_LEN: usize = 3 * 128;

/// Bytes below which nothing can be a segment.
pub const SMALLEST: u64 = PAGE as u64;

/// An exponent that nobody has said yet.
pub const UNKNOWN_EXPONENT: i8 = i8::MIN;

/// Identity of the record layouts: FNV-1a of their description.
pub const SCHEMA_ID: u64 =
    fnv1a(b"tickwork records 1: frame 64, market 128 + 16 per level, top 64, pad; little endian");

const fn fnv1a(text: &[u8]) -> u64 {
    let (mut hash, mut index) = (0xCBF2_9CE4_8422_2325_u64, 0);
    while index < text.len() {
        hash = (hash ^ text[index] as u64).wrapping_mul(0x0000_0100_0000_01B3);
        index += 1;
    }
    hash
}

/// One region as its table entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionInfo {
    /// See `region_kind`.
    pub kind: u16,
    /// Bytes of a slot; 64 for variable regions.
    pub slot_size: u32,
    /// Number of slots.
    pub slots: u64,
    /// First byte of the control lines.
    pub control_at: usize,
    /// First byte of the data.
    pub at: usize,
    /// Bytes of data.
    pub size: u64,
}

impl RegionInfo {
    /// The region in words.
    pub fn words(&self) -> Region {
        Region {
            control: self.control_at / WORD,
            at: self.at / WORD,
            size: self.size,
        }
    }
}

/// One instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Symbol.
    pub name: String,
    /// Venue id.
    pub venue: u8,
}

/// What a header says that does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Name of the segment.
    pub name: String,
    /// Regions in order.
    pub regions: Vec<RegionInfo>,
    /// Instruments; an id is an index.
    pub instruments: Vec<Instrument>,
    /// Bytes of the file.
    pub size: u64,
    /// Bytes of the header pages.
    pub header_size: usize,
    instruments_at: usize,
}

const fn to_pages(length: usize) -> usize {
    length.next_multiple_of(PAGE)
}

impl Geometry {
    /// Where everything goes.
    pub fn plan(path: &Path, shape: &Shape) -> Result<Self, SegmentError> {
        let refuse = |reason: String| Err(SegmentError::shape(path, reason));
        if shape.name.is_empty() || shape.name.len() >= SEGMENT_NAME {
            let text = "needs 1 to 31 bytes; choose a shorter one";
            return refuse(format!("the name {:?} {text}", shape.name));
        }
        if let Some((name, _)) = shape
            .instruments
            .iter()
            .find(|(name, _)| name.is_empty() || name.len() > INSTRUMENT_NAME)
        {
            return refuse(format!("the instrument {name:?} needs 1 to 48 bytes"));
        }
        if shape.instruments.len() >= usize::from(u16::MAX) {
            return refuse(format!(
                "{} instruments, 65534 at most",
                shape.instruments.len()
            ));
        }
        let instruments_at = offset::FIRST_REGION + shape.regions.len() * REGION_LEN;
        let header_size = to_pages(instruments_at + shape.instruments.len() * INSTRUMENT_LEN);
        let controls = to_pages(shape.regions.len() * CONTROL_LEN);
        let mut at = header_size + controls;
        let mut regions = Vec::new();
        for (index, &(kind, slot_size, slots)) in shape.regions.iter().enumerate() {
            let size = u64::from(slot_size) * slots;
            if size == 0 || size > 1 << 40 {
                return refuse(format!(
                    "a region of {size} bytes; 64 bytes to 1 TiB will do"
                ));
            }
            let control_at = header_size + index * CONTROL_LEN;
            regions.push(RegionInfo {
                kind,
                slot_size,
                slots,
                control_at,
                at,
                size,
            });
            at += to_pages(size as usize);
        }
        let named = |(name, venue): &(String, u8)| Instrument {
            name: name.clone(),
            venue: *venue,
        };
        Ok(Self {
            name: shape.name.clone(),
            regions,
            instruments: shape.instruments.iter().map(named).collect(),
            size: at as u64,
            header_size,
            instruments_at,
        })
    }

    /// Byte offset of an instrument's entry.
    pub fn instrument_at(&self, instrument: usize) -> usize {
        assert!(instrument < self.instruments.len(), "a known instrument");
        self.instruments_at + instrument * INSTRUMENT_LEN
    }

    /// The header's bytes, magic left out.
    pub fn to_bytes(&self, boot_id: [u8; 16], generation: u64) -> Vec<u8> {
        let mut bytes = vec![0; self.header_size];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(
            offset::HEADER_SIZE,
            &(self.header_size as u32).to_le_bytes(),
        );
        put(offset::MAJOR, &MAJOR.to_le_bytes());
        put(offset::MINOR, &MINOR.to_le_bytes());
        put(offset::BYTE_ORDER, &BYTE_ORDER.to_le_bytes());
        put(offset::PAGE_SIZE, &(PAGE as u32).to_le_bytes());
        put(offset::SCHEMA, &SCHEMA_ID.to_le_bytes());
        put(offset::GENERATION, &generation.to_le_bytes());
        put(offset::SIZE, &self.size.to_le_bytes());
        put(offset::BOOT_ID, &boot_id);
        put(offset::CREATED_UNIX, &clock::unix_ns().to_le_bytes());
        put(offset::CREATED, &clock::monotonic_raw_ns().to_le_bytes());
        put(offset::PID, &std::process::id().to_le_bytes());
        put(offset::REGIONS, &(self.regions.len() as u16).to_le_bytes());
        put(
            offset::INSTRUMENTS,
            &(self.instruments.len() as u16).to_le_bytes(),
        );
        put(
            offset::REGIONS_AT,
            &(offset::FIRST_REGION as u32).to_le_bytes(),
        );
        put(
            offset::INSTRUMENTS_AT,
            &(self.instruments_at as u32).to_le_bytes(),
        );
        put(offset::NAME, self.name.as_bytes());
        for (index, region) in self.regions.iter().enumerate() {
            let at = offset::FIRST_REGION + index * REGION_LEN;
            put(at, &region.kind.to_le_bytes());
            put(at + 4, &region.slot_size.to_le_bytes());
            put(at + 8, &region.slots.to_le_bytes());
            put(at + 16, &(region.control_at as u64).to_le_bytes());
            put(at + 24, &(region.at as u64).to_le_bytes());
            put(at + 32, &region.size.to_le_bytes());
            put(at + 40, &1_u32.to_le_bytes());
            put(at + 44, &u32::from(MAJOR).to_le_bytes());
        }
        for (id, instrument) in self.instruments.iter().enumerate() {
            let at = self.instruments_at + id * INSTRUMENT_LEN;
            put(at, &(id as u16).to_le_bytes());
            let unknown = UNKNOWN_EXPONENT.cast_unsigned();
            let length = instrument.name.len() as u8;
            put(at + 2, &[instrument.venue, unknown, unknown, length]);
            put(at + 8, instrument.name.as_bytes());
        }
        bytes
    }

    /// Reads and checks a mapped header.
    pub fn read(path: &Path, mapping: &Arc<Mapping>) -> Result<Self, SegmentError> {
        let magic = mapping
            .word64(offset::MAGIC)
            .load(Ordering::Acquire)
            .to_le_bytes();
        let refuse = |reason: String| Err(SegmentError::refused(path, reason));
        if magic != MAGIC {
            let seen = magic.escape_ascii();
            return refuse(format!(
                "it begins with \"{seen}\" instead of \"TICKWRK1\", so it is no segment"
            ));
        }
        // SAFETY: behind the magic the header is written once and does not change; the fields
        // that do change are read as atomics elsewhere.
        let head = unsafe { mapping.bytes(0, PAGE) };
        let (major, order) = (
            u16_at(head, offset::MAJOR),
            u32_at(head, offset::BYTE_ORDER),
        );
        if order != BYTE_ORDER {
            return refuse("it was written on a machine of the other byte order".into());
        }
        if major != MAJOR {
            return refuse(format!(
                "its layout is version {major} and this reader knows version {MAJOR}; use the \
                 same release on both sides"
            ));
        }
        let schema = u64_at(head, offset::SCHEMA);
        if schema != SCHEMA_ID {
            return refuse(format!(
                "its records have the schema {schema:016x} and this reader knows \
                 {SCHEMA_ID:016x}; use the same release on both sides"
            ));
        }
        let (size, actual) = (u64_at(head, offset::SIZE), mapping.size() as u64);
        let header_size = u32_at(head, offset::HEADER_SIZE) as usize;
        if size != actual || header_size > mapping.size() || header_size < PAGE {
            return refuse(format!(
                "its header speaks of {size} bytes and the file has {actual}; it was cut off"
            ));
        }
        // SAFETY: as above, and the length was checked.
        let header = unsafe { mapping.bytes(0, header_size) };
        let geometry = Self::parse(header, size);
        geometry.ok_or(()).or_else(|()| {
            refuse("its region or instrument table speaks of what cannot be in it".into())
        })
    }

    fn parse(header: &[u8], size: u64) -> Option<Self> {
        let regions_at = u32_at(header, offset::REGIONS_AT) as usize;
        let instruments_at = u32_at(header, offset::INSTRUMENTS_AT) as usize;
        if !instruments_at.is_multiple_of(INSTRUMENT_LEN) {
            return None;
        }
        let region_count = usize::from(u16_at(header, offset::REGIONS));
        let regions = (0..region_count)
            .map(|index| parse_region(header, regions_at + index * REGION_LEN, size))
            .collect::<Option<Vec<_>>>()?;
        let instruments = (0..usize::from(u16_at(header, offset::INSTRUMENTS)))
            .map(|id| parse_instrument(header, instruments_at + id * INSTRUMENT_LEN))
            .collect::<Option<Vec<_>>>()?;
        let fits = |region: &RegionInfo| {
            region.kind != region_kind::TABLE || region.slots == instruments.len() as u64
        };
        if !regions.iter().all(fits) {
            return None;
        }
        let name = &header[offset::NAME..offset::NAME + SEGMENT_NAME];
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        Some(Self {
            name: String::from_utf8_lossy(name).into_owned(),
            regions,
            instruments,
            size,
            header_size: header.len(),
            instruments_at,
        })
    }

    /// Boot id of a mapped segment.
    pub fn boot_id(mapping: &Mapping) -> [u8; 16] {
        // SAFETY: written once, before the magic.
        let bytes = unsafe { mapping.bytes(offset::BOOT_ID, 16) };
        bytes.try_into().expect("16 bytes")
    }

    /// Whether a leftover of this geometry can be taken over as it is.
    pub fn is_same_shape(&self, other: &Self) -> bool {
        self.name == other.name
            && self.regions == other.regions
            && self.instruments == other.instruments
    }
}

/// Writes the magic: from here on the segment exists.
pub fn put_name(mapping: &Mapping) {
    mapping
        .word64(offset::MAGIC)
        .store(u64::from_le_bytes(MAGIC), Ordering::Release);
}

fn parse_region(header: &[u8], at: usize, size: u64) -> Option<RegionInfo> {
    let entry = header.get(at..at + REGION_LEN)?;
    let region = RegionInfo {
        kind: u16_at(entry, 0),
        slot_size: u32_at(entry, 4),
        slots: u64_at(entry, 8),
        control_at: usize::try_from(u64_at(entry, 16)).ok()?,
        at: usize::try_from(u64_at(entry, 24)).ok()?,
        size: u64_at(entry, 32),
    };
    let ends = (region.at as u64).checked_add(region.size)? <= size
        && (region.control_at as u64).checked_add(CONTROL_LEN as u64)? <= size;
    let whole = region.size > 0
        && region.size.is_multiple_of(64)
        && u64::from(region.slot_size).checked_mul(region.slots)? == region.size
        && region.at.is_multiple_of(64)
        && region.control_at.is_multiple_of(64);
    let slot = u64::from(region.slot_size);
    let shaped = match region.kind {
        region_kind::TOP => slot == 64 && region.slots.is_power_of_two(),
        region_kind::TABLE => slot >= 128 && slot.is_multiple_of(64),
        _ => slot == 64,
    };
    (ends && whole && shaped).then_some(region)
}

fn parse_instrument(header: &[u8], at: usize) -> Option<Instrument> {
    let entry = header.get(at..at + INSTRUMENT_LEN)?;
    let name = entry.get(8..8 + usize::from(entry[5]).min(INSTRUMENT_NAME))?;
    Some(Instrument {
        name: String::from_utf8_lossy(name).into_owned(),
        venue: entry[2],
    })
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("2 bytes"))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}
