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

/// `\n`, `\x41`, `\0101` and their like, as `echo -e` and `%b` read them.
pub(crate) fn escapes(text: &str) -> String {
    escapes_with(text, 3)
}

/// The same as the format of `printf` has them, where a zero is one of three octal digits.
pub(crate) fn format_escapes(text: &str) -> String {
    escapes_with(text, 2)
}

#[expect(clippy::match_same_arms, reason = "the arms differ in meaning")]
fn escapes_with(text: &str, behind_zero: usize) -> String {
    // Bytes, since some of them make a character together.
    let mut out = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            put(&mut out, c);
            continue;
        }
        match chars.next() {
            Some('x') => byte(&mut out, number(&mut chars, 16, 2), 'x'),
            Some('u') => letter(&mut out, number(&mut chars, 16, 4), 'u'),
            Some('U') => letter(&mut out, number(&mut chars, 16, 8), 'U'),
            Some('0') => byte(&mut out, Some(number(&mut chars, 8, behind_zero).unwrap_or(0)), '0'),
            Some(d @ '1'..='7') => {
                let (mut value, mut digits) = (d.to_digit(8).unwrap_or(0), 0);
                while digits < 2
                    && let Some(digit) = chars.peek().and_then(|c| c.to_digit(8))
                {
                    value = value * 8 + digit;
                    digits += 1;
                    chars.next();
                }
                byte(&mut out, Some(value), '0');
            }
            Some('n') => put(&mut out, '\n'),
            Some('t') => put(&mut out, '\t'),
            Some('r') => put(&mut out, '\r'),
            Some('a') => put(&mut out, '\u{7}'),
            Some('b') => put(&mut out, '\u{8}'),
            Some('e' | 'E') => put(&mut out, '\u{1b}'),
            Some('f') => put(&mut out, '\u{c}'),
            Some('v') => put(&mut out, '\u{b}'),
            Some('\\') => put(&mut out, '\\'),
            Some('"') => put(&mut out, '"'),
            Some('c') => break,
            Some(other) => {
                put(&mut out, '\\');
                put(&mut out, other);
            }
            None => put(&mut out, '\\'),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn put(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn byte(out: &mut Vec<u8>, value: Option<u32>, mark: char) {
    if let Some(value) = value {
        out.push(u8::try_from(value & 0xff).unwrap_or(b'?'));
    } else {
        put(out, '\\');
        put(out, mark);
    }
}

/// Longer sets of characters are not followed.
const MAX_SET: usize = 256;

fn letter(out: &mut Vec<u8>, value: Option<u32>, mark: char) {
    match value {
        Some(value) => put(out, char::from_u32(value).unwrap_or('\u{fffd}')),
        None => byte(out, None, mark),
    }
}

/// The digits that follow, at most so many; none where there is not one.
fn number(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    radix: u32,
    most: usize,
) -> Option<u32> {
    let mut value = None;
    for _ in 0..most {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else {
            break;
        };
        value = Some(value.unwrap_or(0_u32).wrapping_mul(radix).wrapping_add(digit));
        chars.next();
    }
    value
}

/// What `tr` makes of a text; none where its sets are not followed.
pub(crate) fn translate(words: &[&str], text: &str) -> Option<String> {
    let (options, sets): (Vec<&str>, Vec<&str>) =
        words.iter().partition(|w| w.len() > 1 && w.starts_with('-'));
    let delete = options.iter().any(|o| o.contains('d'));
    if text.contains(super::value::UNKNOWN) || options.iter().any(|o| o.contains(['c', 'C'])) {
        return None;
    }
    let squeeze = options.iter().any(|o| o.contains('s'));
    let from = set(sets.first()?).filter(|from| from.len() <= MAX_SET)?;
    if delete {
        let kept = text.chars().filter(|c| !from.contains(c)).collect();
        return (!squeeze).then_some(kept);
    }
    if squeeze {
        let once = sets.get(1).is_none().then(|| squeezed(text, &from));
        return once;
    }
    let to = set(sets.get(1)?).filter(|to| to.len() <= MAX_SET)?;
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

/// Runs of these characters become one.
fn squeezed(text: &str, of: &[char]) -> String {
    let mut previous = None;
    text.chars()
        .filter(|c| {
            let again = previous == Some(*c) && of.contains(c);
            previous = Some(*c);
            !again
        })
        .collect()
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
