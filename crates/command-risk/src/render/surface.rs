//! The places where people read cards, and what each of them demands.

use std::fmt;
use std::str::FromStr;

/// Where a text will be read, and in which of a platform's formats it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Surface {
    /// Plain text that nothing reads as markup. Also the text under a Telegram `pre` entity, which
    /// is what to send when Telegram refuses a message in one of its markup languages.
    Text,
    /// A terminal.
    Terminal,
    /// The value of one field of a log record; always one line.
    Log,
    /// JSON of the API, its event streams and of scripts in pages: a string literal with its
    /// quotes. The decoded string is the exact text; what deceives is escaped in the literal.
    Api,
    /// HTML of a page or of an e-mail.
    Html,
    /// `CommonMark` or GitHub's dialect on a web page.
    Markdown,
    /// A Mattermost message, or the text of an attachment or of a field.
    Mattermost,
    /// A Discord message or embed.
    Discord,
    /// The `formatted_body` of a Matrix message; its `body` is [`Surface::Text`].
    Matrix,
    /// A Teams message with the text format `xml`, Teams' subset of HTML.
    Teams,
    /// Slack's mrkdwn in a message or a block.
    Slack,
    /// A Telegram message with `parse_mode: HTML`.
    TelegramHtml,
    /// A Telegram message with `parse_mode: MarkdownV2`.
    TelegramMarkdown,
    /// A message on `WhatsApp`.
    WhatsApp,
    /// The plain text of an e-mail; the inline form is fit for a header such as the subject, once
    /// the mailer has encoded what is not ASCII.
    Email,
}

/// Why a text names no surface.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a surface such as `mattermost`")]
pub struct UnknownSurface(String);

/// How much of a text a platform takes, in UTF-16 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest text of a message.
    pub message: Option<usize>,
    /// One field beside it.
    pub field: Option<usize>,
}

impl Surface {
    /// Every surface, in a fixed order.
    pub const ALL: [Self; 15] = [
        Self::Text,
        Self::Terminal,
        Self::Log,
        Self::Api,
        Self::Html,
        Self::Markdown,
        Self::Mattermost,
        Self::Discord,
        Self::Matrix,
        Self::Teams,
        Self::Slack,
        Self::TelegramHtml,
        Self::TelegramMarkdown,
        Self::WhatsApp,
        Self::Email,
    ];

    /// The name of the surface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Terminal => "terminal",
            Self::Log => "log",
            Self::Api => "api",
            Self::Html => "html",
            Self::Markdown => "web-markdown",
            Self::Mattermost => "mattermost",
            Self::Discord => "discord",
            Self::Matrix => "matrix",
            Self::Teams => "teams",
            Self::Slack => "slack",
            Self::TelegramHtml => "telegram-html",
            Self::TelegramMarkdown => "telegram-md2",
            Self::WhatsApp => "whatsapp",
            Self::Email => "email",
        }
    }

    /// How much the platform takes. Where it counts characters or bytes, the figure is on the safe
    /// side; `None` is no limit that a card could reach.
    pub const fn limits(self) -> Limits {
        let (message, field) = match self {
            Self::Text
            | Self::Terminal
            | Self::Log
            | Self::Api
            | Self::Html
            | Self::Markdown
            | Self::Email => return Limits { message: None, field: None },
            // 65,535 bytes at four a character.
            Self::Mattermost => (16_383, 3_000),
            // 65,536 bytes for the whole event, which carries the text twice.
            Self::Matrix => (10_000, 3_000),
            // 28 KB for the whole message.
            Self::Teams => (9_000, 3_000),
            // The text of a section, and one of its fields.
            Self::Slack => (3_000, 2_000),
            // Discord: the description of an embed, and one of its fields. Telegram: a message, and a
            // caption. WhatsApp: the body of a list, and that over buttons.
            Self::Discord | Self::TelegramHtml | Self::TelegramMarkdown | Self::WhatsApp => {
                (4_096, 1_024)
            }
        };
        Limits { message: Some(message), field: Some(field) }
    }

    /// What must be sent along with the text, as members of the platform's JSON, so that nothing in
    /// it notifies anybody or fetches a preview even where a client reads more into a text than the
    /// platform's documents say.
    pub const fn send_with(self) -> &'static str {
        match self {
            Self::Mattermost => {
                r#"{"props":{"disable_group_highlight":true,"mentionHighlightDisabled":true}}"#
            }
            Self::Discord => r#"{"allowed_mentions":{"parse":[]}}"#,
            Self::Matrix => r#"{"format":"org.matrix.custom.html","m.mentions":{}}"#,
            Self::Teams => r#"{"textFormat":"xml"}"#,
            Self::Slack => {
                r#"{"parse":"none","link_names":false,"unfurl_links":false,"unfurl_media":false}"#
            }
            Self::TelegramHtml => {
                r#"{"parse_mode":"HTML","link_preview_options":{"is_disabled":true}}"#
            }
            Self::TelegramMarkdown => {
                r#"{"parse_mode":"MarkdownV2","link_preview_options":{"is_disabled":true}}"#
            }
            Self::WhatsApp => r#"{"preview_url":false}"#,
            Self::Text
            | Self::Terminal
            | Self::Log
            | Self::Api
            | Self::Html
            | Self::Markdown
            | Self::Email => "{}",
        }
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Surface {
    type Err = UnknownSurface;

    fn from_str(name: &str) -> Result<Self, UnknownSurface> {
        let found = Self::ALL.into_iter().find(|surface| surface.as_str() == name);
        found.ok_or_else(|| UnknownSurface(name.chars().take(64).collect()))
    }
}
