//! Plugins: executables in a folder, each started and watched by the gateway. They speak JSON, a
//! line a message, over their standard input and output, and bring slash commands.
//!
//! A plugin is not trusted to behave. It may hang, flood, die or print anything: that is its own
//! problem, and the worst that comes of it is that its commands are gone for a while. Who may run
//! them is not for it to decide: every call has passed the gate.

mod host;
mod process;
mod supervise;
mod wire;

pub use host::PluginHost;
pub use supervise::Pace;
