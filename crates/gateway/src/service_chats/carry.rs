//! Carrying messages into chats of the account. The chat is looked at before every attempt: what
//! somebody has ended or paused since the message was let go is not tried any more.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::outbound::Destination;
use countersign_domain::permit::OutboundPermit;
use countersign_domain::service_conversations::Load;
use countersign_ports::delivery::{Delivery, Messenger};
use countersign_ports::service_bridge::{Repeats, SendAttempt, ServiceBridge};

use crate::gateway::Gateway;

/// How often a message is given to a bridge that shows it once.
const ATTEMPTS: u32 = 3;

/// The pause before a bridge that was not reached is tried again.
const PAUSE: Duration = Duration::from_millis(300);

/// The longest pause that a bridge is left between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Carries messages through a bridge.
struct BridgeMessenger {
    bridge: Arc<dyn ServiceBridge>,
    gateway: Weak<Gateway>,
}

impl Gateway {
    /// Who carries messages through `bridge`.
    pub fn bridge_messenger(
        self: &Arc<Self>,
        bridge: Arc<dyn ServiceBridge>,
    ) -> Arc<dyn Messenger> {
        Arc::new(BridgeMessenger { bridge, gateway: Arc::downgrade(self) })
    }

    /// Why a message that was let go is not tried any more, if it is not. Where nobody can be asked,
    /// nothing is sent.
    async fn stops(&self, action: &Action) -> Option<String> {
        match self.chat_of(action).await {
            Ok(None) => None,
            Ok(Some(current)) => {
                let settings = &self.settings.service;
                let refusal = current.chat.stops(settings).or(Load::of(action).refused(settings));
                refusal.map(|refusal| refusal.to_string())
            }
            Err(error) => Some(error.to_string()),
        }
    }
}

#[async_trait]
impl Messenger for BridgeMessenger {
    fn platform(&self) -> &'static str {
        "whatsapp"
    }

    fn check(&self, destination: &Destination) -> Result<(), String> {
        self.bridge.check(destination)
    }

    fn takes_files(&self, destination: &Destination) -> bool {
        self.bridge.check(destination).is_ok()
    }

    async fn deliver(&self, message: OutboundPermit) -> Delivery {
        let Some(gateway) = self.gateway.upgrade() else {
            return Delivery::NotSent("the gateway is gone".to_owned());
        };
        let mut known = Delivery::NotSent("nothing was attempted".to_owned());
        for _ in 0..ATTEMPTS {
            if let Some(why) = gateway.stops(message.action()).await {
                return given_up(known, &why);
            }
            match self.bridge.send(&message).await {
                SendAttempt::Sent(id) => return Delivery::Sent(format!("message {id}")),
                SendAttempt::Refused(why) => return given_up(known, &why),
                SendAttempt::NotReached(why) => {
                    known = still(known, why);
                    tokio::time::sleep(PAUSE).await;
                }
                SendAttempt::SlowDown(pause) => {
                    known = still(known, format!("a pause of {pause:?} is wanted"));
                    tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
                }
                SendAttempt::Unknown(why) => {
                    known = Delivery::Unknown(why);
                    if self.bridge.repeats() == Repeats::Each {
                        return known;
                    }
                }
            }
        }
        known
    }
}

/// What is known after an attempt that has not arrived: an earlier one may have.
fn still(known: Delivery, why: String) -> Delivery {
    match known {
        Delivery::Unknown(before) => Delivery::Unknown(before),
        Delivery::Sent(_) | Delivery::NotSent(_) => Delivery::NotSent(why),
    }
}

/// What is known when nothing more is tried.
fn given_up(known: Delivery, why: &str) -> Delivery {
    match known {
        Delivery::Unknown(before) => {
            Delivery::Unknown(format!("{before}; it was not tried again: {why}"))
        }
        Delivery::Sent(_) | Delivery::NotSent(_) => Delivery::NotSent(why.to_owned()),
    }
}
