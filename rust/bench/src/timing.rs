//! Two clocks around a piece of work.

use tickwork_core::clock::monotonic_raw_ns;

use crate::row::Pass;

fn thread_cpu_ns() -> i64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place for one timespec, and this clock id exists on Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Runs `work`, which says how many operations it did.
pub fn measure(work: impl FnOnce() -> u64) -> Pass {
    let cpu = thread_cpu_ns();
    let began = monotonic_raw_ns();
    let count = work();
    let wall_ns = monotonic_raw_ns() - began;
    let cpu_ns = thread_cpu_ns() - cpu;
    Pass {
        count,
        wall_ns: wall_ns.unsigned_abs(),
        cpu_ns: cpu_ns.unsigned_abs(),
    }
}

/// Pins the calling thread to one core, where that is permitted.
pub fn pin(core: usize) {
    // SAFETY: an all-zero set is a valid one, and the call copies it.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set);
    }
}
