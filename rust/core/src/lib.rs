//! The hot path of Tickwork, without a word of Python.
//!
//! Here: records to the byte, the clock, histograms, rings, parser, book, the loop that runs
//! kernels. Never here: PyO3 (that is `rust/py`), configuration, names of files or hosts.

pub mod audit;
pub mod book;
pub mod clock;
pub mod flow;
pub mod histogram;
pub mod lines;
pub mod load;
pub mod normalizer;
pub mod parse;
pub mod publisher;
pub mod record;
pub mod ring;
