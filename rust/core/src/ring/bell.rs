//! How one side wakes the other, at no cost while nobody sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::thread;
use std::time::{Duration, Instant};

use super::mapping::Mapping;

/// How to wait. `await` is the asyncio form of `park` and lives in Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Look again at once: the lowest latency, a whole core.
    Spin,
    /// Look again after everyone else had a turn.
    Yield,
    /// Look a while, then sleep until the writer rings.
    Park,
}

impl Wait {
    /// Reads the word of a manifest.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "spin" => Some(Self::Spin),
            "yield" => Some(Self::Yield),
            "park" => Some(Self::Park),
            _ => None,
        }
    }
}

/// Looks before a parked waiter goes to sleep.
const LOOKS_BEFORE_SLEEP: usize = 64;

/// Longest sleep of someone who has no place to say that he sleeps.
const UNREGISTERED_NAP: Duration = Duration::from_millis(1);

/// Words that move when there is news, and a flag of those who sleep on one of them.
#[derive(Clone, Debug)]
pub struct Bell {
    mapping: Arc<Mapping>,
    wake_words: Vec<usize>,
    sleepers: Option<(Arc<Mapping>, usize)>,
}

impl Bell {
    /// A bell whose wake words lie at these bytes of `mapping`. Who waits sleeps on the first;
    /// who rings moves all, because they share one flag.
    pub fn new(
        mapping: &Arc<Mapping>,
        wake_words: &[usize],
        sleepers: Option<(Arc<Mapping>, usize)>,
    ) -> Self {
        Self {
            mapping: Arc::clone(mapping),
            wake_words: wake_words.to_vec(),
            sleepers,
        }
    }

    fn wake_word(&self) -> &AtomicU32 {
        self.mapping.word32(self.wake_words[0])
    }

    #[inline(always)]
    fn sleepers_word(&self) -> Option<&AtomicU32> {
        self.sleepers
            .as_ref()
            .map(|(mapping, at)| mapping.word32(*at))
    }

    /// Wakes whoever sleeps. Called after the commit; without sleepers it is one look.
    ///
    /// The flag is cleared before the wake word moves: the other order loses a wake-up.
    #[inline(always)]
    pub fn ring(&self) {
        order_all();
        let Some(sleepers) = self.sleepers_word() else {
            return;
        };
        if sleepers.load(Ordering::Relaxed) != 0 {
            self.ring_sleepers(sleepers);
        }
    }

    #[cold]
    fn ring_sleepers(&self, sleepers: &AtomicU32) {
        sleepers.swap(0, Ordering::SeqCst);
        for &at in &self.wake_words {
            let wake = self.mapping.word32(at);
            wake.fetch_add(1, Ordering::SeqCst);
            wake_all(wake);
        }
    }

    /// Sleeps until the bell rings, at most `timeout`. The flag is set before the last look.
    fn sleep(&self, look: &mut impl FnMut() -> bool, timeout: Duration) {
        let Some(sleepers) = self.sleepers_word() else {
            thread::sleep(timeout.min(UNREGISTERED_NAP));
            return;
        };
        sleepers.swap(1, Ordering::SeqCst);
        let seen = self.wake_word().load(Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if !look() {
            wait_for_change(self.wake_word(), seen, timeout);
        }
    }

    /// Waits until `look` says yes, at most `timeout`; says whether it did.
    pub fn wait(&self, wait: Wait, timeout: Duration, mut look: impl FnMut() -> bool) -> bool {
        if look() {
            return true;
        }
        let deadline = Instant::now() + timeout;
        let mut looks = 0_usize;
        loop {
            match wait {
                Wait::Spin => std::hint::spin_loop(),
                Wait::Yield => thread::yield_now(),
                Wait::Park if looks < LOOKS_BEFORE_SLEEP => std::hint::spin_loop(),
                Wait::Park => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    self.sleep(&mut look, left);
                }
            }
            if look() {
                return true;
            }
            looks += 1;
            // A spinner looks at the time rarely: it costs more than the look.
            let asks_time = wait != Wait::Spin || looks.is_multiple_of(256);
            if asks_time && Instant::now() >= deadline {
                return false;
            }
        }
    }
}

/// A sequentially consistent fence for those who ring with every record. The compiler makes
/// `mfence` of one on x86-64, which takes twice as long as a locked instruction that orders
/// stores against loads just as well.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn order_all() {
    let mut word = 0_u32;
    // SAFETY: the word is this frame's own, and nothing is changed in it.
    unsafe {
        std::arch::asm!("lock or dword ptr [{}], 0", in(reg) &raw mut word, options(nostack));
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn order_all() {
    fence(Ordering::SeqCst);
}

/// The shared form of the futex: it works between processes and namespaces.
fn wait_for_change(word: &AtomicU32, seen: u32, timeout: Duration) {
    let time = libc::timespec {
        tv_sec: timeout.as_secs().cast_signed(),
        tv_nsec: i64::from(timeout.subsec_nanos()),
    };
    // SAFETY: the word lies in a mapping that is alive; a wrong or early return only makes the
    // caller look again.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT,
            seen,
            &raw const time,
        );
    }
}

fn wake_all(word: &AtomicU32) {
    // SAFETY: the word lies in a mapping that is alive.
    unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX);
    }
}
