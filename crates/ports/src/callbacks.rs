//! Telling other programs how what they asked for was decided.

use async_trait::async_trait;

/// Carries callbacks, to addresses that the operator has configured and nowhere else.
#[async_trait]
pub trait Callbacks: Send + Sync + 'static {
    /// Nothing, or why no callback goes to `url`.
    fn check(&self, url: &str) -> Result<(), String>;

    /// Posts `body`, signed, once. `event` is the same in every attempt of one callback, and in no
    /// other. An error says why the receiver has not taken it, as far as is known.
    async fn post(&self, url: &str, event: &str, body: &str) -> Result<(), String>;
}
