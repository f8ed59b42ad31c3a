//! `http_request`: one request, its answer as text. Redirects are not followed, because where
//! they lead was not decided about.

use std::collections::BTreeMap;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::permit::{HttpPermit, PermittedAction};
use countersign_domain::runs::ToolStatus;
use countersign_ports::causes::with_causes;
use countersign_ports::model_provider::ToolSpec;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Response};
use serde_json::{Map, Value};
use url::Url;

use super::arguments::{APPROVAL_TOKEN, Kind, Need, Parameter, Parameters, ToolInputError};
use super::collector::Collector;
use super::connection::Connections;
use super::output::ToolOutput;
use super::tool::{Execution, Plan, Tool, ToolContext};

/// Holds its connections.
#[derive(Default)]
pub(super) struct HttpRequest {
    connections: Connections,
}

const NAME: &str = "http_request";

/// The longest address in bytes; the client itself takes twice as much.
const LONGEST_ADDRESS: usize = 32 * 1024;

/// Bytes of an answer that are read.
const LONGEST_ANSWER: usize = 1024 * 1024;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Headers that are made from the rest of the request.
const DERIVED: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "upgrade"];

/// Headers of an answer that are shown.
const SHOWN: [HeaderName; 4] = [
    reqwest::header::CONTENT_TYPE,
    reqwest::header::LOCATION,
    reqwest::header::RETRY_AFTER,
    reqwest::header::WWW_AUTHENTICATE,
];

const PARAMETERS: Parameters = Parameters {
    tool: NAME,
    list: &[
        Parameter {
            name: "url",
            kind: Kind::Text,
            need: Need::Required,
            about: "Absolute http or https address.",
        },
        Parameter {
            name: "method",
            kind: Kind::Text,
            need: Need::Optional,
            about: "GET (default), HEAD, POST, PUT, PATCH, DELETE or OPTIONS.",
        },
        Parameter {
            name: "headers",
            kind: Kind::Texts,
            need: Need::Optional,
            about: "Header names and values.",
        },
        Parameter {
            name: "body",
            kind: Kind::Text,
            need: Need::Optional,
            about: "The body; not with GET or HEAD.",
        },
        APPROVAL_TOKEN,
    ],
};

#[async_trait]
impl Tool for HttpRequest {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: NAME,
            description: "Sends one HTTP request and returns the status and the text of the \
                          answer. Redirects are not followed.",
            parameters: PARAMETERS.schema(),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        _: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let arguments = PARAMETERS.check(arguments)?;
        let method = method(arguments.text("method"))?;
        let action = Action::HttpRequest {
            method,
            url: address(arguments.text("url"))?,
            headers: headers(&arguments.texts("headers"))?,
            body: arguments.text("body").to_owned(),
        };
        action.check_content().map_err(|error| PARAMETERS.error(&error.to_string()))?;
        Ok(Plan::Effect(action))
    }

    async fn execute(&self, action: PermittedAction, execution: &Execution) -> ToolOutput {
        let permit = match action.into_http() {
            Ok(permit) => permit,
            Err(error) => return ToolOutput::error(format!("{error}; nothing was sent")),
        };
        send(&self.connections, permit, execution).await
    }
}

