//! The operator's policy on what leaves.

use std::collections::BTreeSet;
use std::time::Duration;

use super::url_parts::origin_fits;
use crate::action::Action;

/// `outbound` of the configuration, as the rules read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundPolicy {
    /// Whether a person decides about everything that leaves.
    pub require_approval: bool,
    /// Exact destinations about which nobody is asked, in canonical spelling.
    pub exempt: BTreeSet<String>,
    /// Hosts that GET and HEAD may reach without counting as outbound, by their usual ports unless
    /// one is named.
    pub allow_hosts: Vec<String>,
    /// How long the grant of a decision is good.
    pub token_ttl: Duration,
    /// How much may go to one destination within an hour.
    pub max_per_hour: u32,
    /// What happens to content that holds a secret.
    pub secrets: SecretPolicy,
}

/// `outbound.secret_policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecretPolicy {
    /// It never leaves.
    #[default]
    Forbid,
    /// A person decides, each time anew.
    Ask,
    /// Nothing is looked for.
    Off,
}

/// Headers that replace the method of a request.
const METHOD_OVERRIDES: [&str; 3] =
    ["x-http-method-override", "x-http-method", "x-method-override"];

impl Default for OutboundPolicy {
    fn default() -> Self {
        Self {
            require_approval: true,
            exempt: BTreeSet::new(),
            allow_hosts: Vec::new(),
            token_ttl: Duration::from_mins(2),
            max_per_hour: 30,
            secrets: SecretPolicy::Forbid,
        }
    }
}

impl OutboundPolicy {
    /// Whether `action` sends something to somebody outside the conversation.
    pub fn is_outbound(&self, action: &Action) -> bool {
        match action {
            Action::Exec { .. }
            | Action::Code { .. }
            | Action::FileRead { .. }
            | Action::FileWrite { .. } => false,
            Action::SendMessage { .. } | Action::SendEmail { .. } => true,
            Action::HttpRequest { url, .. } => sends_data(action) || !self.allows_host(url),
        }
    }

    /// Whether nobody is asked about `action` because of where it goes: every one of its
    /// destinations is exempt.
    pub fn exempts(&self, action: &Action) -> bool {
        let destinations = action.destinations();
        !self.require_approval
            || (!destinations.is_empty() && destinations.iter().all(|d| self.exempt.contains(d)))
    }

    fn allows_host(&self, url: &str) -> bool {
        self.allow_hosts.iter().any(|one| origin_fits(url, one))
    }
}

/// Whether an HTTP request does more than read. Some servers do what a header says instead of what
/// the method says.
pub fn sends_data(action: &Action) -> bool {
    let Action::HttpRequest { method, headers, body, .. } = action else {
        return false;
    };
    !matches!(method.as_str(), "GET" | "HEAD")
        || !body.is_empty()
        || headers.keys().any(|name| METHOD_OVERRIDES.contains(&name.as_str()))
}

impl Action {
    /// Each place that this goes to, on its own, in canonical form: what exemptions and the
    /// operator's rules are compared with.
    pub fn destinations(&self) -> Vec<String> {
        match self {
            Self::Exec { .. }
            | Self::Code { .. }
            | Self::FileRead { .. }
            | Self::FileWrite { .. } => Vec::new(),
            Self::HttpRequest { url, .. } => vec![url.clone()],
            Self::SendMessage { destination, .. } => vec![destination.to_string()],
            Self::SendEmail { to, cc, .. } => {
                to.iter().chain(cc).map(|address| format!("email:{address}")).collect()
            }
        }
    }
}
