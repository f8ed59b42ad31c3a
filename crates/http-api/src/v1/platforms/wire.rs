//! A bot in JSON.

use countersign_domain::time::Timestamp;
use countersign_gateway::AccountView;
use countersign_ports::platform::AccountState;
use serde::Serialize;
use utoipa::ToSchema;

/// A bot on a chat platform.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlatformAccount)]
pub(crate) struct AccountBody {
    #[schema(example = "platform.account")]
    object: &'static str,
    #[schema(example = "mattermost")]
    platform: String,
    /// The bot, as the configuration names it.
    #[schema(example = "default")]
    account: String,
    /// `connected`, `reconnecting`, `refused` (an operator has to do something), or `elsewhere`:
    /// another node keeps the connection, and knows.
    #[schema(example = "reconnecting")]
    state: &'static str,
    /// Since when it is reconnecting.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// What is wrong.
    #[schema(example = "connection refused")]
    why: Option<String>,
    /// The node that keeps the connection; `null` if none does, or there are no others.
    #[schema(example = "build-7")]
    kept_by: Option<String>,
    /// How many chats the bot is known to be in.
    chats: usize,
    /// What an operator should set so that everything works; empty if nothing, or if another node
    /// keeps the connection.
    #[schema(example = json!([]))]
    problems: Vec<String>,
}

impl From<AccountView> for AccountBody {
    fn from(view: AccountView) -> Self {
        let AccountView { platform, account, state, kept_by, chats, problems } = view;
        let word = state.as_ref().map_or("elsewhere", AccountState::as_str);
        let (since, why) = match state {
            None | Some(AccountState::Connected) => (None, None),
            Some(AccountState::Reconnecting { since, why }) => (Some(since), Some(why)),
            Some(AccountState::Refused { why }) => (None, Some(why)),
        };
        Self {
            object: "platform.account",
            platform: platform.to_string(),
            account: account.to_string(),
            state: word,
            since,
            why,
            kept_by: kept_by.map(|node| node.to_string()),
            chats,
            problems,
        }
    }
}
