//! Characters that hide or deceive, written out so that people see them.

/// Whether a character is not seen, or changes how its neighbours are seen.
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{115f}'..='\u{1160}' | '\u{1680}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{2800}'
        | '\u{3000}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

/// Whether a letter of another script is easily taken for a Latin one.
pub(crate) const fn is_confusable(c: char) -> bool {
    matches!(c,
        '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{530}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}'
        | '\u{180}'..='\u{19f}' | '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}' | '\u{2024}' | '\u{2044}' | '\u{2215}'
        | '\u{29f8}' | '\u{2100}'..='\u{214f}' | '\u{250}'..='\u{2af}' | '\u{a4d0}'..='\u{a4ff}'
        | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{a731}' | '\u{a730}' | '\u{1d00}'..='\u{1d7f}')
}

/// The text with every hidden character written as `⟨U+202E⟩`.
pub fn visible(text: &str) -> String {
    pieces(text).concat()
}

/// One piece a character of the text; what a reader would not see is written out.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut latin_near = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next_latin = chars.peek().is_some_and(char::is_ascii_alphanumeric);
        out.push(if c != '\n' && c != '\t' && is_invisible(c) {
            mark(c)
        } else if is_confusable(c) && (latin_near || next_latin) {
            format!("{c}{}", mark(c))
        } else {
            c.to_string()
        });
        latin_near = c.is_ascii_alphanumeric() || (latin_near && is_confusable(c));
    }
    out
}

fn mark(c: char) -> String {
    format!("⟨U+{:04X}⟩", u32::from(c))
}