/// Sends what is permitted: the only place where bytes of this tool leave the house.
async fn send(connections: &Connections, permit: HttpPermit, execution: &Execution) -> ToolOutput {
    let leaves = permit.grant().is_some();
    let Action::HttpRequest { method, url, headers, body } = permit.into_action() else {
        return ToolOutput::not_mine(NAME);
    };
    let Ok(method) = Method::from_bytes(method.as_bytes()) else {
        return ToolOutput::error(format!("`{method}` is not a method; nothing was sent"));
    };
    let client = match connections.client(&url, execution.context.own_port) {
        Ok(client) => client,
        Err(problem) => return ToolOutput::error(problem),
    };
    let reads = matches!(method, Method::GET | Method::HEAD);
    let mut request = client.request(method, url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if !body.is_empty() {
        request = request.body(body);
    }
    // What may have changed something at the other end is not simply a failure.
    let lost = if leaves && !reads { ToolStatus::Indeterminate } else { ToolStatus::Cancelled };
    tokio::select! {
        output = exchange(request, (leaves && !reads, execution)) => output,
        () = execution.cancel.cancelled() => ToolOutput::new(
            lost,
            "stopped while the request was under way; it may have arrived",
        ),
    }
}

async fn exchange(
    request: reqwest::RequestBuilder,
    (changes, execution): (bool, &Execution),
) -> ToolOutput {
    match request.send().await {
        Ok(answer) => present(answer, execution).await,
        Err(error) if changes && !error.is_connect() && !error.is_builder() => ToolOutput::new(
            ToolStatus::Indeterminate,
            format!(
                "no answer; the request may have arrived: {}",
                with_causes(error.to_string(), &error)
            ),
        ),
        Err(error) => {
            ToolOutput::error(format!("no answer: {}", with_causes(error.to_string(), &error)))
        }
    }
}

async fn present(mut answer: Response, execution: &Execution) -> ToolOutput {
    let status = answer.status();
    let shown = SHOWN.iter().filter_map(|name| {
        let value = answer.headers().get(name)?;
        Some(format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
    });
    let head: Vec<String> = std::iter::once(format!("HTTP {status}")).chain(shown).collect();
    let head = head.join("\n");
    let mut body = Collector::new(&execution.context, execution.call);
    let mut read = 0;
    let note = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => {
                let room = (LONGEST_ANSWER - read).min(chunk.len());
                body.push(chunk.get(..room).unwrap_or_default()).await;
                read += room;
                if room < chunk.len() {
                    break Some(format!("(cut after {LONGEST_ANSWER} bytes)"));
                }
            }
            Ok(None) => break None,
            Err(error) => {
                break Some(format!(
                    "(the answer broke off: {})",
                    with_causes(error.to_string(), &error)
                ));
            }
        }
    };
    let text = body.finish().await;
    let parts = [head, text, note.unwrap_or_default()];
    let content = parts.iter().map(|part| part.trim_end_matches('\n'));
    let content: Vec<&str> = content.filter(|part| !part.is_empty()).collect();
    let status = if status.as_u16() < 400 { ToolStatus::Ok } else { ToolStatus::Error };
    ToolOutput::new(status, content.join("\n\n"))
}

fn method(given: &str) -> Result<String, ToolInputError> {
    let method = if given.is_empty() { "GET" } else { given };
    let method = method.to_ascii_uppercase();
    if METHODS.contains(&method.as_str()) {
        return Ok(method);
    }
    let method: String = method.chars().take(20).collect();
    Err(PARAMETERS.error(&format!("does not know the method `{method}`")))
}

fn address(given: &str) -> Result<String, ToolInputError> {
    let problem = match Url::parse(given.trim()) {
        Err(error) => format!("needs an absolute address as `url` ({error})"),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            format!("speaks http and https, not `{}`", url.scheme())
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "takes no user name or password in `url`; send a header".to_owned()
        }
        Ok(mut url) => {
            url.set_fragment(None);
            match without_final_dot(url) {
                Some(url) if url.as_str().len() <= LONGEST_ADDRESS => return Ok(url.into()),
                Some(_) => format!("takes at most {LONGEST_ADDRESS} bytes as `url`"),
                None => "needs the name of a host in `url`".to_owned(),
            }
        }
    };
    Err(PARAMETERS.error(&problem))
}

/// The same address with the one spelling of its host: `localhost.` is `localhost`.
fn without_final_dot(mut url: Url) -> Option<Url> {
    let host = url.host_str()?;
    let bare = host.trim_end_matches('.').to_owned();
    if bare.len() < host.len() {
        url.set_host(Some(&bare)).ok()?;
    }
    Some(url)
}

fn headers(given: &BTreeMap<&str, &str>) -> Result<BTreeMap<String, String>, ToolInputError> {
    let mut headers = BTreeMap::new();
    for (name, value) in given {
        let shown: String = name.chars().take(80).collect();
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| PARAMETERS.error(&format!("cannot send a header named `{shown}`")))?;
        if DERIVED.contains(&name.as_str()) {
            return Err(PARAMETERS.error(&format!("sets the header `{name}` by itself")));
        }
        if HeaderValue::from_str(value).is_err() {
            return Err(PARAMETERS.error(&format!("cannot send this value of `{name}`")));
        }
        if headers.insert(name.to_string(), (*value).to_owned()).is_some() {
            return Err(PARAMETERS.error(&format!("was given the header `{name}` twice")));
        }
    }
    Ok(headers)
}
