//! The connection through which the server says what happens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use countersign_ports::secret::Secret;
use futures::{SinkExt as _, StreamExt as _};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_websockets::{
    ClientBuilder, Connector, Limits, MaybeTlsStream, Message, WebSocketStream,
};
use url::Url;

use crate::resume::Resume;
use crate::wire::Frame;

/// The longest event: a post with all that it may carry.
const LONGEST: usize = 16 * 1024 * 1024;

/// How long connecting may take, and each step of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// After so long a silence it is asked whether anybody is there.
const SILENCE: Duration = Duration::from_secs(30);

/// A connection whose bot is known to the server.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The number of the next request.
    number: u64,
    /// What came while the bot was proving itself.
    early: VecDeque<Frame>,
}

/// Why there is no connection any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SocketError {
    /// The server does not accept the token.
    #[error("the server does not accept the token")]
    Token,
    /// It broke.
    #[error("{0}")]
    Broken(String),
}

/// Encrypted connections of this machine's own trust.
pub(crate) fn connector(base: &Url) -> Result<Connector, SocketError> {
    if base.scheme() != "https" {
        return Ok(Connector::Plain);
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SocketError::Broken(error.to_string()))?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Ok(Connector::Rustls(TlsConnector::from(Arc::new(config))))
}

impl Socket {
    /// Connects to the server at `base`, going on at `resume` if the server still knows it.
    pub(crate) async fn open(
        base: &Url,
        token: &Secret,
        resume: Option<&Resume>,
    ) -> Result<Self, SocketError> {
        let connector = connector(base)?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
            .map_err(|_| SocketError::Token)?;
        authorization.set_sensitive(true);
        let builder = ClientBuilder::new()
            .uri(&address(base, resume))
            .map_err(|error| SocketError::Broken(error.to_string()))?
            .add_header(AUTHORIZATION, authorization)
            .map_err(|error| SocketError::Broken(error.to_string()))?
            .connector(&connector)
            .limits(Limits::default().max_payload_len(Some(LONGEST)));
        let connecting = tokio::time::timeout(PATIENCE, builder.connect()).await;
        let (stream, _) = connecting
            .map_err(|_| SocketError::Broken("the server did not answer in time".to_owned()))?
            .map_err(|error| broken(&error))?;
        let mut socket = Self { stream, number: 1, early: VecDeque::new() };
        socket.prove(token).await?;
        Ok(socket)
    }

    /// The next event or answer. Asks now and then whether the server is there.
    pub(crate) async fn next(&mut self) -> Result<Frame, SocketError> {
        if let Some(frame) = self.early.pop_front() {
            return Ok(frame);
        }
        let mut asked = false;
        loop {
            match tokio::time::timeout(SILENCE, self.read()).await {
                Ok(frame) => return frame,
                Err(_) if asked => {
                    return Err(SocketError::Broken("the server has fallen silent".to_owned()));
                }
                Err(_) => {
                    self.ask("ping", &json!({})).await?;
                    asked = true;
                }
            }
        }
    }

    /// Makes sure that the server knows who is there. The header of the request has said it, unless
    /// something on the way has taken it off.
    async fn prove(&mut self, token: &Secret) -> Result<(), SocketError> {
        let ping = self.ask("ping", &json!({})).await?;
        let mut challenge = None;
        loop {
            let read = tokio::time::timeout(PATIENCE, self.read()).await;
            let late = || SocketError::Broken("the server did not answer in time".to_owned());
            let frame = match read.map_err(|_| late())? {
                // The server closes the connection of somebody whom it does not accept.
                Err(SocketError::Broken(_)) if challenge.is_some() => {
                    return Err(SocketError::Token);
                }
                read => read?,
            };
            let Frame::Answer(answer) = &frame else {
                self.early.push_back(frame);
                return Ok(());
            };
            let is_good = answer.status == "OK";
            if is_good && (answer.seq_reply == ping || Some(answer.seq_reply) == challenge) {
                return Ok(());
            }
            if Some(answer.seq_reply) == challenge {
                return Err(SocketError::Token);
            }
            if challenge.is_none() {
                let data = json!({"token": token.expose()});
                challenge = Some(self.ask("authentication_challenge", &data).await?);
            }
        }
    }

    /// Sends a request; its number.
    async fn ask(&mut self, action: &str, data: &Value) -> Result<u64, SocketError> {
        let number = self.number;
        self.number += 1;
        let request = json!({"seq": number, "action": action, "data": data}).to_string();
        let sent = tokio::time::timeout(PATIENCE, self.stream.send(Message::text(request))).await;
        sent.map_err(|_| SocketError::Broken("the server takes nothing".to_owned()))?
            .map_err(|error| broken(&error))?;
        Ok(number)
    }

    /// The next frame that can be read; what is none of ours is passed over.
    async fn read(&mut self) -> Result<Frame, SocketError> {
        loop {
            let message = self.stream.next().await;
            let message = message
                .ok_or_else(|| {
                    SocketError::Broken("the server has closed the connection".to_owned())
                })?
                .map_err(|error| broken(&error))?;
            if let Some(text) = message.as_text()
                && let Ok(frame) = serde_json::from_str(text)
            {
                return Ok(frame);
            }
        }
    }
}

fn address(base: &Url, resume: Option<&Resume>) -> String {
    let base = base.as_str().trim_end_matches('/');
    // `https` becomes `wss`.
    let base = base.strip_prefix("http").unwrap_or(base);
    let mut address = format!("ws{base}/api/v4/websocket");
    if let Some(Resume { connection, next }) = resume {
        let connection: String =
            url::form_urlencoded::byte_serialize(connection.as_bytes()).collect();
        let query = format!("?connection_id={connection}&sequence_number={next}");
        address.push_str(&query);
    }
    address
}

fn broken(error: &tokio_websockets::Error) -> SocketError {
    SocketError::Broken(format!("the connection broke: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_follows_from_the_servers() {
        let of = |text: &str, resume| address(&Url::parse(text).unwrap(), resume);
        assert_eq!(of("https://chat.example.org", None), "wss://chat.example.org/api/v4/websocket");
        let resume = Resume { connection: "a&b".to_owned(), next: 7 };
        assert_eq!(
            of("http://127.0.0.1:8065/sub/", Some(&resume)),
            "ws://127.0.0.1:8065/sub/api/v4/websocket?connection_id=a%26b&sequence_number=7"
        );
    }
}
