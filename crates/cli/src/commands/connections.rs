//! What the gateway is connected to, as its start says.

use std::time::Duration;

use countersign_gateway::{AccountView, Caller, Gateway};
use countersign_ports::effect_gate::Groups;
use countersign_ports::platform::AccountState;

use crate::config::Loaded;
use crate::failure::Failure;
use crate::output::inert_line;
use crate::serve::Serving;

/// How long the start waits for the bridge to say something.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest line about one of them.
const LONGEST: usize = 160;

/// A line for each: the bots, the bridge, the approvers' channel, the plugins. Each has a name and
/// what there is to say of it.
pub(super) async fn lines(
    loaded: &Loaded,
    serving: &Serving,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let gateway = &serving.composition.gateway;
    let mut lines = vec![("platforms", "web page, API, terminal".to_owned())];
    for bot in gateway.platforms(&Caller::operator()).await.map_err(Failure::refused)? {
        lines.push(("", inert_line(&fares(&bot), LONGEST)));
    }
    if let Some(bridge) = &loaded.config.whatsapp.bridge {
        let says = answers(gateway).await;
        lines
            .push(("", inert_line(&format!("WhatsApp bridge at {}: {says}", bridge.url), LONGEST)));
    }
    if let Some(channel) = &gateway.settings().attention.channel.channel {
        let why = gateway.channel_problem().map_or_else(String::new, |why| format!(": {why}"));
        lines.push(("approvers", inert_line(&format!("{channel}{why}"), LONGEST)));
    }
    match serving.plugins() {
        0 => {}
        count => lines.push(("plugins", count.to_string())),
    }
    Ok(lines)
}

fn fares(bot: &AccountView) -> String {
    let AccountView { platform, account, state, kept_by, .. } = bot;
    let fares = match (state, kept_by) {
        (Some(AccountState::Connected), _) => "connected".to_owned(),
        (Some(AccountState::Reconnecting { why, .. }), _) => format!("connecting: {why}"),
        (Some(AccountState::Refused { why }), _) => format!("refused: {why}"),
        (None, Some(node)) => format!("node {node} keeps its connection"),
        (None, None) => "connecting".to_owned(),
    };
    format!("{platform}/{account}: {fares}")
}

async fn answers(gateway: &Gateway) -> String {
    let operator = Caller::operator();
    let asked = gateway.recent_chats(1, Groups::Left, &operator);
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => "connected".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer yet".to_owned(),
    }
}
