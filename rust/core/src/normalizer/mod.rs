//! The normalizer's kernel: frames of a venue in, records out, every frame accounted for.
//!
//! Here: stamps, hops, connection events as states, counters by reason, the log of what could
//! not be read. Never here: a venue's text (that is `parse`), sequence rules of books (`book`).

mod tally;
mod unparsed;

pub use tally::Tally;
pub use unparsed::{ENTRIES_MAX, EXCERPT_BYTES_MAX, Unparsed, UnparsedLog};

use std::sync::{Arc, Mutex, PoisonError};

use crate::flow::kernel::{Emit, Kernel};
use crate::histogram::{Histogram, Shared};
use crate::parse::binance::{Parser, Path};
use crate::parse::{Parsed, Reason};
use crate::record::buffer::RecordBuffer;
use crate::record::frame::{self, Frame};
use crate::record::market::Market;
use crate::record::{
    ABSENT, ANY_INSTRUMENT, flag, frame_flag, frame_kind, record_type, state, type_of,
};

/// The port of all records.
const RECORDS: usize = 0;

/// What others may read while the kernel runs, from any thread.
#[derive(Clone)]
pub struct Readings {
    /// Counts.
    pub tally: Arc<Tally>,
    /// The last payloads that became no record.
    pub unparsed: Arc<Mutex<UnparsedLog>>,
    /// Kernel stamp to user-space stamp, per frame with a kernel stamp.
    pub receive: Shared,
    /// User-space stamp to parsed, per record.
    pub parse: Shared,
}

/// Frames in at inlet 0, records out at port 0.
///
/// A connection event becomes a status record when it changes what all books can be: the first
/// line that opens says SYNCING, the last that closes says STALE with the flag FINAL. Events
/// between those are counted. Status records from upstream pass through.
pub struct Normalizer<C> {
    parser: Parser,
    out: RecordBuffer,
    clock: C,
    connected: bool,
    next_frame_id: Option<u64>,
    readings: Readings,
}

impl<C: Fn() -> i64 + Send> Normalizer<C> {
    /// A kernel around `parser`; `clock` gives monotonic raw nanoseconds.
    #[must_use]
    pub fn new(parser: Parser, clock: C) -> Self {
        let readings = Readings {
            tally: Arc::default(),
            unparsed: Arc::new(Mutex::new(UnparsedLog::new())),
            receive: Histogram::shared("receive"),
            parse: Histogram::shared("parse"),
        };
        let (out, connected, next_frame_id) = (RecordBuffer::new(), false, None);
        Self {
            parser,
            out,
            clock,
            connected,
            next_frame_id,
            readings,
        }
    }

    /// Handles that stay readable while the kernel runs.
    #[must_use]
    pub fn readings(&self) -> Readings {
        self.readings.clone()
    }

    fn take_frame(&mut self, record: &[u8], out: &mut dyn Emit) {
        let (Some(header), Some(payload)) = (Frame::read(record), frame::payload(record)) else {
            self.readings.tally.unexpected.add(1);
            return;
        };
        self.count_frame(&header);
        match header.kind {
            frame_kind::TEXT | frame_kind::REST => self.take_text(&header, payload, out),
            frame_kind::BINARY => self.note(&header, payload, Reason::Binary),
            frame_kind::OPENED => self.take_opened(&header, out),
            frame_kind::CLOSED => self.take_closed(&header, out),
            frame_kind::ERROR => self.readings.tally.connection_errors.add(1),
            _ => self.note(&header, payload, Reason::UnknownType),
        }
    }

    /// Counts the frame, those missing before it, and its way from the kernel to user space.
    fn count_frame(&mut self, header: &Frame) {
        let tally = &self.readings.tally;
        tally.frames.add(1);
        tally.bytes.add(u64::from(header.length));
        let expected = self.next_frame_id.unwrap_or(header.frame_id);
        // A smaller id is a forwarder that was started anew; it misses nothing. Where lines are
        // merged, ids of duplicates are left out on purpose.
        if header.flags & frame_flag::LINE_MERGED == 0 {
            let missing = header.frame_id.saturating_sub(expected);
            self.readings.tally.frames_missing.add(missing);
        }
        self.next_frame_id = Some(header.frame_id.wrapping_add(1));
        if header.kernel_ns != ABSENT && header.received_ns != ABSENT {
            self.readings
                .receive
                .record(header.received_ns.wrapping_sub(header.kernel_ns));
        }
    }

