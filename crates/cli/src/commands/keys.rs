//! `keys`: API keys, and the key that the gateway signs with. With a gateway running through its API, else on its store, because a listener
//! that other machines can reach does not start before there is a key.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::{Args, Subcommand};
use countersign_domain::access::Scope;
use countersign_domain::identity::KeyName;
use countersign_domain::time::Timestamp;
use countersign_gateway::{Caller, Gateway, NewKey};
use countersign_ports::clock::Clock as _;
use countersign_ports::duration::HumanDuration;
use countersign_ports::store::{ApiKey, SharedStore};
use serde_json::{Value, json};

use super::approvals::read_data;
use super::rules::text;
use super::{Global, JsonFlag};
use crate::client::{Client, ConnectArgs};
use crate::clock::SystemClock;
use crate::compose::{bare_gateway, open_store};
use crate::config::load;
use crate::entropy::SystemEntropy;
use crate::environment::Environment;
use crate::failure::{Answer, Failure, Outcome};
use crate::home::{Home, HomeLock, NotRunning, signing_keys};
use crate::output::Screen;

/// Make, list and revoke API keys; rotate the signing key.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign keys create laptop --scope runs --scope approvals:read
  countersign keys create ci --scope runs --expires 90d
  countersign keys revoke laptop
  countersign keys rotate

