//! Writing to the terminal: text, tables, JSON; colour only where it is seen.

use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, ContentArrangement, Table};
use countersign_command_risk::render::visible;
use serde::Serialize;

/// Where a command writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    colour: bool,
    terminal: bool,
}

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A heading.
    Strong,
    /// Less important.
    Dim,
    /// It went well.
    Good,
    /// Look here.
    Warn,
    /// It is dangerous, or went wrong.
    Bad,
}

impl Screen {
    /// Standard output as it is; `NO_COLOR` is honoured.
    pub(crate) fn detect() -> Self {
        let terminal = io::stdout().is_terminal();
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let able = std::env::var_os("TERM").is_none_or(|value| value != "dumb");
        Self { colour: terminal && wanted && able, terminal }
    }

    /// Whether somebody looks at it.
    pub(crate) const fn is_terminal(self) -> bool {
        self.terminal
    }

    /// Writes text and ends the line.
    #[expect(clippy::unused_self, reason = "who has a screen may write")]
    pub(crate) fn line(self, text: impl AsRef<str>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_ref().as_bytes())?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Writes text as it is, at once.
    #[expect(clippy::unused_self, reason = "who has a screen may write")]
    pub(crate) fn text(self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes a value as JSON.
    pub(crate) fn json(self, value: &impl Serialize) -> io::Result<()> {
        self.line(serde_json::to_string_pretty(value).map_err(io::Error::other)?)
    }

    /// Writes a value as one line of JSON.
    pub(crate) fn json_line(self, value: &impl Serialize) -> io::Result<()> {
        self.line(serde_json::to_string(value).map_err(io::Error::other)?)
    }

    /// Writes a table; cells are made inert here.
    pub(crate) fn table(self, head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(NOTHING);
        if self.terminal {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        table.set_header(head.iter().map(|name| self.tone(Tone::Strong, name)));
        for row in rows {
            table.add_row(row.iter().map(|cell| Cell::new(inert(cell))));
        }
        for line in table.lines() {
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// `text` in a colour, if there are colours.
    pub(crate) fn tone(self, tone: Tone, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Strong => "1",
            Tone::Dim => "2",
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "1;31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Writes a line beside the output, for people.
pub(crate) fn aside(text: &str) {
    // Nobody is left to be told when this fails.
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Text of others, with nothing in it that takes effect on a terminal.
pub(crate) fn inert(text: &str) -> String {
    visible(text)
}

/// The same in one line of at most `limit` characters; a cut is marked.
pub(crate) fn inert_line(text: &str, limit: usize) -> String {
    inert(&countersign_domain::display::one_line(text, limit))
}
