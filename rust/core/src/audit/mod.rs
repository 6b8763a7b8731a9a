//! A capture's bytes in, the proof of its books out.
//!
//! Here: the forms of captured lines, chunks put together to lines, the auditor that runs the
//! same parser and the same engine as the pipeline. Never here: files, compression (the
//! caller's), clocks (time is what the capture says).

pub mod assembly;
pub mod auditor;
pub mod decimal_text;
pub mod lines;
pub mod report;
