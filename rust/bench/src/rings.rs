//! Round trips between two cores: a bare cache line, the broadcast ring, the pipe.
//!
//! Nobody pauses between two looks: this is what a ring takes, not a way to wait.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use tickwork_core::clock::monotonic_raw_ns;
use tickwork_core::record::market::{self, Level, Market};
use tickwork_core::record::{flag, record_type};
use tickwork_core::ring::pipe::{PipeReader, PipeWriter};
use tickwork_core::ring::publication::{Publication, PublicationShape};
use tickwork_core::ring::top::TopReader;

use crate::row::{Pass, Row};
use crate::timing::{measure, pin};

/// The core of the partner thread; the process itself is pinned to another one.
const PARTNER_CORE: usize = 1;
/// Looks of an idle partner before it sleeps between looks.
const IDLE_LOOKS: u32 = 1 << 20;
/// Round trips between two looks at the clock.
const TRIPS: u64 = 64;
/// Looks at the clock in a pass; the pass tells their median.
const GROUPS: usize = 400;

/// The rows of this file.
pub fn make(name: &str) -> Option<Box<dyn Row>> {
    match name {
        "line-trip" => Some(Box::new(Line::start())),
        "ring-trip" => Some(Box::new(RingTrip::start())),
        "pipe-trip" => Some(Box::new(PipeTrip::start())),
        _ => None,
    }
}

/// A directory of this process's own in shared memory.
pub fn scratch_directory(name: &str) -> PathBuf {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let own = format!("tickwork-bench-{}-{name}-{number}", std::process::id());
    let path = Path::new("/dev/shm").join(own);
    std::fs::create_dir_all(&path).expect("room in /dev/shm");
    path
}

/// The median round trip of `GROUPS` groups, told as one operation.
fn median_trip(mut trip: impl FnMut(u64)) -> Pass {
    let mut groups = Vec::with_capacity(GROUPS);
    let mut number = 0;
    let whole = measure(|| {
        for _ in 0..GROUPS {
            let began = monotonic_raw_ns();
            for _ in 0..TRIPS {
                number += 1;
                trip(number);
            }
            groups.push(monotonic_raw_ns() - began);
        }
        GROUPS as u64
    });
    groups.sort_unstable();
    let median_ns = groups[GROUPS / 2].unsigned_abs();
    // Weighted by the groups, so that the time of a block is about the time it took.
    Pass {
        count: whole.count * TRIPS,
        wall_ns: median_ns * whole.count,
        cpu_ns: (whole.cpu_ns * median_ns * whole.count)
            .checked_div(whole.wall_ns)
            .unwrap_or(0),
    }
}

