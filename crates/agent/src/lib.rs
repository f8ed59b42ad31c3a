//! The agent: the loop that drives runs, the models that it can talk to and the tools that it has.
//!
//! The agent decides nothing about effects. A tool call becomes an `Action`, the action is put to
//! the `EffectGate`, and only the `PermittedAction` that the gate gives back can be executed.
//! What was done and what came of it is recorded through the `RunJournal` before the next step, so
//! a run goes on from the store after the process has died. This crate knows nothing of stores,
//! approvals or surfaces.

pub mod config;
pub mod limits;
pub mod providers;
pub mod runner;
pub mod tools;

pub use config::{AgentConfig, ConfigError, FallbackConfig, HumanDuration, ModelConfig};
pub use limits::Limits;
pub use runner::{Agent, AgentParts};
pub use tools::{DiskShelf, DiskWitness, Sending, ToolContext, Toolbox};
