//! The ring protocols under loom: every interleaving it can reach, and mutants that must fail.
//!
//! The code explored is the code that runs on mapped memory: the protocols are generic over
//! their memory. A mutant is that same code over memory that weakens one order.
#![cfg(loom)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize, Ordering as StdOrdering};

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;
use tickwork_core::ring::protocol::pipe::{Head, PipeHead, PipeTail};
use tickwork_core::ring::protocol::slot::{Found, SlotReader, SlotWriter};
use tickwork_core::ring::protocol::{Memory, Region, control, entry};

/// Interleavings below which a model proves nothing.
const ENOUGH: usize = 1_000;

/// What a mutant weakens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weakened {
    Nothing,
    /// Release stores become relaxed.
    ReleaseStores,
    /// Acquire loads become relaxed.
    AcquireLoads,
    /// Release fences are left out.
    ReleaseFences,
    /// Acquire fences are left out.
    AcquireFences,
}

/// Words that loom watches.
#[derive(Clone)]
struct Watched {
    words: Arc<Vec<AtomicU64>>,
    weakened: Weakened,
}

impl Watched {
    fn new(words: usize, weakened: Weakened) -> Self {
        let words = (0..words).map(|_| AtomicU64::new(0)).collect();
        Self {
            words: Arc::new(words),
            weakened,
        }
    }
}

impl Memory for Watched {
    fn load(&self, at: usize, order: Ordering) -> u64 {
        let weak = self.weakened == Weakened::AcquireLoads && order == Ordering::Acquire;
        self.words[at].load(if weak { Ordering::Relaxed } else { order })
    }

    fn store(&self, at: usize, value: u64, order: Ordering) {
        let weak = self.weakened == Weakened::ReleaseStores && order == Ordering::Release;
        self.words[at].store(value, if weak { Ordering::Relaxed } else { order });
    }

    fn fence(&self, order: Ordering) {
        let left_out = match order {
            Ordering::Release => self.weakened == Weakened::ReleaseFences,
            _ => self.weakened == Weakened::AcquireFences,
        };
        if !left_out {
            fence(order);
        }
    }

    /// A payload is watched in two words: more only multiply what loom explores.
    fn copy_in(&self, at: usize, bytes: &[u8]) {
        for (index, chunk) in bytes.as_chunks::<8>().0.iter().take(2).enumerate() {
            self.store(at + index, u64::from_le_bytes(*chunk), Ordering::Relaxed);
        }
    }

    /// A whole record: the word of its sequence, and two more of it.
    fn fill(&self, at: usize, bytes: &[u8]) {
        for (index, chunk) in bytes.as_chunks::<8>().0.iter().take(3).enumerate() {
            self.store(at + index, u64::from_le_bytes(*chunk), Ordering::Relaxed);
        }
    }

    fn copy_out(&self, at: usize, bytes: &mut [u8]) {
        for (index, chunk) in bytes.as_chunks_mut::<8>().0.iter_mut().take(2).enumerate() {
            *chunk = self.load(at + index, Ordering::Relaxed).to_le_bytes();
        }
    }
}

/// Explores `model` and returns the number of interleavings; panics where one is wrong.
fn explore(model: impl Fn(Weakened) + Send + Sync + 'static, weakened: Weakened) -> usize {
    let count = StdArc::new(AtomicUsize::new(0));
    let counted = StdArc::clone(&count);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        counted.fetch_add(1, StdOrdering::Relaxed);
        model(weakened);
    });
    count.load(StdOrdering::Relaxed)
}

fn prove(name: &str, model: fn(Weakened), mutants: &[Weakened]) {
    let explored = explore(model, Weakened::Nothing);
    println!("loom {name}: {explored} interleavings explored, none wrong");
    assert!(explored > ENOUGH, "{name}: only {explored} interleavings");
    // What a mutant panics with is expected; its trace would hide what is not.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let survivors = mutants.iter().copied().filter(|&mutant| {
        let failed = catch_unwind(AssertUnwindSafe(|| explore(model, mutant))).is_err();
        let verdict = if failed { "failed" } else { "PASSED" };
        println!("loom {name}: mutant {mutant:?} {verdict}");
        !failed
    });
    let survivors: Vec<Weakened> = survivors.collect();
    std::panic::set_hook(hook);
    assert!(
        survivors.is_empty(),
        "{name}: these mutants must fail: {survivors:?}"
    );
}

/// A payload whose words all say the same number: a torn copy mixes two.
fn slot_of(number: u64) -> [u8; 64] {
    let mut bytes = [0; 64];
    for chunk in bytes.as_chunks_mut::<8>().0 {
        *chunk = number.to_le_bytes();
    }
    bytes
}

