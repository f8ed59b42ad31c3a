//! What carries messages out of the house: signed webhooks and mail.
//!
//! Messages and mail take an `OutboundPermit`, which only a used-up grant gives; callbacks tell the
//! programs that asked how it ended, at addresses that the operator has configured. It decides nothing
//! and keeps no state: whether something was sent is recorded by the gateway.

mod callback;
mod mail;
mod webhook;

pub use mail::{MailSettings, SmtpMailer, SmtpProblem, Tls};
pub use webhook::{SIGNATURE, TIMESTAMP, WebhookSettings, Webhooks, sign};
