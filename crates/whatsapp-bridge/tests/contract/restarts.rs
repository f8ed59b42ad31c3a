//! What outlives the process of the bridge.

use std::net::Ipv4Addr;
use std::sync::Arc;

use countersign_whatsapp_bridge::{
    Bridge, ChatKind, ChatSeen, From, Heard, Store, TERMS, Token, listen,
};
use serde_json::json;

use crate::script::{Own, Script};
use crate::suite::{brought, line};
use crate::worlds::{MOVISTAR, World as _};

fn hello(key: &str) -> serde_json::Value {
    let chat = format!("{MOVISTAR}@s.whatsapp.net");
    json!({"chat_id": chat, "text": "Hello", "idempotency_key": key})
}

#[tokio::test]
async fn what_was_said_and_the_places_of_it_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.db");
    let own = Own::at(&file, Arc::default()).await;
    own.says(line("one")).await;
    own.says(line("two")).await;
    let before = brought(&own.asker(), "").await;
    own.asker().post("/messages/ack", &json!({"cursor": before[0]["cursor"]})).await.is(204);
    let script = own.script.clone();
    own.ends().await;
    let own = Own::at(&file, script).await;
    assert_eq!(brought(&own.asker(), "").await, [before[1].clone()]);
    own.asker().post("/messages/ack", &json!({"cursor": before[1]["cursor"]})).await.is(204);
    own.says(line("three")).await;
    // A place is never given twice, also when everything before it is forgotten.
    let after = brought(&own.asker(), "").await;
    assert_eq!(after.len(), 1);
    assert!(before.iter().all(|one| one["cursor"] != after[0]["cursor"]));
}

#[tokio::test]
async fn a_key_outlives_the_process_and_so_does_the_id_of_what_may_have_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.db");
    let own = Own::at(&file, Arc::default()).await;
    let sent = own.asker().post("/send", &hello("k1")).await.is(200);
    own.breaks_off(1);
    own.asker().post("/send", &hello("k2")).await.refuses(502, "broken");
    let script = own.script.clone();
    own.ends().await;
    let own = Own::at(&file, script).await;
    assert_eq!(own.asker().post("/send", &hello("k1")).await.is(200), sent);
    let again = own.asker().post("/send", &hello("k2")).await.is(200);
    let left = own.left();
    assert_eq!(left.len(), 2, "the other side sees each once");
    assert_eq!(again["message_id"], left[1].id);
}

#[tokio::test]
async fn what_is_known_not_to_have_left_frees_its_key_and_what_is_not_keeps_it() {
    let own = Own::new().await;
    let asker = own.asker();
    own.script.is_deaf(1);
    asker.post("/send", &hello("k1")).await.refuses(503, "not_sent");
    let other = json!({"chat_id": "1@lid", "text": "Bye", "idempotency_key": "k1"});
    asker.post("/send", &other).await.is(200);
    own.breaks_off(1);
    asker.post("/send", &hello("k2")).await.refuses(502, "broken");
    // This try has not left, but the one before may have.
    own.script.is_deaf(1);
    asker.post("/send", &hello("k2")).await.refuses(502, "broken");
    asker.post("/send", &hello("k2")).await.is(200);
    assert_eq!(own.left().len(), 2);
}

#[tokio::test]
async fn two_who_give_one_key_at_once_get_one_message() {
    let own = Own::new().await;
    let asks: Vec<_> = (0..8)
        .map(|_| {
            let asker = own.asker();
            tokio::spawn(async move { asker.post("/send", &hello("k1")).await.is(200) })
        })
        .collect();
    let mut ids = Vec::new();
    for ask in asks {
        ids.push(ask.await.unwrap());
    }
    ids.dedup();
    assert_eq!((ids.len(), own.left().len(), own.script.given()), (1, 1, 1));
}

#[tokio::test]
async fn what_is_heard_twice_is_brought_once_also_after_it_was_acknowledged() {
    let own = Own::new().await;
    let heard = own.heard("one");
    own.store.hear(vec![heard.clone(), heard.clone()]).await.unwrap();
    own.store.hear(vec![heard.clone()]).await.unwrap();
    let all = brought(&own.asker(), "").await;
    assert_eq!(all.len(), 1);
    own.asker().post("/messages/ack", &json!({"cursor": all[0]["cursor"]})).await.is(204);
    own.store.hear(vec![heard.clone()]).await.unwrap();
    assert!(brought(&own.asker(), "").await.is_empty());
    // The same id of somebody else is another message.
    let sender = "34600999999@s.whatsapp.net".to_owned();
    own.store.hear(vec![Heard { chat: sender.clone(), sender, ..heard }]).await.unwrap();
    assert_eq!(brought(&own.asker(), "").await.len(), 1);
}

