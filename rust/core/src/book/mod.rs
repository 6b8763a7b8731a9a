//! The order book and the engine that keeps it in step with a venue.
//!
//! Here: ladders, books, sync rules as data, the per-instrument engine, the ticker proof,
//! proof rows, and the kernel that makes records of all this. Never here: a venue's text
//! (`parse`), where records come from or go to (`flow`, `ring`).

pub mod block;
pub mod board;
pub mod delta_buffer;
pub mod instrument;
pub mod kernel;
pub mod ladder;
pub mod order_book;
pub mod proof;
pub mod request;
pub mod rules;
pub mod scale;
pub mod scaling;
pub mod scribe;
pub mod settings;
pub mod side;
pub mod ticker;
pub mod watch;
