//! The merging of lines: first arrival wins, diffs keep their order where they can.

use super::Sink;
use super::depth::{DepthStream, Held};
use super::outbox::Outbox;
use super::readings::{Arrival, LineReadings, MergerReadings, Verdict};
use super::window::{Recall, Seen, Window};
use crate::parse::binance::peek::{Glance, Identity, Stream, peek};
use crate::parse::instruments::Instruments;
use crate::parse::rules::Rules;
use crate::record::frame::{self, Frame};
use crate::record::{ANY_INSTRUMENT, frame_flag, frame_kind};

struct Streams {
    depth: DepthStream,
    /// Ticker, trade, aggregate trade.
    others: [Window; 3],
}

/// Frames of all lines of one venue in, one stream of frame records out.
///
/// With one line open everything is forwarded in order, duplicates too, except for what
/// another line had brought before it closed. Never blocks.
pub struct LineMerger<S> {
    rules: Rules,
    instruments: Instruments,
    hold_ns: i64,
    lines: Vec<LineReadings>,
    lines_open: usize,
    streams: Vec<Streams>,
    outbox: Outbox<S>,
    scratch: Vec<u8>,
    readings: MergerReadings,
}

impl<S: Sink> LineMerger<S> {
    /// Merges `lines` lines; a diff out of order is held for `hold_ns` at most.
    #[must_use]
    pub fn new(rules: Rules, instruments: Instruments, lines: u16, hold_ns: i64, sink: S) -> Self {
        let stream = |_| Streams {
            depth: DepthStream::new(rules.chain, usize::from(lines)),
            others: Default::default(),
        };
        Self {
            rules,
            hold_ns,
            lines: (0..lines).map(|_| LineReadings::new()).collect(),
            lines_open: 0,
            streams: (0..instruments.len()).map(stream).collect(),
            instruments,
            outbox: Outbox::new(sink, rules.venue),
            scratch: Vec::new(),
            readings: MergerReadings::default(),
        }
    }

    /// The sink.
    pub fn sink(&mut self) -> &mut S {
        &mut self.outbox.sink
    }

    /// Each line's share.
    #[must_use]
    pub fn lines(&self) -> &[LineReadings] {
        &self.lines
    }

    /// The counts now.
    #[must_use]
    pub fn readings(&self) -> MergerReadings {
        let holding = self
            .streams
            .iter()
            .map(|stream| stream.depth.held.len() as u64)
            .sum();
        MergerReadings {
            holding,
            gaps_sent: self.outbox.gaps_sent,
            events_dropped: self.outbox.events_dropped,
            ..self.readings
        }
    }

    /// The id that the next frame gets.
    #[must_use]
    pub fn next_frame_id(&self) -> u64 {
        self.readings.frames
    }

    /// Takes one frame.
    ///
    /// # Panics
    /// When its line is not below the number of lines.
    pub fn on_frame(&mut self, arrival: &Arrival<'_>) -> Verdict {
        let merged = self.lines.len() > 1;
        let header = Frame {
            venue: self.rules.venue,
            flags: if merged { frame_flag::LINE_MERGED } else { 0 },
            frame_id: self.readings.frames,
            ..arrival.header
        };
        self.readings.frames += 1;
        self.lines[usize::from(header.line)].frames += 1;
        match header.kind {
            frame_kind::TEXT => self.take_text(&header, arrival.payload),
            frame_kind::OPENED | frame_kind::CLOSED | frame_kind::ERROR => {
                self.take_event(header, arrival.payload)
            }
            _ => self.forward_as_is(&header, arrival.payload, header.instrument),
        }
    }

    /// Lets go what was held too long, and sends what is owed.
    pub fn tick(&mut self, now_ns: i64) {
        self.outbox.settle();
        for instrument in 0..self.streams.len() as u16 {
            self.settle(instrument, now_ns);
        }
    }

    /// Ends a Block: ids start anew, counts and frame ids go on. What is held goes out.
    pub fn reset(&mut self) {
        for instrument in 0..self.streams.len() as u16 {
            self.forget(instrument);
        }
    }

