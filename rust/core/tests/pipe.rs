//! The pipe against a plain queue, and across the deaths of its ends.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use tickwork_core::record::Records;
use tickwork_core::record::frame::{self, Frame};
use tickwork_core::ring::pipe::{PipeReader, PipeWriter, unnamed};
use tickwork_core::ring::{SegmentError, Wait};

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tickwork-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("removed");
    }
}

fn record(frame_id: u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = Frame {
        frame_id,
        ..Frame::default()
    };
    frame::append(&mut bytes, &header, &vec![frame_id as u8; length]);
    bytes
}

fn assert_is(record: &[u8], sequence: u64, frame_id: u64, length: usize) {
    assert_eq!(Frame::sequence(record), sequence);
    assert_eq!(Frame::frame_id(record), frame_id);
    let payload = frame::payload(record).expect("a frame");
    assert_eq!(payload, vec![frame_id as u8; length]);
}

/// What was read is what stands first in the model.
fn take(bytes: &[u8], model: &mut VecDeque<(u64, usize)>, read: &mut u64) {
    let (id, length) = model.pop_front().expect("in the model");
    assert_is(bytes, *read + 1, id, length);
    *read += 1;
}

/// Reads one batch in place and gives its room back.
fn read_batch(
    reader: &mut PipeReader,
    most: usize,
    model: &mut VecDeque<(u64, usize)>,
    read: &mut u64,
) {
    if let Some((at, length)) = reader.batch(most).expect("sound") {
        // SAFETY: the batch is ours until `release`.
        let bytes = unsafe { reader.segment().mapping().bytes(at, length) };
        for bytes in Records::new(bytes) {
            take(bytes, model, read);
        }
    }
    reader.release();
}

/// Sends a batch; only what has no room may stay behind. Returns how many went.
fn send_all(
    writer: &mut PipeWriter,
    lengths: &[usize],
    first: u64,
    model: &mut VecDeque<(u64, usize)>,
) -> u64 {
    let mut batch = Vec::new();
    for (id, &length) in (first..).zip(lengths) {
        batch.extend(record(id, length));
    }
    let count = writer.stage_all(Records::new(&batch)).expect("short");
    writer.commit();
    model.extend((first..).zip(lengths[..count].iter().copied()));
    if let Some(&length) = lengths.get(count) {
        let room = 4096 - writer.pending();
        assert!(room < 2 * record(0, length).len() as u64);
    }
    count as u64
}

#[derive(Clone, Debug)]
enum Step {
    Send(usize),
    SendAll(Vec<usize>),
    Read(usize),
    Batch(usize),
    RestartWriter,
    RestartReader,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0_usize..1900).prop_map(Step::Send),
        3 => proptest::collection::vec(0_usize..300, 0..40).prop_map(Step::SendAll),
        3 => (1_usize..8).prop_map(Step::Read),
        2 => (64_usize..4096).prop_map(Step::Batch),
        1 => Just(Step::RestartWriter),
        1 => Just(Step::RestartReader),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_pipe_is_a_queue_whatever_happens_to_its_ends(steps in steps()) {
        let directory = Directory::new("pipe-model");
        let path = directory.0.join("frames");
        let mut writer = PipeWriter::create(&path, 4096, "frames").expect("a writer");
        let mut reader = PipeReader::attach(&path).expect("a reader");
        let mut model: VecDeque<(u64, usize)> = VecDeque::new();
        let (mut sent, mut read, mut restarts) = (0_u64, 0_u64, 0_u64);
        let generation = writer.segment().generation();
        for step in steps {
            match step {
                Step::Send(length) => {
                    let bytes = record(sent, length);
                    if writer.try_send(&bytes).expect("short enough") {
                        model.push_back((sent, length));
                        sent += 1;
                    } else {
                        prop_assert!(writer.pending() + 2 * bytes.len() as u64 > 4096);
                    }
                }
                Step::SendAll(lengths) => {
                    sent += send_all(&mut writer, &lengths, sent, &mut model);
                }
                Step::Read(count) => {
                    for _ in 0..count {
                        let found = reader.record().expect("sound");
                        prop_assert_eq!(found.is_some(), !model.is_empty());
                        if let Some(bytes) = found {
                            take(bytes, &mut model, &mut read);
                        }
                    }
                    reader.release();
                }
                Step::Batch(most) => read_batch(&mut reader, most, &mut model, &mut read),
                Step::RestartWriter => {
                    drop(writer);
                    prop_assert!(!reader.writer_alive());
                    writer = PipeWriter::create(&path, 4096, "frames").expect("taken over");
                    restarts += 1;
                    prop_assert!(reader.writer_alive());
                    prop_assert_eq!(reader.segment().generation(), generation + restarts);
                }
                Step::RestartReader => {
                    drop(reader);
                    prop_assert!(!writer.reader_alive());
                    reader = PipeReader::attach(&path).expect("attached again");
                }
            }
        }
        while let Some(bytes) = reader.record().expect("sound") {
            take(bytes, &mut model, &mut read);
        }
        prop_assert!(model.is_empty());
        prop_assert_eq!((writer.close(), reader.has_ended()), ((), true));
    }
}

