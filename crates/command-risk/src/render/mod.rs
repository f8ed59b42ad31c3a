//! Any text made inert for the place where people read it.
//!
//! The result shows every character of the text or says how many it leaves out. No markup, mention,
//! link, control sequence or invisible character of the text takes effect.

mod block;
mod visible;

pub(crate) use visible::is_confusable;
pub use visible::{is_invisible, visible};

/// Where the text will be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Plain text without markup.
    Text,
    /// A `CommonMark` code block.
    Markdown,
    /// The content of an HTML element or a quoted attribute, without the element.
    Html,
    /// A Slack mrkdwn code block.
    Slack,
    /// A Telegram HTML `<pre>` block.
    Telegram,
    /// A Mattermost code block.
    Mattermost,
    /// A Discord code block.
    Discord,
    /// A terminal.
    Terminal,
}

/// A text made inert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The inert text, with its own block markup where the surface has any.
    pub text: String,
    /// Whether nothing was left out.
    pub whole: bool,
}

/// Makes `text` inert for `surface`, in at most `limit` UTF-16 units (what chat services count).
///
/// What does not fit is left out in the middle, and the number of characters left out is said.
pub fn render(text: &str, surface: Surface, limit: Option<usize>) -> Rendered {
    let pieces = visible::pieces(text);
    let (open, close) = block::fences(&pieces, surface);
    let room =
        limit.map(|l| l.saturating_sub(open.encode_utf16().count() + close.encode_utf16().count()));
    let (body, whole) = block::fit(&block::escaped(pieces, surface), room);
    Rendered { text: format!("{open}{body}{close}"), whole }
}