/// A thread on the other core that answers until it is told to end.
struct Partner {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Partner {
    /// `answer` looks once, answers what has come, and says whether something had.
    fn start(mut answer: impl FnMut() -> bool + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let (is_there, there) = mpsc::channel();
        let thread = thread::spawn(move || {
            pin(PARTNER_CORE);
            let _ = is_there.send(());
            let mut idle = 0_u32;
            while !stopped.load(Ordering::Relaxed) {
                if answer() {
                    idle = 0;
                } else if idle < IDLE_LOOKS {
                    idle += 1;
                } else {
                    // Between blocks: others are measured on this core.
                    thread::sleep(std::time::Duration::from_millis(2));
                }
            }
        });
        // It starts on the caller's core, where it would wait for a caller that waits for it.
        let _ = there.recv();
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A word in a line of its own, the neighbouring line too.
#[repr(align(128))]
struct OwnLine(AtomicU64);

struct Line {
    there: Arc<OwnLine>,
    back: Arc<OwnLine>,
    last: u64,
    _partner: Partner,
}

impl Line {
    fn start() -> Self {
        let there = Arc::new(OwnLine(AtomicU64::new(0)));
        let back = Arc::new(OwnLine(AtomicU64::new(0)));
        let (heard, told) = (Arc::clone(&there), Arc::clone(&back));
        let mut seen = 0;
        let partner = Partner::start(move || {
            let now = heard.0.load(Ordering::Acquire);
            let is_new = now != seen;
            if is_new {
                seen = now;
                told.0.store(now, Ordering::Release);
            }
            is_new
        });
        Self {
            there,
            back,
            last: 0,
            _partner: partner,
        }
    }
}

impl Row for Line {
    fn pass(&mut self) -> Pass {
        let from = self.last;
        let pass = median_trip(|number| {
            self.there.0.store(from + number, Ordering::Release);
            while self.back.0.load(Ordering::Acquire) != from + number {}
        });
        self.last = from + TRIPS * GROUPS as u64;
        pass
    }
}

/// An image with one level a side, whose last update id is set per message.
fn image() -> Vec<u8> {
    let header = Market {
        record_type: record_type::SNAPSHOT,
        flags: flag::IMAGE,
        venue: 1,
        instrument: 0,
        received_ns: monotonic_raw_ns(),
        ..Market::default()
    };
    let level = [Level {
        price: 6_000_000,
        quantity: 5,
    }];
    let mut record = Vec::new();
    market::append(&mut record, &header, &level, &level);
    record
}

fn publication(path: &Path) -> Publication {
    let shape = PublicationShape {
        name: "trip".to_owned(),
        instruments: vec![("BTCUSDT".to_owned(), 1)],
        ring_slots: 4096,
        depth_bytes: 1 << 16,
        table_levels: 1,
    };
    Publication::create(path, &shape).expect("a new segment")
}

struct RingTrip {
    writer: Publication,
    reader: TopReader,
    image: Vec<u8>,
    last: u64,
    directory: PathBuf,
    partner: Option<Partner>,
}

impl RingTrip {
    fn start() -> Self {
        let directory = scratch_directory("ring");
        let (there, back) = (directory.join("there"), directory.join("back"));
        let (writer, mut answering) = (publication(&there), publication(&back));
        let reader = TopReader::attach(&back).expect("a segment just made");
        let mut hearing = TopReader::attach(&there).expect("a segment just made");
        let (mut slot, mut answer) = ([0_u8; 64], image());
        let partner = Partner::start(move || {
            let came = matches!(hearing.read(&mut slot), Ok(batch) if batch.copied == 1);
            if came {
                Market::set_last(&mut answer, update_id(&slot));
                answering.publish_top(&answer, 1);
            }
            came
        });
        Self {
            writer,
            reader,
            image: image(),
            last: 0,
            directory,
            partner: Some(partner),
        }
    }
}

fn update_id(top: &[u8; 64]) -> u64 {
    u64::from_le_bytes(top[16..24].try_into().expect("eight bytes"))
}

impl Row for RingTrip {
    fn pass(&mut self) -> Pass {
        let from = self.last;
        let mut slot = [0_u8; 64];
        let pass = median_trip(|number| {
            Market::set_last(&mut self.image, from + number);
            self.writer.publish_top(&self.image, 1);
            while !matches!(self.reader.read(&mut slot), Ok(batch) if batch.copied == 1) {}
            assert_eq!(update_id(&slot), from + number, "a wrong echo");
        });
        self.last = from + TRIPS * GROUPS as u64;
        pass
    }
}

impl Drop for RingTrip {
    fn drop(&mut self) {
        self.partner.take();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

struct PipeTrip {
    writer: PipeWriter,
    reader: PipeReader,
    record: [u8; 128],
    last: u64,
    directory: PathBuf,
    partner: Option<Partner>,
}

impl PipeTrip {
    fn start() -> Self {
        let directory = scratch_directory("pipe");
        let (there, back) = (directory.join("there"), directory.join("back"));
        let pipe = |path: &Path| PipeWriter::create(path, 1 << 20, "trip").expect("a new segment");
        let (writer, mut answering) = (pipe(&there), pipe(&back));
        let reader = PipeReader::attach(&back).expect("a segment just made");
        let mut hearing = PipeReader::attach(&there).expect("a segment just made");
        let partner = Partner::start(move || {
            let mut answer = [0; 128];
            match hearing.record() {
                Ok(Some(record)) => answer.copy_from_slice(record),
                _ => return false,
            }
            hearing.release();
            matches!(answering.try_send(&answer), Ok(true))
        });
        Self {
            writer,
            reader,
            record: Market::status(1, 0, 0).to_record(),
            last: 0,
            directory,
            partner: Some(partner),
        }
    }
}

impl Row for PipeTrip {
    fn pass(&mut self) -> Pass {
        let from = self.last;
        let pass = median_trip(|number| {
            Market::set_last(&mut self.record, from + number);
            let sent = self.writer.try_send(&self.record);
            assert!(matches!(sent, Ok(true)), "a full pipe");
            let echoed = loop {
                if let Ok(Some(record)) = self.reader.record() {
                    break Market::last(record);
                }
            };
            self.reader.release();
            assert_eq!(echoed, from + number, "a wrong echo");
        });
        self.last = from + TRIPS * GROUPS as u64;
        pass
    }
}

impl Drop for PipeTrip {
    fn drop(&mut self) {
        self.partner.take();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
