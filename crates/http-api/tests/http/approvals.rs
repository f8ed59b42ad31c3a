//! Approvals, rules and assessments.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::action::Action;
use countersign_domain::ids::ApprovalId;
use serde_json::{Value, json};

use crate::house::{Answer, Furnishing, House, request_to};

async fn pending(house: &House) -> ApprovalId {
    let run = house.run("do it").await;
    house.wants(run, request_to("a.example")).await.1
}

fn resolve(id: ApprovalId) -> String {
    format!("/v1/approvals/{id}/resolve")
}

#[tokio::test]
async fn an_approval_shows_everything_that_a_person_needs() {
    let house = House::open().await;
    let id = pending(&house).await;
    let read = house.get(&format!("/v1/approvals/{id}")).await.expect(200);
    for (field, wanted) in [
        ("object", json!("approval")),
        ("approval_id", json!(id)),
        ("status", json!("pending")),
        ("kind", json!("http_request")),
        ("destination", json!("https://a.example/hook")),
        ("content", json!("POST\n\nhello")),
        ("choices", json!(["once", "session", "always", "deny"])),
        ("requested_by", json!("operator")),
        ("host", json!("test-host")),
        ("decision", Value::Null),
        ("outcome", Value::Null),
        ("created_at", json!("2026-11-18T11:06:40.000Z")),
        ("expires_at", json!("2026-11-18T11:21:40.000Z")),
    ] {
        assert_eq!(read[field], wanted, "{field}");
    }
    assert_eq!(read["findings"][0]["id"], "http.sends_data");
    assert_eq!(read["history"][0]["what"], "requested");
    assert!(read["covers"]["always"].is_string(), "{read}");
    let list = house.get("/v1/approvals?status=pending&kind=http_request").await.expect(200);
    assert_eq!(list["data"], json!([read]));
    for query in ["status=approved", "kind=exec"] {
        let list = house.get(&format!("/v1/approvals?{query}")).await.expect(200);
        assert_eq!(list["data"], json!([]), "{query}");
    }
}

#[tokio::test]
async fn a_card_says_what_hidden_code_would_run_and_sends_nothing_deceptive_as_it_is() {
    let house = House::open().await;
    let run = house.run("do it").await;
    let key = format!("ghp_{}", "A1b2".repeat(9));
    let command = format!(
        "echo cm0gLXJmIC4vZGF0YQ== | base64 -d | sh # \u{202e}\u{e0061}</script> Bearer {key}"
    );
    let cwd = "/tmp".to_owned();
    let (env, files) = (BTreeMap::new(), Vec::new());
    let action = Action::Exec { command: command.clone(), cwd, env, timeout_s: 9, files };
    let id = house.wants(run, action).await.1;
    let answer = house.get(&format!("/v1/approvals/{id}")).await;
    let read = answer.expect(200);
    assert_eq!(read["command"], command.replace(&key, "ghp_…(40)"));
    assert_eq!(read["revealed"][0]["how"], "decoded");
    assert_eq!(read["revealed"][0]["text"], "rm -rf ./data");
    // A rule would keep the secret.
    assert_eq!(read["choices"], json!(["once", "deny"]));
    assert!(!answer.text.contains(['<', '\u{202e}', '\u{e0061}']), "{}", answer.text);
    let assessed = json!({"kind": "exec", "command": command});
    let assessed = house.post("/v1/assess", assessed).await.expect(200);
    assert_eq!(assessed["revealed"], read["revealed"]);
}

#[tokio::test]
async fn a_decision_is_stored_once_and_told_to_everybody_who_comes_later() {
    let house = House::open().await;
    let id = pending(&house).await;
    let body = json!({"choice": "deny", "reason": "not today"});
    let decided = house.post(&resolve(id), body.clone()).await.expect(200);
    let approval = &decided["approval"];
    assert_eq!(approval["status"], "denied");
    assert_eq!(approval["decision"]["by"], "operator");
    assert_eq!(approval["decision"]["reason"], "not today");
    // The same again by the same principal.
    assert_eq!(house.post(&resolve(id), body.clone()).await.expect(200), decided);
    // Something else, and the same by somebody else.
    let other = house.post(&resolve(id), json!({"choice": "once"})).await;
    let other = other.refused(409, "already_resolved", None);
    assert_eq!(other["approval"], *approval);
    let key = house.key("boss", &[Scope::ApprovalsDecide]).await;
    let theirs = Answer::of(house.with_key(&key, "POST", &resolve(id)).json(&body)).await;
    assert_eq!(theirs.refused(409, "already_resolved", None)["approval"], *approval);
}

