//! Blocks that hold inert text, and fitting it into a limit.

use super::Surface;

/// What opens and closes the block, chosen so that the text cannot close it.
pub(super) fn fences(pieces: &[String], surface: Surface) -> (String, String) {
    match surface {
        Surface::Text | Surface::Html | Surface::Terminal => (String::new(), String::new()),
        Surface::Telegram => ("<pre>".to_owned(), "</pre>".to_owned()),
        Surface::Slack | Surface::Discord => ("```\n".to_owned(), "\n```".to_owned()),
        Surface::Markdown | Surface::Mattermost => {
            let fence = "`".repeat(longest_run(pieces).max(2) + 1);
            // A language name keeps the first line from being read as one.
            (format!("{fence}text\n"), format!("\n{fence}"))
        }
    }
}

fn longest_run(pieces: &[String]) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for piece in pieces {
        run = if piece == "`" { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The pieces with the surface's own special characters disarmed.
pub(super) fn escaped(pieces: Vec<String>, surface: Surface) -> Vec<String> {
    let html = |piece: String| match piece.as_str() {
        "&" => "&amp;".to_owned(),
        "<" => "&lt;".to_owned(),
        ">" => "&gt;".to_owned(),
        "\"" => "&quot;".to_owned(),
        "'" => "&#39;".to_owned(),
        _ => piece,
    };
    match surface {
        Surface::Text | Surface::Terminal | Surface::Markdown | Surface::Mattermost => pieces,
        Surface::Html => pieces.into_iter().map(html).collect(),
        Surface::Telegram => {
            pieces.into_iter().map(|p| if p == "'" { p } else { html(p) }).collect()
        }
        Surface::Slack => broken_fences(pieces)
            .into_iter()
            .map(|p| if p == "\"" || p == "'" { p } else { html(p) })
            .collect(),
        Surface::Discord => broken_fences(pieces),
    }
}

/// Slack and Discord know one fence only: runs of backticks that could close it are written out.
fn broken_fences(mut pieces: Vec<String>) -> Vec<String> {
    let mut run = 0;
    let mut marks = Vec::new();
    let count = pieces.len();
    for (at, piece) in pieces.iter().enumerate() {
        run = if piece == "`" { run + 1 } else { 0 };
        if run >= 3 || (run > 0 && at + 1 == count) {
            marks.push(at);
        }
    }
    for at in marks {
        if let Some(piece) = pieces.get_mut(at) {
            "⟨U+0060⟩".clone_into(piece);
        }
    }
    pieces
}

/// As much of head and tail as fits into `room`, around a line that says what is missing.
pub(super) fn fit(pieces: &[String], room: Option<usize>) -> (String, bool) {
    let units = |piece: &String| piece.encode_utf16().count();
    let total: usize = pieces.iter().map(units).sum();
    let Some(room) = room.filter(|&room| total > room) else {
        return (pieces.concat(), true);
    };
    let half = room.saturating_sub(note(pieces.len()).encode_utf16().count()) / 2;
    let taken = |iter: &mut dyn Iterator<Item = &String>| {
        let mut used = 0;
        iter.take_while(|piece| {
            used += units(piece);
            used <= half
        })
        .count()
    };
    let head = taken(&mut pieces.iter());
    let tail = taken(&mut pieces.iter().rev());
    let left = pieces.iter().take(head).map(String::as_str).collect::<String>();
    let right = pieces.iter().skip(pieces.len() - tail).map(String::as_str).collect::<String>();
    (format!("{left}{}{right}", note(pieces.len() - head - tail)), false)
}

fn note(count: usize) -> String {
    format!("\n… {} characters not shown …\n", grouped(count))
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
