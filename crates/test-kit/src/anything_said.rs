//! Whatever anybody sends to a gateway where an approval waits: it panics at nothing, and nothing
//! decides but who may.

use std::sync::Arc;

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::chat::{Address, CardNonce, PersonId, PlatformName};
use countersign_domain::ids::{ApprovalId, CardId};
use countersign_domain::slash_access::ListedIds;
use countersign_gateway::{Admission, ChatSettings, MentionRule, PairingMode};
use countersign_ports::platform::{
    Click, Inbound, Inbox as _, Mention, Message, NativeCall, Origin, SenderKind,
};
use tokio::runtime::Runtime;

use crate::{House, Shown, TestingPlatform};

/// A gateway on which Ann's approval waits, and nobody drives runs.
pub struct AnythingSaid {
    runtime: Runtime,
    house: House,
    card: Shown,
    approval: ApprovalId,
}

/// Bytes that become the fields of what is sent.
struct Fields<'d>(&'d [u8]);

impl Default for AnythingSaid {
    fn default() -> Self {
        Self::open()
    }
}

impl AnythingSaid {
    /// Opens the house and lets Ann ask for something.
    pub fn open() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let platform = TestingPlatform::new();
        let (house, card) = runtime.block_on(ask(&platform));
        let approval = card.card.as_ref().expect("it is a card").approval;
        Self { runtime, house, card, approval }
    }

    /// Sends what `data` says. Panics if it decides anything.
    pub fn send(&self, data: &[u8]) {
        let mut fields = Fields(data);
        let Some(inbound) = self.inbound(&mut fields).filter(|sent| !self.asks_to_stop(sent))
        else {
            return;
        };
        self.runtime.block_on(async {
            let told = self.house.gateway.receive(inbound.clone()).await;
            let view = self.house.gateway.approval(self.approval, &self.house.operator).await;
            let status = view.expect("it exists").status;
            assert_eq!(status, Status::Pending, "{inbound:?} was answered with {told:?}");
        });
    }

    /// `/stop` where the run is: whoever may talk there may end it, and its approval with it.
    fn asks_to_stop(&self, sent: &Inbound) -> bool {
        let (origin, says_so) = match sent {
            Inbound::Message(message) => {
                (&message.origin, message.text.to_lowercase().contains("/stop"))
            }
            Inbound::Command(call) => (&call.origin, call.name.eq_ignore_ascii_case("stop")),
            Inbound::Click(_) => return false,
        };
        says_so && origin.address == self.card.address
    }

    fn inbound(&self, fields: &mut Fields<'_>) -> Option<Inbound> {
        let kind = fields.byte() % 3;
        let here = &self.card.address;
        let chats = [here.chat.as_str(), "town", "hall"];
        let chat = fields.pick(&chats).parse().ok()?;
        let thread = fields.pick(&["", "t1", "t2"]).parse().ok();
        let address = Address { chat, thread, ..here.clone() };
        let people = ["ann", "bob", "stranger", "", " ann", "ANN", "ann\u{200b}"];
        let sender = fields.pick(&people).to_owned();
        // What Ann herself says where her approval waits may decide it; made-up clicks may not.
        if kind != 2 && address == *here && sender.trim() == "ann" {
            return None;
        }
        let origin = Origin {
            chat_type: Some(fields.pick(&["dm", "group", "", "DM ", "channel"]).to_owned()),
            sender: PersonId::on(&address.platform, &sender),
            kind: match fields.byte() % 8 {
                0 => SenderKind::Bot,
                1 => SenderKind::Myself,
                _ => SenderKind::Person,
            },
            delivery: format!("{}-{}", fields.byte(), fields.byte()),
            address,
        };
        Some(match kind {
            0 => {
                let mention = if fields.flag() { Mention::Named } else { Mention::None };
                let reply_to = (fields.flag()).then(|| self.card.message.clone());
                let words = ["", "yes ", "/approve ", "/deny ", "/approve all ", "/yolo ", "/"];
                let text = format!("{}{}", fields.pick(&words), fields.rest());
                let (id, files) = (None, Vec::new());
                Inbound::Message(Message { origin, id, text, files, mention, reply_to })
            }
            1 => {
                let name = fields.pick(&["approve", "deny", "stop", "", "bg", "x y"]).to_owned();
                Inbound::Command(NativeCall { origin, name, arguments: fields.rest() })
            }
            _ => Inbound::Click(self.click(origin, fields)),
        })
    }

    /// A button of the card, and everything but its secret can be right.
    fn click(&self, origin: Origin, fields: &mut Fields<'_>) -> Click {
        let real = self.card.card.as_ref().expect("it is a card");
        let other = "card_0123456789abcdef0123456789abcdef".parse::<CardId>().expect("an id");
        let mut random = [0; 16];
        for byte in &mut random {
            *byte = fields.byte();
        }
        let nonce = CardNonce::new(random);
        assert_ne!(nonce, real.nonce, "the secret was guessed");
        let message = self.card.message.clone();
        Click {
            message: if fields.flag() { message } else { "m9".parse().expect("a name") },
            card: if fields.flag() { real.id } else { other },
            choice: match fields.byte() % 4 {
                0 => Choice::Once,
                1 => Choice::Session,
                2 => Choice::Always,
                _ => Choice::Deny,
            },
            reason: fields.flag().then(|| fields.rest()),
            origin,
            nonce,
        }
    }
}

impl Fields<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) =
            self.0.split_first().map_or((0, self.0), |(first, rest)| (*first, rest));
        self.0 = rest;
        first
    }

    fn flag(&mut self) -> bool {
        self.byte().is_multiple_of(2)
    }

    fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        let place = usize::from(self.byte()) % words.len();
        words.get(place).copied().unwrap_or_default()
    }

    fn rest(&mut self) -> String {
        String::from_utf8_lossy(std::mem::take(&mut self.0)).into_owned()
    }
}

async fn ask(platform: &Arc<TestingPlatform>) -> (House, Shown) {
    let testing: PlatformName = "testing".parse().expect("a name");
    let settings = |chat: &mut ChatSettings| {
        let people = ListedIds::on(&testing, &["ann".to_owned(), "bob".to_owned()]);
        let admission = Admission {
            dm: people.clone(),
            group: people,
            mention: MentionRule::NotNeeded,
            pairing: PairingMode::Code,
        };
        chat.admission.insert(testing.clone(), admission);
    };
    let house = House::with().chat(settings).most_working(u64::MAX >> 1).platform(platform);
    let house = house.open().await;
    std::fs::create_dir_all(house.workspace().join("made")).expect("a directory");
    platform.dm("ann").says("run rm -r made").await;
    let card = platform.open_card().await;
    (house.reopen_undriven().await, card)
}
