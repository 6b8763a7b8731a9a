//! One kernel with its ends, and what it counts.

use std::sync::Arc;

use super::count::Count;
use super::kernel::Kernel;
use crate::ring::pipe::{PipeGauge, PipeReader, PipeWriter};

/// Where the records of one port go.
pub enum Outlet {
    /// Into a pipe, lossless.
    Pipe(Box<PipeWriter>),
    /// Straight into a kernel of the same loop.
    Direct {
        /// Index of the node.
        node: usize,
        /// Its inlet.
        inlet: usize,
    },
    /// Nowhere: the kernel owns what this port stands for, or nothing is wired.
    Discard,
}

/// A kernel, the pipes it reads (inlet 0 first) and its outlets in the order of its ports.
pub struct Node {
    /// The kernel.
    pub kernel: Box<dyn Kernel>,
    /// Pipes; the index is the inlet.
    pub inlets: Vec<PipeReader>,
    /// Outlets; the index is the port.
    pub outlets: Vec<Outlet>,
}

/// What a port has counted.
#[derive(Debug, Default)]
pub struct PortBoard {
    /// Records sent.
    pub records: Count,
    /// How often it waited for room.
    pub waits: Count,
    /// Records that could not be taken: no room for a record that need not be sent, longer than
    /// the pipe takes, or left over at the end.
    pub refused: Count,
    /// Fill of the pipe, where there is one.
    pub gauge: Option<PipeGauge>,
}

/// What an inlet has counted.
#[derive(Debug, Default)]
pub struct InletBoard {
    /// Records read.
    pub records: Count,
    /// Deaths of its writer that were told to the kernel.
    pub deaths: Count,
    /// Fill of the pipe.
    pub gauge: Option<PipeGauge>,
}

/// What a node has counted, readable while it runs.
#[derive(Debug, Default)]
pub struct NodeBoard {
    /// By inlet (pipes only).
    pub inlets: Vec<InletBoard>,
    /// By port.
    pub ports: Vec<PortBoard>,
}

/// A node at work.
pub(super) struct Worker {
    pub node: Node,
    pub board: Arc<NodeBoard>,
    /// Whether the death of an inlet's writer has been told already.
    pub told: Vec<bool>,
}

impl Worker {
    pub fn new(node: Node) -> Self {
        let inlets = node.inlets.iter().map(|reader| InletBoard {
            gauge: PipeGauge::new(reader.segment()).ok(),
            ..InletBoard::default()
        });
        let ports = node.outlets.iter().map(|outlet| PortBoard {
            gauge: match outlet {
                Outlet::Pipe(writer) => PipeGauge::new(writer.segment()).ok(),
                Outlet::Direct { .. } | Outlet::Discard => None,
            },
            ..PortBoard::default()
        });
        let board = NodeBoard {
            inlets: inlets.collect(),
            ports: ports.collect(),
        };
        Self {
            told: vec![false; node.inlets.len()],
            board: Arc::new(board),
            node,
        }
    }
}
