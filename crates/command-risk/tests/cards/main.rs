//! Cards on every surface: what is sent cannot take effect, and what is seen is what would run.

#![expect(
    clippy::string_slice,
    clippy::format_push_string,
    clippy::format_collect,
    clippy::expect_used,
    reason = "small readers of short texts; a reader that fails, fails the test"
)]

mod attacks;
mod corpus;
mod limits;
mod properties;
mod reader;

use countersign_command_risk::render::{Fit, Surface, block, inline, label};

use reader::{Seen, read};

/// A card made in the simplest way: a line each, a block for what is long.
struct Card {
    lines: Vec<(&'static str, String, bool)>,
}

impl Card {
    fn new() -> Self {
        Self { lines: Vec::new() }
    }

    fn block(mut self, name: &'static str, text: &str) -> Self {
        self.lines.push((name, text.to_owned(), true));
        self
    }

    fn line(mut self, name: &'static str, text: &str) -> Self {
        self.lines.push((name, text.to_owned(), false));
        self
    }

    /// The card as it is sent; `fit` is for its blocks.
    fn payload(&self, surface: Surface, fit: Fit<'_>) -> String {
        let shown: Vec<String> = self
            .lines
            .iter()
            .map(|(_, text, is_block)| {
                if *is_block {
                    block(text, surface, fit).text
                } else {
                    inline(text, surface, Fit::WHOLE).text
                }
            })
            .collect();
        if surface == Surface::Api {
            let members: Vec<String> = self
                .lines
                .iter()
                .zip(shown)
                .enumerate()
                .map(|(at, ((name, ..), text))| format!("\"{at}{name}\":{text}"))
                .collect();
            return format!("{{{}}}", members.join(","));
        }
        let mut out = String::new();
        for ((name, _, is_block), text) in self.lines.iter().zip(shown) {
            let head = label(&format!("{name}:"), surface);
            let own_line = *is_block && surface != Surface::Log;
            out.push_str(&format!("{head}{}{text}\n", if own_line { "\n" } else { " " }));
        }
        out
    }

    /// What must be left of the card when the agent's texts are taken out.
    fn skeleton(&self, surface: Surface) -> String {
        let lines = self.lines.iter().map(|(name, _, is_block)| {
            let own_line = *is_block && !matches!(surface, Surface::Log | Surface::Api);
            format!("{name}:{}\u{1}\n", if own_line { "\n" } else { " " })
        });
        lines.collect()
    }

    /// What a reader sees, if the agent's texts stay in their places and nothing hidden is sent.
    fn seen(&self, surface: Surface, fit: Fit<'_>) -> Result<Seen, String> {
        let payload = self.payload(surface, fit);
        if let Some(c) =
            payload.chars().find(|c| countersign_command_risk::render::is_deceptive(*c))
        {
            return Err(format!("{surface}: U+{:04X} is sent as it is", u32::from(c)));
        }
        let seen = read(&payload, surface).map_err(|why| format!("{surface}: {why}: {payload}"))?;
        if seen.card != self.skeleton(surface) {
            return Err(format!("{surface}: the card reads {:?}: {payload}", seen.card));
        }
        Ok(seen)
    }

    /// The same, and every text is exactly what it was.
    fn exact(&self, surface: Surface) -> Result<Seen, String> {
        let seen = self.seen(surface, Fit::WHOLE)?;
        for ((name, text, _), shown) in self.lines.iter().zip(&seen.texts) {
            let back =
                if surface == Surface::Api { Some(shown.clone()) } else { reader::original(shown) };
            // Discord, Slack and WhatsApp drop line breaks at the edges of a block.
            let drops = [Surface::Discord, Surface::Slack, Surface::WhatsApp].contains(&surface);
            let trimmed = |text: &str| {
                if drops { text.trim_matches('\n').to_owned() } else { text.to_owned() }
            };
            if let Some(back) = back
                && trimmed(&back) != trimmed(text)
            {
                return Err(format!("{surface}: {name} reads {shown:?} for {text:?}"));
            }
        }
        Ok(seen)
    }
}
