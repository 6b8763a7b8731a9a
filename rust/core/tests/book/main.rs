//! The book against plain models, and its engine through everything a venue does to it.

mod allocations;
mod kernel;
mod model;
mod scenarios;
mod support;
