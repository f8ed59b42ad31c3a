//! Rendered text shows nothing hidden, fits where it must, and leaves nothing out unsaid.

use countersign_domain::assessment::Span;

use crate::render::{Fit, Rendered, Surface, block, inline, is_deceptive};

/// A limit from which on the markup and the note of what is missing fit.
const SMALLEST_LIMIT: usize = 256;

/// Renders any bytes for every surface, whole and within a limit that the first two bytes select.
pub fn render(data: &[u8]) {
    let (head, rest) = data.split_at(data.len().min(2));
    let text = String::from_utf8_lossy(rest);
    let number = head.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
    let keep = [Span { start: number % 97, end: number % 97 + number % 89 }];
    let limit = SMALLEST_LIMIT + number % 5_000;
    for surface in Surface::ALL {
        for form in [block, inline] {
            let whole = form(&text, surface, Fit::WHOLE);
            assert!(whole.whole(), "{surface:?} leaves something out without a limit");
            check(surface, &whole);
            let fitted = form(&text, surface, Fit::within(limit, &keep));
            let length = fitted.text.encode_utf16().count();
            // JSON holds the exact text, whatever its length.
            assert!(surface == Surface::Api || length <= limit, "{surface:?}: {length} of {limit}");
            check(surface, &fitted);
            // Whatever the limit: no panic, and nothing hidden.
            check(surface, &form(&text, surface, Fit::within(number % SMALLEST_LIMIT, &keep)));
        }
    }
}

fn check(surface: Surface, result: &Rendered) {
    let hidden = result.text.chars().find(|&c| c != '\n' && c != '\t' && is_hidden(c));
    assert!(hidden.is_none(), "{surface:?} shows {hidden:?} as it is: {:?}", result.text);
}

/// Characters without a picture of their own, as Unicode has them (control, format, separators);
/// written down a second time so that the list of the renderer is checked against something.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || is_deceptive(c)
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}'..='\u{e007f}' | '\u{115f}' | '\u{1160}'
            | '\u{3164}' | '\u{ffa0}' | '\u{2800}' | '\u{34f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{e0100}'..='\u{e01ef}')
}
