//! Names after `@` that call nobody: what an agent or a stranger wrote must not ring anybody's bell.
//!
//! The server has no switch for that, so an invisible space after the `@` takes the call away.
//! Code calls nobody and stays as it is, so that it can be copied. Pure.

/// What is put between the `@` and the name.
const APART: char = '\u{200b}';

/// `text`, calling nobody.
pub(crate) fn calling_nobody(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fenced = false;
    for line in text.split_inclusive('\n') {
        let is_fence = line.trim_start_matches(' ').starts_with("```");
        if fenced || is_fence {
            out.push_str(line);
        } else {
            line_calling_nobody(line, &mut out);
        }
        fenced ^= is_fence;
    }
    out
}

fn line_calling_nobody(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find(['@', '`', '\\']) {
        let Some((before, after)) = rest.split_at_checked(at) else { break };
        out.push_str(before);
        let run = after.len() - after.trim_start_matches('`').len();
        if run > 0 {
            let span = code_span(after, run);
            out.push_str(span);
            rest = after.get(span.len()..).unwrap_or_default();
            continue;
        }
        let mut chars = after.chars();
        let first = chars.next();
        out.extend(first);
        if first == Some('@') {
            if chars.clone().next().is_some_and(|next| !next.is_whitespace()) {
                out.push(APART);
            }
        } else {
            // What is escaped means itself; an `@` is still an `@`.
            if chars.clone().next().is_some_and(|next| next != '@') {
                out.extend(chars.next());
            }
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

/// The code that begins with `run` backticks, or only these if it does not end.
fn code_span(text: &str, run: usize) -> &str {
    let mut at = run;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('`')) {
        let begin = at + found;
        let length =
            text.get(begin..).map_or(0, |rest| rest.len() - rest.trim_start_matches('`').len());
        if length == run {
            return text.get(..begin + length).unwrap_or(text);
        }
        at = begin + length;
    }
    text.get(..run).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_taken_apart_and_code_stays_as_it_is() {
        for (text, sent) in [
            ("@all look", "@\u{200b}all look"),
            ("mail a@b.org", "mail a@\u{200b}b.org"),
            ("`@all` and @here", "`@all` and @\u{200b}here"),
            ("``a ` @all`` @x", "``a ` @all`` @\u{200b}x"),
            ("`open @all", "`open @\u{200b}all"),
            ("\\`@all\\`", "\\`@\u{200b}all\\`"),
            ("\\@all", "\\@\u{200b}all"),
            ("```\n@all\n```\n@all", "```\n@all\n```\n@\u{200b}all"),
            ("5 @ 3", "5 @ 3"),
            ("@@all", "@\u{200b}@\u{200b}all"),
        ] {
            assert_eq!(calling_nobody(text), sent, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_else_is_changed(text in "[@`\\\\a-z \n]{0,60}") {
            prop_assert_eq!(calling_nobody(&text).replace(APART, ""), text);
        }
    }
}
