//! Whether a gateway runs, could run, and is found where people are told it is.

use std::time::Duration;

use reqwest::{Client as HttpClient, redirect};
use serde_json::Value;
use tokio::net::TcpListener;

use super::{Finding, Patient};
use crate::client::{Client, ClientError};
use crate::commands::rules::text;
use crate::home::{NotRunning, Running};

/// How long the gateway may take to answer under its public address.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where anybody finds the public keys of a gateway, and so which one it is.
const KEYS: &str = "/.well-known/countersign-keys.json";

/// The gateway of the home.
pub(in crate::commands) async fn gateway(
    patient: &Patient<'_>,
    why: Option<&NotRunning>,
) -> Vec<Finding> {
    match (patient.running, why) {
        (Some(running), _) => ready(running).await,
        (None, Some(NotRunning::NotReady(_))) => {
            vec![Finding::poor("gateway", "it is starting or stopping; try again")]
        }
        (None, Some(NotRunning::Home(error))) => {
            vec![Finding::bad("gateway", error.to_string())]
        }
        (None, Some(NotRunning::Stopped(_)) | None) => vec![could_listen(patient).await],
    }
}

async fn ready(running: &Running) -> Vec<Finding> {
    let announcement = &running.announcement;
    let client = match Client::new(&announcement.url, &running.token) {
        Ok(client) => client,
        Err(failure) => return vec![Finding::failed("gateway", &failure)],
    };
    let pid = announcement.pid;
    vec![match client.get::<Value>("/health/ready").await {
        Ok(ready) => Finding::good(
            "gateway",
            format!("pid {pid} at {} is ready, bus {}", announcement.url, text(&ready, "bus")),
        ),
        Err(ClientError::Refused(refusal)) => {
            let says = format!("pid {pid} is not ready: {} ({})", refusal.message, refusal.code);
            Finding::bad("gateway", format!("{says}; its log says more"))
        }
        Err(ClientError::Unreachable(why)) => {
            Finding::bad("gateway", format!("pid {pid} has the home, but {why}: stop it"))
        }
    }]
}

/// Whether a start would find its address free.
async fn could_listen(patient: &Patient<'_>) -> Finding {
    let listen = &patient.loaded.config.gateway.listen;
    match TcpListener::bind(listen.as_str()).await {
        Ok(_) => {
            let says = format!("does not run; {listen} is free for `countersign up`");
            Finding::skipped("gateway", says)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Finding::bad(
            "gateway",
            format!("another program listens at {listen}: stop it, or set `gateway.listen`"),
        ),
        Err(error) => Finding::bad(
            "gateway",
            format!("cannot listen at {listen} ({error}): set `gateway.listen`"),
        ),
    }
}

/// Whether the public address leads to the gateway of this home, which is `gateway`.
pub(super) async fn public_address(
    patient: &Patient<'_>,
    gateway: Option<&str>,
) -> Option<Finding> {
    let address = patient.loaded.config.gateway.public_url.as_deref()?;
    if patient.running.is_none() {
        let says = format!("start the gateway to have {address} tried");
        return Some(Finding::skipped("public address", says));
    }
    let found = match who_answers(address).await {
        Ok(found) => found,
        Err(why) => {
            let says =
                format!("{address}: {why}: correct `gateway.public_url`, or the proxy there");
            return Some(Finding::bad("public address", says));
        }
    };
    Some(if found.as_deref().is_some_and(|found| Some(found) == gateway) {
        Finding::good("public address", format!("{address} leads here"))
    } else {
        Finding::bad(
            "public address",
            format!(
                "something else answers at {address}: correct `gateway.public_url`, or the proxy \
                 there"
            ),
        )
    })
}

/// The gateway that answers at an address, if a gateway does.
async fn who_answers(address: &str) -> Result<Option<String>, String> {
    let client = HttpClient::builder().timeout(PATIENCE).redirect(redirect::Policy::none());
    let client = client.build().map_err(|error| error.to_string())?;
    let address = format!("{}{KEYS}", address.trim_end_matches('/'));
    let answer = client.get(address).send().await.map_err(|error| {
        let error = error.without_url();
        countersign_ports::causes::with_causes(error.to_string(), &error)
    })?;
    let said: Value = answer.json().await.unwrap_or_default();
    Ok(said.get("gateway").and_then(Value::as_str).map(str::to_owned))
}
