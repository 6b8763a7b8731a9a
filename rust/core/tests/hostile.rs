//! Segments that somebody damaged: an error or a plain answer, never a panic, never for ever.
//!
//! Seeded and bounded: every case is a good file with a few words spoiled, or its end cut off.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tickwork_core::record::frame::{self, Frame};
use tickwork_core::record::market::{self, Level, Market};
use tickwork_core::record::{Records, record_len, record_type, state};
use tickwork_core::ring::Wait;
use tickwork_core::ring::books::BooksReader;
use tickwork_core::ring::depth::DepthReader;
use tickwork_core::ring::inspect;
use tickwork_core::ring::pipe::{PipeReader, PipeWriter};
use tickwork_core::ring::publication::{Publication, PublicationShape};
use tickwork_core::ring::top::TopReader;

const CASES: u64 = 1_000;
/// No case takes a hundredth of it.
const CASE_SECONDS_MAX: u64 = 20;
const PIPE_BYTES: u64 = 4096;
const PAGE: usize = 4096;

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tickwork-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("removed");
    }
}

/// SplitMix64: the same cases on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }

    /// A word as a damaged file has it: noise, an edge of the range, or a near miss.
    fn word(&mut self, was: u64) -> u64 {
        match self.below(7) {
            0 => self.roll(),
            1 => 0,
            2 => u64::MAX,
            3 => i64::MAX.cast_unsigned(),
            4 => was ^ (1 << self.below(64)),
            5 => was.wrapping_add(self.roll() % 129).wrapping_sub(64),
            _ => self.roll() >> self.below(64),
        }
    }

    /// Spoils up to four words, most of them where they matter, or cuts the end off.
    fn spoil(&mut self, bytes: &mut Vec<u8>, heads: &[(usize, usize)]) {
        if self.below(16) == 0 {
            bytes.truncate(self.below(bytes.len()));
            return;
        }
        for _ in 0..=self.below(4) {
            let (from, length) = match self.below(heads.len() + 1) {
                index if index < heads.len() => heads[index],
                _ => (0, bytes.len()),
            };
            let at = (from + self.below(length)) & !7;
            let was = u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
            bytes[at..at + 8].copy_from_slice(&self.word(was).to_le_bytes());
        }
    }
}

/// Runs `case` for every seed; says which one was under way when it ends badly or not at all.
fn for_each_seed(case: impl Fn(&mut Dice)) {
    let turn = Arc::new(AtomicU64::new(0));
    let watched = Arc::downgrade(&turn);
    std::thread::spawn(move || {
        let mut before = u64::MAX;
        while let Some(turn) = watched.upgrade() {
            let now = turn.load(Ordering::Relaxed);
            drop(turn);
            if now == before {
                eprintln!("seed {now} takes for ever");
                std::process::abort();
            }
            before = now;
            std::thread::sleep(Duration::from_secs(CASE_SECONDS_MAX));
        }
    });
    for seed in 1..=CASES {
        turn.store(seed, Ordering::Relaxed);
        let run = || case(&mut Dice(seed));
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        assert!(ended.is_ok(), "seed {seed} panicked");
    }
}

fn image(instrument: u16, last: u64) -> Vec<u8> {
    let level = |price| Level { price, quantity: 7 };
    let header = Market {
        record_type: record_type::SNAPSHOT,
        state: state::LIVE,
        flags: 1,
        instrument,
        price_exponent: -2,
        quantity_exponent: -3,
        last,
        ..Market::default()
    };
    let mut bytes = Vec::new();
    market::append(&mut bytes, &header, &[level(99), level(98)], &[level(101)]);
    bytes
}

fn shape() -> PublicationShape {
    PublicationShape {
        name: "demo".into(),
        instruments: vec![("BTCUSDT".into(), 1), ("ETHUSDT".into(), 1)],
        ring_slots: 16,
        depth_bytes: 4096,
        table_levels: 3,
    }
}

