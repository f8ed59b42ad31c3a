//! Requests that a platform makes to the gateway's own address.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use countersign_domain::chat::{AccountId, MessageId, PersonId, PlatformName};
use countersign_domain::service_conversations::ServiceChatId;

use super::Inbox;

/// What is read of a request where an adapter does not say otherwise. Mattermost takes requests of
/// 300 000 bytes itself.
pub const LARGEST_BODY: usize = 512 * 1024;

/// Takes the requests of one account's platform. They may come to any node, whichever keeps the
/// account's connection, and nothing is known of their sender: proving it is the adapter's business.
#[async_trait]
pub trait Callbacks: Send + Sync + 'static {
    /// The largest body that the platform brings, in bytes; nothing larger is read.
    fn largest_body(&self) -> usize {
        LARGEST_BODY
    }

    /// Takes one request; what it brings goes to `inbox`.
    async fn call(&self, callback: Callback, inbox: &Arc<dyn Inbox>) -> CallbackReply;
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// How it was made.
    pub method: CallbackMethod,
    /// What it is about: the end of the address.
    pub what: String,
    /// What followed the question mark, as it was sent.
    pub query: String,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte by byte: signatures are over this.
    pub body: Bytes,
}

/// Something that was brought and is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedCallback {
    /// The platform.
    pub platform: PlatformName,
    /// The bot.
    pub account: AccountId,
    /// What it was about: the end of the address.
    pub what: &'static str,
    /// Who it says has sent it, which nothing proves.
    pub claimed: Option<PersonId>,
    /// Why it is not believed.
    pub why: String,
}

/// A message that a platform had taken and has not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// The platform.
    pub platform: PlatformName,
    /// The bot.
    pub account: AccountId,
    /// Whom it was for.
    pub to: ServiceChatId,
    /// The message.
    pub message: MessageId,
    /// Why it was not, in words for people.
    pub why: String,
}

/// How a request was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackMethod {
    /// To read: platforms look in this way whether anybody is there.
    Get,
    /// To bring something.
    Post,
}

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackReply {
    /// The status of HTTP.
    pub status: u16,
    /// Headers besides those that every answer has.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Callback {
    /// The header of this name, which is in lower case. What was sent twice has no value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(given, _)| given == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value),
            (_, _) => None,
        }
    }
}

impl CallbackReply {
    /// Nothing but a status.
    pub const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// A plain text.
    pub fn text(status: u16, body: String) -> Self {
        Self::typed(status, "text/plain; charset=utf-8", body)
    }

    /// A JSON value.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::typed(status, "application/json", body.to_string())
    }

    fn typed(status: u16, media_type: &str, body: String) -> Self {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        Self { status, headers, body: body.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_was_sent_twice_says_nothing() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let callback = Callback {
            method: CallbackMethod::Post,
            what: "events".to_owned(),
            query: String::new(),
            headers: vec![pair("a", "1"), pair("b", "1"), pair("b", "2")],
            body: Bytes::new(),
        };
        assert_eq!(callback.header("a"), Some("1"));
        assert_eq!(callback.header("b"), None);
        assert_eq!(callback.header("c"), None);
    }
}
