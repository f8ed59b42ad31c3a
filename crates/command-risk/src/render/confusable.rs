//! Letters and signs of other scripts that are taken for ASCII ones.

/// Whether a letter of another script is easily taken for a Latin one.
pub(crate) const fn is_confusable(c: char) -> bool {
    matches!(c,
        '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{530}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}'
        | '\u{180}'..='\u{19f}' | '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}' | '\u{2024}' | '\u{2044}' | '\u{2215}'
        | '\u{29f8}' | '\u{2100}'..='\u{214f}' | '\u{250}'..='\u{2af}' | '\u{a4d0}'..='\u{a4ff}'
        | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{a731}' | '\u{a730}' | '\u{1d00}'..='\u{1d7f}')
}

/// Whether a sign is easily taken for one that shells read: `;`, `|`, `/`, `<`, `!` and their like.
pub(super) const fn is_confusable_sign(c: char) -> bool {
    matches!(c,
        '\u{1c0}' | '\u{1c3}' | '\u{2cb}' | '\u{2d0}' | '\u{2f8}' | '\u{37e}' | '\u{5c0}' | '\u{5c3}'
        | '\u{1fef}' | '\u{2024}' | '\u{2039}'..='\u{203a}' | '\u{2044}' | '\u{2215}'..='\u{2217}'
        | '\u{2223}' | '\u{2236}' | '\u{223c}' | '\u{2758}' | '\u{276e}'..='\u{276f}'
        | '\u{29f5}' | '\u{29f8}'..='\u{29f9}' | '\u{a789}' | '\u{a78c}' | '\u{fe30}'..='\u{fe6b}'
        | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}'
        | '\u{ff5b}'..='\u{ff5e}')
}

/// Whether a sign is taken for the `-` of an option or of a name. Prose has such signs too, with
/// blanks around them.
pub(super) const fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// What separates the words of a command.
const SEPARATORS: &str = "/\\'\"`|&;()<>=:.,@-_[]{}$!?*+#%~^";

/// The words of `text` that are not all ASCII, with their places.
pub(crate) fn foreign_words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let base = text.as_ptr().addr();
    text.split(|c: char| c.is_whitespace() || SEPARATORS.contains(c))
        .filter(|w| !w.is_ascii() && !w.is_empty())
        .map(move |w| (w.as_ptr().addr() - base, w))
}

/// A letter that makes a word look like one of another script.
pub(crate) fn deceiving_letter(word: &str) -> Option<char> {
    let latin = word.chars().any(|c| c.is_ascii_alphabetic());
    let foreign = word.chars().find(|c| is_confusable(*c) && c.is_alphabetic())?;
    let all_fullwidth = word.chars().all(|c| ('\u{ff01}'..='\u{ff5e}').contains(&c));
    // Units such as µs and Ω are written with Greek letters.
    let unit = word.chars().count() <= 2
        && matches!(foreign, 'µ' | 'μ' | 'Ω' | 'π' | 'Δ' | 'σ' | 'λ' | 'ℓ' | '℃');
    let look_alike =
        word.chars().all(|c| "аеорсухіјѕһԁԛԝАВЕКМНОРСТХІЈЅαορνικτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ".contains(c))
            && word.chars().count() >= 2;
    ((latin && !unit) || all_fullwidth || look_alike).then_some(foreign)
}
