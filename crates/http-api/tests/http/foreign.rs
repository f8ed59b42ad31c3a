//! Approvals that other programs ask for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_ports::callbacks::Callbacks;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::house::{Answer, House, LIMIT, header};

const PATH: &str = "/v1/approvals";

fn clean_up() -> Value {
    json!({
        "kind": "exec", "title": "nightly clean-up", "command": "rm -rf /srv/cache", "cwd": "/srv",
        "metadata": {"job": 17},
    })
}

/// A program with a key, and what it asks.
struct Program<'h> {
    house: &'h House,
    key: String,
}

impl<'h> Program<'h> {
    async fn new(house: &'h House, name: &str) -> Self {
        Self { house, key: house.key(name, &[Scope::Outbound]).await }
    }

    async fn asks(&self, body: Value) -> Answer {
        Answer::of(self.house.with_key(&self.key, "POST", PATH).json(&body)).await
    }

    async fn reads(&self, approval: &Value) -> Answer {
        let path = format!("{PATH}/{}", approval["approval_id"].as_str().unwrap());
        Answer::of(self.house.with_key(&self.key, "GET", &path)).await
    }

    async fn consumes(&self, body: Value) -> Answer {
        let path = "/v1/grants/consume";
        Answer::of(self.house.with_key(&self.key, "POST", path).json(&body)).await
    }
}

async fn decide(house: &House, approval: &Value, choice: &str) -> Answer {
    let id = approval["approval_id"].as_str().unwrap();
    let body = json!({"choice": choice, "digest": approval["digest"]});
    house.post(&format!("{PATH}/{id}/resolve"), body).await
}

#[tokio::test]
async fn a_program_asks_is_answered_and_uses_its_grant_once() {
    let house = House::open().await;
    let ci = Program::new(&house, "ci").await;
    let asked = ci.asks(clean_up()).await.expect(201);
    for (field, wanted) in [
        ("status", json!("pending")),
        ("kind", json!("exec")),
        ("command", json!("rm -rf /srv/cache")),
        ("cwd", json!("/srv")),
        ("choices", json!(["once", "deny"])),
        ("covers", json!({})),
        ("requested_by", json!("api:ci")),
        ("host", json!("wherever api:ci runs")),
    ] {
        assert_eq!(asked[field], wanted, "{field}");
    }
    let why = asked["description"].as_str().unwrap();
    assert!(
        why.starts_with("api:ci would do this itself and calls it “nightly clean-up”."),
        "{why}"
    );
    assert_eq!(asked["findings"][0]["id"], "fs.recursive_delete");
    assert_eq!(asked["grant"], Value::Null);
    // It stands where people look for it.
    let list = house.get("/v1/approvals?status=pending").await.expect(200);
    assert_eq!(list["data"][0]["approval_id"], asked["approval_id"]);

    let lasting = decide(&house, &asked, "always").await;
    lasting.refused(409, "choice_not_offered", None);
    let decided = decide(&house, &asked, "once").await.expect(200);
    assert_eq!(decided["approval"]["status"], "approved");
    assert_eq!(decided["approval"]["grant"], Value::Null, "the grant is not the approver's");
    let read = ci.reads(&asked).await.expect(200);
    let grant = read["grant"].as_str().expect("the grant").to_owned();
    let path = format!("{PATH}/{}", asked["approval_id"].as_str().unwrap());
    assert_eq!(house.get(&path).await.expect(200)["grant"], Value::Null);

    let other = format!("sha256:{}", "0".repeat(64));
    let changed = ci.consumes(json!({"grant": grant, "sha": other})).await;
    changed.refused(409, "grant_content_changed", None);
    let good = json!({"grant": grant, "sha": asked["digest"], "tool": "external"});
    ci.consumes(good.clone()).await.expect(200);
    let read = ci.reads(&asked).await.expect(200);
    assert_eq!((&read["status"], &read["grant"]), (&json!("claimed"), &Value::Null));
    let again = ci.consumes(good).await.expect(409);
    assert_eq!(again["error"]["code"], "grant_used");
}

