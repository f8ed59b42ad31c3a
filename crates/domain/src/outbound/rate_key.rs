//! What the limit per hour counts by: one key for every spelling of one receiver.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::destination::{Destination, Place};
use super::url_parts::host_and_port;
use crate::action::{Action, ActionKind};

impl Action {
    /// What the limit per hour counts: each receiver, for requests the host.
    pub fn counted_destinations(&self) -> BTreeSet<String> {
        rate_keys(self.kind(), &self.bound_destination())
    }
}

/// The receivers of what goes to `destination`, which is written as [`Action::bound_destination`]
/// writes it: a mailbox without capitals and without what follows a `+`, a conversation without its
/// thread, a host without scheme and port.
pub fn rate_keys(kind: ActionKind, destination: &str) -> BTreeSet<String> {
    match kind {
        ActionKind::Exec | ActionKind::Code | ActionKind::FileRead | ActionKind::FileWrite => {
            BTreeSet::new()
        }
        ActionKind::HttpRequest => BTreeSet::from([host_key(destination)]),
        ActionKind::SendMessage | ActionKind::SendEmail => {
            destination.split(',').map(receiver_key).collect()
        }
    }
}

/// The one spelling of who gets a message to `destination`.
pub fn receiver_key(destination: &str) -> String {
    let Ok(parsed) = destination.parse::<Destination>() else {
        return destination.to_lowercase();
    };
    match parsed.place() {
        Place::Email(address) => format!("email:{}", mailbox(&address.to_lowercase())),
        Place::Chat { platform, chat, .. } => format!("{platform}:{}", chat.to_lowercase()),
        Place::Webhook(name) => format!("webhook:{name}"),
    }
}

/// `ana@example.org` for `ana+news@example.org`.
fn mailbox(address: &str) -> String {
    let bare = address.rsplit_once('@').and_then(|(local, domain)| {
        let (name, _) = local.split_once('+')?;
        (!name.is_empty()).then(|| format!("{name}@{domain}"))
    });
    bare.unwrap_or_else(|| address.to_owned())
}

fn host_key(url: &str) -> String {
    let Some((host, _)) = host_and_port(url) else {
        return url.to_owned();
    };
    match host.parse::<IpAddr>() {
        Ok(address) => format!("http:{}", address.to_canonical()),
        Err(_) => format!("http:{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_receiver_has_one_key() {
        for (kind, spellings) in [
            (
                ActionKind::SendEmail,
                ["email:ana@example.org", "email:Ana@example.org", "email:ANA+x+y@example.org"],
            ),
            (
                ActionKind::SendMessage,
                ["mattermost:abc", "mattermost:abc:thread", "mattermost:abc:other"],
            ),
            (ActionKind::SendMessage, ["slack:#ops", "slack:#Ops", "slack:#OPS:1"]),
            (
                ActionKind::HttpRequest,
                ["http://a.example/x", "https://a.example/y", "https://a.example.:8443/"],
            ),
            (
                ActionKind::HttpRequest,
                ["http://127.0.0.1/", "http://[::ffff:127.0.0.1]:81/", "https://127.0.0.1/"],
            ),
        ] {
            let keys: BTreeSet<_> = spellings.iter().flat_map(|one| rate_keys(kind, one)).collect();
            assert_eq!(keys.len(), 1, "{spellings:?}: {keys:?}");
        }
        let mail = "email:ana@a.example,email:ana@b.example,email:+x@a.example";
        assert_eq!(rate_keys(ActionKind::SendEmail, mail).len(), 3);
        assert_eq!(rate_keys(ActionKind::Exec, "local:/w"), BTreeSet::new());
    }
}
