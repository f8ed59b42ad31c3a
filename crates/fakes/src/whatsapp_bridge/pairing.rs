//! Linking the account.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::fake::FakeBridge;
use super::state::{Account, Shared};

/// A code, as small as one can be drawn.
const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 2 2\">\
                   <path fill=\"#fff\" d=\"M0 0h2v2h-2z\"/><path fill=\"#000\" d=\"M0 0h1v1h-1z\"/>\
                   </svg>";

/// The same for a terminal.
const TEXT: &str = "▀ \n";

impl FakeBridge {
    /// There is a code to scan, as soon as somebody asks for it while the account is not linked; or
    /// there is none yet.
    pub fn has_code(&self, has: bool) {
        self.shared.change(|account| account.has_code = has);
    }

    /// How often somebody has asked for a code.
    pub fn asked_for_code(&self) -> u32 {
        self.shared.account().asked_for_code
    }
}

pub(super) fn owner(account: &Account) -> Option<Value> {
    (!account.unlinked).then(|| {
        json!({
            "number_jid": "34600000000@s.whatsapp.net",
            "lid": "990000000000000@lid",
            "push_name": "Own",
        })
    })
}

pub(super) async fn pairing(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.change(|account| {
        account.asked_for_code += 1;
        Json(match owner(account) {
            Some(owner) => json!({"state": "linked", "account": owner}),
            None if account.has_code => json!({
                "state": "code",
                "qr": {"svg": SVG, "text": TEXT, "expires_at": "2099-01-01T00:00:00.000Z"},
            }),
            None => json!({"state": "waiting", "why": "the code is on its way"}),
        })
    })
}
