//! How far a run may go.

use std::time::Duration;

/// What bounds one run; the defaults are those of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Model calls a run.
    pub max_steps: u32,
    /// Time that a run may spend working; waiting for people does not count.
    pub max_run_time: Duration,
    /// Tool calls that one message of the model may ask for.
    pub max_tool_calls: usize,
    /// Tools of one run that work at the same time.
    pub parallel_tools: usize,
    /// Attempts at one reply of the model.
    pub max_attempts: u32,
    /// The longest pause before another attempt, also when the provider asks for a longer one.
    pub max_backoff: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_steps: 100,
            max_run_time: Duration::from_mins(30),
            max_tool_calls: 128,
            parallel_tools: 16,
            max_attempts: 4,
            max_backoff: Duration::from_mins(1),
        }
    }
}
