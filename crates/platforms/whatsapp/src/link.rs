//! Linking the account behind the bridge, and how the bridge fares.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::chat::AccountId;
use countersign_domain::display::{inert, one_line};
use countersign_domain::service_conversations::ServiceChatId;
use countersign_domain::time::Timestamp;
use countersign_ports::bridge_link::{BridgeLink, LinkCode, LinkState, LinkedAccount, PairError};
use countersign_ports::clock::Clock;
use countersign_ports::platform::AccountState;
use countersign_ports::service_bridge::{BridgeError, ServiceBridge as _};
use serde::Deserialize;

use crate::client::{BridgeClient, answered};
use crate::drawing::{is_drawing, is_text};
use crate::process::BridgeProcess;
use crate::terms::{TERMS, Terms};

/// How long a bridge has to say how it fares.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long it has to get a code.
const CODE_TIME: Duration = Duration::from_secs(15);

/// The protocol that is spoken.
const PROTOCOL: u32 = 1;

/// The longest word of a bridge that is shown, in characters.
const LONGEST: usize = 200;

/// What to do about an account that is not linked.
const LINK_IT: &str = "the account is not linked: countersign platforms pair whatsapp";

/// The link of one bridge.
pub struct Link {
    client: Arc<BridgeClient>,
    process: Option<Arc<BridgeProcess>>,
    terms: Terms,
    clock: Arc<dyn Clock>,
    away: Mutex<Option<Timestamp>>,
}

/// `GET /health`.
#[derive(Debug, Deserialize)]
struct Health {
    protocol: u32,
    linked: bool,
    #[serde(default)]
    why: Option<String>,
}

/// `GET /pairing`.
#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum PairingAnswer {
    Linked {
        #[serde(default)]
        account: Account,
    },
    Code {
        qr: Qr,
    },
    Waiting {
        #[serde(default)]
        why: Option<String>,
    },
}

#[derive(Default, Deserialize)]
struct Account {
    #[serde(default)]
    number_jid: Option<String>,
    #[serde(default)]
    push_name: Option<String>,
}

#[derive(Deserialize)]
struct Qr {
    svg: String,
    text: String,
    expires_at: Timestamp,
}

impl Link {
    /// The link of the bridge that `client` talks to, and that runs as `process` if the gateway
    /// starts it.
    pub fn new(
        client: Arc<BridgeClient>,
        process: Option<Arc<BridgeProcess>>,
        terms: Terms,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { client, process, terms, clock, away: Mutex::new(None) }
    }

    /// Since when it is away, if it still is.
    fn away(&self, is_away: bool) -> Timestamp {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        *away = is_away.then(|| away.unwrap_or(now));
        away.unwrap_or(now)
    }

    fn reconnecting(&self, why: String) -> AccountState {
        AccountState::Reconnecting { since: self.away(true), why }
    }

    fn refused(&self, why: String) -> AccountState {
        self.away(false);
        AccountState::Refused { why }
    }

    fn of_health(&self, health: Health) -> AccountState {
        let Health { protocol, linked, why } = health;
        let why = why.map(|why| shown(&why));
        match (protocol, linked, why) {
            (PROTOCOL, true, None) => {
                self.away(false);
                AccountState::Connected
            }
            (PROTOCOL, true, Some(why)) => self.reconnecting(why),
            (PROTOCOL, false, None) => self.refused(LINK_IT.to_owned()),
            (PROTOCOL, false, Some(why)) => self.refused(format!("{LINK_IT} ({why})")),
            (other, ..) => {
                let why =
                    format!("the bridge speaks protocol {other}, and {PROTOCOL} is spoken here");
                self.refused(why)
            }
        }
    }

    /// How it fares now.
    async fn look(&self) -> AccountState {
        if let Some(process) = &self.process {
            if self.terms == Terms::Open {
                return self.refused(PairError::Terms(TERMS).to_string());
            }
            if let Some(ended) = process.ended() {
                let why = format!("{} (times in a row: {})", ended.why, ended.times);
                return AccountState::Reconnecting { since: ended.since, why };
            }
        }
        match answered::<Health>(self.client.get("/health").timeout(PATIENCE)).await {
            Ok(health) => self.of_health(health),
            Err(BridgeError::Refused(why)) => self.refused(shown(&why)),
            Err(BridgeError::Unavailable(why)) => self.reconnecting(shown(&why)),
        }
    }
}

#[async_trait]
impl BridgeLink for Link {
    fn account(&self) -> &AccountId {
        self.client.account()
    }

    async fn state(&self) -> AccountState {
        let state = self.look().await;
        self.client.note_link(&state);
        state
    }

    async fn pairing(&self) -> Result<LinkState, PairError> {
        if self.terms == Terms::Open {
            return Err(PairError::Terms(TERMS));
        }
        match answered(self.client.get("/pairing").timeout(CODE_TIME)).await? {
            PairingAnswer::Linked { account } => {
                let number = account.number_jid.as_deref();
                let number = number.and_then(|jid| ServiceChatId::of_jid(jid).ok());
                Ok(LinkState::Linked(LinkedAccount {
                    number: number.map(|id| id.to_string()),
                    name: account.push_name.map(|name| shown(&name)),
                }))
            }
            PairingAnswer::Code { qr: Qr { svg, text, expires_at } } => {
                if !is_drawing(&svg) || !is_text(&text) {
                    let why = "its code is no drawing that can be shown".to_owned();
                    return Err(BridgeError::Unavailable(why).into());
                }
                Ok(LinkState::Code(LinkCode { svg, text, expires_at }))
            }
            PairingAnswer::Waiting { why } => {
                Ok(LinkState::Waiting { why: why.map(|why| shown(&why)) })
            }
        }
    }
}

fn shown(words: &str) -> String {
    one_line(&inert(words), LONGEST)
}
