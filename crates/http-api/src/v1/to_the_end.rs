//! Work that a client cannot cut short by going away.

use std::panic::resume_unwind;

/// Runs `work` to its end, even when the request that asked for it is dropped: what follows a
/// commit, such as waking the run, must happen too.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is shutting down, and this request with it.
            Err(_) => std::future::pending().await,
        },
    }
}