#[tokio::test]
async fn a_decision_that_does_not_fit_is_refused_by_name() {
    let house = House::open().await;
    let id = pending(&house).await;
    let other_digest = format!("sha256:{}", "0".repeat(64));
    for (body, status, code, param) in [
        (json!({"choice": "yes"}), 400, "invalid_choice", Some("/choice")),
        (json!({"choice": 1}), 400, "invalid_type", Some("/choice")),
        (json!({}), 400, "missing_field", Some("/choice")),
        (json!({"choice": "once", "digest": "abc"}), 400, "invalid_value", Some("/digest")),
        (json!({"choice": "once", "vote": 1}), 400, "unknown_field", Some("/vote")),
        (
            json!({"choice": "once", "reason": "x".repeat(281)}),
            400,
            "invalid_value",
            Some("/reason"),
        ),
        (json!({"choice": "once", "digest": other_digest}), 409, "content_changed", None),
    ] {
        house.post(&resolve(id), body).await.refused(status, code, param);
    }
    let nobody = format!("appr_{}", "0".repeat(32));
    for name in [nobody.as_str(), "appr_1", "nonsense", "%ff"] {
        let path = format!("/v1/approvals/{name}/resolve");
        let answer = house.post(&path, json!({"choice": "once"})).await;
        answer.refused(404, "approval_not_found", None);
    }
    let read = house.get(&format!("/v1/approvals/{id}")).await.expect(200);
    assert_eq!(read["status"], "pending");
}

#[tokio::test]
async fn a_choice_that_is_not_on_the_card_is_refused() {
    let mut furnishing = Furnishing::default();
    furnishing.approvals.timeout = "1m".parse().unwrap();
    let house = House::furnished(furnishing).await;
    let run = house.run("do it").await;
    let secret = Action::HttpRequest {
        method: "POST".to_owned(),
        url: "http://169.254.169.254/latest".to_owned(),
        headers: BTreeMap::new(),
        body: String::new(),
    };
    let (_, id) = house.wants(run, secret).await;
    let answer = house.post(&resolve(id), json!({"choice": "always"})).await;
    answer.refused(409, "choice_not_offered", None);
    // Nobody decides in time.
    house.clock.advance(Duration::from_mins(1));
    let late = house.post(&resolve(id), json!({"choice": "once"})).await;
    late.refused(410, "expired", None);
}

#[tokio::test]
async fn who_is_no_approver_is_told_the_policy() {
    let mut furnishing = Furnishing::default();
    furnishing.approvals.approvers = vec!["api:boss".to_owned()];
    let house = House::furnished(furnishing).await;
    let id = pending(&house).await;
    let answer = house.post(&resolve(id), json!({"choice": "once"})).await;
    let body = answer.refused(403, "not_an_approver", None);
    assert!(body["error"]["message"].as_str().unwrap().contains("api:boss"), "{body}");
    let key = house.key("boss", &[Scope::ApprovalsDecide]).await;
    let boss = house.with_key(&key, "POST", &resolve(id)).json(&json!({"choice": "once"}));
    Answer::of(boss).await.expect(200);
}

