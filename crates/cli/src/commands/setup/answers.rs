//! The answers, and the keys of the configuration that they become.

use clap::Args;
use serde_json::Value;

use super::questions::Questions;
use crate::config::Loaded;
use crate::config::document::Node;
use crate::failure::Failure;
use crate::model::{OLLAMA, is_rehearsal};

/// The bot that is set up.
const BOT: &str = "platforms.mattermost.accounts.default";

/// The model that needs no server.
const BUILT_IN: &str = "rehearsal";

/// What somebody can answer. What is not answered stays as it is.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Answers {
    /// The model's provider: rehearsal (built in), openai (any server with that interface) or anthropic
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// The address of the model's server
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The model's name at that server
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The environment variable that holds the key of the model's server
    #[arg(long, value_name = "VARIABLE")]
    api_key_env: Option<String>,
    /// Where the gateway listens: address and port
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The Mattermost server of the bot
    #[arg(long, value_name = "URL")]
    mattermost_url: Option<String>,
    /// The environment variable that holds the bot's token
    #[arg(long, value_name = "VARIABLE")]
    mattermost_token_env: Option<String>,
    /// The address under which the Mattermost server reaches this gateway
    #[arg(long, value_name = "URL")]
    mattermost_callback: Option<String>,
    /// The ids of those who may talk to the bot; repeat for more
    #[arg(long, value_name = "ID")]
    mattermost_allow: Vec<String>,
    /// The ids of those who may run every command there; repeat for more
    #[arg(long, value_name = "ID")]
    mattermost_admin: Vec<String>,
    /// The program that is the bridge to your own account (docs/whatsapp.md)
    #[arg(long, value_name = "PROGRAM")]
    whatsapp_bridge: Option<String>,
    /// Phone numbers that may talk to the agent over it, with their country code; repeat for more
    #[arg(long, value_name = "NUMBER")]
    whatsapp_allow: Vec<String>,
    /// Make an API key with every scope for the first admin, and print it once
    #[arg(long, value_name = "NAME")]
    admin: Option<String>,
}

impl Answers {
    /// The name of the first admin's key, if there is to be one.
    pub(super) fn admin(&self) -> Option<&str> {
        self.admin.as_deref().filter(|name| !name.is_empty())
    }

    /// Asks for what is not given. `before` is what the file says so far.
    pub(super) async fn ask(
        &mut self,
        asked: &mut Questions,
        before: &Loaded,
    ) -> Result<(), Failure> {
        asked.say("Enter takes what is in brackets, - means nothing.")?;
        self.ask_model(asked, before).await?;
        let there = before.config.gateway.listen.as_str();
        ask(asked, &mut self.listen, "Listen at (address:port)", there, None).await?;
        self.ask_mattermost(asked, before).await?;
        self.ask_whatsapp(asked, before).await?;
        let question = "Name of an API key with every scope for an admin";
        ask(asked, &mut self.admin, question, "", None).await.map(drop)
    }

    async fn ask_model(&mut self, asked: &mut Questions, before: &Loaded) -> Result<(), Failure> {
        let model = &before.config.model;
        let there = written(before, "model.provider");
        let there = if there.is_empty() { BUILT_IN } else { &there };
        let question =
            "Model: rehearsal (built in), openai (any server with that interface) or anthropic";
        let provider = ask(asked, &mut self.provider, question, there, None).await?;
        if provider == BUILT_IN {
            return Ok(());
        }
        let question = format!("Its address, if not the provider's own (Ollama: {OLLAMA}/v1)");
        let there = model.base_url.as_deref().unwrap_or_default();
        ask(asked, &mut self.base_url, &question, there, None).await?;
        ask(asked, &mut self.model, "The model's name there", &model.model, None).await?;
        let there = model.api_key_env.as_deref().unwrap_or_default();
        let own = if provider == "anthropic" { "ANTHROPIC_API_KEY" } else { "OPENAI_API_KEY" };
        let question = "The environment variable that holds its key";
        let offered = is_rehearsal(model).then_some(own);
        ask(asked, &mut self.api_key_env, question, there, offered).await.map(drop)
    }

    async fn ask_mattermost(
        &mut self,
        asked: &mut Questions,
        before: &Loaded,
    ) -> Result<(), Failure> {
        let there = |name: &str| written(before, &format!("{BOT}.{name}"));
        let url = &mut self.mattermost_url;
        if ask(asked, url, "Mattermost server of a bot", &there("url"), None).await?.is_empty() {
            return Ok(());
        }
        let question = "The environment variable that holds the bot's token";
        let offered = Some("MATTERMOST_TOKEN");
        let answer = &mut self.mattermost_token_env;
        ask(asked, answer, question, &there("token_env"), offered).await?;
        let question = "The address under which that server reaches this gateway";
        let answer = &mut self.mattermost_callback;
        ask(asked, answer, question, &there("callback_url"), None).await?;
        let question = "Ids of those who may talk to the bot, besides those in the file";
        ask_list(asked, &mut self.mattermost_allow, question).await?;
        let question = "Ids of those who may run every command there";
        ask_list(asked, &mut self.mattermost_admin, question).await
    }

