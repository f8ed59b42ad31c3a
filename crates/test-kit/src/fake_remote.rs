//! A remote end that listens: what reaches its socket, and how it answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A request as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The headers, names in lowercase.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

/// What the remote does with a request that it has read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Answers with this status.
    With(u16),
    /// Closes the connection without a word.
    Nothing,
    /// Never answers.
    Never,
    /// Sends elsewhere.
    Redirect,
}

/// A listening socket that counts who comes.
pub struct FakeRemote {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    connections: AtomicUsize,
    received: Mutex<Vec<Received>>,
    answers: Mutex<Vec<Answers>>,
    came: Notify,
}

impl FakeRemote {
    /// Listens, and answers `200` to everything.
    pub async fn listen() -> Self {
        Self::answering(&[Answers::With(200)]).await
    }

    /// Listens, and answers in this order; the last answer is given for ever.
    pub async fn answering(answers: &[Answers]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            connections: AtomicUsize::new(0),
            received: Mutex::default(),
            answers: Mutex::new(answers.iter().rev().copied().collect()),
            came: Notify::new(),
        });
        let task = tokio::spawn(serve(listener, shared.clone()));
        Self { address, shared, task }
    }

    /// Where it listens.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections there were, with or without bytes.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Every request that came.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every request, once there are so many.
    pub async fn received_when(&self, count: usize) -> Vec<Received> {
        loop {
            let came = self.shared.came.notified();
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            came.await;
        }
    }
}

impl Drop for FakeRemote {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = shared.clone();
        // A connection that breaks off is one of the things that are tested.
        tokio::spawn(async move { answer(stream, &shared).await });
    }
}

async fn answer(mut stream: TcpStream, shared: &Shared) -> Option<()> {
    let received = read(&mut stream).await?;
    let answer = {
        let mut answers = shared.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() > 1 { answers.pop() } else { answers.last().copied() }
    };
    shared.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    shared.came.notify_waiters();
    let reply = match answer? {
        Answers::With(status) => {
            format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        }
        Answers::Redirect => "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\n\
                              content-length: 0\r\nconnection: close\r\n\r\n"
            .to_owned(),
        Answers::Nothing => return None,
        Answers::Never => std::future::pending().await,
    };
    stream.write_all(reply.as_bytes()).await.ok()
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let mut first = lines.next()?.split(' ');
            let headers: BTreeMap<String, String> = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect();
            let length = headers.get("content-length").and_then(|text| text.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(Received {
                    method: first.next()?.to_owned(),
                    path: first.next()?.to_owned(),
                    headers,
                    body: body.to_owned(),
                });
            }
        }
        let mut more = [0; 4096];
        let count = stream.read(&mut more).await.ok().filter(|count| *count > 0)?;
        bytes.extend(more.iter().take(count));
    }
}
