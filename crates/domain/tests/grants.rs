//! Grants against everything that an attacker or an accident can do to them.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]
#![expect(clippy::disallowed_methods, reason = "how many mutations are tried is set from outside")]

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_domain::action::{Action, ActionKind};
use countersign_domain::grants::{
    Binding, Grant, GrantError, Terms, VerifiedGrant, bound_destination, for_action, verify,
};
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::{GatewayId, GrantId, SessionId};
use countersign_domain::signing::{Purpose, SigningKey, VerifyingKeys};
use countersign_domain::time::Timestamp;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);
const TTL: Duration = Duration::from_mins(2);

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32]).unwrap()
}

fn keys() -> VerifyingKeys {
    [key(1).verifying_key().clone()].into_iter().collect()
}

fn request(url: &str, body: &str) -> Action {
    Action::HttpRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: BTreeMap::new(),
        body: body.to_owned(),
    }
}

fn binding(action: &Action, tool: &str, session: u128) -> Binding {
    let session = SessionId::from_uuid(Uuid::from_u128(session));
    Binding::of(action, tool, session, GatewayId::from_uuid(Uuid::from_u128(1)))
}

fn ours() -> Binding {
    binding(&request("https://a.example/x", "hello"), "http_request", 1)
}

fn claims() -> Grant {
    let by = Actor::Principal(Principal::Operator);
    for_action(GrantId::from_uuid(Uuid::from_u128(9)), &ours(), (Terms::Once, by, None), (NOW, TTL))
}

fn token() -> String {
    key(1).sign(Purpose::Grant, &claims().to_json()).unwrap()
}

fn code(outcome: Result<VerifiedGrant, GrantError>) -> &'static str {
    outcome.map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn every_way_in_which_a_grant_can_be_wrong_has_its_code() {
    let late = NOW.after(TTL);
    let early = Timestamp::from_millis(NOW.as_millis() - 1);
    let action = request("https://a.example/x", "hello");
    let other_key = key(2).sign(Purpose::Grant, &claims().to_json()).unwrap();
    let checkpoint = key(1).sign(Purpose::Checkpoint, &claims().to_json()).unwrap();
    let no_grant = key(1).sign(Purpose::Grant, "{}").unwrap();
    let more = claims().to_json().replacen('{', r#"{"admin":true,"#, 1);
    let more = key(1).sign(Purpose::Grant, &more).unwrap();
    let mut elsewhere = ours();
    elsewhere.gateway = GatewayId::from_uuid(Uuid::from_u128(2));
    let mut other_kind = ours();
    other_kind.kind = ActionKind::Exec;
    let cases = [
        (token(), ours(), NOW, "ok"),
        (token(), ours(), Timestamp::from_millis(late.as_millis() - 1), "ok"),
        (String::new(), ours(), NOW, "grant_missing"),
        ("yes, please".to_owned(), ours(), NOW, "grant_malformed"),
        ("v4.public.".to_owned() + &"A".repeat(9000), ours(), NOW, "grant_malformed"),
        (no_grant, ours(), NOW, "grant_malformed"),
        (more, ours(), NOW, "grant_malformed"),
        (other_key, ours(), NOW, "grant_signature"),
        (checkpoint, ours(), NOW, "grant_signature"),
        (token(), elsewhere, NOW, "grant_signature"),
        (token(), ours(), late, "grant_expired"),
        (token(), ours(), early, "grant_expired"),
        (token(), binding(&action, "send_email", 1), NOW, "grant_wrong_tool"),
        (token(), other_kind, NOW, "grant_wrong_tool"),
        (token(), binding(&action, "http_request", 2), NOW, "grant_wrong_session"),
        (
            token(),
            binding(&request("https://b.example/x", "hello"), "http_request", 1),
            NOW,
            "grant_wrong_destination",
        ),
        (
            token(),
            binding(&request("https://a.example/x", "hello."), "http_request", 1),
            NOW,
            "grant_content_changed",
        ),
    ];
    for (token, binding, now, expected) in cases {
        assert_eq!(code(verify(&token, &keys(), &binding, now)), expected, "{token}");
    }
}

/// As long as the tools let a destination be, and longer.
#[test]
fn no_destination_makes_a_grant_too_long_or_stands_for_another() {
    let url = |length: usize, last: char| {
        let base = "https://a.example/";
        format!("{base}{}{last}", "x".repeat(length - base.len() - 1))
    };
    for length in [511, 512, 513, 6_000, 32 * 1024, 1_000_000] {
        let binding = binding(&request(&url(length, 'a'), "x"), "http_request", 1);
        let by = Actor::Principal(Principal::Operator);
        let id = GrantId::from_uuid(Uuid::from_u128(9));
        let claims = for_action(id, &binding, (Terms::Once, by, None), (NOW, TTL));
        assert_eq!(claims.dst.starts_with("sha256:"), length > 512, "{length}");
        let token = key(1).sign(Purpose::Grant, &claims.to_json()).unwrap();
        assert_eq!(code(verify(&token, &keys(), &binding, NOW)), "ok", "{length}");
        let mut other = binding.clone();
        other.destination = bound_destination(&url(length, 'b'));
        let refused = code(verify(&token, &keys(), &other, NOW));
        assert_eq!(refused, "grant_wrong_destination", "{length}");
    }
}

/// A small generator, so that a seed gives the same mutations everywhere.
struct Lots(u64);

impl Lots {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(below).unwrap()).unwrap()
    }
}

/// `MUTATIONS` sets how many; 1,000,000 take about a minute in a release build.
#[test]
fn no_mutation_of_a_grant_is_accepted() {
    const ALPHABET: &[u8] =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
    let count = std::env::var("MUTATIONS").map_or(2_000, |text| text.parse().unwrap());
    let good = token();
    let mut other = claims();
    other.dst = "https://b.example/x".to_owned();
    let stranger = key(1).sign(Purpose::Grant, &other.to_json()).unwrap();
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let mut lots = Lots(0x5eed);
    for number in 0..count {
        let mut bytes = good.clone().into_bytes();
        match number % 6 {
            0 => {
                let at = lots.next(bytes.len());
                bytes[at] ^= 1 << lots.next(8);
            }
            1 => {
                let at = lots.next(bytes.len());
                bytes[at] = ALPHABET[lots.next(ALPHABET.len())];
            }
            2 => bytes.truncate(lots.next(bytes.len())),
            3 => {
                let (a, b) = (lots.next(bytes.len()), lots.next(bytes.len()));
                bytes.swap(a, b);
            }
            4 => {
                let at = lots.next(bytes.len() + 1);
                bytes.insert(at, ALPHABET[lots.next(ALPHABET.len())]);
            }
            _ => {
                // Parts and pieces of another good token of the same key.
                let (mut ours, theirs) = (parts(&good), parts(&stranger));
                let part = lots.next(ours.len());
                let cut = lots.next(ours[part].len().min(theirs[part].len()) + 1);
                ours[part] =
                    [ours[part].get(..cut).unwrap(), theirs[part].get(cut..).unwrap()].concat();
                bytes = ours.join(".").into_bytes();
            }
        }
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if text != good {
            let outcome = verify(&text, &keys(), &ours(), NOW);
            assert!(outcome.is_err(), "mutation {number} was accepted: {text}");
        }
    }
}
