//! The CPU's own counter: TSC on x86, CNTVCT on Arm; absent where it is not invariant.

/// Whether the counter runs at one rate through every power state and on every core.
#[cfg(target_arch = "x86_64")]
pub fn is_invariant() -> bool {
    use std::arch::x86_64::__cpuid;
    const ADVANCED_POWER: u32 = 0x8000_0007;
    const INVARIANT_TSC: u32 = 1 << 8;
    let highest = __cpuid(0x8000_0000).eax;
    highest >= ADVANCED_POWER && __cpuid(ADVANCED_POWER).edx & INVARIANT_TSC != 0
}

/// The counter now. Not ordered with what stands around it: stamps need no fence.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn ticks() -> u64 {
    // SAFETY: every x86-64 has this instruction, and Linux leaves it open to user space.
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// The virtual counter of Arm is invariant by its architecture.
#[cfg(target_arch = "aarch64")]
pub fn is_invariant() -> bool {
    true
}

/// The counter now. Not ordered with what stands around it: stamps need no fence.
#[cfg(target_arch = "aarch64")]
#[inline(always)]
pub fn ticks() -> u64 {
    let ticks: u64;
    // SAFETY: Linux leaves this register open to user space; it is only read.
    unsafe { std::arch::asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack)) };
    ticks
}

/// Without a known counter the clock asks the operating system.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn is_invariant() -> bool {
    false
}

/// Never called where `is_invariant` is false.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn ticks() -> u64 {
    0
}
