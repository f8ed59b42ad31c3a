//! Requests that pretend to come from the server.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::mattermost::fake::{Account, FakeMattermost};
use crate::mattermost::model::ids::PostId;
use crate::mattermost::refusal::Refusal;

/// What a forged request was answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Forged {
    /// The status.
    pub status: u16,
    /// The body, if it is JSON.
    pub body: Value,
}

impl FakeMattermost {
    /// The address and the body of a click by this account on this button, with a fresh
    /// `trigger_id`.
    pub fn click_request(
        &self,
        post: &PostId,
        action: &str,
        by: &dyn Account,
    ) -> Result<(String, Value), Refusal> {
        self.server().would_send(by.user_id(), post, action)
    }

    /// Sends what a click would send, after `change` had its way with it, past the server.
    pub async fn forge(
        &self,
        post: &PostId,
        action: &str,
        by: &dyn Account,
        change: impl FnOnce(&mut Value),
    ) -> Forged {
        let (url, mut body) =
            self.click_request(post, action, by).expect("the post has this button");
        change(&mut body);
        self.forge_json(&url, &body).await
    }

    /// Sends any JSON to an address, past the server.
    pub async fn forge_json(&self, url: &str, body: &Value) -> Forged {
        self.forged(self.server().forging().post(url).json(body)).await
    }

    /// Sends a form to an address, past the server, with a token in the header if one is given.
    pub async fn forge_form(
        &self,
        url: &str,
        fields: &BTreeMap<String, String>,
        token: Option<&str>,
    ) -> Forged {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = self
            .server()
            .forging()
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        if let Some(token) = token {
            request = request.header("authorization", format!("Token {token}"));
        }
        self.forged(request).await
    }

    async fn forged(&self, request: reqwest::RequestBuilder) -> Forged {
        let response = request.send().await.expect("somebody listens there");
        let status = response.status().as_u16();
        let body = response.json().await.unwrap_or(Value::Null);
        Forged { status, body }
    }

    /// A `trigger_id` that the server signs for this account now.
    pub fn trigger_id(&self, of: &dyn Account) -> String {
        self.server().keys.trigger(of.user_id(), self.server().clock.now()).signed
    }

    /// A `trigger_id` signed by a key that is not the server's.
    pub fn foreign_trigger_id(&self, of: &dyn Account) -> String {
        let keys = crate::mattermost::server::signing::Keys::generate();
        keys.trigger(of.user_id(), self.server().clock.now()).signed
    }
}