    fn take_text(&mut self, header: &Frame, payload: &[u8]) -> Verdict {
        let identity = match peek(payload) {
            Glance::Message(identity) => identity,
            glance => {
                let line = &mut self.lines[usize::from(header.line)];
                line.server_shutdowns += u64::from(glance == Glance::ServerShutdown);
                return self.forward_as_is(header, payload, header.instrument);
            }
        };
        match self.instruments.find(identity.symbol) {
            Some(instrument) if self.lines.len() > 1 => match identity.stream {
                Stream::Depth => self.take_diff(header, payload, instrument, &identity),
                Stream::Ticker => self.take_other(header, payload, instrument, 0, identity.last),
                Stream::Trade => self.take_other(header, payload, instrument, 1, identity.last),
                Stream::Aggregate => self.take_other(header, payload, instrument, 2, identity.last),
            },
            found => self.forward_as_is(header, payload, found.unwrap_or(ANY_INSTRUMENT)),
        }
    }

    fn forward_as_is(&mut self, header: &Frame, payload: &[u8], instrument: u16) -> Verdict {
        self.scratch.clear();
        frame::append(&mut self.scratch, header, payload);
        self.post(instrument, header.line)
    }

    /// Sends the record in `scratch`.
    fn post(&mut self, instrument: u16, line: u16) -> Verdict {
        if self.outbox.send(&self.scratch, instrument, line) {
            self.readings.forwarded += 1;
            return Verdict::Forwarded;
        }
        self.lines[usize::from(line)].dropped += 1;
        Verdict::Dropped
    }

    fn take_other(
        &mut self,
        header: &Frame,
        payload: &[u8],
        instrument: u16,
        stream: usize,
        id: u64,
    ) -> Verdict {
        let recall = self.streams[usize::from(instrument)].others[stream].recall(id);
        if self.is_copy(recall, header.line) {
            return self.count_again(recall, header);
        }
        let verdict = self.forward_as_is(header, payload, instrument);
        if verdict == Verdict::Forwarded {
            self.count_win(header.line);
            let seen = Seen {
                id,
                line: header.line,
                received_ns: header.received_ns,
            };
            self.streams[usize::from(instrument)].others[stream].remember(seen);
        }
        verdict
    }

    /// Whether two lines are open, so that each message should come twice.
    fn is_merging(&self) -> bool {
        self.lines_open > 1
    }

    /// Whether a message is to be left out because it was forwarded before. Where only one line
    /// is open, what it brings twice is the venue's doing and the book must see it.
    fn is_copy(&self, recall: Recall, line: u16) -> bool {
        match recall {
            Recall::New => false,
            Recall::Known(first) => self.is_merging() || first.line != line,
            Recall::TooOld => self.is_merging(),
        }
    }

    fn count_win(&mut self, line: u16) {
        self.lines[usize::from(line)].wins += u64::from(self.lines_open > 1);
    }

    /// Counts a copy of what was forwarded, and the first one's lead if another line had it.
    fn count_again(&mut self, recall: Recall, header: &Frame) -> Verdict {
        let line = &mut self.lines[usize::from(header.line)];
        let Recall::Known(first) = recall else {
            line.late += 1;
            return Verdict::Late;
        };
        line.duplicates += 1;
        if first.line != header.line {
            let lead_ns = header.received_ns.wrapping_sub(first.received_ns);
            self.lines[usize::from(first.line)].lead.record(lead_ns);
        }
        Verdict::Duplicate
    }

    fn take_diff(
        &mut self,
        header: &Frame,
        payload: &[u8],
        instrument: u16,
        identity: &Identity<'_>,
    ) -> Verdict {
        let stream = &mut self.streams[usize::from(instrument)].depth;
        stream.advance(header.line, identity.last);
        let recall = stream.recall(identity.last);
        let needed = stream.needed(identity);
        let (chains, may_wait) = (
            stream.chains(needed),
            stream.may_be_filled(header.line, needed),
        );
        let verdict = if self.is_copy(recall, header.line) {
            self.count_again(recall, header)
        } else if chains || !may_wait {
            self.readings.released += u64::from(self.is_merging() && !chains);
            self.forward_diff(header, payload, instrument, identity.last)
        } else {
            self.hold(header, payload, instrument, (needed, identity.last))
        };
        self.settle(instrument, header.received_ns);
        verdict
    }

