//! The section `gateway` of the configuration: where the listener is and what it puts up with.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use countersign_ports::duration::HumanDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the listener is and what it puts up with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Address and port to listen on. Anything but loopback needs a key.
    pub listen: String,
    /// How people reach the gateway, such as `https://agents.example.org`; used in links.
    pub public_url: Option<String>,
    /// Further names that requests may give as `Host`. The names of this machine's loopback, the
    /// listening address and the host of `public_url` are always accepted.
    pub allowed_hosts: Vec<String>,
    /// Other web origins whose pages may call the API, compared exactly:
    /// `https://tools.example.org`.
    pub cors_origins: Vec<String>,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// How many requests one API key may make in a minute.
    pub requests_per_minute: NonZeroU32,
    /// How long requests that are being answered may go on when the gateway stops.
    pub drain_timeout: HumanDuration,
    /// How long a gateway that is told to stop says that it is not ready and works on, so that a load
    /// balancer in front of several nodes finds another one first.
    pub drain_notice: HumanDuration,
    /// How long a client may take to send the head of a request.
    pub header_timeout: HumanDuration,
    /// Name of the environment variable that holds a token which opens `/metrics` and nothing else,
    /// also while the store does not answer.
    pub metrics_token_env: Option<String>,
    /// The file that holds it.
    pub metrics_token_file: Option<PathBuf>,
}

/// How patient the listener is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// How long a client may take to send the head of a request.
    pub header: Duration,
    /// How long requests that are being answered may go on when the gateway stops.
    pub drain: Duration,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8642".to_owned(),
            public_url: None,
            allowed_hosts: Vec::new(),
            cors_origins: Vec::new(),
            max_body_bytes: 10 * 1024 * 1024,
            requests_per_minute: NonZeroU32::MIN.saturating_add(119_999),
            drain_timeout: HumanDuration::from_secs(10),
            drain_notice: HumanDuration::from_secs(0),
            header_timeout: HumanDuration::from_secs(15),
            metrics_token_env: None,
            metrics_token_file: None,
        }
    }
}

impl HttpConfig {
    /// How patient the listener is.
    pub const fn timeouts(&self) -> Timeouts {
        Timeouts { header: self.header_timeout.0, drain: self.drain_timeout.0 }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        HttpConfig::default().timeouts()
    }
}
