//! Asking a person.

use crate::failure::Failure;
use crate::output::{Screen, inert_line};
use crate::typed_lines::TypedLines;

/// Somebody who answers.
pub(super) struct Questions {
    screen: Screen,
    typed: TypedLines,
}

impl Questions {
    pub(super) fn start(screen: Screen) -> Self {
        Self { screen, typed: TypedLines::start() }
    }

    /// A line of explanation.
    pub(super) fn say(&self, text: &str) -> Result<(), Failure> {
        Ok(self.screen.line(text)?)
    }

    /// What is typed; a bare Enter means what is there already. `-` means nothing.
    pub(super) async fn ask(&mut self, question: &str, there: &str) -> Result<String, Failure> {
        let shown = if there.is_empty() { "none" } else { there };
        self.screen.text(&format!("{question} [{}]: ", inert_line(shown, 120)))?;
        let line = self.typed.next().await.ok_or_else(broken_off)?;
        Ok(match line.trim() {
            "" => there.to_owned(),
            "-" => String::new(),
            given => given.to_owned(),
        })
    }

    /// Whether somebody agrees; a bare Enter does not.
    pub(super) async fn agreed(&mut self, question: &str) -> Result<bool, Failure> {
        self.screen.text(&format!("{question} [y/N]: "))?;
        let line = self.typed.next().await.ok_or_else(broken_off)?;
        Ok(matches!(line.trim(), "y" | "Y" | "yes"))
    }
}

fn broken_off() -> Failure {
    Failure::Refused("broken off: nothing is written".to_owned())
}
