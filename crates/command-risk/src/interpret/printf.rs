//! What `printf` prints.

use super::decode::escapes;
use super::value::UNKNOWN;

/// The format again for as long as there are arguments.
pub(crate) fn printf(format: &str, arguments: &[String]) -> String {
    let mut out = String::new();
    let mut rest = arguments.iter();
    // An unknown word may be none or many: how often the format is used is not known.
    let mut rounds = 0;
    let open = arguments.iter().any(|a| a.contains(UNKNOWN));
    if open && arguments.len() > 1 && format.replace("%%", "").matches('%').count() > 1 {
        // Which of them goes where is not known either.
        return UNKNOWN.to_string();
    }
    loop {
        rounds += 1;
        if rounds == 2 && open {
            return UNKNOWN.to_string();
        }
        let before = rest.len();
        let stopped = once(format, &mut rest, &mut out);
        if stopped || rest.len() == 0 || rest.len() == before || out.len() > 1 << 16 {
            return out;
        }
    }
}

#[derive(Default)]
struct Conversion {
    left: bool,
    zero: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
}

/// One round; whether `\c` ended it all.
fn once<'a>(
    format: &str,
    arguments: &mut impl Iterator<Item = &'a String>,
    out: &mut String,
) -> bool {
    let mut literal = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' {
            literal.push(c);
            literal.extend(chars.next_if(|c| *c != '%'));
            continue;
        }
        if c != '%' {
            literal.push(c);
            continue;
        }
        out.push_str(&format_escapes(&std::mem::take(&mut literal)));
        let mut how = Conversion::default();
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | ' ' | '#' | '0')) {
            how.left |= flag == '-';
            how.zero |= flag == '0';
            how.plus |= flag == '+';
        }
        how.width = size(&mut chars, arguments).unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            how.precision = Some(size(&mut chars, arguments).unwrap_or(0));
        }
        while chars.next_if(|c| matches!(c, 'l' | 'h' | 'j' | 'z')).is_some() {}
        let Some(kind) = chars.next() else {
            out.push('%');
            break;
        };
        let text = match kind {
            '%' => "%".to_owned(),
            '(' => UNKNOWN.to_string(),
            'b' => {
                let text = arguments.next().map_or("", String::as_str);
                out.push_str(&padded(&escapes(text), &how));
                if text.contains("\\c") {
                    return true;
                }
                continue;
            }
            's' => arguments.next().map_or("", String::as_str).to_owned(),
            'c' => arguments
                .next()
                .and_then(|a| a.chars().next())
                // Of a longer character the first byte.
                .map(|c| String::from(if c.is_ascii() { c } else { UNKNOWN }))
                .unwrap_or_default(),
            'q' => quoted(arguments.next().map_or("", String::as_str)),
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
                let given = arguments.next().map_or("", String::as_str);
                out.push_str(&number(given, kind, &how));
                continue;
            }
            _ => {
                arguments.next();
                UNKNOWN.to_string()
            }
        };
        out.push_str(&padded(&text, &how));
    }
    out.push_str(&format_escapes(&literal));
    false
}

/// Unlike `echo -e`, the format takes `\101` and no zero before it.
fn format_escapes(text: &str) -> String {
    super::decode::format_escapes(text)
}

fn size<'a>(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    arguments: &mut impl Iterator<Item = &'a String>,
) -> Option<usize> {
    if chars.next_if_eq(&'*').is_some() {
        return arguments.next().and_then(|a| a.parse().ok()).filter(|n| *n < 4096);
    }
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    digits.parse().ok().filter(|n| *n < 4096)
}

fn padded(text: &str, how: &Conversion) -> String {
    let open = text.contains(UNKNOWN);
    let text: String = match how.precision {
        // Where the text ends is not known, nor how many blanks it lacks.
        Some(_) if open => UNKNOWN.to_string(),
        // Bytes are counted: what is cut within a character is none any more.
        Some(most) => match text.get(..most.min(text.len())) {
            Some(kept) => kept.to_owned(),
            None => UNKNOWN.to_string(),
        },
        None => text.to_owned(),
    };
    let missing = how.width.saturating_sub(text.len());
    let blanks = if open && how.width > 0 { UNKNOWN.to_string() } else { " ".repeat(missing) };
    if how.left { text + &blanks } else { blanks + &text }
}

fn number(given: &str, kind: char, how: &Conversion) -> String {
    let given = given.trim_start();
    if given.contains(UNKNOWN) {
        return UNKNOWN.to_string();
    }
    let value = if let Some(first) = given.strip_prefix(['\'', '"']) {
        first.chars().next().map_or(0, |c| i64::from(u32::from(c)))
    } else {
        leading_number(given)
    };
    let mut digits = match kind {
        'x' => format!("{value:x}"),
        'X' => format!("{value:X}"),
        'o' => format!("{value:o}"),
        _ => value.unsigned_abs().to_string(),
    };
    if let Some(least) = how.precision {
        digits = "0".repeat(least.saturating_sub(digits.len())) + &digits;
    }
    let sign = match kind {
        'd' | 'i' if value < 0 => "-",
        'd' | 'i' if how.plus => "+",
        _ => "",
    };
    if how.zero && !how.left && how.precision.is_none() {
        let missing = how.width.saturating_sub(digits.len() + sign.len());
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    let text = format!("{sign}{digits}");
    padded(&text, &Conversion { left: how.left, width: how.width, ..Conversion::default() })
}

/// The number that a text begins with, as C reads it; what is none counts as nothing.
fn leading_number(text: &str) -> i64 {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, radix) = match rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if rest.starts_with('0') => (rest, 8),
        None => (rest, 10),
    };
    let value = digits
        .chars()
        .map_while(|c| c.to_digit(radix))
        .fold(0_i64, |n, d| n.saturating_mul(i64::from(radix)).saturating_add(i64::from(d)));
    if negative { value.saturating_neg() } else { value }
}

/// `%q`: so that it is read back as it is, where that is a matter of backslashes alone.
fn quoted(text: &str) -> String {
    if text.is_empty() {
        return "''".to_owned();
    }
    // A glob that bash replaces by names is not quoted as it is written.
    if text.contains([UNKNOWN, '*', '?', '['])
        || !text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
    {
        return UNKNOWN.to_string();
    }
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        let special = " !\"$&'()*,;<>?[\\]^`{|}".contains(c) || (at == 0 && matches!(c, '~' | '#'));
        if special {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
