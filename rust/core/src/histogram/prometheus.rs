//! Histograms as Prometheus text: classic buckets, from live counters.

use std::fmt::Write;

use super::Shared;
use super::buckets::{COUNTS, highest_in};

/// Upper edges in nanoseconds: 1-2.5-5 from 100 ns to 10 s.
const EDGES_NS: [u64; 25] = [
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Text of one histogram family `{prefix}_hop_seconds`, one series per histogram with the label
/// `hop`, beside `labels`. An edge counts the HDR buckets that lie wholly at or below it.
#[must_use]
pub fn render_prometheus(
    histograms: &[Shared],
    prefix: &str,
    labels: &[(String, String)],
) -> String {
    let mut text = String::new();
    let family = format!("{prefix}_hop_seconds");
    let mut put = |line: std::fmt::Arguments<'_>| {
        text.write_fmt(line).expect("a String takes every text");
        text.push('\n');
    };
    put(format_args!(
        "# HELP {family} Duration of each hop, from the native histograms."
    ));
    put(format_args!("# TYPE {family} histogram"));
    for histogram in histograms {
        let mut series = format!("hop=\"{}\"", escape(histogram.name()));
        for (name, value) in labels {
            write!(series, ",{name}=\"{}\"", escape(value)).expect("a String takes every text");
        }
        let (mut index, mut seen) = (0, 0_u64);
        for edge_ns in EDGES_NS {
            while index < COUNTS && highest_in(index) <= edge_ns {
                seen += histogram.count_at(index);
                index += 1;
            }
            let edge = edge_ns as f64 / 1e9;
            put(format_args!(
                "{family}_bucket{{{series},le=\"{edge}\"}} {seen}"
            ));
        }
        let total = seen
            + (index..COUNTS)
                .map(|at| histogram.count_at(at))
                .sum::<u64>();
        let sum = histogram.sum_ns() as f64 / 1e9;
        put(format_args!(
            "{family}_bucket{{{series},le=\"+Inf\"}} {total}"
        ));
        put(format_args!("{family}_sum{{{series}}} {sum}"));
        put(format_args!("{family}_count{{{series}}} {total}"));
    }
    text
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::Histogram;

    #[test]
    fn buckets_are_cumulative_and_end_in_the_count() {
        let histogram = Histogram::shared("book");
        for value_ns in [50, 900, 2_000_000, 20_000_000_000] {
            histogram.record(value_ns);
        }
        let labels = [("unit".to_owned(), "a\"b".to_owned())];
        let text = render_prometheus(&[histogram], "tickwork", &labels);
        let series = "hop=\"book\",unit=\"a\\\"b\"";
        for (edge, count) in [("0.0000001", 1), ("0.000001", 2), ("10", 3), ("+Inf", 4)] {
            let line = format!("tickwork_hop_seconds_bucket{{{series},le=\"{edge}\"}} {count}\n");
            assert!(text.contains(&line), "{line} in {text}");
        }
        assert!(text.contains(&format!("tickwork_hop_seconds_count{{{series}}} 4\n")));
    }
}
