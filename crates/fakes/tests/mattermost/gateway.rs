//! What stands in for a gateway here: a REST client, a socket, and an address that is called.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::any;
use countersign_fakes::mattermost::{
    Bot, ChannelId, FakeMattermost, Person, PostId, Settings, TeamId, TeamRole,
};
use futures::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// A server with a team, a channel, two people and a bot in it.
pub(crate) struct Place {
    pub(crate) server: FakeMattermost,
    pub(crate) team: TeamId,
    pub(crate) town: ChannelId,
    pub(crate) ann: Person,
    pub(crate) bob: Person,
    pub(crate) bot: Bot,
}

/// A place where everything works.
pub(crate) async fn place() -> Place {
    place_with(Settings::default()).await
}

pub(crate) async fn place_with(settings: Settings) -> Place {
    let server = FakeMattermost::start(settings).await;
    let team = server.team("main");
    let (ann, bob, bot) = (server.user("ann"), server.user("bob"), server.bot("signer"));
    server.set_team_role(&team, &bot, Some(TeamRole::Admin));
    let town = server.channel(&team, "town", &[&ann, &bob, &bot]);
    Place { server, team, town, ann, bob, bot }
}

/// An answer over REST.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    /// The id by which the server refused.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["id"].as_str().unwrap_or_default())
    }
}

impl Place {
    /// Asks as the bot.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> Answer {
        self.ask_as(&self.bot.token, method, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, Value::Null).await
    }

    pub(crate) async fn send(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, body).await
    }

    /// Sends to a path, and looks at the status alone.
    pub(crate) async fn send_to(&self, path: String, body: Value) -> u16 {
        self.send(&path, body).await.status
    }

    pub(crate) async fn ask_as(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> Answer {
        let mut request = reqwest::Client::new()
            .request(method, format!("{}/api/v4{path}", self.server.url()))
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a text");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, text, body }
    }

    /// Posts as the bot.
    pub(crate) async fn post(&self, body: Value) -> Answer {
        let mut post = json!({"channel_id": self.town});
        post.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        self.send("/posts", post).await
    }

    /// Posts a card with one button that leads to `url`.
    pub(crate) async fn card(&self, url: &str) -> PostId {
        let posted = self.post(json!({"message": "card", "props": card(url)})).await;
        assert_eq!(posted.status, 201, "{}", posted.text);
        posted.body["id"].as_str().unwrap().into()
    }

    /// A socket that has proved to be the bot and was greeted.
    pub(crate) async fn socket(&self) -> Socket {
        let mut socket = Socket::open(&self.server, None, "").await;
        socket.challenge(&self.bot.token).await;
        socket.connection =
            socket.event("hello").await["data"]["connection_id"].as_str().unwrap().into();
        assert_eq!(socket.next().await.unwrap(), json!({"status": "OK", "seq_reply": 1}));
        socket
    }
}

pub(crate) fn card(url: &str) -> Value {
    json!({"attachments": [{"title": "May it?", "text": "rm", "actions": [
        {"id": "allowonce", "type": "button", "name": "Allow once",
            "integration": {"url": url, "context": {"z": "last", "a": "first"}}},
    ]}]})
}

/// A socket of a client.
pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
    pub(crate) connection: String,
}

impl Socket {
    pub(crate) async fn open(server: &FakeMattermost, token: Option<&str>, query: &str) -> Self {
        use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
        let address = server.url().replace("http://", "");
        let mut request =
            format!("ws://{address}/api/v4/websocket{query}").into_client_request().unwrap();
        if let Some(token) = token {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.expect("the server listens");
        let (stream, _) = tokio_tungstenite::client_async(request, stream).await.expect("a socket");
        Self { stream, connection: String::new() }
    }

    pub(crate) async fn say(&mut self, what: Value) {
        self.stream.send(Message::text(what.to_string())).await.expect("it is open");
    }

    pub(crate) async fn challenge(&mut self, token: &str) {
        self.say(json!({"seq": 1, "action": "authentication_challenge", "data": {"token": token}}))
            .await;
    }

    /// The next frame; nothing if the socket was closed.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).ok(),
                Some(Ok(Message::Ping(_))) => {}
                Some(Ok(_) | Err(_)) | None => return None,
            }
        }
    }

    /// Reads the server's question whether anybody is there, and answers it.
    pub(crate) async fn is_asked(&mut self) {
        while !matches!(self.stream.next().await, Some(Ok(Message::Ping(_)))) {}
        self.stream.flush().await.expect("it is open");
    }

    /// Reads the server's question and does not answer it.
    pub(crate) async fn ignores_question(&mut self) {
        let mut frame = [0_u8; 2];
        self.stream.get_mut().read_exact(&mut frame).await.expect("it is open");
        assert_eq!(frame, [0x89, 0]);
    }

    /// The next event of this name.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        loop {
            let frame = self.next().await.expect("the socket is open");
            if frame["event"] == name {
                return frame;
            }
        }
    }
}

/// An address that is called, and what it answers.
pub(crate) struct Callback {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    told: watch::Sender<usize>,
}

/// A call as it came.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// What an address answers.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    Json(Value),
    With(u16, &'static str, &'static str),
    Never,
}

impl Callback {
    pub(crate) async fn saying(says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let told = watch::Sender::new(0);
        let (kept, tell) = (calls.clone(), told.clone());
        let answer = any(async move |request: axum::extract::Request| {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            kept.lock().unwrap().push(Call {
                method: head.method.to_string(),
                query: head.uri.query().unwrap_or_default().to_owned(),
                headers: head.headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            });
            tell.send_modify(|calls| *calls += 1);
            match says.clone() {
                Says::Json(body) => axum::Json(body).into_response(),
                Says::With(status, kind, body) => {
                    let status = StatusCode::from_u16(status).unwrap();
                    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
                }
                Says::Never => std::future::pending().await,
            }
        });
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self { url, calls, told }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Waits until it was called.
    pub(crate) async fn called(&self) -> Call {
        self.told.subscribe().wait_for(|calls| *calls > 0).await.unwrap();
        self.calls()[0].clone()
    }
}
