//! Plugins: programs beside the gateway that bring slash commands of their own.

use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::chat::{ChatScope, PlatformName};
use countersign_domain::commands::{Command, CommandName, RegistrationRefused};
use countersign_domain::identity::Principal;

/// Has plugins carry out their commands.
#[async_trait]
pub trait Plugins: Send + Sync + 'static {
    /// What `plugin` answers. It comes back within the call's time, with an answer or without.
    async fn call(&self, plugin: &str, call: PluginCall) -> Result<String, PluginError>;
}

/// Takes the commands that plugins bring. The gateway is one.
pub trait CommandDesk: Send + Sync + 'static {
    /// Adds a command of a plugin.
    fn register(&self, command: Command) -> Result<(), RegistrationRefused>;

    /// Takes away all that `plugin` has registered.
    fn withdraw(&self, plugin: &str);
}

/// A command for a plugin. Its asker has passed the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginCall {
    /// Its canonical name.
    pub command: CommandName,
    /// What it was given.
    pub arguments: String,
    /// Who asks.
    pub by: Principal,
    /// On which platform.
    pub platform: PlatformName,
    /// In what kind of chat.
    pub scope: ChatScope,
    /// How long the plugin has.
    pub time: Duration,
}

/// Why a plugin gives no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// It is not running.
    #[error("the plugin is not running")]
    Gone,
    /// It took too long.
    #[error("the plugin did not answer in {0:?}")]
    Late(Duration),
    /// As many calls wait for it as may.
    #[error("the plugin has too much to do")]
    Busy,
}
