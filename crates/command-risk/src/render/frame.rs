//! What stands around an inert text on each surface, and how single characters are written there.

use super::Form;
use super::surface::Surface;
use super::visible::{Piece, Sign};

/// A fence is one backtick longer than the longest run in the text, which is at most this: a longer
/// one would leave no room for the text.
const LONGEST_RUN: usize = 15;

/// Begins each line of a block where a surface has no blocks: no line of a text can look like a
/// line of the card.
const GUTTER: &str = "│ ";

/// What opens and closes the text, chosen so that the text cannot close it.
pub(super) fn frame(pieces: &[Piece], surface: Surface, form: Form) -> (String, String) {
    let pair = |open: &str, close: &str| (open.to_owned(), close.to_owned());
    let has_tick = pieces.iter().any(|piece| piece.is('`'));
    match (form, surface) {
        (Form::Block, Surface::Text | Surface::Terminal | Surface::Email) => pair(GUTTER, ""),
        (Form::Block, Surface::Html) => pair(
            "<pre class=\"agent-text\" dir=\"ltr\" style=\"white-space:pre-wrap;overflow-wrap:anywhere\">\n",
            "</pre>",
        ),
        (Form::Block, Surface::Matrix) => pair("<pre><code>", "</code></pre>"),
        (Form::Block, Surface::Teams) => pair("<pre>\n", "</pre>"),
        (Form::Block, Surface::TelegramHtml) => pair("<pre>", "</pre>"),
        (Form::Block, Surface::Markdown | Surface::Mattermost) => {
            let fence = "`".repeat(longest_run(pieces).max(2) + 1);
            // A language name keeps the first line from being read as one.
            (format!("{fence}text\n"), format!("\n{fence}"))
        }
        (Form::Block, Surface::Discord | Surface::TelegramMarkdown) => pair("```text\n", "\n```"),
        (Form::Block, Surface::Slack | Surface::WhatsApp) => pair("```\n", "\n```"),
        (Form::Inline, Surface::Text | Surface::Terminal | Surface::Email)
        | (_, Surface::Log | Surface::Api) => pair("", ""),
        (Form::Inline, Surface::Html) => pair("<bdi>", "</bdi>"),
        (Form::Inline, Surface::Matrix | Surface::Teams | Surface::TelegramHtml) => {
            pair("<code>", "</code>")
        }
        (Form::Inline, Surface::TelegramMarkdown) => pair("`", "`"),
        (Form::Inline, Surface::Markdown | Surface::Mattermost) => {
            padded_ticks(longest_run(pieces) + 1, pieces)
        }
        (Form::Inline, Surface::Discord) => ticks(if has_tick { 2 } else { 1 }, pieces),
        (Form::Inline, Surface::Slack | Surface::WhatsApp) => {
            ticks(if has_tick { 3 } else { 1 }, pieces)
        }
    }
}

/// A code span; a blank keeps backticks of the text away from those around it.
fn ticks(count: usize, pieces: &[Piece]) -> (String, String) {
    let starts = pieces.iter().find(|piece| !piece.is(' ')).is_some_and(|piece| piece.is('`'));
    let ends = pieces.last().is_some_and(|piece| piece.is('`'));
    let fence = "`".repeat(count);
    let blank = |wanted| if wanted { " " } else { "" };
    (format!("{fence}{}", blank(starts)), format!("{}{fence}", blank(ends)))
}

/// The same in `CommonMark`, which takes away one blank at each end or at none.
fn padded_ticks(count: usize, pieces: &[Piece]) -> (String, String) {
    let (open, close) = ticks(count, pieces);
    let fence = "`".repeat(count);
    let bare = open == fence && close == fence;
    if bare { (open, close) } else { (format!("{fence} "), format!(" {fence}")) }
}

