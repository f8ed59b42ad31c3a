//! What a reader sees of a payload: each platform's own rules, applied to what is sent to it.
//!
//! A payload is read into the words of the card and the texts of the agent. Where the agent's text
//! had broken out of its frame, the words of the card would not be the expected ones.

use countersign_command_risk::render::Surface;

/// What a reader sees.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The card's own words, each agent text in them replaced by `\u{1}`.
    pub(crate) card: String,
    /// The agent's texts, in order.
    pub(crate) texts: Vec<String>,
}

impl Seen {
    fn text(&mut self, text: String) {
        self.card.push('\u{1}');
        self.texts.push(text);
    }
}

/// Reads `payload` as the platform does.
pub(crate) fn read(payload: &str, surface: Surface) -> Result<Seen, String> {
    match surface {
        Surface::Api => read_json(payload),
        Surface::Text | Surface::Terminal | Surface::Log | Surface::Email => {
            Ok(read_lines(payload))
        }
        Surface::Html | Surface::Matrix | Surface::Teams | Surface::TelegramHtml => {
            read_html(payload, surface)
        }
        Surface::Markdown | Surface::Mattermost => Ok(read_markdown(payload)),
        Surface::Discord => Ok(read_fences(payload, true)),
        Surface::Slack => {
            if payload.contains(['<', '>']) {
                return Err("an angle bracket of Slack's own".to_owned());
            }
            let mut seen = read_fences(payload, false);
            for text in &mut seen.texts {
                *text = entities(text)?;
            }
            Ok(seen)
        }
        Surface::WhatsApp => Ok(read_fences(payload, false)),
        Surface::TelegramMarkdown => read_telegram_markdown(payload),
    }
}

fn read_json(payload: &str) -> Result<Seen, String> {
    let value: serde_json::Value = serde_json::from_str(payload).map_err(|e| e.to_string())?;
    if payload.contains(['<', '>', '&', '\n']) {
        return Err("raw markup or a line break in JSON".to_owned());
    }
    let mut seen = Seen::default();
    for (name, value) in value.as_object().ok_or("no object")? {
        seen.card.push_str(&format!("{}: ", &name[1..]));
        seen.text(value.as_str().ok_or("no string")?.to_owned());
        seen.card.push('\n');
    }
    Ok(seen)
}

/// Lines that begin with the gutter are the agent's, and what stands behind a label.
fn read_lines(payload: &str) -> Seen {
    let mut seen = Seen::default();
    let mut block: Option<String> = None;
    for line in payload.lines() {
        if let Some(text) = line.strip_prefix("│ ") {
            block = Some(block.map_or_else(|| text.to_owned(), |b| format!("{b}\n{text}")));
            continue;
        }
        if let Some(text) = block.take() {
            seen.text(text);
            seen.card.push('\n');
        }
        if let Some((label, text)) = line.split_once(": ") {
            seen.card.push_str(&format!("{label}: "));
            seen.text(text.to_owned());
        } else {
            seen.card.push_str(line);
        }
        seen.card.push('\n');
    }
    if let Some(text) = block {
        seen.text(text);
        seen.card.push('\n');
    }
    seen
}

fn entities(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (name, after) = after.split_once(';').ok_or("an ampersand alone")?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            other => return Err(format!("the entity {other}")),
        });
        rest = after;
    }
    Ok(out + rest)
}

fn read_html(payload: &str, surface: Surface) -> Result<Seen, String> {
    let mut seen = Seen::default();
    let mut open: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut rest = payload;
    loop {
        let (before, after) = rest.split_once('<').map_or((rest, None), |(b, a)| (b, Some(a)));
        if before.contains('>') {
            return Err("a bracket alone".to_owned());
        }
        let before = entities(before)?;
        // Parsers drop the line break that begins a `pre`; in a line, blanks collapse.
        let just_pre = surface != Surface::TelegramHtml && open.last().is_some_and(|t| t == "pre");
        let before = match before.strip_prefix('\n') {
            Some(stripped) if just_pre && text.is_empty() => stripped.to_owned(),
            _ => before,
        };
        if !open.is_empty()
            && !open.contains(&"pre".to_owned())
            && before.contains("  ")
            && surface != Surface::TelegramHtml
        {
            return Err("blanks that a browser does not show".to_owned());
        }
        if open.is_empty() {
            seen.card.push_str(&before);
        } else {
            text.push_str(&before);
        }
        let Some(after) = after else { break };
        let (tag, after) = after.split_once('>').ok_or("a tag without end")?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return Err(format!("a stray </{name}>"));
            }
            if open.is_empty() {
                seen.text(std::mem::take(&mut text));
            }
        } else {
            let name = tag.split(' ').next().unwrap_or_default();
            if !["pre", "code", "bdi"].contains(&name) {
                return Err(format!("the tag <{tag}>"));
            }
            open.push(name.to_owned());
        }
    }
    if open.is_empty() { Ok(seen) } else { Err("a tag is left open".to_owned()) }
}

fn ticks(text: &str) -> usize {
    text.bytes().take_while(|b| *b == b'`').count()
}

/// `CommonMark`'s fences, code spans and escapes.
fn read_markdown(payload: &str) -> Seen {
    let mut seen = Seen::default();
    let mut lines = payload.split('\n').peekable();
    while let Some(line) = lines.next() {
        let fence = ticks(line);
        if fence >= 3 && !line[fence..].contains('`') {
            let closes = |line: &str| {
                let line = line.trim_start_matches(' ');
                ticks(line) >= fence && line.trim_start_matches('`').trim().is_empty()
            };
            let inner: Vec<&str> = lines.by_ref().take_while(|line| !closes(line)).collect();
            seen.text(inner.join("\n"));
        } else {
            read_spans(line, &mut seen);
        }
        if lines.peek().is_some() {
            seen.card.push('\n');
        }
    }
    seen
}