#[tokio::test]
async fn nothing_of_what_was_said_stays_after_it_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.db");
    let own = Own::at(&file, Arc::default()).await;
    own.says(line("the code of the door is 4711")).await;
    let all = brought(&own.asker(), "").await;
    own.asker().post("/messages/ack", &json!({"cursor": all[0]["cursor"]})).await.is(204);
    let Own { store, .. } = own;
    drop(store);
    let kept = rusqlite::Connection::open(&file).unwrap();
    kept.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(4).any(|part| part == b"4711"));
}

#[tokio::test]
async fn what_was_sent_from_here_does_not_come_back_and_is_known_when_it_is_quoted() {
    let own = Own::new().await;
    let asker = own.asker();
    let sent = asker.post("/send", &hello("k1")).await.is(200);
    let id = sent["message_id"].as_str().unwrap().to_owned();
    let echo = Heard { id: id.clone(), from: From::User, ..own.heard("Hello") };
    own.store.hear(vec![echo]).await.unwrap();
    assert!(brought(&asker, "").await.is_empty());
    for (key, quoted) in [("k2", id.as_str()), ("k3", "3Atheirs")] {
        let mut body = hello(key);
        body["reply_to"] = json!(quoted);
        asker.post("/send", &body).await.is(200);
    }
    assert_eq!(own.script.quoted(), [(id, true), ("3Atheirs".to_owned(), false)]);
}

#[tokio::test]
async fn a_lid_and_its_number_are_listed_as_one_chat() {
    let own = Own::new().await;
    let (lid, number) = ("990000000000001@lid", format!("{MOVISTAR}@s.whatsapp.net"));
    let seen = |id: &str, name: Option<&str>, last_at| ChatSeen {
        id: id.to_owned(),
        kind: ChatKind::Direct,
        name: name.map(str::to_owned),
        last_at,
        unread: None,
    };
    own.store.see(vec![seen(lid, Some("Movistar"), Some(1))]).await.unwrap();
    let names = seen("34600333444@s.whatsapp.net", Some("Only in the address book"), None);
    own.store.see(vec![names]).await.unwrap();
    let said = own.heard("hello");
    own.store.hear(vec![Heard { chat: lid.to_owned(), ..said }]).await.unwrap();
    let asker = own.asker();
    let listed = asker.get("/chats").await.is(200);
    let chats = listed["chats"].as_array().unwrap();
    assert_eq!(chats.len(), 1, "{listed}");
    assert_eq!((&chats[0]["id"], &chats[0]["unread"]), (&json!(number), &json!(1)));
    assert_eq!(asker.get(&format!("/chat/{lid}")).await.is(200)["id"], number);
    // The name that the user knows somebody by is not theirs to change.
    own.store.see(vec![seen(&number, Some("My phone company"), None)]).await.unwrap();
    let renamed = Heard { push_name: Some("Your bank".to_owned()), ..own.heard("hello") };
    own.store.hear(vec![renamed]).await.unwrap();
    let chat = asker.get(&format!("/chat/{number}")).await.is(200);
    assert_eq!(chat["name"], "My phone company");
    // Digits of a LID are no number, whatever stands there.
    own.store.learn(vec![(number.clone(), lid.to_owned())]).await.unwrap();
    assert_eq!(asker.get(&format!("/chat/{number}")).await.is(200)["id"], number);
}

#[tokio::test]
async fn what_belongs_to_an_account_goes_with_it_and_what_was_said_is_still_brought() {
    let own = Own::new().await;
    own.says(line("one")).await;
    own.store.forget_account().await.unwrap();
    let asker = own.asker();
    assert_eq!(asker.get("/chats").await.is(200)["chats"], json!([]));
    assert_eq!(brought(&asker, "").await.len(), 1);
}

#[tokio::test]
async fn it_listens_on_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("bridge.db")).unwrap();
    let token = Token::new("cs_bridge_for_tests_0123456789").unwrap();
    let bridge = Bridge::new(store, Arc::new(Script::default()), token);
    let refused = listen(bridge, (Ipv4Addr::UNSPECIFIED, 0).into()).await;
    assert!(refused.is_err());
    assert!(!TERMS.is_empty());
}

#[test]
fn a_database_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.db");
    drop(Store::open(&file).unwrap());
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(Store::open(&file).is_err());
}
