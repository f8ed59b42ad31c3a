//! The provider against a server that takes only what the real one takes.

mod errors;
mod replies;
mod requests;
mod turns;

use std::time::Duration;

use countersign_fakes::anthropic::{FakeAnthropic, KEY};
use countersign_ports::model_provider::{
    ModelError, ModelMessage, ModelProvider as _, ModelReply, ModelRequest, ToolSpec,
};
use serde_json::json;
use tokio::sync::mpsc;

use super::{Anthropic, AnthropicSettings, Effort};
use crate::config::Secret;
use crate::providers::ServerSettings;
use crate::tools::testing::install_tls;

fn settings(fake: &FakeAnthropic, effort: Effort) -> AnthropicSettings {
    install_tls();
    let server = ServerSettings {
        base_url: fake.address().to_owned(),
        model: "claude-test".to_owned(),
        api_key: Some(Secret::new(KEY)),
        context_tokens: 100_000,
        idle_timeout: Duration::from_secs(30),
        ..ServerSettings::default()
    };
    AnthropicSettings { server, effort, ..AnthropicSettings::default() }
}

fn user(text: &str) -> ModelMessage {
    ModelMessage::User(text.to_owned())
}

fn request(messages: impl IntoIterator<Item = ModelMessage>) -> ModelRequest {
    ModelRequest {
        model: None,
        messages: messages.into_iter().collect(),
        tools: vec![ToolSpec {
            name: "terminal",
            description: "runs",
            parameters: json!({"type": "object"}),
        }],
    }
}

/// The reply, and its deltas joined.
async fn complete(
    settings: AnthropicSettings,
    request: &ModelRequest,
) -> (Result<ModelReply, ModelError>, String) {
    let provider = Anthropic::new(settings).unwrap();
    let (sender, mut receiver) = mpsc::channel::<String>(16);
    let collecting = tokio::spawn(async move {
        let mut text = String::new();
        while let Some(piece) = receiver.recv().await {
            text.push_str(&piece);
        }
        text
    });
    let reply = provider.complete(request, &sender).await;
    drop(sender);
    (reply, collecting.await.unwrap())
}
