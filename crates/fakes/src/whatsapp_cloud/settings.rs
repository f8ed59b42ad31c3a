//! How the number and its app are set up.

use crate::mattermost::Clock;

/// The settings of the fake. The default is a number that works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its clock: the window of 24 hours and the rate limits follow it.
    pub clock: Clock,
    /// The id of the number.
    pub phone_number_id: String,
    /// The number itself, in digits.
    pub number: String,
    /// The id of the business account.
    pub business_id: String,
    /// What the app proves itself with.
    pub access_token: String,
    /// What webhooks are signed with.
    pub app_secret: String,
    /// How somebody learns that a text came too late.
    pub late: Late,
    /// Whether the number's webhooks bring statuses by themselves.
    pub statuses: Statuses,
    /// How many messages a second the number may send.
    pub per_second: u32,
    /// How many messages one person may be sent in a burst; after that one in six seconds.
    pub per_person: u32,
}

/// How a text that comes outside the window of 24 hours is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// It is taken, and a status says that it failed: what the real one usually does.
    ByStatus,
    /// The request is refused.
    AtOnce,
}

/// Whether statuses are brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statuses {
    /// `sent` and `delivered` of every message that arrives, `failed` of every other.
    Brought,
    /// Only those that the test brings.
    Held,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: Clock::real(),
            phone_number_id: "106540352242922".to_owned(),
            number: "15550783881".to_owned(),
            business_id: "102290129340398".to_owned(),
            access_token: "EAAJB-cloud-token-for-tests".to_owned(),
            app_secret: "5f1c-app-secret-for-tests".to_owned(),
            late: Late::ByStatus,
            statuses: Statuses::Brought,
            per_second: 80,
            per_person: 45,
        }
    }
}