    async fn ask_whatsapp(
        &mut self,
        asked: &mut Questions,
        before: &Loaded,
    ) -> Result<(), Failure> {
        let there = written(before, "whatsapp.bridge.managed");
        let question = "Program of the bridge to your WhatsApp account";
        let answer = &mut self.whatsapp_bridge;
        if ask(asked, answer, question, &there, None).await?.is_empty() {
            return Ok(());
        }
        let question = "Phone numbers that may talk to the agent over it";
        ask_list(asked, &mut self.whatsapp_allow, question).await
    }

    /// The keys to change, each with its value as YAML; one with nothing is taken out. `before` is what
    /// the file says so far.
    pub(super) fn keys(&self, before: &Loaded) -> Vec<(String, Option<String>)> {
        let bot = |name: &str| format!("{BOT}.{name}");
        let mut keys = vec![
            ("model.provider".to_owned(), &self.provider),
            ("model.base_url".to_owned(), &self.base_url),
            ("model.model".to_owned(), &self.model),
            ("model.api_key_env".to_owned(), &self.api_key_env),
            ("gateway.listen".to_owned(), &self.listen),
        ];
        if self.mattermost_url.as_deref() == Some("") {
            keys.push((BOT.to_owned(), &self.mattermost_url));
        } else {
            keys.push((bot("url"), &self.mattermost_url));
            keys.push((bot("token_env"), &self.mattermost_token_env));
            keys.push((bot("callback_url"), &self.mattermost_callback));
        }
        if self.whatsapp_bridge.as_deref() == Some("") {
            keys.push(("whatsapp.bridge".to_owned(), &self.whatsapp_bridge));
        } else {
            keys.push(("whatsapp.bridge.managed".to_owned(), &self.whatsapp_bridge));
        }
        let texts = keys.into_iter().filter_map(|(key, value)| {
            let value = value.as_deref()?;
            Some((key, (!value.is_empty()).then(|| yaml(value))))
        });
        let lists = [
            ("platforms.mattermost.allow_from", &self.mattermost_allow),
            ("platforms.mattermost.allow_admin_from", &self.mattermost_admin),
            ("platforms.whatsapp.allow_from", &self.whatsapp_allow),
        ];
        let lists = lists.into_iter().filter(|(_, items)| !items.is_empty());
        let lists = lists.map(|(key, items)| (key.to_owned(), Some(joined(before, key, items))));
        texts.chain(lists).collect()
    }
}

/// Asks unless there is an answer; what holds then. `offered` is what Enter takes where nothing is
/// there.
async fn ask(
    questions: &mut Questions,
    answer: &mut Option<String>,
    question: &str,
    there: &str,
    offered: Option<&str>,
) -> Result<String, Failure> {
    if let Some(given) = answer {
        return Ok(given.clone());
    }
    let shown = if there.is_empty() { offered.unwrap_or_default() } else { there };
    let given = questions.ask(question, shown).await?;
    *answer = (given != there).then(|| given.clone());
    Ok(given)
}

async fn ask_list(
    questions: &mut Questions,
    answer: &mut Vec<String>,
    question: &str,
) -> Result<(), Failure> {
    if answer.is_empty() {
        let given = questions.ask(question, "").await?;
        let items = given.split([' ', ',']).filter(|item| !item.is_empty());
        *answer = items.map(str::to_owned).collect();
    }
    Ok(())
}

/// Those whom the file names already, and these: nobody is shut out by being left out.
fn joined(before: &Loaded, key: &str, items: &[String]) -> String {
    let there = at(before, key).unwrap_or_default();
    let mut all: Vec<String> = match &there {
        Value::Array(there) => there.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(one) => one.split(',').map(|item| item.trim().to_owned()).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    };
    for item in items {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    Value::from(all).to_string()
}

/// What the file itself says of a key, without the defaults.
fn written(before: &Loaded, key: &str) -> String {
    let value = at(before, key);
    value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn at(before: &Loaded, key: &str) -> Option<Value> {
    let path: Vec<String> = key.split('.').map(str::to_owned).collect();
    before.written().at(&path).map(Node::to_json)
}

/// A text as YAML: as it is where that means the same.
fn yaml(text: &str) -> String {
    let same = Node::parse_value(text).is_ok_and(|node| node.to_json() == text);
    if same { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        for (text, expected) in [
            ("127.0.0.1:8642", "127.0.0.1:8642"),
            ("https://chat.example.org", "https://chat.example.org"),
            ("12", "\"12\""),
            ("true", "\"true\""),
            ("a: b", "\"a: b\""),
            ("# x", "\"# x\""),
        ] {
            assert_eq!(yaml(text), expected);
        }
    }
}
