//! The publisher's kernel: market records in, a broadcast segment out.
//!
//! Here: images to top and table, the rest to depth, stamps, the question for images after a
//! restart. Never here: the segment (that is `ring`), TCP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::clock::FastClock;
use crate::flow::count::Count;
use crate::flow::kernel::{Emit, Kernel};
use crate::histogram::{Histogram, Shared};
use crate::record::market::{HEADER_LEN, Market, levels};
use crate::record::{ABSENT, ANY_INSTRUMENT, flag, record_type, request_kind, state, type_of};
use crate::ring::publication::Publication;

/// The port of requests to the book.
const REQUESTS: usize = 1;

/// How long an answer to a question for images is waited for.
const ASK_AGAIN_NS: i64 = 500_000_000;

/// What the publisher has counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Images shown and published.
    pub images: Count,
    /// Records written to the top ring.
    pub tops: Count,
    /// Records written to the depth ring.
    pub depth: Count,
    /// Status records taken.
    pub statuses: Count,
    /// Questions for images.
    pub requests: Count,
    /// Records of instruments that are not published here.
    pub unknown_instruments: Count,
    /// Records longer than the depth ring takes.
    pub too_long: Count,
    /// Records that are no market records.
    pub unexpected: Count,
}

impl Tally {
    /// Counts by name.
    #[must_use]
    pub fn list(&self) -> Vec<(String, u64)> {
        [
            ("images", &self.images),
            ("tops", &self.tops),
            ("depth", &self.depth),
            ("statuses", &self.statuses),
            ("requests", &self.requests),
            ("unknownInstruments", &self.unknown_instruments),
            ("tooLong", &self.too_long),
            ("unexpected", &self.unexpected),
        ]
        .map(|(name, count)| (name.to_owned(), count.get()))
        .into()
    }
}

/// What others may read while the kernel runs, from any thread.
#[derive(Clone, Debug)]
pub struct Readings {
    /// Counts.
    pub tally: Arc<Tally>,
    /// Booked to published, per record.
    pub publish: Shared,
    ends: Arc<AtomicBool>,
}

impl Readings {
    /// Makes the kernel end its stream when it is dropped; otherwise that looks like a death.
    pub fn end_with_kernel(&self) {
        self.ends.store(true, Ordering::Release);
    }
}

/// Records in at inlet 0, a broadcast segment out, requests to the book at port 1.
pub struct Publisher {
    publication: Publication,
    clock: &'static FastClock,
    scratch: Vec<u8>,
    readings: Readings,
    /// Books that a writer before this one left and that no image has come for.
    awaited: Vec<bool>,
    asked_ns: Option<i64>,
}

impl Publisher {
    /// A kernel around `publication`, with its clock.
    #[must_use]
    pub fn new(publication: Publication, clock: &'static FastClock) -> Self {
        let left = |id| publication.took_over() && publication.state_of(id) != state::EMPTY;
        Self {
            awaited: (0..publication.instruments()).map(left).collect(),
            scratch: Vec::with_capacity(publication.longest()),
            publication,
            clock,
            readings: Readings {
                tally: Arc::default(),
                publish: Histogram::shared("publish"),
                ends: Arc::default(),
            },
            asked_ns: None,
        }
    }

    /// Handles that stay readable while the kernel runs.
    #[must_use]
    pub fn readings(&self) -> Readings {
        self.readings.clone()
    }

    fn take_image(&mut self, record: &[u8], now_ns: i64) {
        self.publication.show(record, now_ns);
        self.publication.publish_top(record, now_ns);
        self.awaited[usize::from(Market::instrument(record))] = false;
        self.readings.tally.images.add(1);
        self.readings.tally.tops.add(1);
        self.record_hop(record, now_ns);
    }

    fn take_depth(&mut self, record: &[u8], now_ns: i64) {
        let written = self
            .publication
            .publish_depth(record, now_ns, &mut self.scratch);
        if written.is_err() {
            self.readings.tally.too_long.add(1);
            return;
        }
        self.readings.tally.depth.add(1);
        self.record_hop(record, now_ns);
    }

    fn record_hop(&self, record: &[u8], now_ns: i64) {
        let booked_ns = Market::booked_ns(record);
        if booked_ns != ABSENT {
            self.readings.publish.record(now_ns.wrapping_sub(booked_ns));
        }
    }

    /// A state without an image: the table keeps the levels, the flag changes. The top of a book
    /// is published too where the state is everybody's (a dead writer, no line left).
    fn take_status(&mut self, record: &[u8], now_ns: i64) {
        self.readings.tally.statuses.add(1);
        let said = Market::state(record);
        let instrument = Market::instrument(record);
        if instrument != ANY_INSTRUMENT {
            self.publication
                .show_state(usize::from(instrument), said, now_ns);
        } else {
            for id in 0..self.publication.instruments() {
                let known = self.publication.state_of(id);
                if known != state::EMPTY && known != said {
                    self.publication.show_state(id, said, now_ns);
                    self.publication.publish_top_of(id, now_ns);
                    self.readings.tally.tops.add(1);
                }
            }
        }
        self.take_depth(record, now_ns);
    }

    fn ask_for_images(&mut self, now_ns: i64, out: &mut dyn Emit) {
        let asked = self
            .asked_ns
            .is_some_and(|at_ns| now_ns - at_ns < ASK_AGAIN_NS);
        if asked || !self.awaited.contains(&true) {
            return;
        }
        let correlation = self.readings.tally.requests.get() + 1;
        let kind = request_kind::IMAGES;
        let request = Market::request(0, ANY_INSTRUMENT, kind, correlation).to_record();
        if out.try_emit(REQUESTS, &request) {
            self.asked_ns = Some(now_ns);
            self.readings.tally.requests.add(1);
        }
    }
}

impl Kernel for Publisher {
    fn process(&mut self, record: &[u8], _inlet: usize, _out: &mut dyn Emit) {
        let now_ns = self.clock.now_ns();
        let tally = &self.readings.tally;
        let kind = type_of(record).unwrap_or(0);
        let market = (record_type::SNAPSHOT..=record_type::REQUEST).contains(&kind)
            && kind != record_type::TOP
            && kind != record_type::REQUEST;
        if !market || record.len() < HEADER_LEN || levels(record).is_none() {
            tally.unexpected.add(1);
            return;
        }
        let known = self.publication.knows(record)
            || (kind == record_type::STATUS && Market::instrument(record) == ANY_INSTRUMENT);
        if !known {
            tally.unknown_instruments.add(1);
            return;
        }
        match kind {
            record_type::STATUS => self.take_status(record, now_ns),
            record_type::SNAPSHOT if Market::flags(record) & flag::IMAGE != 0 => {
                self.take_image(record, now_ns);
            }
            _ => self.take_depth(record, now_ns),
        }
    }

    fn tick(&mut self, now_ns: i64, out: &mut dyn Emit) {
        self.publication.beat(now_ns);
        self.ask_for_images(now_ns, out);
    }

    fn reset(&mut self) {
        let now_ns = self.clock.now_ns();
        for id in 0..self.publication.instruments() {
            if self.publication.state_of(id) != state::EMPTY {
                self.publication.clear(id);
                self.publication.publish_top_of(id, now_ns);
                self.readings.tally.tops.add(1);
            }
        }
        self.awaited.fill(false);
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        if self.readings.ends.load(Ordering::Acquire) {
            self.publication.close();
        }
    }
}
