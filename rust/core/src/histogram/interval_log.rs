//! The HDR interval log, format 1.3: what every second added, readable by anyone's tools.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

use super::buckets::{COUNTS, HIGHEST_NS, lowest_in};
use super::{Histogram, Shared};

/// A histogram file could not be written.
#[derive(Debug)]
pub enum HistogramError {
    /// The file system refused.
    File {
        /// The interval log.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The encoder refused.
    Encoding(String),
}

impl fmt::Display for HistogramError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source } => write!(
                formatter,
                "writing the interval log {} failed: {source}; free space or choose another \
                 output directory",
                path.display()
            ),
            Self::Encoding(text) => write!(formatter, "encoding a histogram failed: {text}"),
        }
    }
}

impl std::error::Error for HistogramError {}

/// What one histogram held at the last interval.
struct Mark {
    histogram: Shared,
    counts: Box<[u64]>,
    total: u64,
}

/// Writes one line per histogram and interval: the difference to the interval before.
pub struct IntervalLog {
    path: PathBuf,
    file: BufWriter<File>,
    start_unix_ns: i64,
    last_unix_ns: i64,
    marks: Vec<Mark>,
    serializer: V2DeflateSerializer,
}

impl IntervalLog {
    /// Creates the file and writes its head; times in it count from `start_unix_ns`.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path, start_unix_ns: i64) -> Result<Self, HistogramError> {
        let wrap = |source| HistogramError::File {
            path: path.to_owned(),
            source,
        };
        let mut file = BufWriter::new(File::create(path).map_err(wrap)?);
        let start = start_unix_ns as f64 / 1e9;
        writeln!(
            file,
            "#[Histogram log format version 1.3]\n\
             #[BaseTime: {start:.3} (seconds since epoch)]\n\
             #[StartTime: {start:.3} (seconds since epoch)]\n\
             \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\
             \"Interval_Compressed_Histogram\""
        )
        .and_then(|()| file.flush())
        .map_err(wrap)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            start_unix_ns,
            last_unix_ns: start_unix_ns,
            marks: Vec::new(),
            serializer: V2DeflateSerializer::new(),
        })
    }

    /// Takes what the histograms hold by now as the start: the log of a later Block holds
    /// nothing of an earlier one.
    pub fn begin(&mut self, histograms: &[Shared]) {
        for histogram in histograms {
            let index = self.mark_of(histogram);
            let mark = &mut self.marks[index];
            mark.total = histogram.count();
            for (at, seen) in mark.counts.iter_mut().enumerate() {
                *seen = histogram.count_at(at);
            }
        }
    }

    /// Writes what each histogram gained since the last call (nothing for one without new
    /// values) and flushes, so that a killed process leaves all but its last second.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_interval(
        &mut self,
        now_unix_ns: i64,
        histograms: &[Shared],
    ) -> Result<(), HistogramError> {
        let start = (self.last_unix_ns - self.start_unix_ns) as f64 / 1e9;
        let length = (now_unix_ns - self.last_unix_ns).max(0) as f64 / 1e9;
        for histogram in histograms {
            let index = self.mark_of(histogram);
            let Some((maximum_ns, encoded)) = self.difference(index)? else {
                continue;
            };
            let name = histogram.name();
            let maximum_ms = maximum_ns as f64 / 1e6;
            writeln!(
                self.file,
                "Tag={name},{start:.3},{length:.3},{maximum_ms:.6},{encoded}"
            )
            .map_err(|source| self.wrap(source))?;
        }
        self.last_unix_ns = now_unix_ns;
        self.file.flush().map_err(|source| self.wrap(source))
    }

    fn wrap(&self, source: io::Error) -> HistogramError {
        HistogramError::File {
            path: self.path.clone(),
            source,
        }
    }

    fn mark_of(&mut self, histogram: &Shared) -> usize {
        let known = |mark: &Mark| std::ptr::eq(&raw const *mark.histogram, &raw const **histogram);
        if let Some(index) = self.marks.iter().position(known) {
            return index;
        }
        self.marks.push(Mark {
            histogram: Shared::clone(histogram),
            counts: vec![0; COUNTS].into_boxed_slice(),
            total: 0,
        });
        self.marks.len() - 1
    }

    /// Maximum and encoded form of what is new, `None` where nothing is.
    fn difference(&mut self, index: usize) -> Result<Option<(u64, String)>, HistogramError> {
        let mark = &mut self.marks[index];
        let total = mark.histogram.count();
        if total == mark.total {
            return Ok(None);
        }
        mark.total = total;
        let refuse = |text: String| HistogramError::Encoding(text);
        let mut interval = hdrhistogram::Histogram::<u64>::new_with_bounds(1, HIGHEST_NS, 3)
            .map_err(|error| refuse(error.to_string()))?;
        let last = last_bucket(&mark.histogram);
        for (at, seen) in mark.counts[..=last].iter_mut().enumerate() {
            let count = mark.histogram.count_at(at);
            if count != *seen {
                interval
                    .record_n(lowest_in(at), count - *seen)
                    .map_err(|error| refuse(error.to_string()))?;
                *seen = count;
            }
        }
        let mut encoded = Vec::new();
        self.serializer
            .serialize(&interval, &mut encoded)
            .map_err(|error| refuse(error.to_string()))?;
        Ok(Some((interval.max(), STANDARD.encode(&encoded))))
    }
}