#[tokio::test]
async fn a_reader_can_wait_for_the_decision() {
    let house = House::open().await;
    let id = pending(&house).await;
    let path = format!("/v1/approvals/{id}?wait=10m");
    let waiting = tokio::spawn(Answer::of(house.operator("GET", &path)));
    // An undecided approval comes back as it is when the wait is over.
    let short = house.get(&format!("/v1/approvals/{id}?wait=1ms")).await.expect(200);
    assert_eq!(short["status"], "pending");
    house.post(&resolve(id), json!({"choice": "once"})).await.expect(200);
    assert_eq!(waiting.await.unwrap().expect(200)["status"], "approved");
    for wait in ["30", "11m", "x"] {
        let answer = house.get(&format!("/v1/approvals/{id}?wait={wait}")).await;
        answer.refused(400, "invalid_value", Some("wait"));
    }
}

#[tokio::test]
async fn who_waits_with_a_key_that_is_revoked_is_not_told() {
    let house = House::open().await;
    let id = pending(&house).await;
    let key = house.key("ci", &[Scope::ApprovalsRead]).await;
    let path = format!("/v1/approvals/{id}?wait=10m");
    let waiting = tokio::spawn(Answer::of(house.with_key(&key, "GET", &path)));
    // An answer to a later request of the same key: by then the wait has most likely begun.
    Answer::of(house.with_key(&key, "GET", "/v1/approvals")).await.expect(200);
    Answer::of(house.operator("DELETE", "/v1/keys/ci")).await.expect(200);
    house.post(&resolve(id), json!({"choice": "once"})).await.expect(200);
    waiting.await.unwrap().refused(401, "unauthenticated", None);
}

#[tokio::test]
async fn the_requester_reads_its_own_approval_and_no_other() {
    let house = House::open().await;
    let key = house.key("ci", &[Scope::Runs]).await;
    let start = house.with_key(&key, "POST", "/v1/runs").json(&json!({"input": "x"}));
    let run = crate::house::id(&Answer::of(start).await.expect(202)["run_id"]);
    let (_, own) = house.wants(run, request_to("a.example")).await;
    let path = format!("/v1/approvals/{own}");
    Answer::of(house.with_key(&key, "GET", &path)).await.expect(200);
    let path = format!("/v1/approvals/{}", pending(&house).await);
    let other = Answer::of(house.with_key(&key, "GET", &path)).await;
    other.refused(404, "approval_not_found", None);
}

#[tokio::test]
async fn a_lasting_decision_leaves_a_rule_that_can_be_taken_back() {
    let house = House::open().await;
    let id = pending(&house).await;
    let decided = house.post(&resolve(id), json!({"choice": "always"})).await.expect(200);
    let rule = decided["approval"]["decision"]["rule_id"].as_str().unwrap().to_owned();
    let list = house.get("/v1/rules").await.expect(200);
    let read = house.get(&format!("/v1/rules/{rule}")).await.expect(200);
    assert_eq!(list["data"], json!([read]));
    assert_eq!(
        read,
        json!({
            "object": "rule", "rule_id": rule, "scope": "always",
            "describes": read["describes"], "made_by": "operator", "from_approval": id,
            "created_at": "2026-11-18T11:06:40.000Z", "expires_at": null,
            "uses": 0, "last_used_at": null,
        })
    );
    let path = format!("/v1/rules/{rule}");
    Answer::of(house.operator("DELETE", &path)).await.expect(200);
    Answer::of(house.operator("DELETE", &path)).await.refused(404, "rule_not_found", None);
    house.get(&path).await.refused(404, "rule_not_found", None);
    house.get("/v1/rules/nonsense").await.refused(404, "rule_not_found", None);
}

