//! Service conversations: the agent talks to a provider on the user's behalf, in one thread, under
//! explicit limits.
//!
//! Pure rules: which chat is meant, where it stands, what may be sent into it and what becomes of
//! what comes out of it. Counting and keeping is the store's, asking the gateway's.

mod identity;
mod inbound;
mod limits;
mod policy;
mod recent;
mod settings;
mod state;
mod transition;

#[cfg(test)]
mod tests;

pub use identity::{BadTarget, ServiceChatId, Target, read_target};
pub use inbound::{InboundRuling, rule_on_inbound};
pub use limits::{Counted, CountedKind, DAY, HOUR, Window};
pub use policy::{Load, SendRuling, Sender, rule_on_send};
pub use recent::{ChatKind, Numbers, RecentChat, UnclearName, named};
pub use settings::{ChatPattern, InvalidServiceSetting, ServiceSettings, Switch, known_tool};
pub use state::{
    Basis, Blocked, ChatMode, ChatState, ChatStatus, FirstContact, Place, Said, SaidBy,
    ServiceChat, merged,
};
pub use transition::{ChatEvent, Initiator, Refusal, step};
