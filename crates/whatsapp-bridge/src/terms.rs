//! What whoever links an account has to accept.

/// The name of the terms; whoever gives it accepts them. Other terms get another name.
pub const TERMS: &str = "linked-device-2026-11";

/// What they say.
pub const TERMS_TEXT: &str = include_str!("terms.txt");
