//! Traits for all that is outside the rules, and the plain data that crosses them.
//!
//! Stores, buses, models and clocks implement these; the gateway and the agent use them. Nothing
//! here decides anything.

pub mod agent_runner;
pub mod bridge_link;
pub mod callbacks;
pub mod causes;
pub mod clock;
pub mod delivery;
pub mod duration;
pub mod effect_gate;
pub mod entropy;
pub mod event_bus;
pub mod file_shelf;
pub mod file_witness;
pub mod model_provider;
pub mod platform;
pub mod plugins;
pub mod run_journal;
pub mod secret;
pub mod service_bridge;
pub mod signer;
pub mod store;
