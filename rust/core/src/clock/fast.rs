//! `FastClock`: one shared clock, lock-free to read, recalibrated by a thread of its own.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::thread;
use std::time::Duration;

use super::calibration::{Calibrator, Course, Line, RECALIBRATION_NS, take_sample};
use super::{counter, monotonic_raw_ns};

/// The first recalibrations come sooner, so that the bound narrows while a unit starts; each
/// comes after the line before has begun.
const FIRST_PAUSES_MS: [u64; 3] = [40, 60, 100];

/// Pause between the two samples of the very first line.
const FIRST_BASELINE: Duration = Duration::from_millis(2);

/// Words of a course that are used.
const USED: usize = 10;
/// Words of a course: a power of two, so that the way to one is a shift.
const WORDS: usize = 16;
/// Places of a course's parts among its words; `words_of` writes them in this order.
const FIRST: usize = 0;
const SECOND: usize = 3;
const SWITCH: usize = 6;
/// Later than any counter comes: a line that begins here is never in force.
const NEVER: u64 = 1 << 62;

/// Nanosecond stamps on CLOCK_MONOTONIC_RAW without a system call.
///
/// Every reading is within `bound_ns` of the system's clock and never below an earlier one.
/// Where the CPU's counter is not invariant each reading asks the system.
#[derive(Debug)]
#[repr(align(128))]
pub struct FastClock {
    uses_counter: bool,
    version: AtomicU64,
    /// Two courses: the version's last bit says which is in force, the other is written.
    words: [[AtomicU64; WORDS]; 2],
}

static CLOCK: OnceLock<FastClock> = OnceLock::new();
static THREAD: OnceLock<()> = OnceLock::new();

/// The process's clock; the first call starts its calibrating thread.
#[inline]
pub fn fast_clock() -> &'static FastClock {
    CLOCK.get().unwrap_or_else(start_clock)
}

/// Asks once whether the counter is invariant: on a virtual machine that question leaves the
/// guest, which takes longer than all that a record costs.
#[cold]
fn start_clock() -> &'static FastClock {
    if !counter::is_invariant() {
        return CLOCK.get_or_init(|| FastClock::new(None));
    }
    let mut calibrator = None;
    let clock = CLOCK.get_or_init(|| {
        let first = take_sample();
        thread::sleep(FIRST_BASELINE);
        let started = Calibrator::new(first, take_sample());
        let clock = FastClock::new(Some(&started.course()));
        calibrator = Some(started);
        clock
    });
    if let Some(calibrator) = calibrator {
        THREAD.get_or_init(|| start_calibrating(clock, calibrator));
    }
    clock
}

fn start_calibrating(clock: &'static FastClock, mut calibrator: Calibrator) {
    let run = move || {
        let mut pauses = FIRST_PAUSES_MS.into_iter();
        loop {
            let pause_ms = pauses.next().unwrap_or(RECALIBRATION_NS as u64 / 1_000_000);
            thread::sleep(Duration::from_millis(pause_ms));
            clock.follow(&calibrator.steer(take_sample()));
        }
    };
    // Without this thread the clock goes on along its first line, and its bound says so.
    let _ = thread::Builder::new().name("tw-clock".into()).spawn(run);
}

impl FastClock {
    fn new(course: Option<&Course>) -> Self {
        let clock = Self {
            uses_counter: course.is_some(),
            version: AtomicU64::new(0),
            words: Default::default(),
        };
        match course {
            Some(course) => clock.follow(course),
            None => clock.words[slot_of(0)][SECOND].store(NEVER, Ordering::Relaxed),
        }
        clock
    }

    /// Now, in nanoseconds of CLOCK_MONOTONIC_RAW.
    ///
    /// Nine readings of ten come after the switch to the second line: only that one is loaded.
    /// The counter is read between the two looks at the version, as in `look`.
    #[inline(always)]
    #[must_use]
    pub fn now_ns(&self) -> i64 {
        let version = self.version.load(Ordering::Acquire);
        let line = line_at(&self.words[slot_of(version)], SECOND);
        let span = counter::ticks().wrapping_sub(line.ticks);
        fence(Ordering::Acquire);
        let is_in_force = span.cast_signed() >= 0;
        if is_in_force && self.version.load(Ordering::Relaxed) == version {
            return line.after(span);
        }
        self.now_ns_rarely()
    }

