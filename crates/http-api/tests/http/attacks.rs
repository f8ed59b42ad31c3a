//! How approval systems have been broken, tried over HTTP: docs/attacks.md says which row is where.

use std::collections::BTreeSet;

use countersign_domain::access::Scope;
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::{ApprovalId, RunId};
use futures::future::join_all;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::house::{Answer, ENV_KEY, Furnishing, House, OPERATOR_TOKEN, header, id, request_to};

fn resolve(id: ApprovalId) -> String {
    format!("/v1/approvals/{id}/resolve")
}

async fn asked(house: &House, host: &str) -> ApprovalId {
    let run = house.run("do it").await;
    house.wants(run, request_to(host)).await.1
}

/// A run that the holder of a key has started, and what it asks for.
async fn asked_by(house: &House, key: &str) -> (RunId, ApprovalId) {
    let start = house.with_key(key, "POST", "/v1/runs").json(&json!({"input": "do it"}));
    let run = id(&Answer::of(start).await.expect(202)["run_id"]);
    (run, house.wants(run, request_to("a.example")).await.1)
}

async fn audited(house: &House, kind: AuditKind) -> usize {
    let lines = house.store.access().audit(0, 10_000).await.unwrap();
    lines.into_iter().filter(|line| line.record.kind == kind).count()
}

async fn status(house: &House, id: ApprovalId) -> Value {
    house.get(&format!("/v1/approvals/{id}")).await.expect(200)["status"].clone()
}

#[tokio::test]
async fn a_replayed_decision_decides_nothing_more() {
    let house = House::open().await;
    let (first, second) = (asked(&house, "a.example").await, asked(&house, "a.example").await);
    let digest = house.get(&format!("/v1/approvals/{first}")).await.expect(200)["digest"].clone();
    let body = json!({"choice": "once", "digest": digest, "reason": "this one"});
    let decided = house.post(&resolve(first), body.clone()).await.expect(200);
    // The same bytes again, many times at once: the stored answer, and nothing new.
    let path = resolve(first);
    let again = (0..20).map(|_| house.post(&path, body.clone()));
    for answer in join_all(again).await {
        assert_eq!(answer.expect(200), decided);
    }
    assert_eq!(audited(&house, AuditKind::ApprovalDecided).await, 1);
    assert_eq!(audited(&house, AuditKind::GrantIssued).await, 1);
    // The next card of the same content was not decided by it.
    assert_eq!(status(&house, second).await, "pending");
    // Nor does what was recorded for one card fit another one.
    let third = asked(&house, "b.example").await;
    house.post(&resolve(third), body).await.refused(409, "content_changed", None);
    assert_eq!(status(&house, third).await, "pending");
}

/// Ways of deciding without being somebody who may.
fn forgeries(house: &House, path: &str, weak: &str) -> Vec<(&'static str, RequestBuilder)> {
    let bare = || house.anonymous("POST", path);
    let query =
        |name: &str, value: &str| house.anonymous("POST", &format!("{path}?{name}={value}"));
    vec![
        ("nothing", bare()),
        ("an empty key", header(bare(), "authorization", "Bearer ")),
        ("another key", house.with_key("cs_key_0000", "POST", path)),
        (
            "half of a key",
            house.with_key(OPERATOR_TOKEN.get(..20).unwrap_or_default(), "POST", path),
        ),
        ("a key and more", house.with_key(&format!("{ENV_KEY}0"), "POST", path)),
        ("a key in other letters", house.with_key(&ENV_KEY.to_uppercase(), "POST", path)),
        ("a password", bare().basic_auth("operator", Some(OPERATOR_TOKEN))),
        ("a key in the address", query("access_token", OPERATOR_TOKEN)),
        ("a cookie", header(bare(), "cookie", "countersign_session=cs_web_0000")),
        ("a key as a cookie", header(bare(), "cookie", &format!("countersign_session={ENV_KEY}"))),
        ("a proxy's word", header(bare(), "x-forwarded-user", "operator")),
        ("this machine's word", header(bare(), "x-forwarded-for", "127.0.0.1")),
        ("a platform's word", header(bare(), "x-slack-signature", "v0=00")),
        ("another method", header(bare(), "x-http-method-override", "GET")),
        ("a key that may not", house.with_key(weak, "POST", path)),
    ]
}

