//! What the fake Cloud API takes, and what it refuses.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::time::Duration;

use countersign_fakes::whatsapp_cloud::{Clock, FakeCloud, File, Late, Settings, Statuses};
use serde_json::{Value, json};

const ANN: &str = "34600000001";

struct App {
    cloud: FakeCloud,
    client: reqwest::Client,
}

impl App {
    async fn open(change: impl FnOnce(&mut Settings)) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut settings =
            Settings { clock: Clock::standing_at(1_795_000_000_000), ..Settings::default() };
        settings.statuses = Statuses::Held;
        change(&mut settings);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { cloud: FakeCloud::start(settings).await, client }
    }

    fn url(&self, rest: &str) -> String {
        format!("{}/v23.0/{rest}", self.cloud.url())
    }

    async fn asks(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let token = &self.cloud.settings().access_token;
        let answer = request.bearer_auth(token).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn posts(&self, body: &Value) -> (u16, Value) {
        let url = self.url(&format!("{}/messages", self.cloud.settings().phone_number_id));
        self.asks(self.client.post(url).json(body)).await
    }

    /// The code with which a message is refused; 0 if it is taken.
    async fn code(&self, body: &Value) -> u64 {
        self.posts(body).await.1.pointer("/error/code").and_then(Value::as_u64).unwrap_or(0)
    }
}

fn text(body: &str) -> Value {
    json!({"messaging_product": "whatsapp", "to": ANN, "type": "text", "text": {"body": body}})
}

fn list(rows: &Value) -> Value {
    json!({
        "messaging_product": "whatsapp", "to": ANN, "type": "interactive",
        "interactive": {
            "type": "list", "body": {"text": "x"},
            "action": {"button": "Decide", "sections": [{"rows": rows}]},
        },
    })
}

fn with(mut body: Value, place: &str, value: Value) -> Value {
    let (parent, name) = place.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.insert(name.to_owned(), value);
    body
}

#[tokio::test]
async fn no_field_is_unknown_missing_or_too_long() {
    let app = App::open(|_| {}).await;
    app.cloud.person(ANN, "Ann").writes("Hello").await;
    let row = |id: &str| json!({"id": id, "title": "Yes"});
    let rows =
        |count: usize| Value::from((0..count).map(|n| row(&n.to_string())).collect::<Vec<_>>());
    let good = list(&rows(10));
    assert_eq!(app.code(&good).await, 0);
    assert_eq!(app.code(&text(&"x".repeat(4096))).await, 0);
    let at = "/interactive/action/sections/0/rows/0";
    for (body, code) in [
        (text(&"x".repeat(4097)), 131_009),
        (text(" "), 131_009),
        (with(text("x"), "/messaging_product", json!("sms")), 100),
        (with(text("x"), "/extra", json!(1)), 100),
        (with(text("x"), "/text/extra", json!(1)), 100),
        (with(text("x"), "/to", json!("ann")), 100),
        (with(text("x"), "/type", json!("poll")), 100),
        (with(text("x"), "/recipient_type", json!("group")), 100),
        (json!({"messaging_product": "whatsapp", "to": ANN, "type": "text"}), 131_008),
        (list(&rows(11)), 131_009),
        (list(&rows(0)), 131_009),
        (list(&json!([row("a"), row("a")])), 131_009),
        (with(good.clone(), &format!("{at}/id"), json!("x".repeat(201))), 131_009),
        (with(good.clone(), &format!("{at}/title"), json!("x".repeat(25))), 131_009),
        (with(good.clone(), &format!("{at}/description"), json!("x".repeat(73))), 131_009),
        (with(good.clone(), "/interactive/action/button", json!("x".repeat(21))), 131_009),
        (with(good.clone(), "/interactive/body/text", json!("x".repeat(4097))), 131_009),
        (
            with(
                good.clone(),
                "/interactive/header",
                json!({"type": "text", "text": "x".repeat(61)}),
            ),
            131_009,
        ),
        (with(good.clone(), "/interactive/footer", json!({"text": "x".repeat(61)})), 131_009),
        (with(good.clone(), "/text", json!({"body": "x"})), 100),
        (with(good.clone(), "/biz_opaque_callback_data", json!("x".repeat(513))), 131_009),
    ] {
        assert_eq!(app.code(&body).await, code, "{body}");
    }
    let buttons = |count: usize| {
        let one = |n: usize| json!({"type": "reply", "reply": {"id": n.to_string(), "title": "x"}});
        let buttons: Vec<Value> = (0..count).map(one).collect();
        let interactive = json!({
            "type": "button", "body": {"text": "x"}, "action": {"buttons": buttons},
        });
        json!({"messaging_product": "whatsapp", "to": ANN, "type": "interactive", "interactive": interactive})
    };
    assert_eq!(app.code(&buttons(3)).await, 0);
    assert_eq!(app.code(&buttons(4)).await, 131_009);
    let long = with(buttons(1), "/interactive/body/text", json!("x".repeat(1025)));
    assert_eq!(app.code(&long).await, 131_009);
}

