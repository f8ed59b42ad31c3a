//! Waiting for a condition, with a limit.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::Instant;

const LIMIT: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(40);

/// What `look` finds, as soon as it finds something. An error of `look` counts as nothing found
/// and is told only when the limit is reached: a page may be in the middle of being drawn.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + LIMIT;
    loop {
        let seen = look().await;
        if let Ok(Some(found)) = seen {
            return Ok(found);
        }
        if Instant::now() > deadline {
            let last = seen.err().map_or_else(String::new, |error| format!("; last: {error:#}"));
            bail!("{} s were not enough for: {what}{last}", LIMIT.as_secs());
        }
        tokio::time::sleep(STEP).await;
    }
}