fn word(bytes: &[u8], index: usize) -> u64 {
    bytes
        .as_chunks::<8>()
        .0
        .get(index)
        .map_or(0, |raw| u64::from_le_bytes(*raw))
}

/// Two slots and three records, so that the writer comes round under the reader.
fn broadcast(weakened: Weakened) {
    let memory = Watched::new(32 + 16, weakened);
    let region = Region {
        control: 0,
        at: 32,
        size: 128,
    };
    let mut writer = SlotWriter::resume(memory.clone(), region).expect("empty");
    let mut reader = SlotReader::after(memory, region, 0);
    let writing = thread::spawn(move || {
        for number in 1..=3 {
            writer.write(&slot_of(number));
        }
    });
    let (mut last, mut lost) = (0, 0);
    let mut slot = [0; 64];
    for _ in 0..2 {
        match reader.read(&mut slot) {
            Found::Record => {
                let sequence = word(&slot, 0);
                assert!(sequence > last, "out of order");
                assert_eq!(sequence, last + lost + 1, "miscounted");
                assert_eq!(
                    (word(&slot, 1), word(&slot, 2)),
                    (sequence, sequence),
                    "torn"
                );
                (last, lost) = (sequence, 0);
            }
            Found::Lapped { newest } => {
                assert!(newest > reader.next(), "a lap that is none");
                lost += newest - reader.next();
                reader.skip_to(newest);
            }
            Found::Nothing => thread::yield_now(),
        }
    }
    writing.join().expect("written");
}

/// A frame without payload: its header alone is 64 bytes.
fn frame_of(number: u64) -> [u8; 64] {
    let mut bytes = [0; 64];
    bytes[8] = 1;
    bytes[16..24].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// Room for two records and three of them, so that the writer waits for the reader's cursor.
fn pipe(weakened: Weakened) {
    let memory = Watched::new(32 + 16, weakened);
    let region = Region {
        control: 0,
        at: 32,
        size: 128,
    };
    let mut tail = PipeTail::resume(memory.clone(), region).expect("empty");
    let seen = memory.clone();
    let mut head = PipeHead::resume(memory, region).expect("empty");
    let writing = thread::spawn(move || {
        let mut sent = 0;
        for _ in 0..4 {
            if sent < 3 && tail.stage(&frame_of(sent + 1)) {
                tail.commit();
                sent += 1;
            } else {
                thread::yield_now();
            }
        }
        sent
    });
    let mut read = 0;
    for _ in 0..4 {
        match head.peek() {
            Head::Record { at, length } => {
                read += 1;
                let relaxed = Ordering::Relaxed;
                assert_eq!(seen.load(at, relaxed), read, "sequence");
                assert_eq!(
                    seen.load(at + 2, relaxed),
                    read,
                    "overwritten or not yet written"
                );
                head.advance(length);
                head.store();
            }
            Head::Nothing => thread::yield_now(),
            Head::Corrupt { position } => panic!("no record at {position}"),
        }
    }
    assert!(read <= writing.join().expect("sent"));
    assert!(seen.load(control::CURSOR, Ordering::Relaxed) == 64 * read);
}

/// Three writes of an entry while somebody looks twice.
fn table(weakened: Weakened) {
    let memory = Watched::new(8, weakened);
    let written = memory.clone();
    let writing = thread::spawn(move || {
        for number in 1..=3 {
            entry::write(&written, 0, &slot_of(number)[..16]);
        }
    });
    let mut last = 0;
    for _ in 0..2 {
        let mut body = [0; 16];
        if entry::try_read(&memory, 0, &mut body) {
            assert_eq!(word(&body, 0), word(&body, 1), "torn");
            assert!(word(&body, 0) >= last, "back in time");
            last = word(&body, 0);
        } else {
            thread::yield_now();
        }
    }
    writing.join().expect("written");
}

#[test]
fn broadcast_slots_are_never_torn_or_miscounted() {
    use Weakened::{AcquireFences, AcquireLoads, ReleaseFences, ReleaseStores};
    let mutants = [ReleaseStores, AcquireLoads, ReleaseFences, AcquireFences];
    prove("broadcast", broadcast, &mutants);
}

#[test]
fn a_pipe_never_shows_what_is_not_committed_nor_overwrites_what_is_not_read() {
    prove(
        "pipe",
        pipe,
        &[Weakened::ReleaseStores, Weakened::AcquireLoads],
    );
}

#[test]
fn table_entries_are_never_torn() {
    use Weakened::{AcquireFences, AcquireLoads, ReleaseFences, ReleaseStores};
    let mutants = [ReleaseStores, AcquireLoads, ReleaseFences, AcquireFences];
    prove("table", table, &mutants);
}
