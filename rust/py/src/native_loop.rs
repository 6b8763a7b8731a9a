//! `NativeLoop`: adjacent kernels in one native thread, without the GIL.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use tickwork_core::flow::{self, LoopBoard, Node, Outlet};
use tickwork_core::ring::Wait;

use crate::kernel::{self, KernelFace};
use crate::pipe_reader::{self, PipeReader};
use crate::pipe_writer::{self, PipeWriter};
use crate::waiting::{duration, lock};

enum OutletSlot {
    Pipe(pipe_writer::Slot),
    Direct(usize, usize),
    Discard,
}

struct NodeSlots {
    kernel: kernel::Slot,
    inlets: Vec<pipe_reader::Slot>,
    outlets: Vec<OutletSlot>,
}

/// Runs adjacent kernels in one native thread.
#[pyclass(frozen, module = "tickwork_native")]
pub struct NativeLoop {
    slots: Vec<NodeSlots>,
    wait: Wait,
    name: String,
    running: Mutex<Option<flow::NativeLoop>>,
    boards: Mutex<Vec<Arc<LoopBoard>>>,
}

fn outlet_of(outlet: &Bound<'_, PyAny>, nodes: usize) -> PyResult<OutletSlot> {
    if outlet.is_none() {
        return Ok(OutletSlot::Discard);
    }
    if let Ok(writer) = outlet.cast::<PipeWriter>() {
        return Ok(OutletSlot::Pipe(writer.get().slot()));
    }
    let (word, node, inlet) = outlet.extract::<(String, usize, usize)>().map_err(|_| {
        PyTypeError::new_err(format!(
            "making a loop: an outlet is a PipeWriter, (\"direct\", node, inlet) or None, not \
             {outlet}"
        ))
    })?;
    if word != "direct" || node >= nodes {
        return Err(PyValueError::new_err(format!(
            "making a loop of {nodes} nodes: ({word:?}, {node}, {inlet}) leads to no node; say \
             (\"direct\", node, inlet)"
        )));
    }
    Ok(OutletSlot::Direct(node, inlet))
}

fn taken<T>(held: Option<T>, what: &str) -> PyResult<T> {
    held.ok_or_else(|| {
        PyRuntimeError::new_err(format!(
            "starting a loop: its {what} is closed or in another loop"
        ))
    })
}

impl NodeSlots {
    fn take(&self, py: Python<'_>) -> PyResult<Node> {
        let inlets = self
            .inlets
            .iter()
            .map(|slot| taken(slot.with(py, Option::take), "pipe reader"));
        let outlets = self.outlets.iter().map(|outlet| {
            Ok(match outlet {
                OutletSlot::Pipe(slot) => {
                    let writer = taken(slot.with(py, Option::take), "pipe writer")?;
                    Outlet::Pipe(Box::new(writer))
                }
                OutletSlot::Direct(node, inlet) => Outlet::Direct {
                    node: *node,
                    inlet: *inlet,
                },
                OutletSlot::Discard => Outlet::Discard,
            })
        });
        let inlets = inlets.collect::<PyResult<Vec<_>>>()?;
        let outlets = outlets.collect::<PyResult<Vec<_>>>()?;
        Ok(Node {
            kernel: taken(lock(&self.kernel).take(), "kernel")?,
            inlets,
            outlets,
        })
    }

    fn give_back(&self, py: Python<'_>, node: Node) {
        *lock(&self.kernel) = Some(node.kernel);
        for (slot, reader) in self.inlets.iter().zip(node.inlets) {
            slot.with(py, |slot| *slot = Some(reader));
        }
        for (slot, outlet) in self.outlets.iter().zip(node.outlets) {
            if let (OutletSlot::Pipe(slot), Outlet::Pipe(writer)) = (slot, outlet) {
                slot.with(py, |slot| *slot = Some(*writer));
            }
        }
    }
}

impl NativeLoop {
    /// Ends the thread with `stop` and gives back what it had.
    fn end(&self, py: Python<'_>, stop: impl FnOnce(flow::NativeLoop) -> (Vec<Node>, u64)) -> u64 {
        let Some(running) = lock(&self.running).take() else {
            return 0;
        };
        let (nodes, undrained) = stop(running);
        for (slots, node) in self.slots.iter().zip(nodes) {
            slots.give_back(py, node);
        }
        undrained
    }

    /// Sums over all Blocks: each start has a board of its own.
    fn sum(&self, add: impl Fn(&LoopBoard, &mut BTreeMap<String, u64>)) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        for board in lock(&self.boards).iter() {
            add(board, &mut all);
        }
        all
    }
}

