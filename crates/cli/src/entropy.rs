//! Ids and secrets, from the operating system's generator.

use countersign_ports::entropy::Entropy;
use uuid::Uuid;

/// The operating system's generator.
#[derive(Debug)]
pub(crate) struct SystemEntropy(());

/// The generator does not work.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random numbers: {0}")]
pub(crate) struct NoEntropy(String);

impl SystemEntropy {
    /// The generator, if it works: a process without one must not start.
    pub(crate) fn new() -> Result<Self, NoEntropy> {
        let mut probe = [0; 1];
        getrandom::fill(&mut probe).map_err(|error| NoEntropy(error.to_string()))?;
        Ok(Self(()))
    }

    /// A secret text: `prefix` and 64 hex digits.
    pub(crate) fn secret_text(&self, prefix: &str) -> String {
        let digits = self.secret().map(|byte| format!("{byte:02x}")).concat();
        format!("{prefix}{digits}")
    }
}

impl Entropy for SystemEntropy {
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        if getrandom::fill(&mut bytes).is_err() {
            // It worked at the start. A guessable secret would be worse than no process.
            tracing::error!("the operating system gives no random numbers any more");
            std::process::abort();
        }
        bytes
    }
}