fn last_bucket(histogram: &Histogram) -> usize {
    let maximum_ns = histogram.maximum_ns().unwrap_or(0).max(0).cast_unsigned();
    super::buckets::index_of(maximum_ns.min(HIGHEST_NS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::Deserializer;

    #[test]
    fn a_log_begins_with_what_the_histograms_hold() {
        let name = format!("tickwork-hlog-begin-{}.hlog", std::process::id());
        let path = std::env::temp_dir().join(name);
        let parse = [Histogram::shared("parse")];
        parse[0].record(1_500);
        let mut log = IntervalLog::create(&path, 0).expect("a log");
        log.begin(&parse);
        log.write_interval(1_000_000_000, &parse).expect("written");
        parse[0].record(2_500);
        log.write_interval(2_000_000_000, &parse).expect("written");
        let text = std::fs::read_to_string(&path).expect("text");
        std::fs::remove_file(&path).expect("removed");
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("Tag="))
            .collect();
        assert_eq!(lines.len(), 1, "{text}");
        assert!(
            lines[0].starts_with("Tag=parse,1.000,1.000,0.002"),
            "{text}"
        );
    }

    #[test]
    fn every_line_holds_what_its_interval_added() {
        let directory = std::env::temp_dir().join(format!("tickwork-hlog-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let path = directory.join("hops.hlog");
        let parse = Histogram::shared("parse");
        let book = Histogram::shared("book");
        let both = [Shared::clone(&parse), Shared::clone(&book)];
        let mut log = IntervalLog::create(&path, 1_000_000_000).expect("a log");
        parse.record(1_500);
        log.write_interval(2_000_000_000, &both).expect("written");
        parse.record(2_000_000);
        parse.record(3);
        book.record(40);
        log.write_interval(3_000_000_000, &both).expect("written");
        let text = std::fs::read_to_string(&path).expect("text");
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("Tag="))
            .collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[0].starts_with("Tag=parse,0.000,1.000,0.001"),
            "{}",
            lines[0]
        );
        assert!(
            lines[1].starts_with("Tag=parse,1.000,1.000,2.0"),
            "{}",
            lines[1]
        );
        let bytes = STANDARD
            .decode(lines[1].rsplit(',').next().expect("base64"))
            .expect("ok");
        let read: hdrhistogram::Histogram<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .expect("a histogram");
        assert_eq!((read.len(), read.min()), (2, 3));
        std::fs::remove_dir_all(&directory).expect("removed");
    }
}
