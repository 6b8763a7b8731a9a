//! What runs kernels: the kernel concept, inlets and outlets as one enum, the native loop.
//!
//! Here: adjacent kernels by direct call or over pipes, waiting, draining, deaths of writers.
//! Never here: what a kernel does, Python.

pub mod count;
pub mod kernel;
pub mod native_loop;
mod node;
mod ports;

pub use native_loop::{LoopBoard, NativeLoop};
pub use node::{Node, Outlet};
