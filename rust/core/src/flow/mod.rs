//! What runs kernels: the kernel concept, inlets and outlets as one enum, the native loop.

pub mod kernel;
