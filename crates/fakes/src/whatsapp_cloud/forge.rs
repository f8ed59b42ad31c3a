//! Webhooks of people who are not Meta, and of Meta in its less usual moods.

use bytes::Bytes;
use serde_json::Value;

use super::deliver::{self, Envelope};
use super::fake::FakeCloud;
use super::state::Webhook;

impl FakeCloud {
    /// Posts these bytes to the gateway under this signature; what they were answered with.
    pub async fn posts(&self, body: &[u8], signature: Option<&str>) -> u16 {
        let webhook = Webhook { body: Bytes::copy_from_slice(body), signature: String::new() };
        deliver::post(&self.shared, &webhook, signature).await
    }

    /// The signature of these bytes under the app's own secret.
    pub fn signs(&self, body: &[u8]) -> String {
        deliver::sign(&self.shared.settings.app_secret, body)
    }

    /// The signature of these bytes under another secret.
    pub fn signs_with(&self, secret: &str, body: &[u8]) -> String {
        deliver::sign(secret, body)
    }

    /// A webhook about these messages, as if they had come to the number with this id.
    pub fn webhook_of(
        &self,
        phone_number_id: &str,
        contacts: Vec<Value>,
        messages: Vec<Value>,
    ) -> Vec<u8> {
        let envelope = Envelope::Messages { contacts, messages };
        deliver::body(&self.shared, phone_number_id, envelope).to_vec()
    }
}