#[tokio::test]
async fn an_action_is_assessed_without_effect() {
    let house = House::open().await;
    let body = json!({"kind": "http_request", "method": "post", "destination": "https://a.example/", "content": "x"});
    let assessed = house.post("/v1/assess", body).await.expect(200);
    assert_eq!((&assessed["object"], &assessed["verdict"]), (&json!("assessment"), &json!("ask")));
    assert_eq!(assessed["findings"][0]["id"], "http.sends_data");
    assert!(assessed["covers"].is_string(), "{assessed}");
    let own = json!({"kind": "file_read", "destination": "/gateway/key"});
    assert_eq!(house.post("/v1/assess", own).await.expect(200)["verdict"], "forbid");
    let exec = json!({"kind": "exec", "command": "ls", "cwd": "/workspace"});
    house.post("/v1/assess", exec).await.expect(200);
    for (body, code, param) in [
        (json!({"kind": "exec"}), "missing_field", "/command"),
        (json!({"command": "ls"}), "missing_field", "/kind"),
        (json!({"kind": "sing"}), "invalid_value", "/kind"),
        (json!({"kind": "exec", "command": "ls", "cwd": "x"}), "invalid_value", "/cwd"),
        (json!({"kind": "exec", "command": "ls", "content": "x"}), "unknown_field", "/content"),
        (json!({"kind": "code", "command": "1"}), "missing_field", "/language"),
        (json!({"kind": "file_read", "destination": "a"}), "invalid_value", "/destination"),
    ] {
        house.post("/v1/assess", body).await.refused(400, code, Some(param));
    }
    assert_eq!(house.get("/v1/approvals").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn under_a_quorum_votes_are_counted_and_one_denial_denies() {
    let mut furnishing = Furnishing::default();
    furnishing.approvals.quorum.insert(countersign_gateway::config::SeverityText::Low, 2);
    furnishing.approvals.separation_of_duties = true;
    furnishing.approvals.channel = Some("mattermost:ops".to_owned());
    let house = House::furnished(furnishing).await;
    let id = pending(&house).await;
    let once = json!({"choice": "once"});
    // The operator has asked, so it may not approve.
    let own = house.post(&resolve(id), once.clone()).await.refused(403, "not_an_approver", None);
    let why = own["error"]["message"].as_str().unwrap_or_default();
    assert!(why.contains("separation_of_duties"), "{why}");
    let (ann, bob) = (
        house.key("ann", &[Scope::ApprovalsDecide]).await,
        house.key("bob", &[Scope::ApprovalsDecide]).await,
    );
    let vote = async |key: &str, body: &Value| {
        Answer::of(house.with_key(key, "POST", &resolve(id)).json(body)).await
    };
    for _ in 0..2 {
        let voted = vote(&ann, &once).await.expect(200);
        let approval = &voted["approval"];
        assert_eq!(
            (&approval["status"], &approval["votes_needed"]),
            (&json!("pending"), &json!(2))
        );
        assert_eq!(approval["votes"].as_array().map(Vec::len), Some(1));
        assert_eq!(approval["votes"][0]["by"], "api:ann");
    }
    let wrong = vote(&bob, &json!({"choice": "once", "count": 2})).await;
    assert_eq!(wrong.refused(409, "count_changed", None)["approval"]["count"], 1);
    let zero = vote(&bob, &json!({"choice": "once", "count": -1})).await;
    zero.refused(400, "invalid_value", Some("/count"));
    let decided = vote(&bob, &once).await.expect(200);
    assert_eq!(decided["approval"]["status"], "approved");
    let late = house.post(&resolve(id), json!({"choice": "deny"})).await;
    let stored = late.refused(409, "already_resolved", None);
    assert_eq!(stored["approval"]["decision"]["by"], "api:bob");

    let id = pending(&house).await;
    let denied = house.post(&resolve(id), json!({"choice": "deny"})).await.expect(200);
    assert_eq!(denied["approval"]["status"], "denied");
    // No card says that it was sent where nothing shows cards.
    let audiences = &denied["approval"]["audiences"];
    assert_eq!(audiences[0], json!({"audience": "requester"}));
    assert_ne!(audiences[1]["delivery"], "sent", "{audiences}");
    assert_eq!(audiences[1]["channel"], "mattermost:ops");
}

#[tokio::test]
async fn content_is_edited_before_it_is_decided_and_the_decision_is_bound_to_it() {
    let house = House::open().await;
    let id = pending(&house).await;
    let path = format!("/v1/approvals/{id}/edit");
    let before = house.get(&format!("/v1/approvals/{id}")).await.expect(200);
    assert_eq!(before["draft"], "hello");
    let body = json!({"content": "good bye", "digest": before["digest"]});
    let edited = house.post(&path, body.clone()).await.expect(200)["approval"].clone();
    assert_eq!(
        (&edited["draft"], &edited["content"]),
        (&json!("good bye"), &json!("POST\n\ngood bye"))
    );
    assert_ne!(edited["digest"], before["digest"]);
    let last = edited["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["what"], &last["actor"]), (&json!("edited"), &json!("operator")));
    assert_eq!(last["edit"], json!({"from": before["digest"], "to": edited["digest"]}));
    // The same edit again is one of something that is no longer there; so is the old decision.
    let stale = house.post(&path, body).await.refused(409, "content_changed", None);
    assert_eq!(stale["approval"]["digest"], edited["digest"]);
    for digest in [&before["digest"], &Value::Null] {
        let answer = house.post(&resolve(id), json!({"choice": "once", "digest": digest})).await;
        answer.refused(409, "content_changed", None);
    }
    let decision = json!({"choice": "once", "digest": edited["digest"]});
    house.post(&resolve(id), decision).await.expect(200);
    let late = json!({"content": "again", "digest": edited["digest"]});
    house.post(&path, late).await.refused(409, "already_resolved", None);
}

#[tokio::test]
async fn an_edit_that_does_not_fit_is_refused_by_name() {
    let house = House::open().await;
    let id = pending(&house).await;
    let digest = house.get(&format!("/v1/approvals/{id}")).await.expect(200)["digest"].clone();
    for (body, code, param) in [
        (json!({"digest": digest}), "missing_field", Some("/content")),
        (json!({"content": "x"}), "missing_field", Some("/digest")),
        (json!({"content": 1, "digest": digest}), "invalid_type", Some("/content")),
        (json!({"content": "x", "digest": "abc"}), "invalid_value", Some("/digest")),
    ] {
        house.post(&format!("/v1/approvals/{id}/edit"), body).await.refused(400, code, param);
    }
    let body = json!({"content": "x", "digest": digest});
    let nobody = format!("/v1/approvals/appr_{}/edit", "0".repeat(32));
    house.post(&nobody, body.clone()).await.refused(404, "approval_not_found", None);
    let run = house.run("do it").await;
    let command = Action::Exec {
        command: "git push --force origin main".to_owned(),
        cwd: "/workspace".to_owned(),
        env: BTreeMap::from([("GH_TOKEN".to_owned(), "secret".to_owned())]),
        timeout_s: 60,
        files: Vec::new(),
    };
    let (_, id) = house.wants(run, command).await;
    let read = house.get(&format!("/v1/approvals/{id}")).await.expect(200);
    assert_eq!(read["env"], json!({"GH_TOKEN": "…(6 characters)"}));
    assert_eq!(read["draft"], Value::Null);
    let body = json!({"content": "x", "digest": read["digest"]});
    house.post(&format!("/v1/approvals/{id}/edit"), body).await.refused(400, "not_editable", None);
    let destination = "slack:C1".parse().unwrap();
    let message = Action::SendMessage {
        destination,
        name: None,
        text: "x".to_owned(),
        attachments: Vec::new(),
    };
    let body = json!({"content": " ", "digest": message.digest()});
    let (_, id) = house.wants(run, message).await;
    let empty = house.post(&format!("/v1/approvals/{id}/edit"), body).await;
    empty.refused(400, "invalid_content", None);
}

#[tokio::test]
async fn the_files_of_an_action_are_listed_with_their_digests() {
    let house = House::open().await;
    let run = house.run("do it").await;
    let command = Action::Exec {
        command: "make deploy && git push --force origin main".to_owned(),
        cwd: "/workspace".to_owned(),
        env: BTreeMap::new(),
        timeout_s: 60,
        files: Vec::new(),
    };
    let (_, id) = house.wants(run, command).await;
    let read = house.get(&format!("/v1/approvals/{id}")).await.expect(200);
    // There is none on this machine, and there must be none when it starts.
    let absent = |name: &str| json!({"path": format!("/workspace/{name}"), "size": 0, "sha256": null, "runs": true});
    assert_eq!(
        read["files"],
        json!([absent("GNUmakefile"), absent("makefile"), absent("Makefile")])
    );
}
