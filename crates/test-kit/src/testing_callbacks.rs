//! Requests that the testing platform makes to a gateway's own address.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::chat::{Address, PersonId};
use countersign_ports::platform::{
    Callback, CallbackMethod, CallbackReply, Callbacks, Inbound, Inbox, Mention, Message, Origin,
    Platform as _, SenderKind,
};
use serde_json::json;

use crate::testing_platform::{TestingPlatform, told};

/// The header by which the platform proves itself.
const SIGNATURE: &str = "x-testing-signature";

/// The header that names who says something.
const SENDER: &str = "x-testing-sender";

#[async_trait]
impl Callbacks for TestingPlatform {
    /// Looking is answered with what follows the question mark; what is brought was said in the chat
    /// that the address ends with.
    async fn call(&self, callback: Callback, inbox: &Arc<dyn Inbox>) -> CallbackReply {
        if callback.header(SIGNATURE) != Some("sesame") {
            return CallbackReply::empty(401);
        }
        if callback.method == CallbackMethod::Get {
            return CallbackReply::text(200, callback.query);
        }
        let text = String::from_utf8(callback.body.to_vec());
        let (Ok(text), Ok(chat)) = (text, callback.what.parse()) else {
            return CallbackReply::empty(400);
        };
        let about = self.about();
        let (platform, account) = (about.platform.clone(), about.account.clone());
        let sender = callback.header(SENDER).and_then(|id| PersonId::on(&platform, id));
        let origin = Origin {
            sender,
            address: Address { platform, account, chat, thread: None },
            chat_type: Some("dm".to_owned()),
            kind: SenderKind::Person,
            delivery: self.next_delivery(),
        };
        let message = Message {
            origin,
            id: None,
            text,
            files: Vec::new(),
            mention: Mention::None,
            reply_to: None,
        };
        let told = told(inbox.receive(Inbound::Message(message)).await);
        CallbackReply::json(200, &json!({"told": told}))
    }
}