#[test]
fn the_high_water_is_what_waited_and_not_what_was_sent() {
    let directory = Directory::new("pipe-high-water");
    let path = directory.0.join("frames");
    let mut writer = PipeWriter::create(&path, 1 << 16, "frames").expect("a writer");
    let mut reader = PipeReader::attach(&path).expect("a reader");
    let bytes = record(1, 100);
    for _ in 0..50 {
        assert!(writer.try_send(&bytes).expect("short enough"));
        assert!(writer.try_send(&bytes).expect("short enough"));
        while reader.record().expect("sound").is_some() {}
        reader.release();
    }
    assert_eq!(writer.high_water(), 2 * bytes.len() as u64);
}

#[test]
fn a_second_end_is_refused() {
    let directory = Directory::new("pipe-ends");
    let path = directory.0.join("frames");
    assert!(matches!(
        PipeReader::attach(&path),
        Err(SegmentError::Missing { .. })
    ));
    let _writer = PipeWriter::create(&path, 4096, "frames").expect("a writer");
    let again = PipeWriter::create(&path, 4096, "frames");
    assert!(matches!(
        again,
        Err(SegmentError::Busy { end: "writer", .. })
    ));
    let _reader = PipeReader::attach(&path).expect("a reader");
    let again = PipeReader::attach(&path);
    assert!(matches!(
        again,
        Err(SegmentError::Busy { end: "reader", .. })
    ));
}

#[test]
fn a_record_of_more_than_half_is_refused() {
    let (mut writer, _reader) = unnamed(4096, "memory").expect("a pipe");
    let error = writer.try_send(&record(0, 2048)).expect_err("too long");
    assert!(error.to_string().contains("its longest is 2048"), "{error}");
    assert!(writer.try_send(&record(0, 2048 - 64)).expect("it fits"));
}

#[test]
fn a_sleeping_end_is_woken_by_the_other() {
    let (mut writer, mut reader) = unnamed(4096, "memory").expect("a pipe");
    let records = 20_000;
    let sending = std::thread::spawn(move || {
        for id in 0..records {
            let wait = Duration::from_secs(20);
            let sent = writer
                .send(&record(id, 700), Wait::Park, wait)
                .expect("short enough");
            assert!(sent, "no room for record {id} within 20 s");
        }
        writer.close();
        writer.high_water()
    });
    let mut next = 0;
    while !reader.has_ended() {
        while let Some(bytes) = reader.record().expect("sound") {
            assert_is(bytes, next + 1, next, 700);
            next += 1;
        }
        reader.release();
        reader.wait(Wait::Park, Duration::from_secs(20));
    }
    assert_eq!(next, records);
    let high_water = sending.join().expect("sent");
    assert!(high_water > 0 && high_water <= 4096, "{high_water}");
}

#[test]
fn another_capacity_makes_a_new_file_and_the_reader_follows() {
    let directory = Directory::new("pipe-moved");
    let path = directory.0.join("frames");
    let mut writer = PipeWriter::create(&path, 4096, "frames").expect("a writer");
    let mut reader = PipeReader::attach(&path).expect("a reader");
    assert!(writer.try_send(&record(0, 5)).expect("sent"));
    drop(writer);
    let mut writer = PipeWriter::create(&path, 8192, "frames").expect("a new one");
    assert!(writer.try_send(&record(1, 5)).expect("sent"));
    assert_is(
        reader.record().expect("sound").expect("the old one first"),
        1,
        0,
        5,
    );
    reader.release();
    let waited = std::time::Instant::now();
    while !reader.wait(Wait::Park, Duration::from_millis(60)) {
        assert!(waited.elapsed() < Duration::from_secs(5), "never followed");
    }
    assert_is(
        reader.record().expect("sound").expect("the new one"),
        1,
        1,
        5,
    );
    assert_eq!(
        (reader.capacity(), reader.segment().generation()),
        (8192, 2)
    );
}
