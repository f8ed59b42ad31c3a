//! Making text from machines and strangers inert for people: nothing in it takes effect, nothing
//! in it is invisible.

use std::borrow::Cow;

/// Whether `c` shows as nothing or as a blank that is none, is drawn by nobody knows which font,
/// moves other text about or steers a terminal. Tabs and newlines do not count.
pub const fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{115f}'..='\u{1160}' | '\u{1680}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{2800}'
        | '\u{3000}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}'
        | '\u{fffe}'..='\u{ffff}' | '\u{13430}'..='\u{13440}' | '\u{16fe4}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

/// `text` with every deceptive character replaced by its visible escape (`⟨U+202E⟩`). Tabs and
/// newlines stay; a carriage return does not, because it overwrites the line on a terminal.
pub fn inert(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        push_inert(&mut shown, c);
    }
    shown
}

/// The beginning of `text` as one inert line of at most `limit` characters; a cut is marked by `…`.
pub fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    for (n, c) in text.trim().chars().enumerate() {
        if n >= limit {
            line.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => line.push(' '),
            other => push_inert(&mut line, other),
        }
    }
    line
}

/// JSON text that means the same and holds neither deceptive characters nor `<`, `>` and `&`: they
/// are escaped in its strings. It can stand in a log, on a terminal and in a page's script element.
pub fn json_inert(json: &str) -> Cow<'_, str> {
    let special = |c: char| matches!(c, '<' | '>' | '&') || is_deceptive(c);
    if !json.contains(special) {
        return Cow::Borrowed(json);
    }
    let mut written = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        // Between its strings JSON has no such character but a carriage return.
        if special(c) && c != '\r' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                written.extend(["\\u", &format!("{unit:04x}")]);
            }
        } else {
            written.push(c);
        }
    }
    Cow::Owned(written)
}

fn push_inert(shown: &mut String, c: char) {
    if is_deceptive(c) {
        shown.extend(["⟨U+", &format!("{:04X}", u32::from(c)), "⟩"]);
    } else {
        shown.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_deceives_is_shown_as_an_escape() {
        assert_eq!(inert("a\u{202e}b\u{1b}[2Jc\rd"), "a⟨U+202E⟩b⟨U+001B⟩[2Jc⟨U+000D⟩d");
        assert_eq!(inert("tab\there\nnext ä 漢 🙂"), "tab\there\nnext ä 漢 🙂");
    }

    #[test]
    fn json_keeps_its_meaning_and_loses_what_deceives() {
        assert_eq!(
            json_inert("{\"a\":\"</script>\u{202e}\u{e0061} ä\"}"),
            r#"{"a":"\u003c/script\u003e\u202e\udb40\udc61 ä"}"#
        );
        assert_eq!(json_inert("[1,\"x\"]"), "[1,\"x\"]");
    }

    #[test]
    fn a_line_is_one_line_and_says_when_it_is_cut() {
        assert_eq!(one_line("one\ntwo", 80), "one two");
        assert_eq!(one_line("abcdef", 3), "abc…");
    }
}