#[tokio::test]
async fn a_forged_decision_decides_nothing_and_learns_nothing() {
    let house = House::open().await;
    let weak = house.key("weak", &[Scope::Runs, Scope::ApprovalsRead, Scope::Audit]).await;
    let there = asked(&house, "a.example").await;
    let nowhere: ApprovalId = format!("appr_{}", "0".repeat(32)).parse().unwrap();
    let mut answers = BTreeSet::new();
    for target in [there, nowhere] {
        for (what, request) in forgeries(&house, &resolve(target), &weak) {
            let answer = Answer::of(request.json(&json!({"choice": "once"}))).await;
            assert!(matches!(answer.status.as_u16(), 401 | 403), "{what}: {answer:?}");
            assert!(!answer.text.contains("appr_"), "{what}: {answer:?}");
            answers.insert((what, answer.text));
        }
    }
    // Whether there is such an approval makes no difference to who may not decide it.
    assert_eq!(answers.len(), 15, "{answers:#?}");
    // Who may decide cannot do it in somebody else's name.
    for field in ["by", "principal", "decided_by", "user_id", "approver"] {
        let body = json!({"choice": "once", field: "operator"});
        let answer = house.post(&resolve(there), body).await;
        answer.refused(400, "unknown_field", Some(&format!("/{field}")));
    }
    assert_eq!(status(&house, there).await, "pending");
    assert_eq!(audited(&house, AuditKind::ApprovalDecided).await, 0);
    assert!(audited(&house, AuditKind::AuthFailed).await > 0);
}

#[tokio::test]
async fn a_page_of_somebody_else_cannot_decide_with_our_cookie() {
    let house = House::open().await;
    let (browser, _) = Browser::sign_in(&house).await;
    let there = asked(&house, "a.example").await;
    let path = resolve(there);
    let own = house.url("");
    let plain = || browser.request(&house, "POST", &path);
    let body = json!({"choice": "once"}).to_string();
    let as_form = |request: RequestBuilder, kind: &str| {
        header(request, "content-type", kind).body(body.clone())
    };
    for (what, request) in [
        ("a form", as_form(plain(), "application/x-www-form-urlencoded")),
        ("text", as_form(plain(), "text/plain")),
        ("a form with files", as_form(plain(), "multipart/form-data; boundary=x")),
        ("json", as_form(plain(), "application/json")),
        ("an empty token", header(as_form(plain(), "application/json"), "x-csrf-token", "")),
        (
            "the cookie as the token",
            header(as_form(plain(), "application/json"), "x-csrf-token", &browser.cookie),
        ),
        (
            "the token from another page",
            header(
                header(as_form(plain(), "application/json"), "x-csrf-token", &browser.csrf),
                "origin",
                "https://evil.example",
            ),
        ),
        (
            "the token from a page without an origin",
            header(
                header(as_form(plain(), "application/json"), "x-csrf-token", &browser.csrf),
                "origin",
                "null",
            ),
        ),
    ] {
        let answer = Answer::of(request).await;
        answer.refused(403, "csrf_failed", Some("X-CSRF-Token"));
        assert_eq!(status(&house, there).await, "pending", "{what}");
    }
    // No address that a page can make a browser open decides anything.
    for method in ["GET", "HEAD"] {
        let path = format!("{path}?choice=once");
        let answer = Answer::of(browser.request(&house, method, &path)).await;
        assert_eq!(answer.status, 405, "{answer:?}");
    }
    assert_eq!(status(&house, there).await, "pending");
    // The page itself can.
    let request = header(as_form(plain(), "application/json"), "x-csrf-token", &browser.csrf);
    Answer::of(header(request, "origin", &own)).await.expect(200);
}

/// An answer without what is told of every one: the id that was asked for.
fn without_id(answer: &Answer, id: &str) -> (u16, String, BTreeSet<String>) {
    let names = answer.headers.keys().map(ToString::to_string).collect();
    (answer.status.as_u16(), answer.text.replace(id, "ID"), names)
}

