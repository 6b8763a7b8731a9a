//! A kernel's way out inside of a loop: pipes, direct calls, and the few records that go back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::kernel::Emit;
use super::node::{NodeBoard, Outlet, Worker};
use crate::ring::Wait;
use crate::ring::pipe::PipeWriter;

/// Bytes that may wait for a kernel earlier in the loop.
const BACK_BYTES: usize = 1 << 16;

/// Longest time that a full pipe is waited for without a look at the end of the loop.
const ROOM_SLICE: Duration = Duration::from_millis(20);

/// Records that go against the flow (requests), bounded; delivered in the next turn.
pub(super) struct BackQueue {
    bytes: Vec<u8>,
    records: Vec<(usize, usize, usize)>,
}

impl BackQueue {
    pub fn new() -> Self {
        Self {
            bytes: Vec::with_capacity(BACK_BYTES),
            records: Vec::new(),
        }
    }

    fn push(&mut self, node: usize, inlet: usize, record: &[u8]) -> bool {
        if self.bytes.len() + record.len() > BACK_BYTES {
            return false;
        }
        self.bytes.extend_from_slice(record);
        self.records.push((node, inlet, record.len()));
        true
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Hands every record to `deliver` and is empty afterwards; what is pushed meanwhile waits
    /// in `next`, which takes this queue's place.
    pub fn drain(&mut self, mut deliver: impl FnMut(usize, usize, &[u8])) {
        let mut at = 0;
        for &(node, inlet, length) in &self.records {
            deliver(node, inlet, &self.bytes[at..at + length]);
            at += length;
        }
        self.bytes.clear();
        self.records.clear();
    }
}

/// What all ports of a loop share during a turn.
pub(super) struct Surroundings<'a> {
    pub back: &'a mut BackQueue,
    pub wait: Wait,
    /// Set when the time to drain is over: then a full pipe is not waited for any more.
    pub given_up: &'a AtomicBool,
}

/// The `Emit` of one node: its own outlets, and the nodes behind it for direct calls.
pub(super) struct Ports<'a, 'b> {
    outlets: &'a mut [Outlet],
    board: &'a NodeBoard,
    later: &'a mut [Worker],
    first_later: usize,
    around: &'a mut Surroundings<'b>,
}

/// Lets the node `index` (of all; `workers` begin with node `base`) work.
pub(super) fn with_ports(
    workers: &mut [Worker],
    base: usize,
    index: usize,
    around: &mut Surroundings<'_>,
    work: impl FnOnce(&mut dyn super::kernel::Kernel, &mut dyn Emit),
) {
    let (until, later) = workers.split_at_mut(index - base + 1);
    let worker = &mut until[index - base];
    let mut ports = Ports {
        outlets: &mut worker.node.outlets,
        board: &worker.board,
        later,
        first_later: index + 1,
        around,
    };
    work(worker.node.kernel.as_mut(), &mut ports);
}

impl Ports<'_, '_> {
    fn put(&mut self, port: usize, record: &[u8], lossless: bool) -> bool {
        let Some(outlet) = self.outlets.get_mut(port) else {
            return true;
        };
        let board = &self.board.ports[port];
        let sent = match outlet {
            Outlet::Discard => return true,
            Outlet::Pipe(writer) => {
                let sent = writer.try_send(record);
                match (sent, lossless) {
                    (Ok(true), _) => true,
                    (Ok(false), true) => {
                        board.waits.add(1);
                        send_waiting(writer, record, self.around)
                    }
                    (Ok(false), false) | (Err(_), _) => false,
                }
            }
            Outlet::Direct { node, inlet } => {
                let (node, inlet) = (*node, *inlet);
                if node < self.first_later {
                    self.around.back.push(node, inlet, record)
                } else {
                    let base = self.first_later;
                    with_ports(self.later, base, node, self.around, |kernel, out| {
                        kernel.process(record, inlet, out);
                    });
                    true
                }
            }
        };
        if sent {
            board.records.add(1);
        } else {
            board.refused.add(1);
        }
        sent
    }
}

/// Back-pressure: waits for the reader until the loop gives up.
#[cold]
fn send_waiting(writer: &mut PipeWriter, record: &[u8], around: &Surroundings<'_>) -> bool {
    while !around.given_up.load(Ordering::Relaxed) {
        if matches!(writer.send(record, around.wait, ROOM_SLICE), Ok(true)) {
            return true;
        }
    }
    false
}

impl Emit for Ports<'_, '_> {
    #[inline]
    fn emit(&mut self, port: usize, record: &[u8]) {
        self.put(port, record, true);
    }

    #[inline]
    fn try_emit(&mut self, port: usize, record: &[u8]) -> bool {
        self.put(port, record, false)
    }
}
