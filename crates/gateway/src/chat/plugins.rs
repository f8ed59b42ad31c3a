//! Commands of plugins and of the operator's own.

use std::sync::Arc;

use countersign_domain::chat::Delivery;
use countersign_domain::commands::{Command, CommandName, RegistrationRefused, Source};
use countersign_domain::slash_access::AuthorizedCommand;
use countersign_ports::plugins::{CommandDesk, PluginCall, PluginError, Plugins};
use countersign_ports::store::StoreError;

use super::late::IN_ALL;
use super::receive::Heard;
use super::reply::Reply;
use super::speak::Manner;
use super::speaker::Speaker;
use crate::gateway::Gateway;

/// The longest answer of a plugin that is shown, in characters.
const LONGEST_ANSWER: usize = 2000;

impl CommandDesk for Gateway {
    fn register(&self, command: Command) -> Result<(), RegistrationRefused> {
        self.chats.register(command)
    }

    fn withdraw(&self, plugin: &str) {
        self.chats.withdraw(plugin);
    }
}

impl Gateway {
    /// Names who carries out the commands of plugins. Only the first call counts.
    pub fn attach_plugins(&self, plugins: Arc<dyn Plugins>) {
        if self.chats.plugins.set(plugins).is_err() {
            tracing::warn!("a second host of plugins was attached and is ignored");
        }
    }

    /// A command that is not the gateway's own.
    pub(super) async fn carry_out_other(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
        delivery: Option<Delivery>,
    ) -> Result<Heard, StoreError> {
        let reply = match command.source() {
            Source::Quick(shell) if command.arguments().is_empty() => {
                let typed = format!("/{}", command.name());
                return self.speak(speaker, &typed, Manner::Quick(shell), delivery).await;
            }
            Source::Quick(_) => Reply::own(format!("/{} takes nothing.", command.name())),
            Source::Plugin(plugin) => {
                self.take_delivery(delivery).await?;
                let reply = self.call_plugin(speaker, command, plugin).await;
                return Ok(Heard::told(reply));
            }
            // The gate names what carries a command out, and an alias does not.
            Source::Builtin(_) | Source::Alias(_) => Reply::default(),
        };
        self.take_delivery(delivery).await?;
        Ok(Heard::told(reply))
    }

    async fn call_plugin(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
        plugin: &str,
    ) -> Reply {
        let name = command.name();
        let Some(plugins) = self.chats.plugins.get() else {
            return Reply::own(format!("/{name} failed: the plugin is not running."));
        };
        let call = PluginCall {
            command: name.clone(),
            arguments: command.arguments().to_owned(),
            by: speaker.caller.principal.clone(),
            platform: speaker.address.platform.clone(),
            scope: speaker.scope,
            time: IN_ALL,
        };
        self.answer_of(speaker, plugins, (plugin, call)).await
    }

    /// What a plugin's answer comes to.
    pub(super) fn plugin_reply(
        &self,
        name: &CommandName,
        answered: Result<String, PluginError>,
    ) -> Reply {
        match answered {
            Ok(text) => {
                let text = self.redactor.redact(&text);
                let shown: String = text.chars().take(LONGEST_ANSWER).collect();
                let cut = shown.len() < text.len();
                Reply::block(shown).and(if cut { "…" } else { "" })
            }
            Err(error) => Reply::own(format!("/{name} failed: {error}.")),
        }
    }
}
