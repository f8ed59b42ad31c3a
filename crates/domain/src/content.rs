//! What content an action can have: the same for what a tool plans and for what a person makes of it.

use crate::action::Action;

/// The longest message, in bytes.
const LONGEST_MESSAGE: usize = 100_000;

/// The longest mail, in bytes.
const LONGEST_MAIL: usize = 1_000_000;

/// Why an action cannot have its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContent {
    /// There is nothing to send.
    #[error("needs something to send")]
    Empty,
    /// It is too long.
    #[error("sends at most {0} bytes")]
    TooLong(usize),
    /// A mail cannot carry NUL characters.
    #[error("sends no NUL characters")]
    Nul,
    /// A request of this kind has no body.
    #[error("sends no `body` with GET or HEAD")]
    Body,
}

impl Action {
    /// Whether it can have the content that it has.
    pub fn check_content(&self) -> Result<(), InvalidContent> {
        match self {
            Self::SendMessage { text, .. } if text.trim().is_empty() => Err(InvalidContent::Empty),
            Self::SendMessage { text, .. } if text.len() > LONGEST_MESSAGE => {
                Err(InvalidContent::TooLong(LONGEST_MESSAGE))
            }
            Self::SendEmail { body, .. } if body.len() > LONGEST_MAIL => {
                Err(InvalidContent::TooLong(LONGEST_MAIL))
            }
            Self::SendEmail { body, .. } if body.contains('\0') => Err(InvalidContent::Nul),
            Self::HttpRequest { method, body, .. }
                if matches!(method.as_str(), "GET" | "HEAD") && !body.is_empty() =>
            {
                Err(InvalidContent::Body)
            }
            Self::SendMessage { .. }
            | Self::SendEmail { .. }
            | Self::HttpRequest { .. }
            | Self::Exec { .. }
            | Self::Code { .. }
            | Self::FileRead { .. }
            | Self::FileWrite { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_what_its_tool_can_send() {
        let message = |text: String| Action::SendMessage {
            destination: "webhook:ops".parse().unwrap(),
            name: None,
            text,
            attachments: Vec::new(),
        };
        let mail = |body: String| Action::SendEmail {
            from: "me@a.example".parse().unwrap(),
            to: vec!["you@a.example".parse().unwrap()],
            cc: Vec::new(),
            subject: "s".parse().unwrap(),
            body,
            attachments: Vec::new(),
        };
        for (action, expected) in [
            (message("x".repeat(LONGEST_MESSAGE)), Ok(())),
            (message("x".repeat(LONGEST_MESSAGE + 1)), Err(InvalidContent::TooLong(100_000))),
            (message(" \n".to_owned()), Err(InvalidContent::Empty)),
            (mail("x".repeat(LONGEST_MAIL)), Ok(())),
            (mail("x".repeat(LONGEST_MAIL + 1)), Err(InvalidContent::TooLong(1_000_000))),
            (mail("a\0b".to_owned()), Err(InvalidContent::Nul)),
            (mail(String::new()), Ok(())),
        ] {
            assert_eq!(action.check_content(), expected);
        }
    }
}
