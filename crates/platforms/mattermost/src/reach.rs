//! Proving that the server reaches this gateway: a word is sent round through the server itself, and
//! only a gateway with the same secret knows the answer.

use countersign_ports::platform::CallbackReply;
use serde_json::json;

use crate::adapter::Mattermost;
use crate::callbacks::field;
use crate::seal::Seal;

/// What the answer begins with.
const MARK: &str = "countersign-reached:";

/// The longest word that is answered.
const LONGEST: usize = 64;

/// What the gateway answers to `word`.
pub(crate) fn answer_to(seal: &Seal, word: &str) -> String {
    format!("{MARK}{}", seal.answer(word))
}

impl Mattermost {
    /// Answers a word, to show that it is here.
    pub(crate) fn reached(&self, body: &[u8]) -> CallbackReply {
        let word = field(body, "text").unwrap_or_default();
        let fits =
            (1..=LONGEST).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit());
        if !fits {
            return CallbackReply::empty(400);
        }
        let text = answer_to(&self.seal, &word);
        CallbackReply::json(200, &json!({"response_type": "ephemeral", "text": text}))
    }
}
