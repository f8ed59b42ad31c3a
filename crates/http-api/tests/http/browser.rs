//! What browsers meet: pages, the sign-in, foreign pages, foreign names.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::house::{Answer, House, header};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; font-src 'self'; manifest-src 'self'; worker-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A browser that is signed in.
pub(crate) struct Browser {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl Browser {
    pub(crate) async fn sign_in(house: &House) -> (Self, Answer) {
        let link = house.post("/v1/sign-in-links", json!({})).await.expect(201);
        let url = link["url"].as_str().unwrap();
        let (_, path) = url.split_at(url.find("/sign-in").unwrap());
        let welcome = Answer::of(house.anonymous("GET", path)).await;
        assert_eq!(welcome.status, 200, "{welcome:?}");
        let cookie = welcome.header("set-cookie").split(';').next().unwrap().to_owned();
        let mut browser = Self { cookie, csrf: String::new() };
        let session = browser.send(house, "GET", "/web/session").await.expect(200);
        session["csrf_token"].as_str().unwrap().clone_into(&mut browser.csrf);
        (browser, welcome)
    }

    pub(crate) fn request(&self, house: &House, method: &str, path: &str) -> RequestBuilder {
        header(house.anonymous(method, path), "cookie", &format!("other=1; {}", self.cookie))
    }

    async fn send(&self, house: &House, method: &str, path: &str) -> Answer {
        Answer::of(self.request(house, method, path)).await
    }
}

#[tokio::test]
async fn a_link_signs_in_once_and_the_page_learns_what_it_needs() {
    let house = House::open().await;
    let (browser, welcome) = Browser::sign_in(&house).await;
    let cookie = welcome.header("set-cookie");
    assert!(cookie.starts_with("countersign_session=cs_web_"), "{cookie}");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Max-Age=43200"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Secure"), "{cookie}");
    assert!(welcome.text.contains("http-equiv=\"refresh\""), "{}", welcome.text);
    assert_eq!(welcome.header("content-security-policy"), POLICY);
    assert_eq!(welcome.header("cache-control"), "no-store");
    let session = browser.send(&house, "GET", "/web/session").await.expect(200);
    assert_eq!(session["principal"], "operator");
    assert_eq!(session["expires_at"], "2026-11-18T23:06:40.000Z");
    assert_eq!(
        session["gateway"],
        json!({"version": "1.2.3", "model": "rehearsal", "rehearsal": true, "hint": "do something"})
    );
}

