//! Calls that act: found by name, judged by their literal arguments.

use super::acts::perform;
use super::lex::{Token, tokens};
use super::names::{imported, rename};
use super::table::{Act, act_of};
use crate::interpret::Machine;

/// Follows the calls of a source text.
#[expect(clippy::nonminimal_bool, reason = "written the way it is said")]
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
pub(super) fn follow(machine: &mut Machine<'_>, language: &str, source: &str) {
    let mut list = tokens(source, language);
    rename(&mut list, source);
    let open_modules = imported(source, language);
    let lower = source.to_ascii_lowercase();
    let reads =
        !["post", "put", "patch", "delete", "data=", "body"].iter().any(|w| lower.contains(w));
    for (at, token) in list.iter().enumerate() {
        if !machine.step() {
            return;
        }
        if let Token::Text(text) | Token::Mixed(text) = token
            && text.starts_with(['/', '~', '.'])
            && text.len() < 4096
        {
            machine.read_own(text);
        }
        if let Token::Text(text) | Token::Mixed(text) = token
            && let Some((_, rest)) = text.split_once("://")
        {
            machine.guard_url(rest, reads);
        }
        let Token::Name(name) = token else { continue };
        if let Some(command) = name.strip_prefix('\u{1}') {
            machine.script(command, None);
            continue;
        }
        if name == "%x" || (name == "x" && at > 0 && list.get(at - 1) == Some(&Token::Mark('%'))) {
            machine.effect("code.dynamic", source);
            continue;
        }
        let Some(act) = act_of(language, name, &open_modules) else {
            continue;
        };
        let rest = list.get(at + 1..).unwrap_or_default();
        let called = matches!(rest.first(), Some(Token::Mark('(')))
            || (language == "lisp"
                && at.checked_sub(1).and_then(|b| list.get(b)) == Some(&Token::Mark('(')));
        if act == Act::Spawn && language == "node" && rest.first() == Some(&Token::Mark(':')) {
            // Taken out of its module under another name.
            machine.effect("code.unclear", source);
        }
        let before = at.checked_sub(1).and_then(|b| list.get(b));
        if matches!(before, Some(Token::Name(word)) if matches!(word.as_str(), "def" | "function" | "sub" | "import" | "fn"))
        {
            continue;
        }
        let parenless = matches!(
            language,
            "perl" | "ruby" | "php" | "tcl" | "lisp" | "elixir" | "applescript" | "haskell"
        );
        let bare_word =
            matches!(rest.first(), Some(Token::Text(_) | Token::Mixed(_) | Token::Name(_)) | None)
                || matches!(
                    rest.first(),
                    Some(Token::Mark('{' | '$' | '@' | '[' | '<' | ';' | '}'))
                );
        // A tagged template, as with the shell of Bun and zx.
        let tagged = language == "node" && name.ends_with('$') && bare_word;
        let numbered = act == Act::Kill
            && matches!(rest.first(), Some(Token::Number | Token::Mark('-' | '+')));
        let bare_word = bare_word || numbered;
        if !called && !tagged && !(parenless && bare_word) {
            continue;
        }
        perform(machine, language, act, rest, source, name);
    }
}
