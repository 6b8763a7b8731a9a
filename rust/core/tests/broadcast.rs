//! Top, depth and table against a plain model, through laps and restarts.

use std::path::PathBuf;

use proptest::prelude::*;
use tickwork_core::record::market::{self, Level, Market};
use tickwork_core::record::top::Top;
use tickwork_core::record::{ABSENT, Records, record_type, state};
use tickwork_core::ring::Liveness;
use tickwork_core::ring::books::BooksReader;
use tickwork_core::ring::depth::DepthReader;
use tickwork_core::ring::publication::{Publication, PublicationShape};
use tickwork_core::ring::top::TopReader;

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tickwork-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn book(&self) -> PathBuf {
        self.0.join("book")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("removed");
    }
}

fn shape() -> PublicationShape {
    PublicationShape {
        name: "demo".into(),
        instruments: vec![("BTCUSDT".into(), 1), ("ETHUSDT".into(), 1)],
        ring_slots: 16,
        depth_bytes: 4096,
        table_levels: 3,
    }
}

fn image(instrument: u16, last: u64, levels: usize) -> Vec<u8> {
    let side = |sign: i64| {
        let level = |index| Level {
            price: last as i64 * 1000 + sign * (1 + index as i64),
            quantity: last as i64,
        };
        (0..levels).map(level).collect::<Vec<_>>()
    };
    let header = Market {
        record_type: record_type::SNAPSHOT,
        state: state::LIVE,
        flags: 1,
        instrument,
        price_exponent: -2,
        quantity_exponent: -3,
        last,
        received_ns: 50,
        ..Market::default()
    };
    let mut bytes = Vec::new();
    market::append(&mut bytes, &header, &side(-1), &side(1));
    bytes
}

#[derive(Clone, Debug)]
enum Step {
    Publish(usize),
    Read(usize),
    RestartWriter,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1_usize..40).prop_map(Step::Publish),
        4 => (1_usize..30).prop_map(Step::Read),
        1 => Just(Step::RestartWriter),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_record_is_read_in_order_or_counted_as_lost(steps in steps()) {
        let directory = Directory::new("broadcast-model");
        let mut writer = Publication::create(&directory.book(), &shape()).expect("a writer");
        let mut tops = TopReader::attach(&directory.book()).expect("a reader");
        let mut depth = DepthReader::attach(&directory.book()).expect("a reader");
        let mut scratch = Vec::new();
        let (mut written, mut last_top, mut last_depth) = (0_u64, 0_u64, 0_u64);
        for step in steps {
            match step {
                Step::Publish(count) => {
                    for _ in 0..count {
                        written += 1;
                        let levels = (written % 9) as usize;
                        let bytes = image(0, written, levels);
                        writer.publish_top(&bytes, 100);
                        writer.publish_depth(&bytes, 100, &mut scratch).expect("it fits");
                    }
                }
                Step::Read(count) => {
                    let mut room = vec![0; 64 * count];
                    let batch = tops.read(&mut room).expect("sound");
                    for slot in room.chunks_exact(64).take(batch.copied) {
                        let top = Top::read(slot).expect("a top");
                        prop_assert_eq!(top.sequence, top.update_id);
                        prop_assert!(top.update_id > last_top);
                        last_top = top.update_id;
                    }
                    prop_assert_eq!(tops.received() + tops.lost(), last_top);
                    let mut bytes = Vec::new();
                    depth.read(&mut bytes, count * 200).expect("sound");
                    for record in Records::new(&bytes) {
                        let header = Market::read(record).expect("a header");
                        prop_assert_eq!(header.sequence, header.last);
                        prop_assert!(header.last > last_depth);
                        last_depth = header.last;
                        let (bids, _) = market::levels(record).expect("levels");
                        prop_assert_eq!(bids.len() as u64, header.last % 9);
                    }
                }
                Step::RestartWriter => {
                    drop(writer);
                    writer = Publication::create(&directory.book(), &shape()).expect("again");
                    prop_assert!(writer.took_over());
                }
            }
        }
        // Whatever the last lap took is told by the next record, here the closing one.
        let mut rest = Vec::new();
        depth.read(&mut rest, 1 << 20).expect("sound");
        depth.read(&mut rest, 1 << 20).expect("sound");
        let bytes = image(0, written + 1, 1);
        writer.publish_depth(&bytes, 100, &mut scratch).expect("it fits");
        writer.close();
        depth.read(&mut rest, 1 << 20).expect("sound");
        depth.read(&mut rest, 1 << 20).expect("sound");
        let known = depth.received() + depth.lost();
        prop_assert!(known == written + 1 || depth.laps() > 0, "{} of {}", known, written + 1);
        prop_assert!(last_depth == 0 || known == written + 1);
    }
}

#[test]
fn a_lapped_reader_goes_on_at_the_newest_and_counts_exactly() {
    let directory = Directory::new("broadcast-lap");
    let mut writer = Publication::create(&directory.book(), &shape()).expect("a writer");
    let mut tops = TopReader::attach(&directory.book()).expect("a reader");
    for last in 1..=100 {
        writer.publish_top(&image(1, last, 1), 7);
    }
    let mut room = [0; 64 * 16];
    let batch = tops.read(&mut room).expect("sound");
    assert_eq!((batch.copied, batch.lost, tops.laps()), (1, 99, 1));
    let top = Top::read(&room).expect("a top");
    assert_eq!(
        (top.update_id, top.instrument, top.state),
        (100, 1, state::LIVE)
    );
    assert_eq!((top.bid, top.ask, top.published_ns), (99_999, 100_001, 7));
}

#[test]
fn the_table_shows_a_late_joiner_the_book_with_its_state() {
    let directory = Directory::new("broadcast-table");
    let mut writer = Publication::create(&directory.book(), &shape()).expect("a writer");
    let generation = writer.segment().generation();
    writer.show(&image(1, 42, 5), 1_000);
    assert!(
        writer.segment().generation() > generation,
        "exponents were new"
    );
    let mut books = BooksReader::attach(&directory.book()).expect("a reader");
    assert_eq!(books.symbols(), ["BTCUSDT", "ETHUSDT"]);
    let empty = books.read(0).expect("readable");
    assert_eq!(
        (empty.state, empty.updated_ns, empty.bids.len()),
        (state::EMPTY, ABSENT, 0)
    );
    let book = books
        .read(books.find("ETHUSDT").expect("known"))
        .expect("readable");
    assert_eq!(
        (book.state, book.update_id, book.updated_ns),
        (state::LIVE, 42, 1_000)
    );
    assert_eq!(
        (book.bids.len(), book.asks.len(), book.exponents),
        (3, 3, (-2, -3))
    );
    assert_eq!((book.bids[2].price, book.asks[0].price), (41_997, 42_001));
    drop(writer);
    std::thread::sleep(std::time::Duration::from_millis(150));
    assert_eq!(books.liveness(), Liveness::Dead);
    assert_eq!(books.read(1).expect("readable").state, state::STALE);
    let mut writer = Publication::create(&directory.book(), &shape()).expect("taken over");
    let book = books.read(1).expect("readable");
    assert_eq!(
        (book.state, book.update_id, book.bids.len()),
        (state::STALE, 42, 3)
    );
    writer.close();
    assert_eq!(books.read(1).expect("readable").state, state::CLOSED);
}
