//! Webhooks that are not Meta's, not for this number, or not new.

use countersign_domain::audit::AuditKind;
use countersign_test_kit::business;
use serde_json::json;

use crate::conversation::runs;
use crate::town::{ANN, ASKS, Town};

fn message(id: &str, text: &str) -> (serde_json::Value, serde_json::Value) {
    let contact = json!({"profile": {"name": "Ann"}, "wa_id": ANN});
    let message = json!({
        "from": ANN, "id": id, "timestamp": "1795000000", "type": "text", "text": {"body": text},
    });
    (contact, message)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_counts_without_the_signature_of_its_very_bytes() {
    let town = Town::open().await;
    let number = town.cloud.settings().phone_number_id.clone();
    let (contact, said) = message("wamid.forged", ASKS);
    let body = town.cloud.webhook_of(&number, vec![contact], vec![said]);
    let good = town.cloud.signs(&body);
    let mut changed = body.clone();
    let place = changed.windows(4).position(|four| four == b"made").unwrap();
    changed[place] = b'f';
    let spaced = [body.as_slice(), b" "].concat();
    for (body, signature) in [
        (&body, None),
        (&body, Some(String::new())),
        (&body, Some("sha256=".to_owned())),
        (&body, Some(good.replace("sha256=", "sha1="))),
        (&body, Some(good.to_uppercase())),
        (&body, Some(town.cloud.signs_with("another-secret", &body))),
        (&changed, Some(good.clone())),
        (&spaced, Some(good.clone())),
    ] {
        assert_eq!(town.cloud.posts(body, signature.as_deref()).await, 401, "{signature:?}");
    }
    assert_eq!(runs(&town).await, 0);
    assert_eq!(town.house.audited(AuditKind::CallbackRefused).await.len(), 8);
    // Signed as it should be it counts, once.
    for _ in 0..3 {
        assert_eq!(town.cloud.posts(&body, Some(&good)).await, 200);
    }
    assert_eq!(runs(&town).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_another_number_of_the_app_is_not_taken() {
    let town = Town::open().await;
    let (contact, said) = message("wamid.other", ASKS);
    let body = town.cloud.webhook_of("999999999999999", vec![contact], vec![said]);
    let signature = town.cloud.signs(&body);
    // It would be no better the next time.
    assert_eq!(town.cloud.posts(&body, Some(&signature)).await, 200);
    assert_eq!(runs(&town).await, 0);
    let noted = town.house.audited(AuditKind::CallbackRefused).await;
    assert_eq!(noted.len(), 1);
    assert!(noted[0].detail["why"].to_string().contains("another number"), "{noted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_and_strange_breaks_nothing_and_keeps_nothing_from_being_taken() {
    let town = Town::open().await;
    let number = town.cloud.settings().phone_number_id.clone();
    for body in ["", "{}", "[]", "null", "\"x\"", r#"{"object":"page"}"#, &"[".repeat(100_000)] {
        let signature = town.cloud.signs(body.as_bytes());
        assert_eq!(town.cloud.posts(body.as_bytes(), Some(&signature)).await, 200, "{body:.20}");
    }
    let (contact, said) = message("wamid.1", "wait 0");
    let strange = vec![
        json!(1),
        json!({"type": "text"}),
        json!({"from": "1-2@g.us", "id": "a", "type": "text", "text": {"body": "x"}}),
        json!({"from": ANN, "id": "b", "type": "new_kind_of_message", "timestamp": "x"}),
        said,
    ];
    let body = town.cloud.webhook_of(&number, vec![json!(7), contact], strange);
    let signature = town.cloud.signs(&body);
    assert_eq!(town.cloud.posts(&body, Some(&signature)).await, 200);
    assert!(runs(&town).await >= 1);
    let large = vec![b' '; 3 * 1024 * 1024 + 1];
    let signature = town.cloud.signs(&large);
    assert_eq!(town.cloud.posts(&large, Some(&signature)).await, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_knows_the_word_is_told_the_challenge() {
    let town = Town::open().await;
    let webhook = town.door.webhook();
    assert!(town.cloud.subscribes(&webhook, business::VERIFY_TOKEN).await.is_ok());
    for word in ["", "a-word-of-our-ow", "A-WORD-OF-OUR-OWN", "another"] {
        let refused = town.cloud.subscribes(&webhook, word).await.unwrap_err();
        assert!(refused.contains("403"), "{word}: {refused}");
    }
    let elsewhere = webhook.replace("/webhook", "/events");
    let refused = town.cloud.subscribes(&elsewhere, business::VERIFY_TOKEN).await.unwrap_err();
    assert!(refused.contains("404"), "{refused}");
    let elsewhere = webhook.replace("/main/", "/other/");
    assert!(town.cloud.subscribes(&elsewhere, business::VERIFY_TOKEN).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hides_the_number_is_known_if_they_wrote_with_it_before() {
    let town = Town::open().await;
    town.bob.hides_number();
    assert_eq!(town.bob.writes("wait 0").await.status, 200);
    assert_eq!(runs(&town).await, 0);
    let noted = town.house.audited(AuditKind::CallbackRefused).await;
    assert!(noted[0].detail["why"].to_string().contains("hides the number"), "{noted:?}");
    town.ann.writes("wait 0").await;
    town.ann.hides_number();
    town.ann.writes("/whoami").await;
    town.cloud.wait_for_text(&town.ann, ANN).await;
}
