//! Counts what this process allocates, and asks the system how much memory it has.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What was allocated from one moment to another, on all threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocated {
    /// How often memory was asked for, or more of it.
    pub times: usize,
    /// How much, in bytes.
    pub bytes: usize,
}

/// What was allocated since the process began.
pub fn allocated() -> Allocated {
    let stats = ALLOCATOR.stats();
    Allocated { times: stats.allocations + stats.reallocations, bytes: stats.bytes_allocated }
}

impl Allocated {
    /// What was allocated after an earlier moment.
    pub fn since(self, earlier: Self) -> Self {
        Self { times: self.times - earlier.times, bytes: self.bytes - earlier.bytes }
    }
}

/// How many bytes are allocated and not freed now.
pub fn live() -> usize {
    let stats = ALLOCATOR.stats();
    // The counters are read one after the other, while other threads go on.
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

/// The resident memory of this process in bytes, if the system tells.
pub fn resident() -> Option<usize> {
    memory_stats::memory_stats().map(|memory| memory.physical_mem)
}