    fn forward_diff(
        &mut self,
        header: &Frame,
        payload: &[u8],
        instrument: u16,
        last: u64,
    ) -> Verdict {
        let verdict = self.forward_as_is(header, payload, instrument);
        self.note_diff(verdict, instrument, header.line, header.received_ns, last);
        verdict
    }

    /// Remembers a diff that went out; one that was dropped may still come from another line.
    fn note_diff(&mut self, verdict: Verdict, instrument: u16, line: u16, at_ns: i64, last: u64) {
        if verdict == Verdict::Forwarded {
            self.count_win(line);
            let stream = &mut self.streams[usize::from(instrument)].depth;
            stream.last = Some(last);
            stream.window.remember(Seen {
                id: last,
                line,
                received_ns: at_ns,
            });
        }
    }

    fn hold(
        &mut self,
        header: &Frame,
        payload: &[u8],
        instrument: u16,
        (needed, last): (u64, u64),
    ) -> Verdict {
        let mut record = Vec::new();
        frame::append(&mut record, header, payload);
        let (line, received_ns) = (header.line, header.received_ns);
        self.lines[usize::from(line)].held += 1;
        let stream = &mut self.streams[usize::from(instrument)].depth;
        stream.hold(Held {
            record,
            line,
            received_ns,
            needed,
            last,
        });
        Verdict::Held
    }

    /// Forwards held diffs as far as they chain, cannot be helped, or waited long enough.
    fn settle(&mut self, instrument: u16, now_ns: i64) {
        let hold_ns = self.hold_ns;
        while self.streams[usize::from(instrument)]
            .depth
            .is_due(now_ns, hold_ns)
        {
            let stream = &mut self.streams[usize::from(instrument)].depth;
            let Some(held) = stream.held.pop_front() else {
                return;
            };
            self.release(instrument, held);
        }
    }

    fn release(&mut self, instrument: u16, held: Held) {
        let stream = &self.streams[usize::from(instrument)].depth;
        if stream.last.is_some_and(|last| held.last <= last) {
            self.lines[usize::from(held.line)].duplicates += 1;
            return;
        }
        self.readings.released += u64::from(!stream.chains(held.needed));
        self.scratch.clear();
        self.scratch.extend_from_slice(&held.record);
        let verdict = self.post(instrument, held.line);
        self.note_diff(verdict, instrument, held.line, held.received_ns, held.last);
    }

    fn take_event(&mut self, mut header: Frame, payload: &[u8]) -> Verdict {
        let line = usize::from(header.line);
        let open = &mut self.lines[line].connections;
        match header.kind {
            frame_kind::OPENED => *open += 1,
            frame_kind::CLOSED => *open = open.saturating_sub(1),
            _ => {}
        }
        let open = *open > 0;
        for streams in &mut self.streams {
            let state = &mut streams.depth.lines[line];
            state.open = open;
            state.seen = if open { state.seen } else { 0 };
        }
        self.lines_open = self
            .lines
            .iter()
            .filter(|line| line.connections > 0)
            .count();
        if header.kind == frame_kind::CLOSED {
            self.after_close(&mut header);
        }
        self.scratch.clear();
        frame::append(&mut self.scratch, &header, payload);
        if self.outbox.send_event(&self.scratch) {
            self.readings.forwarded += 1;
            return Verdict::Forwarded;
        }
        Verdict::Dropped
    }

    /// What was held goes out before the event; with the last line all ids are forgotten.
    fn after_close(&mut self, header: &mut Frame) {
        for instrument in 0..self.streams.len() as u16 {
            self.settle(instrument, header.received_ns);
        }
        if self.lines_open == 0 {
            header.flags |= frame_flag::NO_LINE_LEFT;
            self.reset();
        }
    }

    fn forget(&mut self, instrument: u16) {
        let streams = &mut self.streams[usize::from(instrument)];
        streams.others.iter_mut().for_each(Window::clear);
        while let Some(held) = self.streams[usize::from(instrument)].depth.held.pop_front() {
            self.release(instrument, held);
        }
        self.streams[usize::from(instrument)].depth.clear();
    }
}
