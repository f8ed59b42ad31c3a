//! Connections: accepted, served within time-outs, and drained when the gateway stops.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::config::Timeouts;
use crate::sse::Shutdown;

/// What a connection may buffer in each direction: heads of requests must fit, and a reader that
/// does not read holds no more of its stream than this.
const CONNECTION_BUFFER: usize = 16 * 1024;

/// After an accept that failed for lack of resources.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Answers requests on `listener` until `shutdown`, with the default time-outs. See
/// [`serve_with`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> io::Result<()> {
    serve_with(listener, router, Timeouts::default(), shutdown).await
}

/// Answers requests on `listener` until `shutdown`; then event streams end, requests that are
/// being answered may go on for the drain time-out, and no new ones are taken.
pub async fn serve_with(
    listener: TcpListener,
    router: Router,
    timeouts: Timeouts,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let connections = TaskTracker::new();
    let hard_stop = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_of_the_peer(&error) {
                    tracing::error!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                continue;
            }
        };
        let connection =
            Connection { stream, peer, router: router.clone(), shutdown: shutdown.clone() };
        let hard_stop = hard_stop.clone();
        connections.spawn(async move {
            tokio::select! {
                () = connection.serve(timeouts.header) => {}
                () = hard_stop.cancelled() => {}
            }
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(timeouts.drain, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were cut off after the drain time");
        hard_stop.cancel();
        connections.wait().await;
    }
    Ok(())
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    shutdown: CancellationToken,
}

impl Connection {
    async fn serve(self, header_timeout: Duration) {
        let Self { stream, peer, router, shutdown } = self;
        // Without this, small events wait for each other; a failure costs speed alone.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        let token = shutdown.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(Shutdown(token.clone()));
            router.clone().oneshot(request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout)
            .max_buf_size(CONNECTION_BUFFER)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        // Peers go away and send nonsense; that is theirs to know.
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}
