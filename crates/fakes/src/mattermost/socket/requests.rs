//! What clients ask over the socket.

use serde_json::{Value, json};

use super::hub::Seat;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::Server;

/// What becomes of a request.
pub(crate) enum Answer {
    /// The client has proved who it is and sits at a connection now.
    Seated(Seat),
    /// It gets this.
    Reply(Value),
    /// It gets nothing.
    Nothing,
    /// The socket is closed.
    HangUp,
}

/// Answers a request of a client.
pub(crate) fn answer(server: &Server, seat: Option<&Seat>, request: &Value) -> Answer {
    let action = request.get("action").and_then(Value::as_str).unwrap_or_default();
    let sequence = request.get("seq").and_then(Value::as_i64).unwrap_or_default();
    if action.is_empty() {
        return refuse(sequence, 400, "api.web_socket_router.no_action.app_error");
    }
    if sequence <= 0 {
        return refuse(sequence, 400, "api.web_socket_router.bad_seq.app_error");
    }
    match (action, seat) {
        ("authentication_challenge", None) => authenticate(server, sequence, request),
        // What is said before the client is known gets no answer, nor does a second challenge.
        ("authentication_challenge", Some(_)) | (_, None) => Answer::Nothing,
        ("presence", Some(_)) => done(sequence, &Value::Null),
        ("ping", Some(_)) => done(sequence, &pong(server)),
        ("user_typing", Some(seat)) => typing(server, seat, sequence, request),
        ("get_statuses", Some(_)) => done(sequence, &json!({})),
        (_, Some(_)) => refuse(sequence, 500, "api.web_socket_router.bad_action.app_error"),
    }
}

fn authenticate(server: &Server, sequence: i64, request: &Value) -> Answer {
    let token = request.pointer("/data/token").and_then(Value::as_str);
    let Some(session) = token.and_then(|token| server.session(token)) else {
        return Answer::HangUp;
    };
    let seat = server.open_connection(&session.user);
    server.world().hub.reply(&seat, json!({"status": "OK", "seq_reply": sequence}));
    Answer::Seated(seat)
}

fn pong(server: &Server) -> Value {
    let version = server.world().settings.version.clone();
    json!({"text": "pong", "version": version, "server_time": server.clock.now(), "node_id": ""})
}

fn typing(server: &Server, seat: &Seat, sequence: i64, request: &Value) -> Answer {
    let field = |name: &str| {
        request.pointer(&format!("/data/{name}")).and_then(Value::as_str).unwrap_or_default()
    };
    match server.type_in(&seat.user, field("channel_id"), field("parent_id")) {
        Ok(()) => done(sequence, &Value::Null),
        Err(refusal) => Answer::Reply(refused(sequence, &refusal)),
    }
}

fn done(sequence: i64, data: &Value) -> Answer {
    let mut reply = json!({"status": "OK", "seq_reply": sequence});
    if let (false, Some(fields)) = (data.is_null(), reply.as_object_mut()) {
        fields.insert("data".to_owned(), data.clone());
    }
    Answer::Reply(reply)
}

fn refuse(sequence: i64, status: u16, id: &'static str) -> Answer {
    let refusal = Refusal::new(status, id, "The request could not be understood.");
    Answer::Reply(refused(sequence, &refusal))
}

fn refused(sequence: i64, refusal: &Refusal) -> Value {
    json!({"status": "FAIL", "error": refusal.to_json(), "seq_reply": sequence})
}