fn publish(publication: &mut Publication, count: u64) {
    let mut scratch = Vec::new();
    for last in 1..=count {
        let image = image((last % 2) as u16, last);
        publication.show(&image, 5);
        publication.publish_top(&image, 5);
        let published = publication.publish_depth(&image, 5, &mut scratch);
        published.expect("it fits");
    }
}

fn read_broadcast(path: &Path) {
    let mut out = [0; 64 * 32];
    let mut bytes = Vec::new();
    let _ = inspect::inspect(path);
    if let Ok(mut tops) = TopReader::attach(path) {
        for _ in 0..3 {
            let _ = tops.read(&mut out);
            tops.wait_slice(Wait::Spin, Duration::ZERO);
        }
        let _ = (tops.available(), tops.has_ended(), tops.waiter().is_ok());
    }
    if let Ok(mut depth) = DepthReader::attach(path) {
        for _ in 0..3 {
            let _ = depth.read(&mut bytes, 1000);
        }
    }
    if let Ok(mut books) = BooksReader::attach(path) {
        for id in 0..books.symbols().len() {
            let _ = books.read(id);
        }
    }
}

#[test]
fn a_spoiled_broadcast_is_refused_or_read_and_never_for_ever() {
    let directory = Directory::new("spoiled-broadcast");
    let path = directory.0.join("book");
    let mut publication = Publication::create(&path, &shape()).expect("a publication");
    publish(&mut publication, 40);
    let good = std::fs::read(&path).expect("a file");
    publication.close();
    drop(publication);
    let controls = (PAGE, 3 * 128);
    for_each_seed(|dice| {
        let mut bytes = good.clone();
        dice.spoil(&mut bytes, &[(0, 640), (0, 640), controls, controls]);
        std::fs::write(&path, &bytes).expect("written");
        read_broadcast(&path);
        if let Ok(mut publication) = Publication::create(&path, &shape()) {
            publish(&mut publication, 40);
            publication.close();
            read_broadcast(&path);
        }
    });
}

#[test]
fn a_spoiled_pipe_is_refused_or_read_and_never_for_ever() {
    let directory = Directory::new("spoiled-pipe");
    let path = directory.0.join("pipe");
    let mut record = Vec::new();
    frame::append(&mut record, &Frame::default(), &[7; 100]);
    let mut writer = PipeWriter::create(&path, PIPE_BYTES, "pipe").expect("a writer");
    for _ in 0..9 {
        assert!(writer.try_send(&record).expect("it fits"));
    }
    let good = std::fs::read(&path).expect("a file");
    drop(writer);
    let controls = (PAGE, 3 * 128);
    for_each_seed(|dice| {
        let mut bytes = good.clone();
        dice.spoil(
            &mut bytes,
            &[(0, 320), controls, controls, (2 * PAGE, PAGE)],
        );
        std::fs::write(&path, &bytes).expect("written");
        let _ = inspect::inspect(&path);
        let read = |path: &Path| {
            let Ok(mut reader) = PipeReader::attach(path) else {
                return;
            };
            let _ = (
                reader.count_pending(),
                reader.pending(),
                reader.high_water(),
            );
            for _ in 0..100 {
                match reader.record() {
                    Ok(Some(record)) => assert!(record_len(record).is_some()),
                    _ => break,
                }
            }
            let _ = reader.batch(1 << 20);
            reader.release();
        };
        if dice.below(2) == 0 {
            read(&path);
        }
        if let Ok(mut writer) = PipeWriter::create(&path, PIPE_BYTES, "pipe") {
            for _ in 0..40 {
                let _ = writer.try_send(&record);
            }
            let _ = (writer.pending(), writer.high_water());
            read(&path);
        }
    });
}

#[test]
fn noise_is_walked_to_its_end() {
    for_each_seed(|dice| {
        let mut bytes = Vec::new();
        for last in 0..4 {
            bytes.extend_from_slice(&image(0, last));
        }
        dice.spoil(&mut bytes, &[(0, 192)]);
        for record in Records::new(&bytes) {
            let _ = market::levels(record).map(|(bids, asks)| {
                bids.iter().chain(asks.iter()).for_each(drop);
            });
            let _ = frame::payload(record);
        }
    });
}