#[tokio::test]
async fn a_link_that_is_used_old_wrong_or_missing_shows_how_to_get_another() {
    let house = House::open().await;
    let link = house.post("/v1/sign-in-links", json!({})).await.expect(201);
    assert!(link["expires_at"].is_string(), "{link}");
    let url = link["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix(&house.url("")).expect("our own address");
    // A program that only looks does not use it up.
    assert_eq!(Answer::of(house.anonymous("HEAD", path)).await.status, 200);
    assert_eq!(Answer::of(house.anonymous("GET", path)).await.status, 200);
    let late = house.post("/v1/sign-in-links", json!({})).await.expect(201);
    let late = late["url"].as_str().unwrap().strip_prefix(&house.url("")).unwrap().to_owned();
    house.clock.advance(Duration::from_mins(16));
    for path in [path, late.as_str(), "/sign-in?token=x", "/sign-in?token=", "/sign-in"] {
        let answer = Answer::of(house.anonymous("GET", path)).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.text.contains("countersign sign-in"), "{answer:?}");
        assert_eq!(answer.header("content-security-policy"), POLICY);
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn behind_tls_the_cookie_and_the_links_say_so() {
    let house =
        House::with(|config| config.public_url = Some("https://agents.example/".to_owned())).await;
    let link = house.post("/v1/sign-in-links", json!({})).await.expect(201);
    let url = link["url"].as_str().unwrap();
    let path = url.strip_prefix("https://agents.example").expect("the public address");
    let welcome = Answer::of(house.anonymous("GET", path)).await;
    assert!(welcome.header("set-cookie").ends_with("; Secure"), "{welcome:?}");
}

#[tokio::test]
async fn with_the_cookie_changes_need_the_token_and_our_own_origin() {
    let house = House::open().await;
    let (browser, _) = Browser::sign_in(&house).await;
    let own = house.url("");
    let start = |token: &str, origin: Option<&str>| {
        let request = browser.request(&house, "POST", "/v1/runs").json(&json!({"input": "x"}));
        let request = header(request, "x-csrf-token", token);
        Answer::of(match origin {
            Some(origin) => header(request, "origin", origin),
            None => request,
        })
    };
    start(&browser.csrf, None).await.expect(202);
    start(&browser.csrf, Some(&own)).await.expect(202);
    for (token, origin) in [
        ("", None),
        ("wrong", None),
        (browser.csrf.as_str(), Some("http://evil.example")),
        (browser.csrf.as_str(), Some("null")),
        (browser.csrf.as_str(), Some("http://127.0.0.1:1")),
    ] {
        let answer = start(token, origin).await;
        answer.refused(403, "csrf_failed", Some("X-CSRF-Token"));
    }
    // Reading needs none.
    browser.send(&house, "GET", "/v1/runs").await.expect(200);
    // Another browser's token is no good here.
    let (other, _) = Browser::sign_in(&house).await;
    start(&other.csrf, None).await.refused(403, "csrf_failed", Some("X-CSRF-Token"));
}

#[tokio::test]
async fn signing_out_ends_the_sign_in() {
    let house = House::open().await;
    let (browser, _) = Browser::sign_in(&house).await;
    let without = browser.send(&house, "POST", "/web/sign-out").await;
    without.refused(403, "csrf_failed", Some("X-CSRF-Token"));
    let out = browser.request(&house, "POST", "/web/sign-out");
    let out = Answer::of(header(out, "x-csrf-token", &browser.csrf)).await;
    out.expect(200);
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{out:?}");
    let after = browser.send(&house, "GET", "/web/session").await;
    after.refused(401, "unauthenticated", None);
}

#[tokio::test]
async fn a_sign_in_runs_out() {
    let house = House::open().await;
    let (browser, _) = Browser::sign_in(&house).await;
    house.clock.advance(Duration::from_hours(12));
    let after = browser.send(&house, "GET", "/web/session").await;
    after.refused(401, "unauthenticated", None);
}

#[tokio::test]
async fn every_page_is_the_program_under_the_strict_policy() {
    let house = House::open().await;
    for path in [
        "/",
        "/approvals/appr_1",
        "/chat",
        "/chat/sess_1",
        "/batch",
        "/runs",
        "/runs/run_1",
        "/sessions",
        "/sessions/sess_1",
        "/keys",
        "/settings",
        "/rules",
        "/people",
        "/services",
        "/audit",
    ] {
        let page = Answer::of(house.anonymous("GET", path)).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("content-security-policy"), POLICY);
        assert!(page.text.contains("/assets/app.js"), "{path}");
        let again = header(house.anonymous("GET", path), "if-none-match", page.header("etag"));
        let again = Answer::of(again).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{path}");
        assert_eq!(again.header("content-security-policy"), POLICY);
    }
    let docs = Answer::of(house.anonymous("GET", "/docs")).await;
    assert_eq!(docs.header("content-security-policy"), POLICY);
    assert!(docs.text.contains("/v1/runs/{run_id}/stop") && !docs.text.contains("<script"));
}

#[tokio::test]
async fn every_file_that_a_page_names_is_there_and_can_be_kept() {
    let house = House::open().await;
    let page = Answer::of(house.anonymous("GET", "/")).await.text;
    let files: Vec<&str> = page.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let found = Answer::of(house.anonymous("GET", file)).await;
        assert_eq!(found.status, 200, "{file}");
        let media_type = found.header("content-type");
        assert!(!media_type.is_empty() && !media_type.contains("html"), "{file}: {media_type}");
        assert_eq!(found.header("cache-control"), "no-cache");
        let again = header(house.anonymous("GET", file), "if-none-match", found.header("etag"));
        let again = Answer::of(again).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{file}");
    }
    let kept = Answer::of(house.anonymous("GET", "/service-worker.js")).await;
    assert_eq!(kept.status, 200);
    assert_eq!(kept.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(kept.header("cache-control"), "no-cache");
    assert!(!kept.text.contains("caches") && !kept.text.contains("\"fetch\""), "{}", kept.text);
    for path in ["/assets/nothing.js", "/assets/..%2f..%2fCargo.toml", "/assets/index.html"] {
        Answer::of(house.anonymous("GET", path)).await.refused(404, "not_found", None);
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let house = House::open().await;
    for (request, status) in [
        (house.anonymous("GET", "/health"), 200),
        (house.anonymous("GET", "/"), 200),
        (house.anonymous("GET", "/nothing"), 404),
        (house.anonymous("PUT", "/v1/runs"), 405),
        (house.anonymous("GET", "/v1/runs"), 401),
        (header(house.anonymous("GET", "/health"), "host", "evil.example"), 421),
    ] {
        let answer = Answer::of(request).await;
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{name}: {answer:?}");
        }
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(matches!(answer.header("cache-control"), "no-store" | "no-cache"));
    }
}

#[tokio::test]
async fn another_name_is_not_answered_to() {
    let house = House::with(|config| config.allowed_hosts = vec!["box.lan".to_owned()]).await;
    for host in ["localhost", "localhost:1", "127.0.0.1", "[::1]", "box.lan:8642"] {
        let request = header(house.anonymous("GET", "/health"), "host", host);
        assert_eq!(Answer::of(request).await.status, 200, "{host}");
    }
    for host in ["evil.example", "localhost.evil.example", "10.1.2.3"] {
        for path in ["/health", "/", "/v1/runs", "/nothing"] {
            let request = header(house.operator("GET", path), "host", host);
            Answer::of(request).await.refused(421, "host_not_allowed", Some("Host"));
        }
    }
    for head in ["", "Host: localhost\r\nHost: localhost\r\n"] {
        let request = format!("GET /health HTTP/1.1\r\n{head}Connection: close\r\n\r\n");
        let answer = house.raw(&request).await;
        assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_call_only_when_they_are_configured() {
    let preflight = |house: &House, origin: &str| {
        let request = header(house.anonymous("OPTIONS", "/v1/runs"), "origin", origin);
        Answer::of(header(request, "access-control-request-method", "POST"))
    };
    let closed = House::open().await;
    let answer = preflight(&closed, "https://tools.example").await;
    answer.refused(405, "method_not_allowed", None);
    assert_eq!(answer.header("access-control-allow-origin"), "");

    let open =
        House::with(|config| config.cors_origins = vec!["https://tools.example".to_owned()]).await;
    let answer = preflight(&open, "https://tools.example").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), "https://tools.example");
    for method in ["GET", "POST", "DELETE"] {
        assert!(answer.header("access-control-allow-methods").contains(method), "{method}");
    }
    for name in ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"] {
        assert!(answer.header("access-control-allow-headers").contains(name), "{name}");
    }
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let real = header(open.operator("GET", "/v1/runs"), "origin", "https://tools.example");
    let real = Answer::of(real).await;
    assert_eq!(real.header("access-control-allow-origin"), "https://tools.example");
    assert_eq!(real.header("vary"), "Origin");
    for origin in ["https://tools.example.evil", "http://tools.example", "null"] {
        let answer = preflight(&open, origin).await;
        answer.refused(405, "method_not_allowed", None);
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[tokio::test]
async fn the_page_routes_are_closed_to_keys() {
    let house = House::open().await;
    house.get("/web/session").await.refused(401, "unauthenticated", None);
    let out: Value =
        house.post("/web/sign-out", json!({})).await.refused(401, "unauthenticated", None);
    assert!(out["error"]["message"].as_str().unwrap().contains("cookie"), "{out}");
}
