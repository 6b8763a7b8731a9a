//! The native loop: one thread that runs adjacent kernels, without Python and its lock.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::count::Count;
use super::node::{Node, NodeBoard, Worker};
use super::ports::{BackQueue, Surroundings, with_ports};
use crate::clock::fast_clock;
use crate::record::market::Market;
use crate::record::{ANY_INSTRUMENT, state};
use crate::ring::pipe::PipeReader;
use crate::ring::{SegmentError, Wait};

/// Records of one inlet before the next inlet has its turn.
const BATCH: usize = 256;

/// Longest sleep: further inlets are looked at so often.
const PARK: Duration = Duration::from_millis(20);

/// How often kernels are told the time while nothing comes.
const TICK_NS: i64 = 20_000_000;

/// How often an idle inlet's writer is looked at.
const PROBE_NS: i64 = 50_000_000;

/// How often kernels bring their files to the disk.
const FLUSH_NS: i64 = 1_000_000_000;

/// What a loop says while it runs, from any thread.
#[derive(Debug, Default)]
pub struct LoopBoard {
    /// Turns: the loop is alive while this grows.
    pub turns: Count,
    /// How often it slept or spun for want of records.
    pub idles: Count,
    running: AtomicBool,
    stop: AtomicBool,
    given_up: AtomicBool,
    drain_until_ns: AtomicU64,
    undrained: AtomicU64,
    failure: Mutex<Option<String>>,
    nodes: Vec<Arc<NodeBoard>>,
}

impl LoopBoard {
    /// Whether the thread runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// Why the loop ended by itself, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What each node has counted.
    #[must_use]
    pub fn nodes(&self) -> &[Arc<NodeBoard>] {
        &self.nodes
    }
}

/// A running loop.
pub struct NativeLoop {
    board: Arc<LoopBoard>,
    thread: JoinHandle<Vec<Worker>>,
}

impl NativeLoop {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread for it; the nodes are lost then.
    pub fn start(nodes: Vec<Node>, wait: Wait, name: &str) -> std::io::Result<Self> {
        let workers: Vec<Worker> = nodes.into_iter().map(Worker::new).collect();
        let board = Arc::new(LoopBoard {
            nodes: workers
                .iter()
                .map(|worker| Arc::clone(&worker.board))
                .collect(),
            running: AtomicBool::new(true),
            ..LoopBoard::default()
        });
        let shared = Arc::clone(&board);
        let short = name.get(..name.len().min(12)).unwrap_or("loop");
        let thread = thread::Builder::new()
            .name(format!("tw-{short}"))
            .spawn(move || run(workers, &shared, wait))?;
        Ok(Self { board, thread })
    }

    /// What it says while it runs.
    #[must_use]
    pub fn board(&self) -> &Arc<LoopBoard> {
        &self.board
    }

    /// Lets the loop read its inlets empty, `drain` at most, and brings the nodes back with the
    /// number of records that were left over. They stay in their pipes.
    #[must_use]
    pub fn stop(self, drain: Duration) -> (Vec<Node>, u64) {
        let until_ns = fast_clock()
            .now_ns()
            .saturating_add(drain.as_nanos() as i64);
        let board = &self.board;
        board
            .drain_until_ns
            .store(until_ns.cast_unsigned(), Ordering::Relaxed);
        board.stop.store(true, Ordering::Release);
        let watched = thread::scope(|scope| {
            // A full pipe is waited for as long as there is time to drain, then no longer.
            scope.spawn(|| {
                while board.is_running() && fast_clock().now_ns() < until_ns {
                    thread::sleep(Duration::from_millis(1));
                }
                board.given_up.store(true, Ordering::Relaxed);
            });
            self.thread.join()
        });
        let workers = watched.unwrap_or_default();
        let undrained = self.board.undrained.load(Ordering::Acquire);
        (
            workers.into_iter().map(|worker| worker.node).collect(),
            undrained,
        )
    }
}

fn run(mut workers: Vec<Worker>, board: &LoopBoard, wait: Wait) -> Vec<Worker> {
    let ended = catch_unwind(AssertUnwindSafe(|| {
        turn_until_stopped(&mut workers, board, wait)
    }));
    let failure = match ended {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(panic) => Some(describe(panic.as_ref())),
    };
    if let Some(text) = failure {
        *board.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }
    board.running.store(false, Ordering::Release);
    workers
}

fn describe(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!(
        "a kernel failed: {}",
        text.unwrap_or_else(|| "no message".to_owned())
    )
}

/// Times of the last tick, probe and flush.
struct Rounds {
    tick_ns: i64,
    probe_ns: i64,
    flush_ns: i64,
}

fn turn_until_stopped(
    workers: &mut [Worker],
    board: &LoopBoard,
    wait: Wait,
) -> Result<(), SegmentError> {
    let clock = fast_clock();
    let now_ns = clock.now_ns();
    let mut back = BackQueue::new();
    let mut spare = BackQueue::new();
    let mut rounds = Rounds {
        tick_ns: now_ns,
        probe_ns: now_ns,
        flush_ns: now_ns,
    };
    loop {
        board.turns.add(1);
        let mut around = Surroundings {
            back: &mut back,
            wait,
            given_up: &board.given_up,
        };
        let worked = read_inlets(workers, &mut around)?;
        std::mem::swap(&mut back, &mut spare);
        let went_back = deliver_back(workers, &mut spare, &mut back, wait, &board.given_up);
        let mut around = Surroundings {
            back: &mut back,
            wait,
            given_up: &board.given_up,
        };
        let now_ns = clock.now_ns();
        keep_time(workers, &mut around, &mut rounds, now_ns, worked);
        if board.stop.load(Ordering::Acquire) {
            let until_ns = board.drain_until_ns.load(Ordering::Relaxed).cast_signed();
            let empty = !worked && !went_back && back.is_empty();
            if empty || now_ns >= until_ns {
                return finish(workers, board);
            }
        }
        if !worked && !went_back && back.is_empty() {
            board.idles.add(1);
            idle(workers, board, wait);
        }
    }
}