    fn take_text(&mut self, header: &Frame, payload: &[u8], out: &mut dyn Emit) {
        let base = base_of(header);
        match self.parser.parse(Path::Both, &base, payload, &mut self.out) {
            Ok(Parsed::Record) => self.send_parsed(header.received_ns, out),
            Ok(Parsed::Scales(count)) => {
                self.readings.tally.exchange_informations.add(1);
                self.readings.tally.scales.add(count as u64);
            }
            Ok(Parsed::Accepted) => self.readings.tally.accepted.add(1),
            Ok(Parsed::Refused) => self.readings.tally.refused.add(1),
            Ok(Parsed::ServerShutdown) => self.readings.tally.server_shutdowns.add(1),
            Err(reason) => self.note(header, payload, reason),
        }
    }

    fn send_parsed(&mut self, received_ns: i64, out: &mut dyn Emit) {
        let parsed_ns = (self.clock)();
        let record = self.out.record_mut();
        Market::set_parsed_ns(record, parsed_ns);
        if received_ns != ABSENT {
            self.readings
                .parse
                .record(parsed_ns.wrapping_sub(received_ns));
        }
        self.readings.tally.count_record(record[8]);
        out.emit(RECORDS, record);
    }

    fn take_opened(&mut self, header: &Frame, out: &mut dyn Emit) {
        self.readings.tally.opened.add(1);
        if !std::mem::replace(&mut self.connected, true) {
            self.announce(header, state::SYNCING, 0, out);
        }
    }

    fn take_closed(&mut self, header: &Frame, out: &mut dyn Emit) {
        self.readings.tally.closed.add(1);
        if header.flags & frame_flag::NO_LINE_LEFT != 0 {
            self.connected = false;
            self.announce(header, state::STALE, flag::FINAL, out);
        }
    }

    fn announce(&mut self, header: &Frame, state: u8, flags: u8, out: &mut dyn Emit) {
        let status = Market {
            record_type: record_type::STATUS,
            instrument: ANY_INSTRUMENT,
            state,
            flags,
            parsed_ns: (self.clock)(),
            ..base_of(header)
        };
        self.readings.tally.statuses.add(1);
        out.emit(RECORDS, &status.to_record());
    }

    /// A status from upstream: frames were dropped, or the writer of the inlet died.
    fn pass_status(&mut self, record: &[u8], out: &mut dyn Emit) {
        let Some(status) = Market::read(record) else {
            self.readings.tally.unexpected.add(1);
            return;
        };
        if status.state == state::STALE && status.instrument == ANY_INSTRUMENT {
            self.connected = false;
        }
        let stamped = Market {
            parsed_ns: (self.clock)(),
            ..status
        };
        self.readings.tally.statuses.add(1);
        out.emit(RECORDS, &stamped.to_record());
    }

    #[cold]
    fn note(&mut self, header: &Frame, payload: &[u8], reason: Reason) {
        self.readings.tally.unparsed[reason.index()].add(1);
        let mut log = self
            .readings
            .unparsed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        log.note(header, reason, payload);
    }
}

impl<C: Fn() -> i64 + Send> Kernel for Normalizer<C> {
    fn process(&mut self, record: &[u8], _inlet: usize, out: &mut dyn Emit) {
        match type_of(record) {
            Some(record_type::FRAME) => self.take_frame(record, out),
            Some(record_type::STATUS) => self.pass_status(record, out),
            _ => self.readings.tally.unexpected.add(1),
        }
    }

    fn tick(&mut self, _now_ns: i64, _out: &mut dyn Emit) {}

    /// Connections end with their Block; scales and counts go on.
    fn reset(&mut self) {
        self.connected = false;
    }
}

/// What a record inherits from its frame.
fn base_of(header: &Frame) -> Market {
    Market {
        venue: header.venue,
        instrument: header.instrument,
        received_ns: header.received_ns,
        line: header.line,
        connection: header.connection,
        frame_id: header.frame_id,
        kernel_ns: header.kernel_ns,
        correlation: header.correlation,
        ..Market::default()
    }
}

#[cfg(test)]
mod tests;
