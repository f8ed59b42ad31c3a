//! Connections: each outlives its socket for a while, with what was sent and what is to be sent.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Notify;

use crate::mattermost::model::ids::{ConnectionId, UserId};

/// How many frames wait for a slow reader before the server gives up on it.
const SEND_QUEUE: usize = 256;

/// How many events that were sent the server keeps for a socket that takes over.
const DEAD_QUEUE: usize = 128;

/// How long a connection without a socket is kept, in milliseconds.
const STALE_AFTER: i64 = 5 * 60 * 1000;

/// All connections of logged-in users.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    connections: BTreeMap<ConnectionId, Connection>,
    next_socket: u64,
}

/// A connection.
#[derive(Debug)]
struct Connection {
    user: UserId,
    holder: Holder,
    queue: VecDeque<Frame>,
    next_sequence: i64,
    sent: VecDeque<(i64, Value)>,
    wake: Arc<Notify>,
}

/// Who writes what the connection has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Socket(SocketId),
    NobodySince(i64),
}

/// One socket; a later socket on the same connection is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SocketId(u64);

/// Something to write.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Frame {
    /// An event: gets a sequence number when it is written.
    Event(Value),
    /// An event that was written before and keeps its number.
    Again(Value),
    /// The answer to a request: has no number.
    Reply(Value),
}

/// A socket's place at a connection.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) connection: ConnectionId,
    pub(crate) user: UserId,
    pub(crate) wake: Arc<Notify>,
    socket: SocketId,
}

/// What there is to write.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    Write(Value),
    Nothing,
    /// The seat is gone: another socket has it, or the server gave up.
    Gone,
}

impl Hub {
    /// A new connection, whose first event is `hello`.
    pub(crate) fn open(&mut self, user: &UserId, hello: impl Fn(&ConnectionId) -> Value) -> Seat {
        let id = ConnectionId::fresh();
        let socket = self.number_socket();
        let wake = Arc::new(Notify::new());
        let connection = Connection {
            user: user.clone(),
            holder: Holder::Socket(socket),
            queue: VecDeque::from([Frame::Event(hello(&id))]),
            next_sequence: 0,
            sent: VecDeque::new(),
            wake: wake.clone(),
        };
        self.connections.insert(id.clone(), connection);
        Seat { connection: id, user: user.clone(), wake, socket }
    }

    /// Takes over a connection whose socket is gone, at the event that the client expects next.
    /// If that cannot be done without loss the connection gets another id.
    pub(crate) fn resume(
        &mut self,
        user: &UserId,
        id: &ConnectionId,
        (expected, now): (i64, i64),
        hello: impl Fn(&ConnectionId) -> Value,
    ) -> Seat {
        let idle = self.connections.get(id).is_some_and(|connection| {
            connection.user == *user
                && matches!(connection.holder, Holder::NobodySince(at) if now - at <= STALE_AFTER)
        });
        let Some(mut connection) = self.connections.remove(id).filter(|_| idle) else {
            return self.open(user, hello);
        };
        let socket = self.number_socket();
        connection.holder = Holder::Socket(socket);
        let id = match connection.rewind(expected) {
            Rewound::WithoutLoss => id.clone(),
            Rewound::WithLoss => {
                let id = ConnectionId::fresh();
                connection.queue.push_front(Frame::Event(hello(&id)));
                id
            }
        };
        let wake = connection.wake.clone();
        wake.notify_one();
        self.connections.insert(id.clone(), connection);
        Seat { connection: id, user: user.clone(), wake, socket }
    }

    fn number_socket(&mut self) -> SocketId {
        self.next_socket += 1;
        SocketId(self.next_socket)
    }

    /// The next frame for a socket, numbered and remembered.
    pub(crate) fn next(&mut self, seat: &Seat) -> Next {
        match self.connections.get_mut(&seat.connection) {
            Some(connection) if connection.holder == Holder::Socket(seat.socket) => {
                connection.next().map_or(Next::Nothing, Next::Write)
            }
            Some(_) | None => Next::Gone,
        }
    }

