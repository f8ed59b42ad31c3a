//! What the HTTP surface is made of, and what every handler gets of it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use countersign_domain::digest::Digest;
use countersign_gateway::Gateway;
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

use crate::config::HttpConfig;
use crate::crowd::Crowd;
use crate::health::Readiness;
use crate::hosts::Hosts;
use crate::rate::RateLimits;
use crate::settings_view::SettingsView;

/// What the HTTP surface is made of.
pub struct ServerParts {
    /// The verbs.
    pub gateway: Arc<Gateway>,
    /// The section `gateway` of the configuration.
    pub config: HttpConfig,
    /// What the web page says of this gateway.
    pub about: About,
    /// The configuration as people may read it.
    pub settings: SettingsView,
    /// What the command line on this machine proves itself with.
    pub operator_token: OperatorToken,
    /// `API_SERVER_KEY`: one more key, with every scope. See [`crate::check_env_key`].
    pub env_key: Option<String>,
    /// What opens `/metrics` and nothing else. See [`HttpConfig::metrics_token`].
    pub metrics_token: Option<String>,
    /// Where the listener is bound.
    pub local_addr: SocketAddr,
}

/// What the web page says of this gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The program's version.
    pub version: String,
    /// The model at work.
    pub model: String,
    /// Whether the built-in rehearsal model plays its part.
    pub rehearsal: bool,
    /// What to do to get a real one.
    pub hint: Option<String>,
}

/// The secret by which the command line on this machine speaks as the operator. Its `Debug` form
/// hides it.
#[derive(Clone)]
pub struct OperatorToken(String);

/// What every handler gets.
pub(crate) type App = Arc<AppParts>;

/// What is behind [`App`].
pub(crate) struct AppParts {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) config: HttpConfig,
    pub(crate) about: About,
    pub(crate) settings: SettingsView,
    pub(crate) hosts: Hosts,
    pub(crate) rates: RateLimits,
    /// Who brings what from platforms.
    pub(crate) crowd: Crowd,
    pub(crate) readiness: Readiness,
    /// Ends streams when the server that answers has no token of its own.
    pub(crate) never: CancellationToken,
    operator: Digest,
    env_key: Option<Digest>,
    metrics_token: Option<Digest>,
}

impl OperatorToken {
    /// The token that reads `secret`.
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorToken(…)")
    }
}

impl AppParts {
    pub(crate) fn new(parts: ServerParts) -> App {
        let ServerParts { gateway, config, about, settings, .. } = parts;
        let ServerParts { operator_token, env_key, metrics_token, local_addr, .. } = parts;
        Arc::new(Self {
            hosts: Hosts::new(&config, local_addr),
            rates: RateLimits::new(config.requests_per_minute),
            crowd: Crowd::default(),
            readiness: Readiness::default(),
            never: CancellationToken::new(),
            operator: Digest::of(operator_token.0.as_bytes()),
            env_key: env_key.map(|key| Digest::of(key.as_bytes())),
            metrics_token: metrics_token.map(|token| Digest::of(token.as_bytes())),
            gateway,
            config,
            about,
            settings,
        })
    }

    /// Whether `secret` is the operator's token. Takes the same time for every guess.
    pub(crate) fn is_operator(&self, secret: &str) -> bool {
        same(&self.operator, secret)
    }

    /// Whether `secret` opens `/metrics`.
    pub(crate) fn is_metrics_token(&self, secret: &str) -> bool {
        self.metrics_token.as_ref().is_some_and(|token| same(token, secret))
    }

    /// Whether `secret` is the key from the environment.
    pub(crate) fn is_env_key(&self, secret: &str) -> bool {
        self.env_key.as_ref().is_some_and(|key| same(key, secret))
    }
}

fn same(known: &Digest, secret: &str) -> bool {
    let given = Digest::of(secret.as_bytes());
    bool::from(known.as_bytes().ct_eq(given.as_bytes()))
}
