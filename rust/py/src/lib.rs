//! Python's door to `tickwork-core`: PyO3 only, one file per Python class.

mod audit;
mod book;
mod books;
mod buffers;
mod clock;
mod depth_reader;
mod direct;
mod errors;
mod frame_outlet;
mod histogram;
mod inspect;
mod interval_log;
mod kernel;
mod native_loop;
mod normalizer;
mod parse;
mod pipe_reader;
mod pipe_writer;
mod place;
mod publication;
mod publisher;
mod ring_reader;
mod waiting;

use pyo3::prelude::*;

/// The native module; `python/tickwork_native/__init__.py` re-exports it.
#[pymodule(gil_used = true)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    place::check(module.py())?;
    module.add(
        "__build__",
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        },
    )?;
    module.add_class::<clock::FastClock>()?;
    module.add_function(wrap_pyfunction!(clock::fast_clock, module)?)?;
    module.add_function(wrap_pyfunction!(clock::monotonic_raw_ns, module)?)?;
    module.add_class::<histogram::Histogram>()?;
    module.add_function(wrap_pyfunction!(histogram::render_prometheus, module)?)?;
    module.add_class::<interval_log::IntervalLog>()?;
    module.add_class::<kernel::KernelFace>()?;
    errors::add(module)?;
    module.add_class::<pipe_writer::PipeWriter>()?;
    module.add_class::<pipe_reader::PipeReader>()?;
    direct::add(module)?;
    module.add_function(wrap_pyfunction!(pipe_reader::anonymous_pipe, module)?)?;
    module.add_class::<publication::Publication>()?;
    module.add_class::<ring_reader::RingReader>()?;
    module.add_class::<ring_reader::RingWaiter>()?;
    module.add_class::<depth_reader::DepthReader>()?;
    module.add_class::<books::Book>()?;
    module.add_class::<books::Books>()?;
    module.add_function(wrap_pyfunction!(inspect::inspect_segment, module)?)?;
    module.add_function(wrap_pyfunction!(inspect::segment_path, module)?)?;
    module.add_class::<book::BookKernel>()?;
    module.add_class::<audit::Audit>()?;
    module.add_class::<parse::Parser>()?;
    module.add(
        "ParseRefused",
        module.py().get_type::<parse::ParseRefused>(),
    )?;
    module.add_class::<normalizer::NormalizerKernel>()?;
    module.add_class::<frame_outlet::FrameOutlet>()?;
    module.add_class::<publisher::PublisherKernel>()?;
    module.add_class::<native_loop::NativeLoop>()?;
    Ok(())
}