fn count(board: &LoopBoard, all: &mut BTreeMap<String, u64>) {
    let mut add = |name: String, value: u64| *all.entry(name).or_default() += value;
    add("turns".into(), board.turns.get());
    add("idles".into(), board.idles.get());
    for (index, node) in board.nodes().iter().enumerate() {
        for (inlet, counted) in node.inlets.iter().enumerate() {
            add(
                format!("node{index}.inlet{inlet}.records"),
                counted.records.get(),
            );
            add(
                format!("node{index}.inlet{inlet}.writerDeaths"),
                counted.deaths.get(),
            );
        }
        for (port, counted) in node.ports.iter().enumerate() {
            add(
                format!("node{index}.port{port}.records"),
                counted.records.get(),
            );
            add(format!("node{index}.port{port}.waits"), counted.waits.get());
            add(
                format!("node{index}.port{port}.refused"),
                counted.refused.get(),
            );
        }
    }
}

#[pymethods]
impl NativeLoop {
    #[new]
    #[expect(clippy::type_complexity, reason = "it is Python's tuple, spelled out")]
    fn new(
        nodes: Vec<(
            PyRef<'_, KernelFace>,
            Vec<PyRef<'_, PipeReader>>,
            Vec<Bound<'_, PyAny>>,
        )>,
        wait: &str,
        name: &str,
    ) -> PyResult<Self> {
        // Asyncio's form of waiting is the loop's sleep: there is no event loop in its thread.
        let wait = if wait == "await" { "park" } else { wait };
        let wait = crate::waiting::strategy(wait)?;
        let total = nodes.len();
        let slots = nodes.iter().map(|(kernel, inlets, outlets)| {
            let outlets = outlets.iter().map(|outlet| outlet_of(outlet, total));
            Ok(NodeSlots {
                kernel: kernel.slot(),
                inlets: inlets.iter().map(|reader| reader.slot()).collect(),
                outlets: outlets.collect::<PyResult<_>>()?,
            })
        });
        Ok(Self {
            slots: slots.collect::<PyResult<_>>()?,
            wait,
            name: name.to_owned(),
            running: Mutex::new(None),
            boards: Mutex::default(),
        })
    }

    /// Takes kernels and pipe ends and starts the thread.
    fn start(&self, py: Python<'_>) -> PyResult<()> {
        let mut running = lock(&self.running);
        if running.is_some() {
            return Err(PyRuntimeError::new_err("starting a loop: it runs already"));
        }
        let mut nodes = Vec::new();
        for slots in &self.slots {
            match slots.take(py) {
                Ok(node) => nodes.push(node),
                Err(error) => {
                    for (slots, node) in self.slots.iter().zip(nodes) {
                        slots.give_back(py, node);
                    }
                    return Err(error);
                }
            }
        }
        let started = flow::NativeLoop::start(nodes, self.wait, &self.name)?;
        lock(&self.boards).push(Arc::clone(started.board()));
        *running = Some(started);
        Ok(())
    }

    /// Reads the inlets empty, at most `drain_ns` long; returns the records left over.
    fn stop(&self, py: Python<'_>, drain_ns: i64) -> u64 {
        let drain = duration(drain_ns);
        self.end(py, |running| py.detach(|| running.stop(drain)))
    }

    /// Ends a Block: every kernel back to empty. The loop must be stopped.
    fn reset(&self) -> PyResult<()> {
        for slots in &self.slots {
            let mut slot = lock(&slots.kernel);
            let kernel = slot.as_mut().ok_or_else(|| {
                PyRuntimeError::new_err("resetting a loop: it runs; stop it first")
            })?;
            kernel.reset();
        }
        Ok(())
    }

    /// Counts by name, over all starts of this loop.
    fn counters(&self) -> BTreeMap<String, u64> {
        self.sum(count)
    }

    /// Whether the thread runs.
    #[getter]
    fn running(&self) -> bool {
        lock(&self.boards)
            .last()
            .is_some_and(|board| board.is_running())
    }

    /// Turns so far; a loop is alive while this grows.
    #[getter]
    fn turns(&self) -> u64 {
        lock(&self.boards)
            .iter()
            .map(|board| board.turns.get())
            .sum()
    }

    /// Why the loop ended by itself, if it did.
    #[getter]
    fn failure(&self) -> Option<String> {
        lock(&self.boards).last().and_then(|board| board.failure())
    }
}

impl Drop for NativeLoop {
    fn drop(&mut self) {
        Python::attach(|py| self.end(py, |running| running.stop(Duration::ZERO)));
    }
}