fn longest_run(pieces: &[Piece]) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for piece in pieces {
        run = if piece.is('`') { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Writes out what the surface's frame or its reader would take for its own.
pub(super) fn disarm(pieces: Vec<Piece>, surface: Surface, form: Form) -> Vec<Piece> {
    match (form, surface) {
        // These know fences of a fixed length only.
        (Form::Block, Surface::Discord) | (_, Surface::Slack | Surface::WhatsApp) => {
            without_runs(pieces, 3)
        }
        (Form::Inline, Surface::Discord) => without_runs(pieces, 2),
        (Form::Block, Surface::Markdown | Surface::Mattermost) => {
            without_runs(pieces, LONGEST_RUN + 1)
        }
        (Form::Inline, Surface::Markdown | Surface::Mattermost) => {
            with_counted_blanks(without_runs(pieces, LONGEST_RUN + 1))
        }
        // What these show in a line, a browser shows with single blanks.
        (Form::Inline, Surface::Html | Surface::Matrix | Surface::Teams) => {
            with_counted_blanks(pieces)
        }
        // `=?…?=` in a header is decoded by mail programs.
        (Form::Inline, Surface::Email) => without_encoded_words(pieces),
        (Form::Block, Surface::Html | Surface::Matrix | Surface::Teams | Surface::Email)
        | (
            _,
            Surface::Text
            | Surface::Terminal
            | Surface::Log
            | Surface::Api
            | Surface::TelegramHtml
            | Surface::TelegramMarkdown,
        ) => pieces,
    }
}

/// The backtick that would make a run of `length` is written out.
fn without_runs(mut pieces: Vec<Piece>, length: usize) -> Vec<Piece> {
    let mut run = 0;
    for piece in &mut pieces {
        run = if piece.is('`') { run + 1 } else { 0 };
        if run == length {
            piece.sign = Sign::code('`');
            run = 0;
        }
    }
    pieces
}

fn without_encoded_words(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let mut equals = false;
    for piece in &mut pieces {
        if equals && piece.is('?') {
            piece.sign = Sign::code('?');
        }
        equals = piece.is('=');
    }
    pieces
}

fn with_counted_blanks(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let count = out.last().filter(|_| piece.is(' ')).map_or(0, |last| match &last.sign {
            Sign::Plain(' ') => 1,
            Sign::Note(text) if text.ends_with(" blanks⟩") && last.end - last.start < 24 => {
                last.end - last.start
            }
            Sign::Plain(_) | Sign::Note(_) | Sign::Cluster(_) => 0,
        });
        match out.last_mut().filter(|_| count > 0) {
            Some(last) => {
                last.end = piece.end;
                last.sign = Sign::Note(format!("⟨{} blanks⟩", count + 1).into());
            }
            None => out.push(piece),
        }
    }
    out
}

/// How a piece is sent.
pub(super) fn push_escaped(out: &mut String, sign: &Sign, surface: Surface, form: Form) {
    match sign {
        Sign::Plain(c) => push_char(out, *c, surface, form),
        Sign::Cluster(text) | Sign::Note(text) => {
            text.chars().for_each(|c| push_char(out, c, surface, form));
        }
    }
}

/// How one character is sent.
pub(super) fn push_char(out: &mut String, c: char, surface: Surface, form: Form) {
    match surface {
        Surface::Html | Surface::Matrix | Surface::Teams => match c {
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => push_entity(out, c),
        },
        Surface::TelegramHtml | Surface::Slack => push_entity(out, c),
        Surface::TelegramMarkdown => {
            if matches!(c, '`' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        Surface::Text | Surface::Terminal | Surface::Email => {
            out.push(c);
            if c == '\n' && form == Form::Block {
                out.push_str(GUTTER);
            }
        }
        Surface::Log
        | Surface::Api
        | Surface::Markdown
        | Surface::Mattermost
        | Surface::Discord
        | Surface::WhatsApp => out.push(c),
    }
}

fn push_entity(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        _ => out.push(c),
    }
}