Scopes: runs, approvals:read, approvals:decide, outbound, audit, admin.")]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a key; it is shown once
    #[command(after_help = "Example:\n  countersign keys create laptop --scope runs")]
    Create {
        /// Its name; decisions made with it are recorded as `api:NAME`
        name: String,
        /// What its holder may do; repeat for more
        #[arg(long, required = true, value_name = "SCOPE")]
        scope: Vec<String>,
        /// For how long it is good, such as `90d`; for ever if not given
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// List the keys that are in force; the keys themselves are not stored
    #[command(after_help = "Example:\n  countersign keys list --json")]
    List {
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Take a key back at once
    #[command(after_help = "Example:\n  countersign keys revoke laptop")]
    Revoke {
        /// Its name
        name: String,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Make signing keys for nodes that are to share them, and print them
    ///
    /// A single gateway makes its own. For several, put what is printed as `signing-keys.json`
    /// (mode 0600) into the home of each before its first start, and keep a copy: it is secret.
    #[command(after_help = "Example:
  (umask 077; countersign keys generate > signing-keys.json)")]
    Generate,
    /// Sign grants and checkpoints with a new key from now on
    ///
    /// What the old key has signed stays verifiable; its secret half is destroyed.
    #[command(after_help = "Example:\n  countersign keys rotate")]
    Rotate {
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

/// Where keys are kept: behind a running gateway, or in the store that nobody else has.
enum Keyring {
    Running(Client),
    Offline { gateway: std::sync::Arc<Gateway>, store: SharedStore, _lock: HomeLock },
}

/// Does what is asked with keys.
pub(crate) async fn run(args: KeysArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    match args.command {
        KeysCommand::Create { name, scope, expires, json, connect } => {
            let new = new_key(&name, &scope, expires.as_deref())?;
            let keyring = Keyring::find(&connect, global).await?;
            let key = keyring.create(new).await;
            keyring.close().await;
            created(screen, &key?, json)
        }
        KeysCommand::List { json, connect } => {
            let keyring = Keyring::find(&connect, global).await?;
            let page = keyring.list().await;
            keyring.close().await;
            list(screen, &page?, json)
        }
        KeysCommand::Revoke { name, connect } => {
            let name: KeyName = name.parse().map_err(Failure::usage)?;
            let keyring = Keyring::find(&connect, global).await?;
            let revoked = keyring.revoke(&name).await;
            keyring.close().await;
            revoked?;
            screen.line(format!("revoked {name}"))?;
            Ok(Answer::Yes)
        }
        KeysCommand::Generate => {
            let entropy = SystemEntropy::new().map_err(Failure::refused)?;
            let ring = signing_keys::fresh(&entropy, SystemClock.now());
            let text = ring.map_err(Failure::refused)?.to_document();
            let text = text.ok_or_else(|| Failure::Refused("the key has no text".to_owned()))?;
            screen.line(text)?;
            Ok(Answer::Yes)
        }
        KeysCommand::Rotate { json, connect } => {
            let keyring = Keyring::find(&connect, global).await?;
            let published = keyring.rotate().await;
            keyring.close().await;
            rotated(screen, &published?, json)
        }
    }
}

/// Makes a key with every scope, and shows it once.
pub(super) async fn create_for_admin(screen: Screen, name: &str, global: &Global) -> Outcome {
    let scopes = Scope::ALL.map(|scope| scope.as_str().to_owned());
    let new = new_key(name, &scopes, None)?;
    let keyring = Keyring::find(&ConnectArgs { url: None, key: None }, global).await?;
    let key = keyring.create(new).await;
    keyring.close().await;
    created(screen, &key?, JsonFlag { json: false })
}

fn new_key(name: &str, scopes: &[String], expires: Option<&str>) -> Result<NewKey, Failure> {
    let scope = |word: &String| {
        Scope::from_word(word).ok_or_else(|| {
            let all = Scope::ALL.map(Scope::as_str).join("`, `");
            Failure::Usage(format!("`{word}` is not a scope; there are `{all}`"))
        })
    };
    let until = |text: &str| -> Result<Timestamp, Failure> {
        let span: HumanDuration = text.parse().map_err(Failure::usage)?;
        if span.0 < Duration::from_secs(1) {
            return Err(Failure::Usage(format!("`--expires {text}` is too short")));
        }
        Ok(SystemClock.now().after(span.0))
    };
    Ok(NewKey {
        name: name.parse().map_err(Failure::usage)?,
        scopes: scopes.iter().map(scope).collect::<Result<BTreeSet<_>, _>>()?,
        expires_at: expires.map(until).transpose()?,
    })
}

impl Keyring {
    async fn find(connect: &ConnectArgs, global: &Global) -> Result<Self, Failure> {
        if connect.url.is_some() {
            return connect.client(global).map(Self::Running);
        }
        let root = Home::place(global.home.as_deref())?;
        // On a machine where nothing was started yet, the key is what comes first.
        let (home, _) = Home::prepare(&root)?;
        match home.running() {
            Ok(_) => connect.client(global).map(Self::Running),
            Err(NotRunning::Stopped(_)) => Self::offline(&home).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn offline(home: &Home) -> Result<Self, Failure> {
        let lock = HomeLock::take(home)?;
        let loaded = load(&home.config(), &[])?;
        let store = open_store(home, &loaded, &Environment::read()?).await?;
        Ok(Self::Offline {
            gateway: bare_gateway(&loaded, home, store.clone())?,
            store,
            _lock: lock,
        })
    }

    async fn create(&self, new: NewKey) -> Result<Value, Failure> {
        match self {
            Self::Running(client) => {
                let body = json!({
                    "name": new.name.as_str(),
                    "scopes": new.scopes,
                    "expires_at": new.expires_at,
                });
                Ok(client.post("/v1/keys", &body).await?)
            }
            Self::Offline { gateway, .. } => {
                let made = gateway.create_key(new, &Caller::operator()).await;
                let (key, secret) = made.map_err(Failure::refused)?;
                let mut shown = shown(&key);
                if let Some(fields) = shown.as_object_mut() {
                    fields.insert("secret".to_owned(), secret.reveal().into());
                }
                Ok(shown)
            }
        }
    }

    async fn list(&self) -> Result<Value, Failure> {
        match self {
            Self::Running(client) => Ok(client.get("/v1/keys").await?),
            Self::Offline { gateway, .. } => {
                let keys = gateway.keys(&Caller::operator()).await;
                let keys = keys.map_err(Failure::refused)?;
                let data: Vec<Value> = keys.iter().map(shown).collect();
                Ok(json!({"object": "list", "data": data, "next_cursor": null}))
            }
        }
    }

    async fn revoke(&self, name: &KeyName) -> Result<(), Failure> {
        match self {
            Self::Running(client) => Ok(client.delete(&format!("/v1/keys/{name}")).await?),
            Self::Offline { gateway, .. } => {
                gateway.revoke_key(name, &Caller::operator()).await.map_err(Failure::refused)
            }
        }
    }

    async fn rotate(&self) -> Result<Value, Failure> {
        match self {
            Self::Running(client) => Ok(client.post("/v1/signing-keys/rotate", &json!({})).await?),
            Self::Offline { gateway, .. } => {
                let rotated = gateway.rotate_signing_key(&Caller::operator()).await;
                let published = rotated.map_err(Failure::refused)?;
                let shown = published.keys.iter().map(|key| {
                    json!({
                        "kid": key.kid,
                        "paserk": key.paserk,
                        "status": if key.retired_at.is_none() { "current" } else { "retired" },
                        "created_at": key.created_at,
                        "retired_at": key.retired_at,
                    })
                });
                Ok(json!({"gateway": published.gateway, "keys": shown.collect::<Vec<_>>()}))
            }
        }
    }

    async fn close(self) {
        match self {
            Self::Running(_) => {}
            Self::Offline { store, .. } => store.close().await,
        }
    }
}

fn shown(key: &ApiKey) -> Value {
    json!({
        "object": "key",
        "key_id": key.id,
        "name": key.name.as_str(),
        "scopes": key.scopes,
        "created_by": key.created_by,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
    })
}

fn created(screen: Screen, key: &Value, json: JsonFlag) -> Outcome {
    if json.json {
        screen.json(key)?;
        return Ok(Answer::Yes);
    }
    let name = text(key, "name");
    screen.line(text(key, "secret"))?;
    crate::output::aside(&format!(
        "This is the key `{name}`. It is shown once and not stored; keep it where secrets are kept."
    ));
    Ok(Answer::Yes)
}

fn rotated(screen: Screen, published: &Value, json: JsonFlag) -> Outcome {
    if json.json {
        screen.json(published)?;
        return Ok(Answer::Yes);
    }
    let newest = published.pointer("/keys/0").cloned().unwrap_or_default();
    screen.line(format!("signing with {} from now on", text(&newest, "kid")))?;
    Ok(Answer::Yes)
}

fn list(screen: Screen, page: &Value, json: JsonFlag) -> Outcome {
    if json.json {
        screen.json(page)?;
        return Ok(Answer::Yes);
    }
    let keys: Vec<Value> = read_data(page)?;
    if keys.is_empty() {
        screen.line("no keys")?;
        return Ok(Answer::Yes);
    }
    let rows: Vec<Vec<String>> = keys
        .iter()
        .map(|key| {
            ["name", "scopes", "created_by", "created_at", "expires_at", "last_used_at"]
                .iter()
                .map(|name| text(key, name))
                .collect()
        })
        .collect();
    screen.table(&["NAME", "SCOPES", "MADE BY", "CREATED", "UNTIL", "LAST USED"], &rows)?;
    Ok(Answer::Yes)
}
