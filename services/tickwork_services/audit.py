"""A capture in, the proof of its books out: parser and book without links."""