fn read_spans(line: &str, seen: &mut Seen) {
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let count = ticks(rest);
        if c == '\\' && rest[1..].starts_with(|c: char| c.is_ascii_punctuation()) {
            seen.card.push_str(&rest[1..2]);
            rest = &rest[2..];
        } else if let Some((text, after)) =
            (count > 0).then(|| span(&rest[count..], count)).flatten()
        {
            let blanks = text.starts_with(' ') && text.ends_with(' ') && !text.trim().is_empty();
            seen.text(if blanks { text[1..text.len() - 1].to_owned() } else { text.to_owned() });
            rest = after;
        } else {
            let length = if count > 0 { count } else { c.len_utf8() };
            seen.card.push_str(&rest[..length]);
            rest = &rest[length..];
        }
    }
}

/// Up to the next run of exactly `count` backticks.
fn span(text: &str, count: usize) -> Option<(&str, &str)> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let run = ticks(&text[at + found..]);
        if run == count {
            return Some((&text[..at + found], &text[at + found + run..]));
        }
        at += found + run;
    }
    None
}

/// Fences of exactly three, closed by the next three wherever they stand; spans of one or two.
fn read_fences(payload: &str, languages: bool) -> Seen {
    let mut seen = Seen::default();
    let mut rest = payload;
    while let Some(c) = rest.chars().next() {
        let count = ticks(rest).min(3);
        let inside = &rest[count..];
        let found = match count {
            3 => inside.split_once("```"),
            0 => None,
            _ if languages => span(inside, count),
            _ => inside.split_once('`'),
        };
        let Some((text, after)) = found else {
            let length = if c == '\\' {
                1 + rest[1..].chars().next().map_or(0, char::len_utf8)
            } else {
                c.len_utf8()
            };
            seen.card.push_str(rest[..length].strip_prefix('\\').unwrap_or(&rest[..length]));
            rest = &rest[length..];
            continue;
        };
        let name =
            |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-.#".contains(&b));
        let is_block = text.contains('\n');
        let text = match text.split_once('\n') {
            Some((language, code)) if count == 3 && languages && name(language) => code,
            _ => text.strip_prefix('\n').unwrap_or(text),
        };
        let text = text.strip_suffix('\n').unwrap_or(text);
        // In a line, the blank that keeps backticks apart is none of the text's.
        let starts = !is_block && text.trim_start().starts_with('`');
        let text = text.strip_prefix(' ').filter(|_| starts).unwrap_or(text);
        let ends = !is_block && text.trim_end().ends_with('`');
        let text = text.strip_suffix(' ').filter(|_| ends).unwrap_or(text);
        seen.text(text.to_owned());
        rest = after;
    }
    seen
}

fn read_telegram_markdown(payload: &str) -> Result<Seen, String> {
    let mut seen = Seen::default();
    let mut rest = payload;
    while let Some(c) = rest.chars().next() {
        if let Some(inside) = rest.strip_prefix("```") {
            let (text, after) = telegram_code(inside, "```").ok_or("an open block")?;
            let (_, text) = text.split_once('\n').ok_or("a block without a language")?;
            seen.text(text.strip_suffix('\n').unwrap_or(text).to_owned());
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('`') {
            let (text, after) = telegram_code(inside, "`").ok_or("an open span")?;
            seen.text(text);
            rest = after;
        } else if let Some(escaped) = rest.strip_prefix('\\') {
            let c = escaped.chars().next().ok_or("a backslash at the end")?;
            seen.card.push(c);
            rest = &escaped[c.len_utf8()..];
        } else if "_*[]()~`>#+-=|{}.!".contains(c) {
            return Err(format!("the message is refused: {c} is reserved"));
        } else {
            seen.card.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(seen)
}

fn telegram_code<'p>(inside: &'p str, close: &str) -> Option<(String, &'p str)> {
    let mut text = String::new();
    let mut rest = inside;
    loop {
        if let Some(after) = rest.strip_prefix(close) {
            return Some((text, after));
        }
        rest = rest.strip_prefix('\\').unwrap_or(rest);
        let c = rest.chars().next()?;
        text.push(c);
        rest = &rest[c.len_utf8()..];
    }
}

/// The text that a shown text stands for: notes in `⟨…⟩` taken back. None where something was
/// counted that cannot be told from the count.
pub(crate) fn original(shown: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = shown;
    while let Some((before, after)) = rest.split_once('⟨') {
        out.push_str(before);
        let (note, after) = after.split_once('⟩')?;
        rest = after;
        let (what, times) = note.split_once(" ×").unwrap_or((note, "1"));
        let number = |text: &str| text.replace(',', "").parse::<usize>().ok();
        if let Some(code) = what.strip_prefix("U+") {
            let c = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
            // Behind the letter itself, a code only says which letter it is.
            if c.is_ascii() || !before.ends_with(c) {
                out.extend(std::iter::repeat_n(c, number(times)?));
            }
        } else if !["end", "empty"].contains(&note) {
            let (count, what) = note.split_once(' ')?;
            match what {
                "blanks" => out.extend(std::iter::repeat_n(' ', number(count)?)),
                "tabs" => out.extend(std::iter::repeat_n('\t', number(count)?)),
                "line breaks" => out.extend(std::iter::repeat_n('\n', number(count)? - 2)),
                _ => return None,
            }
        }
    }
    Some(out + rest)
}

/// The shown text without the gateway's notes.
pub(crate) fn without_notes(shown: &str) -> String {
    let mut out = String::new();
    for part in shown.split('⟨') {
        out.push_str(part.split_once('⟩').map_or(part, |(_, after)| after));
    }
    out
}
