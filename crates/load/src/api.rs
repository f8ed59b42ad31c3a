//! A node as programs see it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// What lets callers in, at every node.
pub(crate) const API_KEY: &str = "load-program-7Hq2vT9wXc4RbN1s";

/// How long an answer may take. Who is paused or cut off does not answer.
const PATIENCE: Duration = Duration::from_secs(6);

/// The longest part of a list.
const PAGE: usize = 200;

/// The API of one node.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: reqwest::Client,
    base: String,
}

/// What a node answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Api {
    pub(crate) const fn new(client: reqwest::Client, base: String) -> Self {
        Self { client, base }
    }

    /// A client for all nodes.
    pub(crate) fn client() -> Result<reqwest::Client> {
        Ok(reqwest::Client::builder().no_proxy().build()?)
    }

    /// Whether the process answers at all.
    pub(crate) async fn is_alive(&self) -> bool {
        let asked = self.request(self.client.get(self.url("/health"))).await;
        asked.is_ok_and(|answer| answer.status.is_success())
    }

    /// Whether it can work.
    pub(crate) async fn is_ready(&self) -> bool {
        let asked = self.request(self.client.get(self.url("/health/ready"))).await;
        asked.is_ok_and(|answer| answer.status.is_success())
    }

    /// Starts a run. The same key with the same input is the same run.
    pub(crate) async fn start(&self, key: &str, input: &str) -> Result<Answer> {
        let request = self.client.post(self.url("/v1/runs")).header("idempotency-key", key);
        self.request(request.json(&json!({ "input": input }))).await
    }

    /// Answers an approval.
    pub(crate) async fn resolve(&self, approval: &str, choice: &str) -> Result<Answer> {
        let url = self.url(&format!("/v1/approvals/{approval}/resolve"));
        self.request(self.client.post(url).json(&json!({ "choice": choice }))).await
    }

    /// Reads something that must be there.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.request(self.client.get(self.url(path))).await?;
        if !answer.status.is_success() {
            bail!("GET {path}: {} {}", answer.status, answer.body);
        }
        Ok(answer.body)
    }

    /// Reads something as it is written.
    pub(crate) async fn text(&self, path: &str) -> Result<String> {
        let request = self.client.get(self.url(path)).bearer_auth(API_KEY).timeout(PATIENCE);
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        if !status.is_success() {
            bail!("GET {path}: {status} {text}");
        }
        Ok(text)
    }

    /// Everything in a list; `path` ends with its filters and `limit` is added.
    pub(crate) async fn all(&self, path: &str, most: usize) -> Result<Vec<Value>> {
        let mut found = Vec::new();
        let join = if path.contains('?') { '&' } else { '?' };
        let limit = most.min(PAGE);
        let mut next = format!("{path}{join}limit={limit}");
        loop {
            let list = self.get(&next).await?;
            found.extend(items(&list)?);
            match list.get("next_cursor").and_then(Value::as_str) {
                Some(cursor) => next = format!("{path}{join}limit={limit}&cursor={cursor}"),
                None => return Ok(found),
            }
        }
    }

    /// An open stream of events.
    pub(crate) async fn follow(&self, path: &str) -> Result<Response> {
        let request = self.client.get(self.url(path)).bearer_auth(API_KEY);
        Ok(request.send().await?.error_for_status()?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn request(&self, request: RequestBuilder) -> Result<Answer> {
        let response = request.bearer_auth(API_KEY).timeout(PATIENCE).send().await?;
        let status = response.status();
        Ok(Answer { status, body: response.json().await? })
    }
}

/// The entries of a list.
pub(crate) fn items(list: &Value) -> Result<Vec<Value>> {
    Ok(list.get("data").and_then(Value::as_array).context("no list")?.clone())
}

/// The text in `field`.
pub(crate) fn text<'v>(value: &'v Value, field: &str) -> Result<&'v str> {
    let found = value.get(field).and_then(Value::as_str);
    found.with_context(|| format!("no `{field}` in {value}"))
}