#[tokio::test]
async fn only_the_app_is_answered_and_only_in_a_version_that_there_is() {
    let app = App::open(|_| {}).await;
    let id = app.cloud.settings().phone_number_id.clone();
    let url = app.url(&id);
    let refused = app.client.get(&url).bearer_auth("other").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], 190);
    for (version, code) in [("v9.0", 2635), ("v99.0", 2635), ("23", 100)] {
        let url = format!("{}/{version}/{id}", app.cloud.url());
        assert_eq!(app.asks(app.client.get(url)).await.1["error"]["code"], code, "{version}");
    }
    let other = app.url("1/messages");
    let (status, answer) = app.asks(app.client.post(other).json(&text("x"))).await;
    assert_eq!((status, &answer["error"]["error_subcode"]), (400, &json!(33)));
    let (_, number) = app.asks(app.client.get(format!("{url}?fields=verified_name"))).await;
    assert_eq!(number, json!({"id": id, "verified_name": "Countersign test"}));
}

#[tokio::test]
async fn the_window_is_24_hours_and_templates_go_at_any_time() {
    let app = App::open(|settings| settings.late = Late::AtOnce).await;
    let ann = app.cloud.person(ANN, "Ann");
    assert_eq!(app.code(&text("x")).await, 131_047);
    ann.writes("Hello").await;
    assert_eq!(app.code(&text("x")).await, 0);
    app.cloud.settings().clock.advance(Duration::from_hours(24));
    assert_eq!(app.code(&text("x")).await, 131_047);
    let template = json!({
        "messaging_product": "whatsapp", "to": ANN, "type": "template",
        "template": {"name": "hello_world", "language": {"code": "en_US"}},
    });
    assert_eq!(app.code(&template).await, 132_001);
    app.cloud.has_template("hello_world");
    assert_eq!(app.code(&template).await, 0);
    assert_eq!(ann.sees().len(), 2);
    assert_eq!(app.code(&with(text("x"), "/to", json!("34600999999"))).await, 131_026);
}

#[tokio::test]
async fn too_much_at_one_time_is_refused_until_time_has_passed() {
    let app = App::open(|settings| {
        settings.per_second = 3;
        settings.per_person = 5;
    })
    .await;
    app.cloud.person(ANN, "Ann").writes("Hello").await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(app.code(&text("x")).await);
    }
    assert_eq!(codes, [0, 0, 0, 130_429]);
    app.cloud.settings().clock.advance(Duration::from_secs(1));
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(app.code(&text("x")).await);
    }
    assert_eq!(codes, [0, 0, 131_056]);
    app.cloud.settings().clock.advance(Duration::from_secs(6));
    assert_eq!(app.code(&text("x")).await, 0);
}

#[tokio::test]
async fn a_file_is_found_by_its_id_at_an_address_that_holds_for_five_minutes() {
    let app = App::open(|_| {}).await;
    let ann = app.cloud.person(ANN, "Ann");
    let file = File {
        kind: "document",
        mime: "text/plain",
        name: Some("a.txt"),
        caption: None,
        content: b"hello",
    };
    ann.sends(file).await;
    // Uploaded by the app itself.
    let form = "--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n\
                --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\
                Content-Type: text/plain\r\n\r\nhello\r\n--b--\r\n";
    let url = app.url(&format!("{}/media", app.cloud.settings().phone_number_id));
    let upload = app.client.post(url).header("content-type", "multipart/form-data; boundary=b");
    let (_, uploaded) = app.asks(upload.body(form)).await;
    let id = uploaded["id"].as_str().unwrap();
    let (_, found) = app.asks(app.client.get(app.url(id))).await;
    assert_eq!((&found["mime_type"], &found["file_size"]), (&json!("text/plain"), &json!(5)));
    let address = found["url"].as_str().unwrap();
    let plain = app.client.get(address).send().await.unwrap();
    assert_eq!(plain.status(), 401, "the address alone is not enough");
    let token = &app.cloud.settings().access_token;
    let read = app.client.get(address).bearer_auth(token).send().await.unwrap();
    assert_eq!(read.bytes().await.unwrap().as_ref(), b"hello");
    app.cloud.settings().clock.advance(Duration::from_mins(5));
    let late = app.client.get(address).bearer_auth(token).send().await.unwrap();
    assert_eq!(late.status(), 400);
    let sent = json!({
        "messaging_product": "whatsapp", "to": ANN, "type": "document",
        "document": {"id": id, "caption": "x"},
    });
    assert_eq!(app.code(&sent).await, 0);
}

#[tokio::test]
async fn what_came_in_can_be_marked_as_read_and_nothing_else() {
    let app = App::open(|_| {}).await;
    let said = app.cloud.person(ANN, "Ann").writes("Hello").await;
    let read = |id: &str| {
        json!({
            "messaging_product": "whatsapp", "status": "read", "message_id": id,
            "typing_indicator": {"type": "text"},
        })
    };
    assert_eq!(app.code(&read(&said.id)).await, 0);
    assert_eq!(app.code(&read("wamid.other")).await, 100);
    assert_eq!((app.cloud.read(), app.cloud.typing()), (vec![said.id.clone()], vec![said.id]));
}

#[tokio::test]
async fn the_menu_has_no_more_than_there_is_room_for() {
    let app = App::open(|_| {}).await;
    let id = app.cloud.settings().phone_number_id.clone();
    let url = app.url(&format!("{id}/conversational_automation"));
    let menu = |count: usize| {
        let one = |n: usize| json!({"command_name": format!("c{n}"), "command_description": "x"});
        json!({"commands": (0..count).map(one).collect::<Vec<_>>()})
    };
    assert_eq!(app.asks(app.client.post(&url).json(&menu(30))).await.0, 200);
    assert_eq!(app.cloud.commands().len(), 30);
    assert_eq!(app.asks(app.client.post(&url).json(&menu(31))).await.0, 400);
}
