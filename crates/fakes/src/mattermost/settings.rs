//! How the server is set up: the settings of a real one that a gateway meets.

use std::time::Duration;

use super::clock::Clock;

/// The settings of the server. The default is an install that works: its own address as `SiteURL`,
/// loopback allowed for callbacks, commands enabled, no rate limit.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the real server")]
pub struct Settings {
    /// `SiteURL`.
    pub site_url: SiteUrl,
    /// `EnableCommands`.
    pub enable_commands: bool,
    /// `AllowedUntrustedInternalConnections`, as an operator writes it: hosts, addresses and
    /// CIDR ranges with spaces or commas between.
    pub untrusted_internal_connections: String,
    /// `OutgoingIntegrationRequestsTimeout`.
    pub outgoing_timeout: Duration,
    /// `RateLimitSettings`; off by default.
    pub rate_limit: Option<RateLimit>,
    /// `MaximumPayloadSizeBytes`.
    pub max_payload_bytes: usize,
    /// The longest message that the database takes, in runes.
    pub max_message_runes: usize,
    /// `MaxFileSize`.
    pub max_file_bytes: usize,
    /// `EnableFileAttachments`.
    pub enable_file_attachments: bool,
    /// `PostEditTimeLimit`; `None` is the default, no limit.
    pub post_edit_time_limit: Option<Duration>,
    /// `ExperimentalEnableHardenedMode`.
    pub hardened_mode: bool,
    /// `EnableBotAccountCreation`.
    pub enable_bot_account_creation: bool,
    /// `EnableUserAccessTokens`; tokens of bots work regardless.
    pub enable_user_access_tokens: bool,
    /// `EnablePostUsernameOverride`.
    pub enable_post_username_override: bool,
    /// Whether the list of commands is refused with 403 to whoever asks, as some installs do.
    pub refuse_command_lists: bool,
    /// What `AsymmetricSigningPublicKey` in the client's configuration says.
    pub trigger_signing: TriggerSigning,
    /// The version that it says it has.
    pub version: String,
    /// Its clock.
    pub clock: Clock,
}

/// What `SiteURL` is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteUrl {
    /// Where the server really listens.
    Own,
    /// Nothing: slash commands fail.
    Unset,
    /// Something else.
    Set(String),
}

/// Whether the public key of `trigger_id` can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerSigning {
    /// The key is shown, and is the right one.
    KeyShown,
    /// The configuration has no such entry.
    KeyMissing,
    /// The key shown is not the one that signs.
    AnotherKeyShown,
}

/// A limit on requests, for each token by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// `PerSec`.
    pub per_second: u32,
    /// `MaxBurst`.
    pub burst: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            site_url: SiteUrl::Own,
            enable_commands: true,
            untrusted_internal_connections: "127.0.0.1 localhost".to_owned(),
            outgoing_timeout: Duration::from_secs(30),
            rate_limit: None,
            max_payload_bytes: 300_000,
            max_message_runes: 16_383,
            max_file_bytes: 100 * 1024 * 1024,
            enable_file_attachments: true,
            post_edit_time_limit: None,
            hardened_mode: false,
            enable_bot_account_creation: false,
            enable_user_access_tokens: false,
            enable_post_username_override: false,
            refuse_command_lists: false,
            trigger_signing: TriggerSigning::KeyShown,
            version: "11.6.0".to_owned(),
            clock: Clock::real(),
        }
    }
}
