//! Shared-memory segments: pipe, broadcast, table, readers, waiting.
