//! Any text made inert for the place where people read it: the one way in which a text of an agent
//! or of a rule (command, description, reason, path, URL, content) gets onto a card.
//!
//! [`block`] is for commands, code and content; [`inline`] is for what stands in a line of the
//! card's own. Both return the text ready to be sent, with the markup that holds it. In it
//!
//! - no markup, mention, link, control sequence or line break of the text takes effect,
//! - nothing is invisible: hidden characters are written `⟨U+200B⟩`, look-alike letters are followed
//!   by their code, floods of blanks, line breaks and combining marks are counted,
//! - nothing is left out silently: what does not fit is counted, with length and hash of the whole.
//!
//! Whatever stands in `⟨…⟩` is the gateway's word; a text's own `⟨` is written out.
//!
//! What a card must do itself: give each field a line of its own (right-to-left text could
//! otherwise move what stands behind it), put fields neither into table cells nor into quotations,
//! and send along what [`Surface::send_with`] says. A card of which [`Rendered::whole`] is false
//! must not offer more than a card may offer that does not show everything.
//!
//! ```
//! use countersign_command_risk::render::{Fit, Surface, block, inline};
//!
//! let card = format!(
//!     "{}\nWhy: {}",
//!     block("echo '```'; rm -rf ./data", Surface::Mattermost, Fit::WHOLE).text,
//!     inline("deletes @all\n# of it", Surface::Mattermost, Fit::WHOLE).text,
//! );
//! assert_eq!(
//!     card,
//!     "````text\necho '```'; rm -rf ./data\n````\nWhy: `deletes @all⟨U+000A⟩# of it`"
//! );
//! ```

mod confusable;
mod fit;
mod frame;
mod marks;
mod surface;
mod visible;

use countersign_domain::assessment::Span;
pub use countersign_domain::display::is_deceptive;
use countersign_domain::display::json_inert;

pub(crate) use confusable::{deceiving_letter, foreign_words};
use fit::{Cut, Part};
use frame::{disarm, frame, push_char, push_escaped};
pub use surface::{Limits, Surface, UnknownSurface};
pub use visible::visible;
use visible::{Lines, pieces};

/// How much room there is, and what may not be left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fit<'k> {
    /// The most UTF-16 units that the result may have, its markup included; `None` is no limit.
    pub limit: Option<usize>,
    /// What is shown in any case besides head and tail, most important first: the places of the
    /// findings, in bytes of the text. Of one that is too long, its own head and tail.
    pub keep: &'k [Span],
}

impl<'k> Fit<'k> {
    /// All of it.
    pub const WHOLE: Fit<'static> = Fit { limit: None, keep: &[] };

    /// At most `limit` units, without leaving out what `keep` points at.
    pub const fn within(limit: usize, keep: &'k [Span]) -> Self {
        Self { limit: Some(limit), keep }
    }
}

/// A text made inert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The inert text with the markup that holds it, ready to be sent.
    pub text: String,
    /// How many characters of the original are not shown.
    pub left_out: usize,
}

impl Rendered {
    /// Whether nothing was left out.
    pub const fn whole(&self) -> bool {
        self.left_out == 0
    }
}

/// The two forms of a text on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Block,
    Inline,
}

/// `text` as a block of its own, line breaks kept. It begins and ends with the surface's markup for
/// blocks (or a gutter before each line, where there is none) and stands on lines of its own.
pub fn block(text: &str, surface: Surface, fit: Fit<'_>) -> Rendered {
    render(text, surface, Form::Block, fit)
}

/// `text` as part of a line, line breaks shown as `⟨U+000A⟩`.
pub fn inline(text: &str, surface: Surface, fit: Fit<'_>) -> Rendered {
    render(text, surface, Form::Inline, fit)
}

/// The words of the card itself (labels, times, names of choices), escaped so that they mean what
/// they say. Not for texts of agents: it makes nothing visible and breaks no link.
pub fn label(text: &str, surface: Surface) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let special = match surface {
            Surface::TelegramMarkdown => c.is_ascii_punctuation(),
            Surface::Markdown | Surface::Mattermost | Surface::Discord => {
                "\\`*_~|#>[]<".contains(c)
            }
            Surface::Text
            | Surface::Terminal
            | Surface::Log
            | Surface::Api
            | Surface::Html
            | Surface::Matrix
            | Surface::Teams
            | Surface::Slack
            | Surface::TelegramHtml
            | Surface::WhatsApp
            | Surface::Email => false,
        };
        if special {
            out.push('\\');
            out.push(c);
        } else {
            push_char(&mut out, c, surface, Form::Inline);
        }
    }
    out
}

fn render(text: &str, surface: Surface, form: Form, fit: Fit<'_>) -> Rendered {
    if surface == Surface::Api {
        let literal = serde_json::Value::from(text).to_string();
        return Rendered { text: json_inert(&literal).into_owned(), left_out: 0 };
    }
    // One line a record: a log has no blocks.
    let form = if surface == Surface::Log { Form::Inline } else { form };
    let lines = if form == Form::Block { Lines::Kept } else { Lines::Joined };
    let pieces = disarm(pieces(text, lines), surface, form);
    let (open, close) = frame(&pieces, surface, form);
    if text.is_empty() {
        let empty = "⟨empty⟩";
        return Rendered { text: format!("{open}{empty}{close}"), left_out: 0 };
    }
    let mut sent = String::new();
    let mut costs = Vec::with_capacity(pieces.len());
    for piece in &pieces {
        sent.clear();
        push_escaped(&mut sent, &piece.sign, surface, form);
        costs.push(units(&sent));
    }
    let room = fit.limit.map(|limit| limit.saturating_sub(units(&open) + units(&close)));
    let cut = Cut { text, pieces: &pieces, costs: &costs };
    let (parts, left_out) = cut.fit(room, fit.keep);
    let mut out = open;
    for part in parts {
        match part {
            Part::Pieces(range) => {
                for piece in pieces.get(range).unwrap_or_default() {
                    push_escaped(&mut out, &piece.sign, surface, form);
                }
            }
            Part::Gap(note) => {
                let apart = if form == Form::Block { "\n" } else { "" };
                let note = format!("{apart}{note}{apart}");
                note.chars().for_each(|c| push_char(&mut out, c, surface, form));
            }
        }
    }
    out.push_str(&close);
    Rendered { text: out, left_out }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
