//! Driving runs: one task for each run that is doing something, none for a run that waits.

mod agent;
mod backoff;
mod calls;
mod deltas;
mod driver;
mod masking;
mod model_call;
mod registry;
mod result_text;
mod running_tools;
mod step;
mod transcript;
mod trim;

pub use agent::{Agent, AgentParts};
pub use result_text::{read_result, render_result};

#[cfg(test)]
pub(crate) mod tests;