    /// A socket is gone; its connection waits for another.
    pub(crate) fn leave(&mut self, seat: &Seat, now: i64) {
        if let Some(connection) = self.connections.get_mut(&seat.connection)
            && connection.holder == Holder::Socket(seat.socket)
        {
            connection.holder = Holder::NobodySince(now);
        }
    }

    /// Every socket is cut off; the connections stay.
    pub(crate) fn unseat_all(&mut self, now: i64) {
        for connection in self.connections.values_mut() {
            if matches!(connection.holder, Holder::Socket(_)) {
                connection.holder = Holder::NobodySince(now);
                connection.wake.notify_one();
            }
        }
    }

    /// The server starts anew and knows no connection.
    pub(crate) fn forget_all(&mut self) {
        for connection in std::mem::take(&mut self.connections).into_values() {
            connection.wake.notify_one();
        }
    }

    /// The answer to a request that came over this seat.
    pub(crate) fn reply(&mut self, seat: &Seat, reply: Value) {
        self.push(&seat.connection.clone(), Frame::Reply(reply));
    }

    /// Gives each connection what `of` has for its user.
    pub(crate) fn publish(&mut self, of: impl Fn(&UserId) -> Option<Value>) {
        let ids: Vec<ConnectionId> = self.connections.keys().cloned().collect();
        for id in ids {
            let event = self.connections.get(&id).and_then(|connection| of(&connection.user));
            if let Some(event) = event {
                self.push(&id, Frame::Event(event));
            }
        }
    }

    fn push(&mut self, id: &ConnectionId, frame: Frame) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.wake.notify_one();
        if connection.queue.len() < SEND_QUEUE {
            connection.queue.push_back(frame);
        } else {
            self.connections.remove(id);
        }
    }

    /// How many sockets of this user are open.
    pub(crate) fn open_sockets(&self, user: &UserId) -> usize {
        self.connections
            .values()
            .filter(|connection| {
                connection.user == *user && matches!(connection.holder, Holder::Socket(_))
            })
            .count()
    }

    /// The ids of this user's connections, with or without a socket.
    pub(crate) fn connections_of(&self, user: &UserId) -> Vec<ConnectionId> {
        let of_user = |(id, connection): (&ConnectionId, &Connection)| {
            (connection.user == *user).then(|| id.clone())
        };
        self.connections.iter().filter_map(of_user).collect()
    }
}

/// How taking over went.
enum Rewound {
    WithoutLoss,
    WithLoss,
}

impl Connection {
    fn next(&mut self) -> Option<Value> {
        match self.queue.pop_front()? {
            Frame::Reply(reply) => Some(reply),
            Frame::Again(event) => {
                self.next_sequence += 1;
                Some(event)
            }
            Frame::Event(mut event) => {
                let sequence = self.next_sequence;
                self.next_sequence += 1;
                if let Some(fields) = event.as_object_mut() {
                    fields.insert("seq".to_owned(), Value::from(sequence));
                }
                if self.sent.len() == DEAD_QUEUE {
                    self.sent.pop_front();
                }
                self.sent.push_back((sequence, event.clone()));
                Some(event)
            }
        }
    }

    fn rewind(&mut self, expected: i64) -> Rewound {
        self.next_sequence = expected;
        if expected == 0 {
            return Rewound::WithoutLoss;
        }
        if let Some(at) = self.sent.iter().position(|(sequence, _)| *sequence == expected) {
            for (_, event) in self.sent.iter().skip(at).rev() {
                self.queue.push_front(Frame::Again(event.clone()));
            }
            return Rewound::WithoutLoss;
        }
        match self.sent.back() {
            Some((last, _)) if *last != expected - 1 => {
                self.sent.clear();
                self.next_sequence = 0;
                Rewound::WithLoss
            }
            Some(_) | None => Rewound::WithoutLoss,
        }
    }
}
