//! What holds for every bridge.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::ask::Asker;
pub(crate) use crate::sends::*;
use crate::worlds::{Line, MOVISTAR, World};

/// Every path, with a way to ask for it.
const PATHS: [(&str, &str); 10] = [
    ("GET", "/health"),
    ("GET", "/pairing"),
    ("GET", "/chats"),
    ("GET", "/chat/x"),
    ("GET", "/messages"),
    ("POST", "/messages/ack"),
    ("GET", "/media/x"),
    ("POST", "/send"),
    ("POST", "/send-media"),
    ("POST", "/typing"),
];

pub(crate) fn line(text: &str) -> Line {
    Line { text: text.to_owned(), ..Line::default() }
}

pub(crate) async fn brought(asker: &Asker, query: &str) -> Vec<Value> {
    let body = asker.get(&format!("/messages{query}")).await.is(200);
    body["messages"].as_array().unwrap().clone()
}

pub(crate) async fn nobody_without_the_token_learns_anything(world: impl World) {
    for token in [None, Some(""), Some("wrong"), Some("cs_bridge_for_tests_012345678")] {
        let stranger = world.stranger(token);
        for (method, path) in PATHS.into_iter().chain([("GET", "/"), ("DELETE", "/nowhere")]) {
            let method: Method = method.parse().unwrap();
            stranger.ask(stranger.request(method, path)).await.refuses(401, "unauthorized");
        }
        let answer = stranger.get("/pairing").await;
        assert!(answer.bytes.len() < 200, "{}", answer.body);
    }
    let asker = world.asker();
    asker.get("/nowhere").await.refuses(404, "not_found");
}

pub(crate) async fn health_says_whose_account_it_is(world: impl World) {
    let asker = world.asker();
    let health = asker.get("/health").await.is(200);
    assert_eq!((&health["status"], &health["protocol"]), (&json!("ok"), &json!(1)));
    assert_eq!(health["linked"], true);
    assert_eq!(health["account"]["number_jid"], "34600000000@s.whatsapp.net");
    assert_eq!(health["account"]["lid"], "990000000000000@lid");
    world.is_linked(false);
    let health = asker.get("/health").await.is(200);
    assert_eq!((&health["linked"], &health["account"]), (&json!(false), &Value::Null));
}

pub(crate) async fn chats_are_listed_without_what_was_said(world: impl World) {
    world.has_chat("1203630-1@g.us", "Family", "group").await;
    world.says(line("a secret word")).await;
    let asker = world.asker();
    let body = asker.get("/chats").await.is(200);
    assert!(!body.to_string().contains("secret"), "{body}");
    let chats = body["chats"].as_array().unwrap();
    assert_eq!(chats.len(), 2, "{body}");
    let movistar = chats.iter().find(|chat| chat["name"] == "Movistar").unwrap();
    assert_eq!(movistar["id"], format!("{MOVISTAR}@s.whatsapp.net"));
    assert_eq!(movistar["kind"], "direct");
    assert!(movistar["unread"].as_u64().unwrap() >= 1, "{body}");
    assert!(movistar["last_message_at"].as_str().unwrap().ends_with('Z'), "{body}");
    let one = asker.get("/chats?limit=1").await.is(200);
    assert_eq!(one["chats"].as_array().unwrap().len(), 1);
    let late = asker.get("/chats?since=2099-01-01T00:00:00.000Z").await.is(200);
    assert_eq!(late["chats"], json!([]));
    for query in ["limit=0", "limit=201", "limit=x", "offset=1"] {
        asker.get(&format!("/chats?{query}")).await.refuses(400, "bad_request");
    }
    world.is_linked(false);
    asker.get("/chats").await.refuses(503, "not_linked");
}

pub(crate) async fn a_chat_is_found_by_its_id(world: impl World) {
    let asker = world.asker();
    let chat = asker.get(&format!("/chat/{MOVISTAR}@s.whatsapp.net")).await.is(200);
    assert_eq!(chat["name"], "Movistar");
    asker.get("/chat/34600999999@s.whatsapp.net").await.refuses(404, "no_chat");
}

pub(crate) async fn what_was_said_is_brought_until_it_is_acknowledged(world: impl World) {
    let asker = world.asker();
    assert!(brought(&asker, "").await.is_empty());
    for text in ["one", "two", "three"] {
        world.says(line(text)).await;
    }
    let all = brought(&asker, "").await;
    let texts: Vec<&str> = all.iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    // Nothing is forgotten by being brought.
    assert_eq!(brought(&asker, "?wait=1").await, all);
    let second = all[1]["cursor"].as_str().unwrap();
    let after = brought(&asker, &format!("?after={second}")).await;
    assert_eq!(after, [all[2].clone()]);
    asker.post("/messages/ack", &json!({"cursor": second})).await.is(204);
    assert_eq!(brought(&asker, "").await, [all[2].clone()]);
    // Acknowledging what came before takes nothing back.
    asker.post("/messages/ack", &json!({"cursor": all[0]["cursor"]})).await.is(204);
    assert_eq!(brought(&asker, "").await, [all[2].clone()]);
    asker.post("/messages/ack", &json!({"cursor": all[2]["cursor"]})).await.is(204);
    assert!(brought(&asker, "").await.is_empty());
}

pub(crate) async fn who_waits_hears_of_what_is_said(world: impl World) {
    let asker = world.asker();
    let waiting = brought(&asker, "?wait=30");
    let later = async {
        tokio::task::yield_now().await;
        world.says(line("at last")).await;
    };
    let both =
        tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(waiting, later) });
    let (found, ()) = both.await.unwrap();
    assert_eq!(found[0]["text"], "at last");
}

