//! Decoding of literals: base64, hexadecimal, escapes, `tr`.

/// Decodes base64 (6 bits a letter) or base32 (5).
pub(crate) fn base(text: &str, bits: u32) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut buffer = 0_u32;
    let mut held = 0;
    for c in text.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let value = match (bits, c) {
            (_, b'=') => break,
            (_, b'A'..=b'Z') => c - b'A',
            (6, b'a'..=b'z') => c - b'a' + 26,
            (6, b'0'..=b'9') => c - b'0' + 52,
            (6, b'+' | b'-') => 62,
            (6, b'/' | b'_') => 63,
            (5, b'2'..=b'7') => c - b'2' + 26,
            _ => continue,
        };
        buffer = (buffer << bits) | u32::from(value);
        held += bits;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((buffer >> held) & 0xff).ok()?);
            buffer &= (1 << held) - 1;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Decodes pairs of hexadecimal digits.
pub(crate) fn hex(text: &str) -> Option<String> {
    let digits: Vec<u32> =
        text.replace("\\x", "").replace("0x", "").chars().filter_map(|c| c.to_digit(16)).collect();
    let bytes = digits.chunks_exact(2).map(|pair| match pair {
        [a, b] => u8::try_from(a * 16 + b).ok(),
        _ => None,
    });
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

/// UTF-16LE in base64, as `powershell -enc` takes it.
pub(crate) fn utf16_base64(text: &str) -> Option<String> {
    let decoded = base(text, 6)?;
    Some(decoded.chars().filter(|c| *c != '\0').collect())
}

/// `\n`, `\x41`, `\0101` and their like, as `echo -e` and `printf` read them.
#[expect(clippy::match_same_arms, reason = "the arms differ in meaning")]
pub(crate) fn escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let mut number =
            |radix: u32,
             most: usize,
             mut value: u32,
             chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
                for _ in 0..most {
                    let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else {
                        break;
                    };
                    value = value.wrapping_mul(radix).wrapping_add(digit);
                    chars.next();
                }
                out.push(char::from_u32(value).unwrap_or('\u{fffd}'));
            };
        match chars.next() {
            Some('x') => number(16, 2, 0, &mut chars),
            Some('u') => number(16, 4, 0, &mut chars),
            Some('U') => number(16, 8, 0, &mut chars),
            Some('0') => number(8, 3, 0, &mut chars),
            Some(d @ '1'..='7') => number(8, 2, d.to_digit(8).unwrap_or(0), &mut chars),
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('e') => out.push('\u{1b}'),
            Some('\\') => out.push('\\'),
            Some('"') => out.push('"'),
            Some('c') => break,
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}

/// What `printf` prints: the format again for as long as there are arguments.
pub(crate) fn printf(format: &str, arguments: &[String]) -> String {
    let mut out = String::new();
    let mut rest = arguments.iter();
    loop {
        let before = rest.len();
        out.push_str(&printf_once(format, &mut rest));
        if rest.len() == 0 || rest.len() == before || out.len() > 1 << 16 {
            return out;
        }
    }
}

#[expect(clippy::match_same_arms, reason = "the arms differ in meaning")]
fn printf_once<'a>(format: &str, arguments: &mut impl Iterator<Item = &'a String>) -> String {
    let mut out = String::new();
    let mut literal = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            literal.push(c);
            continue;
        }
        out.push_str(&escapes(&std::mem::take(&mut literal)));
        while chars
            .peek()
            .is_some_and(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | ' ' | '#' | '.' | '*'))
        {
            chars.next();
        }
        match chars.next() {
            Some('%') | None => out.push('%'),
            Some('b') => out.push_str(&escapes(arguments.next().map_or("", String::as_str))),
            Some('c') => out.extend(arguments.next().and_then(|a| a.chars().next())),
            Some('(') => out.push(super::value::UNKNOWN),
            Some('x' | 'X' | 'o') => out.push(super::value::UNKNOWN),
            Some(_) => out.push_str(arguments.next().map_or("", String::as_str)),
        }
    }
    out.push_str(&escapes(&literal));
    out
}

/// What `tr` makes of a text; none where its sets are not followed.
pub(crate) fn translate(words: &[&str], text: &str) -> Option<String> {
    let (options, sets): (Vec<&str>, Vec<&str>) =
        words.iter().partition(|w| w.len() > 1 && w.starts_with('-'));
    let delete = options.iter().any(|o| o.contains('d'));
    if text.contains(super::value::UNKNOWN) || options.iter().any(|o| o.contains(['c', 'C', 's'])) {
        return None;
    }
    let from = set(sets.first()?)?;
    if delete {
        return Some(text.chars().filter(|c| !from.contains(c)).collect());
    }
    let to = set(sets.get(1)?)?;
    let last = *to.last()?;
    Some(
        text.chars()
            .map(|c| {
                from.iter()
                    .rposition(|f| *f == c)
                    .map_or(c, |at| to.get(at).copied().unwrap_or(last))
            })
            .collect(),
    )
}

fn set(text: &str) -> Option<Vec<char>> {
    let named = match text {
        "[:upper:]" => Some('A'..='Z'),
        "[:lower:]" => Some('a'..='z'),
        "[:digit:]" => Some('0'..='9'),
        _ => None,
    };
    if let Some(range) = named {
        return Some(range.collect());
    }
    if text.contains("[:") {
        return None;
    }
    let text: Vec<char> = escapes(text).chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&c) = text.get(at) {
        match (text.get(at + 1), text.get(at + 2)) {
            (Some('-'), Some(&end)) if c <= end && end.is_ascii() => {
                out.extend(c..=end);
                at += 3;
            }
            _ => {
                out.push(c);
                at += 1;
            }
        }
    }
    Some(out)
}
