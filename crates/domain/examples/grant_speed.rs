//! How long it takes to make a grant and to verify one.
//!
//! `cargo run --release -p countersign-domain --example grant_speed`

#![expect(clippy::print_stdout, reason = "figures on the terminal are its purpose")]
#![expect(clippy::disallowed_methods, reason = "a measurement outside the crate")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use countersign_domain::action::Action;
use countersign_domain::grants::{Binding, Terms, for_action, verify};
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::{GatewayId, GrantId, SessionId};
use countersign_domain::signing::{Purpose, SigningKey, VerifyingKeys};
use countersign_domain::time::Timestamp;
use uuid::Uuid;

const ROUNDS: u32 = 20_000;
const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = SigningKey::from_seed([1; 32]).ok_or("no key")?;
    let keys: VerifyingKeys = [key.verifying_key().clone()].into_iter().collect();
    let action = Action::HttpRequest {
        method: "POST".to_owned(),
        url: "https://a.example/x".to_owned(),
        headers: BTreeMap::new(),
        body: "hello ".repeat(200),
    };
    let uuid = Uuid::from_u128;
    let session = SessionId::from_uuid(uuid(1));
    let gateway = GatewayId::from_uuid(uuid(1));
    let terms = || (Terms::Once, Actor::Principal(Principal::Operator), None);
    let mut made = Vec::new();
    let mut verified = Vec::new();
    for round in 0..ROUNDS {
        let begun = Instant::now();
        let binding = Binding::of(&action, "http_request", session, gateway);
        let id = GrantId::from_uuid(uuid(u128::from(round)));
        let claims = for_action(id, &binding, terms(), (NOW, Duration::from_mins(2)));
        let token = key.sign(Purpose::Grant, &claims.to_json()).ok_or("no signature")?;
        made.push(begun.elapsed());
        let begun = Instant::now();
        verify(&token, &keys, &binding, NOW).map_err(|error| error.code())?;
        verified.push(begun.elapsed());
    }
    for (what, mut times) in [("made", made), ("verified", verified)] {
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        println!("a grant is {what} in {:.1?} (p50), {:.1?} (p99)", at(50), at(99));
    }
    Ok(())
}
