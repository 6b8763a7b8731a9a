//! The native loop: direct calls and pipes, draining, deaths, records against the flow.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tickwork_core::flow::kernel::{Emit, Kernel};
use tickwork_core::flow::{NativeLoop, Node, Outlet};
use tickwork_core::record::market::Market;
use tickwork_core::record::{ANY_INSTRUMENT, record_type, state};
use tickwork_core::ring::Wait;
use tickwork_core::ring::pipe::{PipeReader, PipeWriter, unnamed};

const PATIENCE: Duration = Duration::from_secs(20);

/// Passes records on, counted; answers a request with a status.
struct Relay(Arc<Mutex<Vec<(usize, u8, u64)>>>);

impl Kernel for Relay {
    fn process(&mut self, record: &[u8], inlet: usize, out: &mut dyn Emit) {
        let header = Market::read(record).expect("a market record");
        let seen = (inlet, header.record_type, header.last);
        self.0.lock().expect("sound").push(seen);
        if header.record_type == record_type::REQUEST {
            out.emit(
                0,
                &Market::status(1, ANY_INSTRUMENT, state::LIVE).to_record(),
            );
        } else {
            out.emit(0, record);
        }
        if header.record_type == record_type::TRADE {
            out.try_emit(1, &Market::request(1, 0, 0, 1).to_record());
        }
    }

    fn tick(&mut self, _now_ns: i64, _out: &mut dyn Emit) {}

    fn reset(&mut self) {}
}

/// What a relay was handed: inlet, record type, last id.
type Received = Arc<Mutex<Vec<(usize, u8, u64)>>>;

fn relay() -> (Box<dyn Kernel>, Received) {
    let seen = Arc::default();
    (Box::new(Relay(Arc::clone(&seen))), seen)
}

fn delta(last: u64) -> [u8; 128] {
    let header = Market {
        record_type: record_type::DELTA,
        last,
        ..Market::default()
    };
    header.to_record()
}

fn send(writer: &mut PipeWriter, record: &[u8]) {
    assert!(
        writer
            .send(record, Wait::Park, PATIENCE)
            .expect("short enough")
    );
}

fn read(reader: &mut PipeReader) -> Market {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(record) = reader.record().expect("sound") {
            let header = Market::read(record).expect("a market record");
            reader.release();
            return header;
        }
        assert!(Instant::now() < until, "nothing came");
        reader.wait(Wait::Park, Duration::from_millis(100));
    }
}

fn node(kernel: Box<dyn Kernel>, inlets: Vec<PipeReader>, outlets: Vec<Outlet>) -> Node {
    Node {
        kernel,
        inlets,
        outlets,
    }
}

#[test]
fn records_pass_direct_calls_and_pipes_in_order_and_drain_at_the_end() {
    let (mut writer, inlet) = unnamed(1 << 18, "in").expect("a pipe");
    let (outlet, mut reader) = unnamed(4096, "out").expect("a pipe");
    let ((first, _), (second, seen)) = (relay(), relay());
    let nodes = vec![
        node(
            first,
            vec![inlet],
            vec![Outlet::Direct { node: 1, inlet: 3 }],
        ),
        node(
            second,
            vec![],
            vec![Outlet::Pipe(Box::new(outlet)), Outlet::Discard],
        ),
    ];
    let running = NativeLoop::start(nodes, Wait::Park, "test").expect("a thread");
    for last in 0..1_000 {
        send(&mut writer, &delta(last));
        if last % 2 == 0 {
            assert_eq!(read(&mut reader).last, last / 2);
        }
    }
    let board = Arc::clone(running.board());
    let reading = std::thread::spawn(move || {
        (500..1_000).for_each(|last| assert_eq!(read(&mut reader).last, last));
    });
    let (nodes, undrained) = running.stop(PATIENCE);
    reading.join().expect("all were read");
    assert_eq!((nodes.len(), undrained, board.is_running()), (2, 0, false));
    assert!(
        seen.lock()
            .expect("sound")
            .iter()
            .all(|&(inlet, _, _)| inlet == 3)
    );
    let ports = &board.nodes()[1].ports[0];
    assert_eq!((ports.records.get(), ports.refused.get()), (1_000, 0));
    assert!(ports.waits.get() > 0 && board.failure().is_none());
}

#[test]
fn what_cannot_be_drained_is_counted_and_stays() {
    let (mut writer, inlet) = unnamed(1 << 16, "in").expect("a pipe");
    let (outlet, _reader) = unnamed(4096, "out").expect("a pipe");
    let (kernel, _) = relay();
    let outlets = vec![Outlet::Pipe(Box::new(outlet)), Outlet::Discard];
    let running = NativeLoop::start(vec![node(kernel, vec![inlet], outlets)], Wait::Park, "full");
    (0..100).for_each(|last| send(&mut writer, &delta(last)));
    let (mut nodes, undrained) = running.expect("a thread").stop(Duration::from_millis(100));
    let inlet = &mut nodes[0].inlets[0];
    assert_eq!(inlet.count_pending().expect("sound"), undrained);
}

#[test]
fn a_request_goes_back_to_an_earlier_node() {
    let (mut writer, inlet) = unnamed(1 << 16, "in").expect("a pipe");
    let (outlet, mut reader) = unnamed(1 << 16, "out").expect("a pipe");
    let ((book, seen), (publisher, _)) = (relay(), relay());
    let nodes = vec![
        node(
            book,
            vec![inlet],
            vec![Outlet::Direct { node: 1, inlet: 0 }],
        ),
        node(
            publisher,
            vec![],
            vec![
                Outlet::Pipe(Box::new(outlet)),
                Outlet::Direct { node: 0, inlet: 1 },
            ],
        ),
    ];
    let running = NativeLoop::start(nodes, Wait::Yield, "back").expect("a thread");
    let trade = Market {
        record_type: record_type::TRADE,
        ..Market::default()
    };
    send(&mut writer, &trade.to_record());
    assert_eq!(read(&mut reader).record_type, record_type::TRADE);
    assert_eq!(read(&mut reader).record_type, record_type::STATUS);
    assert!(
        seen.lock()
            .expect("sound")
            .contains(&(1, record_type::REQUEST, 0))
    );
    let _ = running.stop(PATIENCE);
}

#[test]
fn the_death_of_a_writer_is_told_once_and_its_end_never() {
    for closes in [false, true] {
        let (mut writer, inlet) = unnamed(1 << 16, "in").expect("a pipe");
        let (outlet, mut reader) = unnamed(1 << 16, "out").expect("a pipe");
        let (kernel, _) = relay();
        let outlets = vec![Outlet::Pipe(Box::new(outlet)), Outlet::Discard];
        let nodes = vec![node(kernel, vec![inlet], outlets)];
        let running = NativeLoop::start(nodes, Wait::Park, "death").expect("a thread");
        send(&mut writer, &delta(7));
        assert_eq!(read(&mut reader).last, 7);
        if closes {
            writer.close();
        }
        drop(writer);
        if !closes {
            let told = read(&mut reader);
            assert_eq!(
                (told.record_type, told.state),
                (record_type::STATUS, state::STALE)
            );
        }
        std::thread::sleep(Duration::from_millis(200));
        assert!(reader.record().expect("sound").is_none());
        let deaths = running.board().nodes()[0].inlets[0].deaths.get();
        assert_eq!(deaths, u64::from(!closes));
        let _ = running.stop(PATIENCE);
    }
}
