//! Lines that a person types, without holding up anything else.

use std::io::{BufRead as _, IsTerminal as _};

use tokio::sync::mpsc;

/// The lines of standard input.
pub(crate) struct TypedLines {
    lines: mpsc::Receiver<String>,
}

impl TypedLines {
    /// Begins to read. The thread ends with the process or the input.
    pub(crate) fn start() -> Self {
        let (sender, lines) = mpsc::channel(16);
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let Ok(line) = line else { return };
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines }
    }

    /// The next line; `None` at the end of the input. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Option<String> {
        self.lines.recv().await
    }
}

/// Whether a person can type.
pub(crate) fn is_person() -> bool {
    std::io::stdin().is_terminal()
}
