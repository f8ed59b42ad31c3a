//! What whoever links an account has to accept, before the gateway starts a bridge or shows a code.

/// The name of the terms, as `whatsapp.bridge.accepted_terms` names them. Other terms get another
/// name, and are asked about anew.
pub const TERMS: &str = "linked-device-2026-11";

/// What they say.
pub const TERMS_TEXT: &str = include_str!("../../../whatsapp-bridge/src/terms.txt");

/// Whether somebody has accepted them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Somebody has.
    Accepted,
    /// Nobody has.
    Open,
}

impl Terms {
    /// What the configuration says.
    pub fn accepted_as(name: Option<&str>) -> Self {
        if name == Some(TERMS) { Self::Accepted } else { Self::Open }
    }
}