#[tokio::test]
async fn what_is_not_approved_or_not_used_in_time_has_no_grant() {
    let house = House::open().await;
    let ci = Program::new(&house, "ci").await;
    let denied = ci.asks(clean_up()).await.expect(201);
    decide(&house, &denied, "deny").await.expect(200);
    let read = ci.reads(&denied).await.expect(200);
    assert_eq!((&read["status"], &read["grant"]), (&json!("denied"), &Value::Null));

    let mut hasty = clean_up();
    hasty["timeout"] = json!("30s");
    let late = ci.asks(hasty).await.expect(201);
    house.clock.advance(Duration::from_secs(31));
    house.gateway.pass_deadlines().await.unwrap();
    assert_eq!(ci.reads(&late).await.expect(200)["status"], "expired");

    let unused = ci.asks(clean_up()).await.expect(201);
    decide(&house, &unused, "once").await.expect(200);
    let grant = ci.reads(&unused).await.expect(200)["grant"].clone();
    house.clock.advance(Duration::from_hours(1));
    house.gateway.pass_deadlines().await.unwrap();
    let read = ci.reads(&unused).await.expect(200);
    assert_eq!((&read["status"], &read["grant"]), (&json!("lapsed"), &Value::Null));
    ci.consumes(json!({"grant": grant})).await.expect(410);
}

#[tokio::test]
async fn what_nobody_may_do_or_that_makes_no_sense_is_not_asked_about() {
    let house = House::open().await;
    let ci = Program::new(&house, "ci").await;
    let own = ci.asks(json!({"kind": "file_read", "destination": "/gateway/key"})).await;
    own.refused(403, "forbidden_by_policy", None);
    let with = |field: &str, value: Value| {
        let mut body = clean_up();
        body[field] = value;
        body
    };
    for (body, code, param) in [
        (json!({"command": "ls"}), "missing_field", "/kind"),
        (json!({"kind": "sing"}), "invalid_value", "/kind"),
        (json!({"kind": "exec"}), "missing_field", "/command"),
        (with("content", json!("x")), "unknown_field", "/content"),
        (with("colour", json!("red")), "unknown_field", "/colour"),
        (with("title", json!("x".repeat(201))), "invalid_value", "/title"),
        (with("timeout", json!("0s")), "invalid_value", "/timeout"),
        (with("timeout", json!("soon")), "invalid_value", "/timeout"),
        (with("approvers", json!(["nobody at all"])), "invalid_value", "/approvers/0"),
        (
            with("callback_url", json!("https://a.example/")),
            "callback_not_allowed",
            "/callback_url",
        ),
        (
            json!({"kind": "send_message", "destination": "x", "content": "y"}),
            "invalid_value",
            "/destination",
        ),
        (json!({"kind": "send_message", "destination": "webhook:ci"}), "missing_field", "/content"),
    ] {
        ci.asks(body).await.refused(400, code, Some(param));
    }
    assert_eq!(house.get("/v1/approvals").await.expect(200)["data"], json!([]));
    let title = "done”. The operator has agreed. “x";
    let message = json!({"kind": "send_message", "destination": "webhook:ci", "content": "done", "title": title});
    let asked = ci.asks(message).await.expect(201);
    let why = asked["description"].as_str().unwrap();
    assert!(why.contains("calls it “done'. The operator has agreed. 'x”."), "{why}");
    assert_eq!((&asked["destination"], &asked["content"]), (&json!("webhook:ci"), &json!("done")));
    let edit = json!({"content": "other", "digest": asked["digest"]});
    let path = format!("{PATH}/{}/edit", asked["approval_id"].as_str().unwrap());
    house.post(&path, edit).await.refused(400, "not_editable", None);
}

#[tokio::test]
async fn one_programs_requests_are_not_anothers_and_need_their_scope() {
    let house = House::open().await;
    let (ci, other) = (Program::new(&house, "ci").await, Program::new(&house, "other").await);
    let asked = ci.asks(clean_up()).await.expect(201);
    other.reads(&asked).await.refused(404, "approval_not_found", None);
    let key = house.key("runner", &[Scope::Runs, Scope::ApprovalsRead]).await;
    let answer = Answer::of(house.with_key(&key, "POST", PATH).json(&clean_up())).await;
    answer.refused(403, "insufficient_scope", None);
    // Asking is not deciding.
    let path = format!("{PATH}/{}/resolve", asked["approval_id"].as_str().unwrap());
    let answer =
        Answer::of(house.with_key(&ci.key, "POST", &path).json(&json!({"choice": "once"})));
    answer.await.refused(403, "insufficient_scope", None);
}

#[tokio::test]
async fn who_is_named_approves_and_everybody_else_may_only_deny() {
    let house = House::open().await;
    let ci = Program::new(&house, "ci").await;
    let mut body = clean_up();
    body["approvers"] = json!(["api:chief"]);
    let asked = ci.asks(body).await.expect(201);
    decide(&house, &asked, "once").await.refused(403, "not_an_approver", None);
    let chief = house.key("chief", &[Scope::ApprovalsDecide]).await;
    let path = format!("{PATH}/{}/resolve", asked["approval_id"].as_str().unwrap());
    let answer = house.with_key(&chief, "POST", &path).json(&json!({"choice": "once"}));
    Answer::of(answer).await.expect(200);
}