pub(crate) async fn a_cursor_is_one_of_this_bridge(world: impl World) {
    world.says(line("one")).await;
    let asker = world.asker();
    let cursor = brought(&asker, "").await[0]["cursor"].as_str().unwrap().to_owned();
    for query in ["after=x", "after=-1", "wait=61", "wait=-1", "wait=x", "limit=1"] {
        asker.get(&format!("/messages?{query}")).await.refuses(400, "bad_request");
    }
    let bodies = [
        json!({"cursor": ""}),
        json!({"cursor": 1}),
        json!({"cursor": "c99"}),
        json!({"cursor": cursor, "all": true}),
        json!({}),
    ];
    for body in bodies {
        asker.post("/messages/ack", &body).await.refuses(400, "bad_request");
    }
    assert_eq!(brought(&asker, "").await.len(), 1);
}

pub(crate) async fn many_messages_come_in_order_and_in_parts(world: impl World) {
    for number in 0..130 {
        world.says(line(&number.to_string())).await;
    }
    let asker = world.asker();
    let mut read = Vec::new();
    loop {
        let some = brought(&asker, "").await;
        let Some(last) = some.last() else { break };
        assert!(some.len() <= 100);
        asker.post("/messages/ack", &json!({"cursor": last["cursor"]})).await.is(204);
        read.extend(some.iter().map(|one| one["text"].as_str().unwrap().parse::<u32>().unwrap()));
    }
    assert_eq!(read, (0..130).collect::<Vec<_>>());
}

pub(crate) async fn messages_say_who_and_what_they_quote(world: impl World) {
    world.says(Line { reply_to: Some("3EB0CARD".to_owned()), ..line("1") }).await;
    world.says(Line { by_hand: true, ..line("by hand") }).await;
    let all = brought(&world.asker(), "").await;
    let jid = format!("{MOVISTAR}@s.whatsapp.net");
    for (message, from) in all.iter().zip(["provider", "user"]) {
        assert_eq!(message["chat_id"], jid);
        assert_eq!(message["number_jid"], jid);
        assert_eq!(message["kind"], "direct");
        assert_eq!(message["from"], from);
        assert!(message["at"].as_str().unwrap().ends_with('Z'), "{message}");
    }
    assert_eq!(all[0]["reply_to"], "3EB0CARD");
    assert_eq!(all[0]["push_name"], "Movistar");
    assert_eq!(all[1]["reply_to"], Value::Null);
    assert_ne!(all[0]["id"], all[1]["id"]);
}

pub(crate) async fn groups_bring_nothing(world: impl World) {
    world.group_says("hello all").await;
    let found = brought(&world.asker(), "").await;
    assert!(found.iter().all(|message| message["kind"] == "group"), "{found:?}");
}

pub(crate) async fn what_was_said_is_brought_also_when_the_account_is_unlinked(world: impl World) {
    world.says(line("before")).await;
    world.is_linked(false);
    let asker = world.asker();
    let all = brought(&asker, "").await;
    assert_eq!(all.len(), 1);
    asker.post("/messages/ack", &json!({"cursor": all[0]["cursor"]})).await.is(204);
}

pub(crate) async fn a_file_that_was_said_can_be_fetched(world: impl World) {
    let bytes = b"%PDF-1.7 a bill".to_vec();
    let file = Some(("application/pdf", None, bytes.clone()));
    world.says(Line { file, ..line("your bill") }).await;
    let huge = Some(("application/pdf", Some(17 * 1024 * 1024), b"x".to_vec()));
    world.says(Line { file: huge, ..line("a film") }).await;
    let asker = world.asker();
    let all = brought(&asker, "").await;
    assert_eq!((&all[0]["text"], &all[0]["media"]), (&json!("your bill"), &json!("document")));
    let file = &all[0]["file"];
    assert_eq!((&file["type"], &file["name"]), (&json!("application/pdf"), &json!("bill.pdf")));
    assert_eq!(file["size"], bytes.len());
    let path = format!("/media/{}", file["id"].as_str().unwrap());
    let answer = asker.get(&path).await;
    assert_eq!((answer.status.as_u16(), &answer.bytes), (200, &bytes));
    let path = format!("/media/{}", all[1]["file"]["id"].as_str().unwrap());
    asker.get(&path).await.refuses(413, "too_large");
    for path in ["/media/x", "/media/..%2f..%2fetc%2fpasswd"] {
        asker.get(path).await.refuses(404, "no_media");
    }
}

pub(crate) async fn pairing_shows_a_code_until_the_account_is_linked(world: impl World) {
    let asker = world.asker();
    let linked = asker.get("/pairing").await.is(200);
    assert_eq!(linked["state"], "linked");
    assert_eq!(linked["account"]["number_jid"], "34600000000@s.whatsapp.net");
    assert!(linked.get("qr").is_none(), "{linked}");
    world.is_linked(false);
    assert_eq!(asker.get("/pairing").await.is(200)["state"], "waiting");
    world.has_code(true);
    let shown = asker.get("/pairing").await.is(200);
    assert_eq!(shown["state"], "code");
    let text = shown["qr"]["text"].as_str().unwrap();
    assert!(text.chars().all(|c| " ▀▄█\n".contains(c)), "{text}");
    assert!(shown["qr"]["svg"].as_str().unwrap().starts_with("<svg "), "{shown}");
    assert!(shown["qr"]["expires_at"].as_str().unwrap().ends_with('Z'), "{shown}");
    // The code itself is in the drawing alone, and nowhere else.
    assert!(!shown.to_string().contains("secret"), "{shown}");
    assert!(!asker.get("/health").await.is(200).to_string().contains("secret"));
    world.is_linked(true);
    assert_eq!(asker.get("/pairing").await.is(200)["state"], "linked");
}
