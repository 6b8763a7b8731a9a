//! Open-loop load generation for the echo kind. Not built yet: it comes with that kind.
