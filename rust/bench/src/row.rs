//! What can be timed.

/// One run over a row's whole input.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pass {
    /// Operations done.
    pub count: u64,
    /// Time they took.
    pub wall_ns: u64,
    /// CPU time this thread used meanwhile; less than `wall_ns` when others took the core.
    pub cpu_ns: u64,
}

impl Pass {
    /// Adds another pass.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.wall_ns += other.wall_ns;
        self.cpu_ns += other.cpu_ns;
    }
}

/// A row with its input; preparing one pass is not part of its time.
pub trait Row {
    /// Runs once over the input.
    fn pass(&mut self) -> Pass;
}