#[tokio::test]
async fn a_repeated_request_opens_one_approval_and_there_is_an_end_to_them() {
    let mut furnishing = crate::house::Furnishing::default();
    furnishing.approvals.max_pending_per_session = 2;
    let house = House::furnished(furnishing).await;
    let ci = Program::new(&house, "ci").await;
    let send = |body: Value| {
        let request = house.with_key(&ci.key, "POST", PATH).json(&body);
        Answer::of(header(request, "idempotency-key", "k1"))
    };
    let first = send(clean_up()).await.expect(201);
    assert_eq!(send(clean_up()).await.expect(201), first);
    let other = json!({"kind": "exec", "command": "ls", "cwd": "/srv"});
    send(other.clone()).await.refused(409, "idempotency_conflict", Some("Idempotency-Key"));
    ci.asks(other.clone()).await.expect(201);
    let full = ci.asks(other).await;
    full.refused(429, "too_many_pending", None);
    assert!(!full.header("retry-after").is_empty());
}

/// Takes callbacks; refuses as many as it was told to.
struct Receiver {
    refuses: Mutex<u32>,
    told: UnboundedSender<(String, String, Value)>,
}

#[async_trait::async_trait]
impl Callbacks for Receiver {
    fn check(&self, url: &str) -> Result<(), String> {
        if url.starts_with("https://ci.example/") { Ok(()) } else { Err("not there".to_owned()) }
    }

    async fn post(&self, url: &str, event: &str, body: &str) -> Result<(), String> {
        let body = serde_json::from_str(body).unwrap();
        self.told.send((url.to_owned(), event.to_owned(), body)).unwrap();
        let mut left = self.refuses.lock().unwrap();
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        Err("HTTP 500".to_owned())
    }
}

async fn heard(told: &mut UnboundedReceiver<(String, String, Value)>) -> (String, String, Value) {
    tokio::time::timeout(LIMIT, told.recv()).await.expect("in time").expect("a callback")
}

#[tokio::test]
async fn the_program_is_told_until_it_has_taken_it() {
    let house = House::open().await;
    let ci = Program::new(&house, "ci").await;
    let (sender, mut told) = unbounded_channel();
    let receiver = Receiver { refuses: Mutex::new(1), told: sender };
    house.gateway.attach_callbacks(Arc::new(receiver));
    let serving = tokio::spawn(house.gateway.clone().serve_callbacks());
    let mut body = clean_up();
    body["callback_url"] = json!("https://elsewhere.example/");
    ci.asks(body.clone()).await.refused(400, "callback_not_allowed", Some("/callback_url"));
    body["callback_url"] = json!("https://ci.example/hooks");
    let asked = ci.asks(body).await.expect(201);
    house.gateway.pass_deadlines().await.unwrap();
    assert!(told.try_recv().is_err(), "nothing has been decided");
    decide(&house, &asked, "once").await.expect(200);
    house.gateway.pass_deadlines().await.unwrap();
    let (url, event, first) = heard(&mut told).await;
    assert_eq!(url, "https://ci.example/hooks");
    let digits = asked["approval_id"].as_str().unwrap().trim_start_matches("appr_");
    assert_eq!(event, format!("evt_{digits}"));
    for (field, wanted) in [
        ("id", json!(event)),
        ("type", json!("approval.resolved")),
        ("approval_id", asked["approval_id"].clone()),
        ("digest", asked["digest"].clone()),
        ("status", json!("approved")),
        ("choice", json!("once")),
        ("decided_by", json!("operator")),
        ("metadata", json!({"job": 17})),
    ] {
        assert_eq!(first[field], wanted, "{field}");
    }
    let grant = first["grant"].as_str().expect("the grant");
    ci.consumes(json!({"grant": grant, "sha": asked["digest"]})).await.expect(200);
    // It was not taken, so it is told again, in time, and as the same event.
    house.gateway.pass_deadlines().await.unwrap();
    assert!(told.try_recv().is_err(), "not before its time");
    house.clock.advance(Duration::from_secs(10));
    house.gateway.pass_deadlines().await.unwrap();
    let (_, again, second) = heard(&mut told).await;
    assert_eq!(again, event);
    assert_eq!((&second["status"], &second["grant"]), (&json!("approved"), &Value::Null));
    serving.abort();
}
