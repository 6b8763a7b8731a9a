//! One thread per process beats for all segments that it writes.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::mapping::Mapping;
use super::segment::{Segment, offset};
use crate::clock;

/// How often the heartbeat is written while no batch writes it.
const PERIOD: Duration = Duration::from_millis(100);

static BEATING: Mutex<Vec<Weak<Heart>>> = Mutex::new(Vec::new());

/// Beats for one segment until it is dropped.
#[derive(Debug)]
pub struct Heart(Arc<Mapping>);

impl Heart {
    /// Starts beating for `segment`.
    pub fn start(segment: &Segment) -> Arc<Self> {
        let heart = Arc::new(Self(Arc::clone(segment.mapping())));
        heart.beat();
        let mut beating = BEATING.lock().unwrap_or_else(PoisonError::into_inner);
        beating.push(Arc::downgrade(&heart));
        if beating.len() == 1 {
            // Without the thread the heartbeat comes with the batches only; the lock still
            // tells who is alive.
            let _ = thread::Builder::new().name("tw-heart".into()).spawn(run);
        }
        heart
    }

    fn beat(&self) {
        let now_ns = clock::monotonic_raw_ns().cast_unsigned();
        let word = self.0.word64(offset::HEARTBEAT);
        word.store(now_ns, std::sync::atomic::Ordering::Relaxed);
    }
}

/// Ends when nothing is left to beat for; the next heart starts a new thread.
fn run() {
    loop {
        thread::sleep(PERIOD);
        let mut beating = BEATING.lock().unwrap_or_else(PoisonError::into_inner);
        beating.retain(|heart| {
            heart.upgrade().is_some_and(|heart| {
                heart.beat();
                true
            })
        });
        if beating.is_empty() {
            return;
        }
    }
}
