//! Many conversations at once on one gateway, with commands mixed in and a crash in the middle.
//!
//! `cargo run --release -p countersign-test-kit --example chat_load [SESSIONS] [MESSAGES] [RATE]`
//!
//! RATE is how many messages come a second; without it, they come as fast as they are taken.
//!
//! Says how long the gateway takes from what comes in to its dispatch (for a message: until the run
//! is on stable storage), and panics if anything is lost, doubled or out of order.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot be made fails where it is, and says what it measured"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countersign_domain::chat::{Address, MessageId, PersonId, PlatformName};
use countersign_domain::slash_access::ListedIds;
use countersign_gateway::{Admission, ChatSettings};
use countersign_ports::platform::{
    About, CardPost, Inbound, Inbox, Markup, Mention, Message, NativeCommand, Origin, Platform,
    PlatformError, Receipt, SenderKind, TextPost,
};
use countersign_test_kit::House;
use tokio::sync::watch;

/// So many messages come at one time.
const AT_ONCE: usize = 4;

/// So many of a conversation's messages are brought again after the crash.
const BROUGHT_AGAIN: usize = 3;

/// A platform that only remembers what was said, once each.
struct Town {
    about: About,
    heard: Mutex<Heard>,
    count: watch::Sender<usize>,
}

#[derive(Default)]
struct Heard {
    ids: BTreeSet<String>,
    texts: BTreeMap<Address, Vec<String>>,
}

#[async_trait]
impl Platform for Town {
    fn about(&self) -> &About {
        &self.about
    }

    async fn post_text(&self, text: &TextPost) -> Result<MessageId, PlatformError> {
        let mut heard = self.heard.lock().unwrap();
        if heard.ids.insert(text.id.clone()) {
            heard.texts.entry(text.address.clone()).or_default().push(text.text.clone());
            self.count.send_modify(|count| *count += 1);
        }
        Ok(text.id.parse().unwrap())
    }

    async fn post_card(&self, _: &CardPost) -> Result<MessageId, PlatformError> {
        Err(PlatformError::Refused("no cards here".to_owned()))
    }

    async fn edit_card(&self, _: &MessageId, _: &CardPost) -> Result<(), PlatformError> {
        Err(PlatformError::Refused("no cards here".to_owned()))
    }

    async fn show_typing(&self, _: &Address) -> Result<(), PlatformError> {
        Ok(())
    }

    async fn register_commands(&self, _: &[NativeCommand]) -> Result<(), PlatformError> {
        Ok(())
    }
}

fn town() -> PlatformName {
    "town".parse().unwrap()
}

fn address(session: usize) -> Address {
    let chat = format!("chat-{session}").parse().unwrap();
    Address { platform: town(), account: "bot".parse().unwrap(), chat, thread: None }
}

/// Whether the message of this number is a command.
const fn is_command(number: usize) -> bool {
    number % 5 == 4
}

fn message(session: usize, number: usize) -> Inbound {
    let text = match number % 15 {
        4 => "/status".to_owned(),
        9 => "/usage".to_owned(),
        14 => format!("/title {number}"),
        _ => format!("say {session}:{number}"),
    };
    Inbound::Message(Message {
        origin: Origin {
            address: address(session),
            chat_type: Some("dm".to_owned()),
            sender: PersonId::on(&town(), &format!("p{session}")),
            kind: SenderKind::Person,
            delivery: format!("{session}-{number}"),
        },
        id: None,
        text,
        files: Vec::new(),
        mention: Mention::None,
        reply_to: None,
    })
}

/// Everybody says the messages of these numbers, one after the other; how long each took.
async fn all_say(
    house: &House,
    (sessions, every): (usize, Duration),
    numbers: std::ops::Range<usize>,
) -> Vec<Duration> {
    let senders = (0..AT_ONCE).map(|sender| {
        let (gateway, numbers) = (house.gateway.clone(), numbers.clone());
        tokio::spawn(async move {
            let mut took = Vec::new();
            let mut next = Instant::now();
            for number in numbers {
                for session in (sender..sessions).step_by(AT_ONCE) {
                    next += every;
                    tokio::time::sleep_until(next.into()).await;
                    let began = Instant::now();
                    let receipt = gateway.receive(message(session, number)).await;
                    took.push(began.elapsed());
                    assert_ne!(receipt, Receipt::Later);
                    if let Receipt::Taken(Some(reply)) = receipt {
                        assert!(!reply.contains("not taken;"), "{reply}");
                    }
                }
            }
            took
        })
    });
    let senders: Vec<_> = senders.collect();
    let mut took = Vec::new();
    for sender in senders {
        took.extend(sender.await.unwrap());
    }
    took
}

fn tell(what: &str, mut took: Vec<Duration>) {
    took.sort();
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a list"
        )]
        let place = ((took.len() - 1) as f64 * share) as usize;
        took.get(place).copied().unwrap_or_default()
    };
    println!(
        "{what}: {} in, p50 {:?}, p99 {:?}, p99.9 {:?}, max {:?}",
        took.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().unwrap());
    let sessions: usize = arguments.next().unwrap_or(1000);
    let messages: usize = arguments.next().unwrap_or(50);
    let rate = arguments.next().unwrap_or(0);
    let every = match u32::try_from(rate) {
        Ok(0) | Err(_) => Duration::ZERO,
        Ok(rate) => Duration::from_secs(AT_ONCE as u64) / rate,
    };
    let half = messages / 2;
    let everybody: Vec<String> = (0..sessions).map(|session| format!("p{session}")).collect();
    let settings = |chat: &mut ChatSettings| {
        let dm = ListedIds::on(&town(), &everybody);
        chat.admission.insert(town(), Admission { dm, ..Admission::default() });
    };
    let platform = Arc::new(Town {
        about: About {
            platform: town(),
            account: "bot".parse().unwrap(),
            bot_name: None,
            features: BTreeSet::new(),
            markup: Markup::Text,
            longest_text: 4000,
            most_buttons: 0,
        },
        heard: Mutex::default(),
        count: watch::Sender::default(),
    });
    let began = Instant::now();
    let house = House::with().chat(settings).most_working(u64::MAX >> 1).open().await;
    house.gateway.attach_platform(platform.clone()).await.unwrap();
    tell("before the crash", all_say(&house, (sessions, every), 0..half).await);
    println!("crash, with {} runs at work or waiting", house.unfinished().await.len());
    let house = house.crash().await;
    house.gateway.attach_platform(platform.clone()).await.unwrap();
    let again = half.saturating_sub(BROUGHT_AGAIN)..half;
    tell("brought again", all_say(&house, (sessions, every), again).await);
    tell("after the crash", all_say(&house, (sessions, every), half..messages).await);
    let said = (0..messages).filter(|number| !is_command(*number)).count();
    let mut count = platform.count.subscribe();
    count.wait_for(|count| *count >= sessions * said).await.unwrap();
    println!("{} messages answered in {:?}", sessions * said, began.elapsed());
    let heard = platform.heard.lock().unwrap();
    for session in 0..sessions {
        let wanted = (0..messages).filter(|number| !is_command(*number));
        let wanted: Vec<String> = wanted.map(|number| format!("say {session}:{number}")).collect();
        assert_eq!(heard.texts.get(&address(session)), Some(&wanted), "session {session}");
    }
    println!("order kept, nothing lost or doubled");
}
