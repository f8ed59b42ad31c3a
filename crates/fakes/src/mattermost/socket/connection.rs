//! One socket, from the handshake to its end.

use std::sync::Arc;

use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::hub::{Next, Seat};
use super::requests::{self, Answer};
use crate::mattermost::model::ids::{ConnectionId, UserId};
use crate::mattermost::server::Server;

/// How long a client may stay silent about who it is, in milliseconds.
const AUTH_CHECK: i64 = 5_000;

/// How often the server asks whether the client is there, in milliseconds.
const PING_EVERY: i64 = 60_000;

/// How long it waits for the answer to that, in milliseconds: 100 s after the last one.
const PONG_WITHIN: i64 = 40_000;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What the handshake asked for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// The client will say who it is.
    Challenge,
    /// A new connection.
    Fresh(UserId),
    /// An old connection, from this event on.
    Resume(UserId, ConnectionId, i64),
    /// Something that makes the server hang up.
    Nonsense,
}

/// Serves a socket until it ends.
pub(crate) async fn serve(server: Arc<Server>, socket: Socket, asked: Asked) {
    let seat = match asked {
        Asked::Challenge => None,
        Asked::Fresh(user) => Some(server.open_connection(&user)),
        Asked::Resume(user, id, expected) => Some(server.resume_connection(&user, &id, expected)),
        Asked::Nonsense => return,
    };
    let now = server.clock.now();
    let mut connection = Connection {
        server: server.clone(),
        socket,
        seat,
        opened_at: now,
        pinged_at: now,
        unanswered: None,
    };
    connection.run().await;
    if let Some(seat) = &connection.seat {
        server.world().hub.leave(seat, server.clock.now());
    }
}

struct Connection {
    server: Arc<Server>,
    socket: Socket,
    seat: Option<Seat>,
    opened_at: i64,
    pinged_at: i64,
    /// When a question was asked that has no answer yet.
    unanswered: Option<i64>,
}

/// What woke the socket up.
enum Woken {
    Queue,
    Said(Option<Result<Message, Error>>),
    PingTime,
    Silence,
    NobodyKnown,
    Cut,
}

/// Whether to go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    End,
}

impl Connection {
    async fn run(&mut self) {
        let mut cut = self.server.cut.subscribe();
        loop {
            if self.write_all().await == Flow::End {
                return;
            }
            let clock = self.server.clock.clone();
            let wake = self.seat.as_ref().map(|seat| seat.wake.clone());
            let woken = tokio::select! {
                _ = cut.changed() => Woken::Cut,
                () = async { match &wake { Some(wake) => wake.notified().await, None => std::future::pending().await } } => Woken::Queue,
                said = self.socket.next() => Woken::Said(said),
                () = clock.until(self.pinged_at + PING_EVERY) => Woken::PingTime,
                () = clock.until(self.unanswered.unwrap_or_default() + PONG_WITHIN), if self.unanswered.is_some() => Woken::Silence,
                () = clock.until(self.opened_at + AUTH_CHECK), if self.seat.is_none() => Woken::NobodyKnown,
            };
            if self.handle(woken).await == Flow::End {
                return;
            }
        }
    }

    async fn write_all(&mut self) -> Flow {
        loop {
            let Some(seat) = &self.seat else { return Flow::On };
            let next = self.server.world().hub.next(seat);
            match next {
                Next::Nothing => return Flow::On,
                Next::Gone => return Flow::End,
                Next::Write(frame) => {
                    if self.send(Message::text(frame.to_string())).await == Flow::End {
                        return Flow::End;
                    }
                }
            }
        }
    }

    async fn send(&mut self, message: Message) -> Flow {
        if self.socket.send(message).await.is_ok() { Flow::On } else { Flow::End }
    }

    async fn handle(&mut self, woken: Woken) -> Flow {
        match woken {
            Woken::PingTime => {
                self.pinged_at = self.server.clock.now();
                self.unanswered.get_or_insert(self.pinged_at);
                self.send(Message::Ping(Vec::new().into())).await
            }
            Woken::Said(Some(Ok(Message::Text(text)))) => self.hear(text.as_str()),
            Woken::Said(Some(Ok(Message::Pong(_)))) => {
                self.unanswered = None;
                Flow::On
            }
            Woken::Queue | Woken::Said(Some(Ok(Message::Ping(_) | Message::Frame(_)))) => Flow::On,
            Woken::Said(Some(Ok(Message::Binary(_) | Message::Close(_)) | Err(_)) | None)
            | Woken::Silence
            | Woken::NobodyKnown
            | Woken::Cut => Flow::End,
        }
    }

    fn hear(&mut self, text: &str) -> Flow {
        let Ok(request) = serde_json::from_str::<Value>(text) else { return Flow::End };
        match requests::answer(&self.server, self.seat.as_ref(), &request) {
            Answer::Seated(seat) => self.seat = Some(seat),
            Answer::Reply(reply) => {
                if let Some(seat) = &self.seat {
                    self.server.world().hub.reply(seat, reply);
                }
            }
            Answer::Nothing => {}
            Answer::HangUp => return Flow::End,
        }
        Flow::On
    }
}
