"""Tickwork's Rust core for Python: rings, books, clocks, histograms, native loops.

Here: the face of the native classes. Never here: configuration, units, links (those are
``tickwork_services``). A user's own process needs this package alone to read what Tickwork
publishes.
"""

import warnings

from tickwork_native import _native
from tickwork_native._native import (
    Audit,
    BookKernel,
    FastClock,
    FrameOutlet,
    Histogram,
    IntervalLog,
    Kernel,
    NormalizerKernel,
    Parser,
    ParseRefused,
    fast_clock,
    monotonic_raw_ns,
    render_prometheus,
)

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
    "BookKernel",
    "FastClock",
    "FrameOutlet",
    "Histogram",
    "IntervalLog",
    "Kernel",
    "NormalizerKernel",
    "ParseRefused",
    "Parser",
    "__build__",
    "fast_clock",
    "monotonic_raw_ns",
    "render_prometheus",
]
