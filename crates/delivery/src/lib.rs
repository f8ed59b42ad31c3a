//! What carries messages out of the house: signed webhooks and mail.
//!
//! Everything here takes an `OutboundPermit`, which only a used-up grant gives. It decides nothing
//! and keeps no state: whether something was sent is recorded by the gateway.

mod mail;
mod webhook;

pub use mail::{MailSettings, SmtpMailer, SmtpProblem, Tls};
pub use webhook::{SIGNATURE, TIMESTAMP, WebhookSettings, Webhooks, sign};
