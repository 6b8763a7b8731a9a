//! How ticks become nanoseconds: lines that meet, so that nobody sees time go back.

use super::{counter, monotonic_raw_ns};

/// How often the background thread compares the counter with CLOCK_MONOTONIC_RAW.
pub const RECALIBRATION_NS: i64 = 200_000_000;

/// A new line begins this much after it was computed; every reader knows it by then.
const SWITCH_AHEAD_NS: f64 = 20_000_000.0;

/// Attempts per sample; the narrowest window wins.
const ATTEMPTS: usize = 16;

/// The counter moves in steps (10 ns were seen), the system's clock in its own rounding.
const STEP_NS: f64 = 20.0;

/// Ticks and nanoseconds of one instant, with half the window in which both were read.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub ticks: u64,
    pub raw_ns: i64,
    half_window_ticks: u64,
}

/// Reads both clocks a few times and keeps the pair that was read closest together.
pub fn take_sample() -> Sample {
    let mut best = take_one_sample();
    for _ in 1..ATTEMPTS {
        let sample = take_one_sample();
        if sample.half_window_ticks < best.half_window_ticks {
            best = sample;
        }
    }
    best
}

fn take_one_sample() -> Sample {
    let before = counter::ticks();
    let raw_ns = monotonic_raw_ns();
    let window = counter::ticks().saturating_sub(before);
    let half_window_ticks = window / 2 + 1;
    Sample {
        ticks: before + window / 2,
        raw_ns,
        half_window_ticks,
    }
}

/// A straight piece of the clock: at `ticks` it reads `ns`, then `rate` / 2³² ns per tick.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Line {
    pub ticks: u64,
    pub ns: i64,
    pub rate: u64,
}

impl Line {
    /// The reading at `ticks`; before the line's start it runs back along the same slope.
    #[inline(always)]
    pub fn at(&self, ticks: u64) -> i64 {
        #[expect(
            clippy::cast_possible_wrap,
            clippy::cast_possible_truncation,
            reason = "differences of a 64-bit counter are signed, products fit 128 bits"
        )]
        {
            let span = ticks.wrapping_sub(self.ticks) as i64;
            self.ns + ((i128::from(span) * i128::from(self.rate)) >> 32) as i64
        }
    }

    /// The reading `span` ticks after the line's start: one multiplication without signs.
    #[inline(always)]
    pub fn after(&self, span: u64) -> i64 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "nanoseconds since the start of a line fit 63 bits"
        )]
        {
            self.ns + ((u128::from(span) * u128::from(self.rate)) >> 32) as i64
        }
    }
}

/// Two lines and the instant at which the second begins and takes over from the first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Course {
    pub first: Line,
    pub second: Line,
    pub switch: u64,
    /// Guaranteed error at the instant `aged_from`.
    pub bound_ns: u64,
    /// What the bound grows by in a second without recalibration.
    pub drift_ns_per_second: u64,
    pub aged_from: u64,
}

impl Course {
    /// The reading at `ticks`.
    pub fn at(&self, ticks: u64) -> i64 {
        #[expect(clippy::cast_possible_wrap, reason = "differences are signed")]
        if (ticks.wrapping_sub(self.switch) as i64) < 0 {
            self.first.at(ticks)
        } else {
            self.second.at(ticks)
        }
    }

    /// The guaranteed error at `ticks`: it grows while nobody recalibrates.
    pub fn bound_at(&self, ticks: u64) -> u64 {
        let age_ns = self
            .second
            .at(ticks)
            .saturating_sub(self.second.at(self.aged_from));
        let age_ns = u64::try_from(age_ns).unwrap_or(0);
        self.bound_ns + self.drift_ns_per_second * (age_ns / 1_000_000 + 1) / 1_000
    }
}

/// Turns samples into courses; lives in the calibrating thread.
#[derive(Debug)]
pub struct Calibrator {
    first: Sample,
    last: Sample,
    course: Course,
}

impl Calibrator {
    /// Starts from two samples that were taken some milliseconds apart.
    pub fn new(first: Sample, last: Sample) -> Self {
        let rate = ns_per_tick(&first, &last);
        let line = Line {
            ticks: last.ticks,
            ns: last.raw_ns,
            rate: fixed(rate),
        };
        let mut calibrator = Self {
            first,
            last,
            course: Course {
                first: line,
                second: line,
                switch: last.ticks,
                ..Course::default()
            },
        };
        calibrator.set_bound(rate, 0.0);
        calibrator
    }

    /// What readers follow now.
    pub fn course(&self) -> Course {
        self.course
    }

