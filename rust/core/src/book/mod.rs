//! The order book and the engine that keeps it in step with a venue.
