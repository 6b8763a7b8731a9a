"""Tickwork's Rust core for Python: rings, books, clocks, histograms, native loops.

Here: the face of the native classes. Never here: configuration, units, links (those are
``tickwork_services``). A user's own process needs this package alone to read what Tickwork
publishes.
"""

import warnings

from tickwork_native import _native
from tickwork_native._native import (
    Audit,
    Book,
    BookKernel,
    Books,
    DepthReader,
    FastClock,
    FrameOutlet,
    Histogram,
    IntervalLog,
    Kernel,
    NativeLoop,
    NormalizerKernel,
    Parser,
    ParseRefused,
    PipeReader,
    PipeWriter,
    Publication,
    PublisherKernel,
    RecordTooLong,
    RingReader,
    SegmentBusy,
    SegmentCorrupt,
    SegmentError,
    SegmentFull,
    SegmentMissing,
    SegmentRefused,
    anonymous_pipe,
    fast_clock,
    inspect_segment,
    monotonic_raw_ns,
    render_prometheus,
    segment_path,
)
from tickwork_native.ring import Ring

__build__: str = _native.__build__

if __build__ == "debug":
    warnings.warn(
        "tickwork_native is a debug build: every number it measures is wrong. "
        "Build it in release mode (`make setup`).",
        RuntimeWarning,
        stacklevel=2,
    )

__all__ = [
    "Audit",
    "Book",
    "BookKernel",
    "Books",
    "DepthReader",
    "FastClock",
    "FrameOutlet",
    "Histogram",
    "IntervalLog",
    "Kernel",
    "NativeLoop",
    "NormalizerKernel",
    "ParseRefused",
    "Parser",
    "PipeReader",
    "PipeWriter",
    "Publication",
    "PublisherKernel",
    "RecordTooLong",
    "Ring",
    "RingReader",
    "SegmentBusy",
    "SegmentCorrupt",
    "SegmentError",
    "SegmentFull",
    "SegmentMissing",
    "SegmentRefused",
    "__build__",
    "anonymous_pipe",
    "fast_clock",
    "inspect_segment",
    "monotonic_raw_ns",
    "render_prometheus",
    "segment_path",
]