    /// Before the switch, while the course changes, or without a counter.
    #[cold]
    #[inline(never)]
    fn now_ns_rarely(&self) -> i64 {
        if !self.uses_counter {
            return monotonic_raw_ns();
        }
        let (course, ticks) = self.look();
        course.at(ticks)
    }

    /// Guaranteed error of a reading taken now, against CLOCK_MONOTONIC_RAW.
    #[must_use]
    pub fn bound_ns(&self) -> u64 {
        if !self.uses_counter {
            return 1;
        }
        let (course, ticks) = self.look();
        course.bound_at(ticks)
    }

    /// Where stamps come from: `tsc` for the CPU's counter, else `clock_gettime`.
    #[must_use]
    pub fn source(&self) -> &'static str {
        if self.uses_counter {
            "tsc"
        } else {
            "clock_gettime"
        }
    }

    /// The course in force and the counter, read while it was in force. The counter is read
    /// between the two looks at the version, so an old course never meets a late counter.
    #[inline(always)]
    fn look(&self) -> (Course, u64) {
        loop {
            let version = self.version.load(Ordering::Acquire);
            let course = self.course(version);
            let ticks = counter::ticks();
            fence(Ordering::Acquire);
            if self.version.load(Ordering::Relaxed) == version {
                return (course, ticks);
            }
        }
    }

    /// One writer: the calibrating thread. It never writes the course in force.
    fn follow(&self, course: &Course) {
        let version = self.version.load(Ordering::Relaxed) + 1;
        fence(Ordering::Release);
        for (word, value) in self.words[slot_of(version)].iter().zip(words_of(course)) {
            word.store(value, Ordering::Relaxed);
        }
        self.version.store(version, Ordering::Release);
    }

    #[inline(always)]
    fn course(&self, version: u64) -> Course {
        let words = &self.words[slot_of(version)];
        let word = |index: usize| words[index].load(Ordering::Relaxed);
        Course {
            first: line_at(words, FIRST),
            second: line_at(words, SECOND),
            switch: word(SWITCH),
            bound_ns: word(7),
            drift_ns_per_second: word(8),
            aged_from: word(9),
        }
    }
}

#[inline(always)]
fn slot_of(version: u64) -> usize {
    usize::from(version & 1 == 1)
}

#[inline(always)]
fn line_at(words: &[AtomicU64; WORDS], at: usize) -> Line {
    let word = |index: usize| words[index].load(Ordering::Relaxed);
    Line {
        ticks: word(at),
        ns: word(at + 1).cast_signed(),
        rate: word(at + 2),
    }
}

fn words_of(course: &Course) -> [u64; USED] {
    let Course { first, second, .. } = course;
    [
        first.ticks,
        first.ns.cast_unsigned(),
        first.rate,
        second.ticks,
        second.ns.cast_unsigned(),
        second.rate,
        course.switch,
        course.bound_ns,
        course.drift_ns_per_second,
        course.aged_from,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_fast_clock_error_within_own_bound() {
        let clock = fast_clock();
        let until_ns = monotonic_raw_ns() + 700_000_000;
        let (mut last_ns, mut readings) = (i64::MIN, 0_u64);
        while last_ns < until_ns || readings < 10_000 {
            for _ in 0..200 {
                let bound_ns = clock.bound_ns().cast_signed();
                let before_ns = monotonic_raw_ns();
                let now_ns = clock.now_ns();
                let after_ns = monotonic_raw_ns();
                assert!(
                    now_ns >= before_ns - bound_ns,
                    "{now_ns} {before_ns} {bound_ns}"
                );
                assert!(
                    now_ns <= after_ns + bound_ns,
                    "{now_ns} {after_ns} {bound_ns}"
                );
                assert!(now_ns >= last_ns, "{now_ns} after {last_ns}");
                last_ns = now_ns;
                readings += 1;
            }
            thread::sleep(Duration::from_millis(2));
        }
        assert!(clock.bound_ns() < 50_000, "{} ns", clock.bound_ns());
    }

    #[test]
    fn without_a_counter_the_system_is_asked() {
        let clock = FastClock::new(None);
        let before_ns = monotonic_raw_ns();
        assert!(clock.now_ns() >= before_ns);
        assert_eq!((clock.source(), clock.bound_ns()), ("clock_gettime", 1));
    }

    #[test]
    fn a_course_survives_the_words() {
        let calibrator = Calibrator::new(take_sample(), take_sample());
        let course = calibrator.course();
        assert_eq!(FastClock::new(Some(&course)).course(1), course);
    }
}
