//! What leaves the house: where to, by what policy, and what must never be in it.
//!
//! Everything here is a value or a pure rule. Whether a person is asked follows from the guard's
//! assessment; that nothing leaves without a grant follows from [`crate::permit::OutboundPermit`],
//! which alone a messenger takes.

mod addresses;
mod attachment;
mod destination;
mod directory;
mod leaks;
mod mail;
mod policy;
mod presented;
mod rate_key;
mod readings;
mod url_parts;

pub use addresses::{is_loopback, is_metadata_service, names_metadata_service};
pub use attachment::{Attachment, Content, FileName, ShownAttachment};
pub use destination::{Destination, InvalidDestination, Place, WebhookName};
pub use directory::{Directory, Resolved, Unresolved};
pub use leaks::{Leak, leaks};
pub use mail::{EmailAddress, InvalidMail, Subject};
pub use policy::{OutboundPolicy, SecretPolicy, sends_data};
pub use presented::{TOKEN_ARGUMENT, mask_token, presented_token};
pub use rate_key::{rate_keys, receiver_key};
pub use url_parts::{host_and_port, query};
