//! Making text from machines and strangers inert for people: nothing in it takes effect, nothing
//! in it is invisible.

/// Whether `c` shows as nothing, moves other text about or steers a terminal.
pub const fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'   // C0 (not tab, newline), C1
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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
    fn a_line_is_one_line_and_says_when_it_is_cut() {
        assert_eq!(one_line("one\ntwo", 80), "one two");
        assert_eq!(one_line("abcdef", 3), "abc…");
    }
}
