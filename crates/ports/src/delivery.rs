//! Carrying messages out of the house.
//!
//! Each of these takes an [`OutboundPermit`], so nothing leaves on a connection to a third party
//! without a grant that was used up for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::outbound::Destination;
use countersign_domain::permit::OutboundPermit;

/// Carries messages to the conversations of one platform.
#[async_trait]
pub trait Messenger: Send + Sync + 'static {
    /// The name before the colon of its destinations.
    fn platform(&self) -> &str;

    /// Nothing, or why there is no such destination, as far as is known without asking anybody.
    fn check(&self, destination: &Destination) -> Result<(), String>;

    /// Whether files can go with a message there. What takes none is never given any.
    fn takes_files(&self, _destination: &Destination) -> bool {
        false
    }

    /// The conversations that are known by a name, as far as is known without asking anybody. One
    /// name may stand for several.
    fn names(&self) -> Vec<(String, Destination)> {
        Vec::new()
    }

    /// Sends the message once. The grant is the idempotency key where the platform takes one.
    async fn deliver(&self, message: OutboundPermit) -> Delivery;
}

/// Carries mail.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Sends the mail once.
    async fn send(&self, mail: OutboundPermit) -> Delivery;
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The remote has taken it; its answer in one line.
    Sent(String),
    /// It was not taken; why.
    NotSent(String),
    /// It may have arrived; what is known.
    Unknown(String),
}

/// Messengers by platform.
#[derive(Clone, Default)]
pub struct Messengers(BTreeMap<String, Arc<dyn Messenger>>);

impl Messengers {
    /// The one for `destination`, if there is one.
    pub fn to(&self, destination: &Destination) -> Option<&Arc<dyn Messenger>> {
        self.0.get(destination.carrier())
    }

    /// The platforms that can be reached.
    pub fn platforms(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The conversations that are known by a name.
    pub fn names(&self) -> impl Iterator<Item = (String, Destination)> {
        self.0.values().flat_map(|one| one.names())
    }

    /// Whether nothing can be reached.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Arc<dyn Messenger>> for Messengers {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Messenger>>>(messengers: I) -> Self {
        let named = messengers.into_iter().map(|one| (one.platform().to_owned(), one));
        Self(named.collect())
    }
}

impl std::fmt::Debug for Messengers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
