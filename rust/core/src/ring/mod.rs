//! Shared-memory segments: pipe, broadcast, table, readers, waiting.
//!
//! Here: the layout of a segment, its life, the protocols over its words (`protocol`, checked
//! by loom), their handles over mapped memory. Never here: what records mean, who is wired to
//! whom. The layout is a protocol: `docs/reference/records.md`.

mod bell;
pub mod books;
pub mod depth;
mod error;
mod heartbeat;
pub mod inspect;
mod lock;
mod mapping;
pub mod pipe;
pub mod protocol;
pub mod publication;
mod readers;
pub mod segment;
mod source;
pub mod top;

pub use bell::Wait;
pub use error::SegmentError;
pub use mapping::Mapping;
pub use source::{Liveness, Source};
