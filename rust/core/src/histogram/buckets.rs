//! The bucket arithmetic of HDR histograms: 2048 steps, doubled in width from there on.

/// Largest value with a bucket of its own accuracy.
pub const HIGHEST_NS: u64 = 1 << 42;

/// Steps of the first bucket: the power of two above 2 · 10³, for three digits.
const STEPS: u64 = 2048;
const HALF_STEPS: usize = 1024;
const HALF_MAGNITUDE: u32 = 10;

/// Number of counters: two halves of the first bucket, one half of every further one.
pub const COUNTS: usize = index_of(HIGHEST_NS) + 1;

/// The counter of `value`.
#[inline(always)]
pub const fn index_of(value: u64) -> usize {
    let bucket = 64 - HALF_MAGNITUDE - 1 - (value | (STEPS - 1)).leading_zeros();
    let step = (value >> bucket) as usize;
    ((bucket as usize + 1) << HALF_MAGNITUDE) + step - HALF_STEPS
}

/// The smallest value that falls into the counter `index`.
pub const fn lowest_in(index: usize) -> u64 {
    let (bucket, step) = split(index);
    step << bucket
}

/// The largest value that falls into the counter `index`.
pub const fn highest_in(index: usize) -> u64 {
    let (bucket, _) = split(index);
    lowest_in(index) + (1 << bucket) - 1
}

const fn split(index: usize) -> (u32, u64) {
    let half = index >> HALF_MAGNITUDE;
    let step = (index & (HALF_STEPS - 1)) as u64;
    if half == 0 {
        (0, step)
    } else {
        (half as u32 - 1, step + HALF_STEPS as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_holds_the_values_it_says() {
        for index in 0..COUNTS {
            let (lowest, highest) = (lowest_in(index), highest_in(index));
            assert_eq!((index_of(lowest), index_of(highest)), (index, index));
            assert!(highest - lowest <= lowest / 1000, "{lowest}..{highest}");
            if index > 0 {
                assert_eq!(highest_in(index - 1) + 1, lowest);
            }
        }
    }

    #[test]
    fn the_reference_implementation_agrees() {
        let mut reference =
            hdrhistogram::Histogram::<u64>::new_with_bounds(1, HIGHEST_NS, 3).expect("bounds");
        for value in [1, 2047, 2048, 4097, 1_000_003, 987_654_321, HIGHEST_NS] {
            reference.record(value).expect("in range");
            assert_eq!(
                reference.lowest_equivalent(value),
                lowest_in(index_of(value))
            );
            assert_eq!(
                reference.highest_equivalent(value),
                highest_in(index_of(value))
            );
        }
    }
}