    /// Takes a new sample in: the next line starts where the present one will be, and aims at
    /// the system's clock one recalibration later.
    pub fn steer(&mut self, sample: Sample) -> Course {
        self.last = sample;
        let rate = ns_per_tick(&self.first, &self.last);
        let ahead = ticks_of(SWITCH_AHEAD_NS, rate);
        let switch = sample.ticks + ahead;
        let reach = ticks_of(RECALIBRATION_NS as f64, rate);
        let here_ns = self.course.second.at(switch);
        let there_ns = sample.raw_ns as f64 + (ahead + reach) as f64 * rate;
        let slope = (there_ns - here_ns as f64) / reach as f64;
        let true_here_ns = sample.raw_ns as f64 + ahead as f64 * rate;
        let second = Line {
            ticks: switch,
            ns: here_ns,
            rate: fixed(slope.clamp(rate * 0.5, rate * 1.5)),
        };
        self.course = Course {
            first: self.course.second,
            second,
            switch,
            ..self.course
        };
        self.set_bound(rate, (here_ns as f64 - true_here_ns).abs());
        self.course
    }

    /// The bound: half windows of the samples, the clock's steps, what is still to be steered
    /// away, and how far an uncertain rate can lead until the next recalibration is late.
    fn set_bound(&mut self, rate: f64, residual_ns: f64) {
        let window_ns = self.last.half_window_ticks as f64 * rate;
        let baseline_ns = (self.last.raw_ns - self.first.raw_ns).max(1) as f64;
        let first_ns = self.first.half_window_ticks as f64 * rate;
        let rate_error = (window_ns + first_ns + STEP_NS) / baseline_ns;
        let reach_ns = RECALIBRATION_NS as f64 + SWITCH_AHEAD_NS;
        let steering_error = residual_ns / RECALIBRATION_NS as f64;
        let bound_ns = window_ns + STEP_NS + residual_ns + rate_error * reach_ns;
        self.course.bound_ns = bound_ns.ceil() as u64;
        self.course.drift_ns_per_second = ((rate_error + steering_error) * 1e9).ceil() as u64;
        self.course.aged_from = self.last.ticks + ticks_of(reach_ns, rate);
    }
}

fn ns_per_tick(first: &Sample, last: &Sample) -> f64 {
    let ticks = last.ticks.saturating_sub(first.ticks).max(1);
    (last.raw_ns - first.raw_ns) as f64 / ticks as f64
}

fn ticks_of(span_ns: f64, rate: f64) -> u64 {
    (span_ns / rate) as u64
}

fn fixed(rate: f64) -> u64 {
    (rate * 4_294_967_296.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(ticks: u64, raw_ns: i64) -> Sample {
        Sample {
            ticks,
            raw_ns,
            half_window_ticks: 50,
        }
    }

    #[test]
    fn lines_meet_and_never_run_back() {
        let mut calibrator = Calibrator::new(sample(0, 0), sample(10_000_000, 5_000_300));
        let mut last = i64::MIN;
        for round in 1..50_u64 {
            let ticks = 10_000_000 + round * 400_000_000;
            let course = calibrator.steer(sample(ticks, ticks as i64 / 2));
            assert_eq!(
                course.first.at(course.switch),
                course.second.at(course.switch)
            );
            for step in 0..100 {
                let reading = course.at(ticks + step * 4_000_000);
                assert!(reading >= last, "{reading} after {last}");
                last = reading;
            }
        }
        let ticks = 10_000_000 + 50 * 400_000_000;
        let error_ns = calibrator.course().at(ticks) - ticks as i64 / 2;
        assert!(
            error_ns.abs() <= 2,
            "{error_ns} ns after fifty recalibrations"
        );
    }

    #[test]
    fn behind_the_switch_the_second_line_alone_says_the_same() {
        let mut calibrator = Calibrator::new(sample(0, 0), sample(10_000_000, 5_000_300));
        for round in 1..20_u64 {
            let course = calibrator.course();
            assert_eq!(course.second.ticks, course.switch);
            for span in [0, 1, 999, 400_000_000, 1 << 50] {
                assert_eq!(course.at(course.switch + span), course.second.after(span));
            }
            let ticks = 10_000_000 + round * 400_000_000;
            calibrator.steer(sample(ticks, ticks as i64 / 2 + 40));
        }
    }

    #[test]
    fn the_bound_covers_the_error_from_the_first_line_on() {
        let mut calibrator = Calibrator::new(sample(0, 0), sample(10_000_000, 5_000_060));
        for round in 1..20_u64 {
            let ticks = 10_000_000 + round * 400_000_000;
            let course = calibrator.course();
            let error_ns = (course.at(ticks) - ticks as i64 / 2).unsigned_abs();
            assert!(
                error_ns <= course.bound_at(ticks),
                "{error_ns} > {course:?}"
            );
            calibrator.steer(sample(ticks, ticks as i64 / 2));
        }
    }

    #[test]
    fn the_bound_grows_when_nobody_recalibrates() {
        let calibrator = Calibrator::new(sample(0, 0), sample(10_000_000, 5_000_000));
        let course = calibrator.course();
        let late = course.aged_from + 20_000_000_000;
        assert!(course.bound_at(late) > course.bound_at(course.aged_from));
    }
}
