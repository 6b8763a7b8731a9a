//! Venue text to records: one pass over the bytes, a strict path and a tolerant one.