#[tokio::test]
async fn what_one_may_not_see_cannot_be_told_from_what_is_not_there() {
    let house = House::open().await;
    let key = house.key("ci", &[Scope::Runs]).await;
    let run = house.run("the operator's own").await;
    let (_, approval) = house.wants(run, request_to("a.example")).await;
    let session = house.get(&format!("/v1/runs/{run}")).await.expect(200)["session_id"].clone();
    let session = session.as_str().unwrap().to_owned();
    let (run, approval) = (run.to_string(), approval.to_string());
    let ask = async |method: &str, path: String, body: Value| {
        Answer::of(house.with_key(&key, method, &path).json(&body)).await
    };
    for (method, path, known, body) in [
        ("GET", "/v1/runs/ID", &run, json!({})),
        ("GET", "/v1/runs/ID/events", &run, json!({})),
        ("POST", "/v1/runs/ID/stop", &run, json!({})),
        ("POST", "/v1/runs/ID/answer", &run, json!({"text": "x"})),
        ("POST", "/v1/runs", &run, json!({"input": "x", "previous_response_id": "ID"})),
        ("POST", "/v1/runs", &session, json!({"input": "x", "session_id": "ID"})),
        ("GET", "/v1/approvals/ID", &approval, json!({})),
        ("GET", "/v1/approvals/ID?wait=1ms", &approval, json!({})),
        ("GET", "/v1/approvals/ID/receipt", &approval, json!({})),
        ("POST", "/v1/approvals/ID/resolve", &approval, json!({"choice": "deny"})),
        ("POST", "/v1/approvals/ID/edit", &approval, json!({"content": "x"})),
    ] {
        let (prefix, _) = known.split_once('_').unwrap();
        let unknown = format!("{prefix}_{}", "7".repeat(32));
        let with = |id: &str| {
            let body = body.to_string().replace("ID", id);
            (path.replace("ID", id), serde_json::from_str(&body).unwrap())
        };
        let ((address, body), (wrong, other)) = (with(known), with(&unknown));
        let (there, nowhere) = (ask(method, address, body).await, ask(method, wrong, other).await);
        assert!(matches!(there.status.as_u16(), 403 | 404), "{method} {path}: {there:?}");
        assert_eq!(without_id(&there, known), without_id(&nowhere, &unknown), "{method} {path}");
    }
    for path in ["/v1/runs", "/v1/runs?session_id=ID"] {
        let list = ask("GET", path.replace("ID", &session), json!({})).await;
        assert_eq!(list.expect(200)["data"], json!([]), "{path}");
    }
    let approval = house.get(&format!("/v1/approvals/{approval}")).await.expect(200);
    assert_eq!((&approval["status"], &approval["draft"]), (&json!("pending"), &json!("hello")));
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_told_nothing_of_what_is_asked() {
    let house = House::open().await;
    let there = asked(&house, "secret-host.example").await;
    for path in
        ["/", "/approvals/ID", "/health", "/docs", "/audit", "/.well-known/countersign-keys.json"]
    {
        let path = path.replace("ID", &there.to_string());
        let answer = Answer::of(house.anonymous("GET", &path)).await;
        assert!(!answer.text.contains("secret-host"), "{path}: {answer:?}");
        assert!(!format!("{:?}", answer.headers).contains("secret-host"), "{path}: {answer:?}");
    }
    // A reader of the stream of approvals is told only with a key that may.
    let stream = Answer::of(house.anonymous("GET", "/v1/approvals/events")).await;
    stream.refused(401, "unauthenticated", None);
}

#[tokio::test]
async fn of_two_who_answer_at_once_one_decides_and_both_are_told_the_same() {
    let house = House::open().await;
    let scopes = [Scope::ApprovalsDecide];
    let (ann, bob) = (house.key("ann", &scopes).await, house.key("bob", &scopes).await);
    for round in 0..25 {
        let id = asked(&house, &format!("host-{round}.example")).await;
        let path = resolve(id);
        let vote = |key: &str, choice: &str| {
            Answer::of(house.with_key(key, "POST", &path).json(&json!({"choice": choice})))
        };
        let (yes, no) = tokio::join!(vote(&ann, "once"), vote(&bob, "deny"));
        let statuses = [yes.status.as_u16(), no.status.as_u16()];
        let (won, lost) = if statuses == [200, 409] {
            (yes, no)
        } else {
            assert_eq!(statuses, [409, 200], "{yes:?} {no:?}");
            (no, yes)
        };
        let lost = lost.refused(409, "already_resolved", None);
        assert_eq!(won.expect(200)["approval"]["decision"], lost["approval"]["decision"]);
    }
    assert_eq!(audited(&house, AuditKind::ApprovalDecided).await, 25);
}

#[tokio::test]
async fn whoever_asked_does_not_approve_where_duties_are_separated() {
    let mut furnishing = Furnishing::default();
    furnishing.approvals.separation_of_duties = true;
    let house = House::furnished(furnishing).await;
    let key = house.key("req", &[Scope::Runs, Scope::ApprovalsDecide]).await;
    let (_, id) = asked_by(&house, &key).await;
    let digest = house.get(&format!("/v1/approvals/{id}")).await.expect(200)["digest"].clone();
    let edit = format!("/v1/approvals/{id}/edit");
    for (path, body) in [
        (resolve(id), json!({"choice": "once"})),
        (resolve(id), json!({"choice": "session"})),
        (resolve(id), json!({"choice": "always", "digest": digest})),
        (edit, json!({"content": "something else", "digest": digest})),
    ] {
        let request = header(house.with_key(&key, "POST", &path), "x-forwarded-user", "operator");
        let refused = Answer::of(request.json(&body)).await;
        let refused = refused.refused(403, "not_an_approver", None);
        let why = refused["error"]["message"].as_str().unwrap();
        assert!(why.contains("separation_of_duties"), "{why}");
    }
    assert_eq!(status(&house, id).await, "pending");
    // The same key made anew, and a second one of the same holder's, are somebody else to the
    // gateway; the same name is not.
    Answer::of(house.operator("DELETE", "/v1/keys/req")).await.expect(200);
    let anew = house.key("req", &[Scope::Runs, Scope::ApprovalsDecide]).await;
    let request = house.with_key(&anew, "POST", &resolve(id)).json(&json!({"choice": "once"}));
    Answer::of(request).await.refused(403, "not_an_approver", None);
    // Anybody may say no, also whoever asked.
    let request = house.with_key(&anew, "POST", &resolve(id)).json(&json!({"choice": "deny"}));
    assert_eq!(Answer::of(request).await.expect(200)["approval"]["status"], "denied");
}