/// Reads every inlet, a batch each; says whether anything came.
fn read_inlets(
    workers: &mut [Worker],
    around: &mut Surroundings<'_>,
) -> Result<bool, SegmentError> {
    let mut worked = false;
    for index in 0..workers.len() {
        for inlet in 0..workers[index].node.inlets.len() {
            worked |= read_inlet(workers, index, inlet, around)?;
        }
    }
    Ok(worked)
}

fn read_inlet(
    workers: &mut [Worker],
    index: usize,
    inlet: usize,
    around: &mut Surroundings<'_>,
) -> Result<bool, SegmentError> {
    let mut count = 0;
    // Taken out for the batch: the kernel's ports borrow the node.
    let mut readers = std::mem::take(&mut workers[index].node.inlets);
    let reader = &mut readers[inlet];
    let result = loop {
        if count == BATCH {
            break Ok(());
        }
        match reader.record() {
            Ok(Some(record)) => {
                count += 1;
                with_ports(workers, 0, index, around, |kernel, out| {
                    kernel.process(record, inlet, out);
                });
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    reader.release();
    let worker = &mut workers[index];
    worker.node.inlets = readers;
    if count > 0 {
        worker.board.inlets[inlet].records.add(count as u64);
        worker.told[inlet] = false;
    }
    result.map(|()| count > 0)
}

/// Delivers what kernels sent against the flow in the turn before.
fn deliver_back(
    workers: &mut [Worker],
    waiting: &mut BackQueue,
    back: &mut BackQueue,
    wait: Wait,
    given_up: &AtomicBool,
) -> bool {
    let worked = !waiting.is_empty();
    waiting.drain(|node, inlet, record| {
        let mut around = Surroundings {
            back,
            wait,
            given_up,
        };
        with_ports(workers, 0, node, &mut around, |kernel, out| {
            kernel.process(record, inlet, out);
        });
    });
    worked
}

/// Ticks, flushes, and looks after the writers of idle inlets.
fn keep_time(
    workers: &mut [Worker],
    around: &mut Surroundings<'_>,
    rounds: &mut Rounds,
    now_ns: i64,
    worked: bool,
) {
    if worked || now_ns - rounds.tick_ns >= TICK_NS {
        rounds.tick_ns = now_ns;
        for index in 0..workers.len() {
            with_ports(workers, 0, index, around, |kernel, out| {
                kernel.tick(now_ns, out)
            });
        }
    }
    if now_ns - rounds.probe_ns >= PROBE_NS {
        rounds.probe_ns = now_ns;
        tell_deaths(workers, around);
    }
    if now_ns - rounds.flush_ns >= FLUSH_NS {
        rounds.flush_ns = now_ns;
        for worker in workers {
            worker.node.kernel.flush();
        }
    }
}

/// An inlet whose writer died gives its kernel one `status` record STALE, once per death.
fn tell_deaths(workers: &mut [Worker], around: &mut Surroundings<'_>) {
    let status = Market::status(0, ANY_INSTRUMENT, state::STALE).to_record();
    for index in 0..workers.len() {
        for inlet in 0..workers[index].node.inlets.len() {
            let reader = &mut workers[index].node.inlets[inlet];
            let drained = reader.pending() == 0;
            let alive = reader.writer_alive();
            // A closed stream has ended; that is no death.
            let dead = drained && !alive && !reader.has_ended();
            if drained && !alive {
                reader.wait(Wait::Spin, Duration::ZERO);
            }
            let told = std::mem::replace(&mut workers[index].told[inlet], !alive);
            if dead && !told {
                workers[index].board.inlets[inlet].deaths.add(1);
                with_ports(workers, 0, index, around, |kernel, out| {
                    kernel.process(&status, inlet, out);
                });
            } else if !drained {
                workers[index].told[inlet] = told;
            }
        }
    }
}

/// Waits for news: asleep on the first inlet that there is, with a look at all of them.
fn idle(workers: &mut [Worker], board: &LoopBoard, wait: Wait) {
    let (first, others) = split_first_inlet(workers);
    let Some(first) = first else {
        thread::sleep(PARK);
        return;
    };
    let look =
        || board.stop.load(Ordering::Relaxed) || others.iter().any(|reader| reader.pending() > 0);
    let time = match wait {
        Wait::Park => PARK,
        // A spinner that finds nothing goes round: ticks and stops are looked at there.
        Wait::Spin | Wait::Yield => Duration::from_micros(50),
    };
    first.wait_or(wait, time, look);
}

type Inlets<'a> = (Option<&'a mut PipeReader>, Vec<&'a PipeReader>);

fn split_first_inlet(workers: &mut [Worker]) -> Inlets<'_> {
    let mut inlets = workers
        .iter_mut()
        .flat_map(|worker| worker.node.inlets.iter_mut());
    let first = inlets.next();
    (first, inlets.map(|reader| &*reader).collect())
}

/// Brings everything to its place and counts what stays in the pipes.
fn finish(workers: &mut [Worker], board: &LoopBoard) -> Result<(), SegmentError> {
    let mut undrained = 0;
    for worker in workers {
        worker.node.kernel.flush();
        for reader in &mut worker.node.inlets {
            undrained += reader.count_pending()?;
        }
    }
    board.undrained.store(undrained, Ordering::Release);
    Ok(())
}
