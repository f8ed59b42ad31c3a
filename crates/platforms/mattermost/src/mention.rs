//! Whether a text names the bot, and which command it begins with.

use countersign_domain::commands::Registry;

/// The text without the bot's name at its beginning and end, and whether the name stands anywhere.
pub(crate) fn named(text: &str, bot: &str) -> (String, bool) {
    let mut rest = text.trim();
    let mut is_named = false;
    while let Some(after) =
        rest.get(..=bot.len()).filter(|head| is_name(head, bot)).and_then(|head| {
            let after = rest.get(head.len()..)?;
            ends_there(after).then_some(after)
        })
    {
        is_named = true;
        rest = after.trim_start_matches([':', ',']).trim_start();
    }
    while let Some(before) = rest.len().checked_sub(bot.len() + 1).and_then(|at| {
        let (before, tail) = rest.split_at_checked(at)?;
        (is_name(tail, bot) && begins_there(before)).then_some(before)
    }) {
        is_named = true;
        rest = before.trim_end();
    }
    let within = || {
        rest.match_indices('@').any(|(at, _)| {
            let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let name = after.get(..=bot.len()).is_some_and(|head| is_name(head, bot));
            name && begins_there(before) && after.get(bot.len() + 1..).is_some_and(ends_there)
        })
    };
    let is_named = is_named || within();
    (rest.to_owned(), is_named)
}

/// A command that was typed as `!name`, as the gateway knows it: the server keeps every text that
/// begins with `/` to itself. What names no command of `registered` stays as it is.
pub(crate) fn typed_command(text: &str, registered: impl Fn(&str) -> bool) -> String {
    let Some(rest) = text.strip_prefix('!') else {
        return text.to_owned();
    };
    let word = rest.split(char::is_whitespace).next().unwrap_or_default();
    let is_command = word.parse().is_ok_and(|word| {
        Registry::builtin().find(&word).is_some() || registered(&word.to_string())
    });
    if is_command { format!("/{rest}") } else { text.to_owned() }
}

fn is_name(head: &str, bot: &str) -> bool {
    !bot.is_empty() && head.strip_prefix('@').is_some_and(|name| name.eq_ignore_ascii_case(bot))
}

/// Whether a name may begin after `before`.
fn begins_there(before: &str) -> bool {
    !before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '/'))
}

/// Whether a name ends before `after`: a full stop belongs to it only where it goes on.
fn ends_there(after: &str) -> bool {
    let mut rest = after.chars();
    match rest.next() {
        Some(c) if c.is_alphanumeric() || matches!(c, '_' | '-') => false,
        Some('.') => !rest.next().is_some_and(char::is_alphanumeric),
        None | Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_name_counts_as_a_word_and_not_as_a_part_of_one() {
        for (text, rest, is_named) in [
            ("@signer deploy it", "deploy it", true),
            ("@Signer: deploy", "deploy", true),
            ("deploy it, @signer", "deploy it,", true),
            ("please @signer, deploy", "please @signer, deploy", true),
            ("do it @signer.", "do it @signer.", true),
            ("@signer", "", true),
            ("@signer @signer x", "x", true),
            ("@signer2 deploy", "@signer2 deploy", false),
            ("@signer-two deploy", "@signer-two deploy", false),
            ("@signer.two deploy", "@signer.two deploy", false),
            ("mail ann@signer.org", "mail ann@signer.org", false),
            ("https://x/@signer", "https://x/@signer", false),
            ("signer deploy", "signer deploy", false),
            ("é@signer", "é@signer", false),
            ("", "", false),
        ] {
            assert_eq!(named(text, "signer"), (rest.to_owned(), is_named), "{text}");
        }
    }

    #[test]
    fn an_exclamation_mark_stands_for_a_slash_before_a_command_only() {
        let own = |name: &str| name == "deploy";
        for (text, read) in [
            ("!approve once", "/approve once"),
            ("!BG look", "/BG look"),
            ("!deploy now", "/deploy now"),
            ("!important", "!important"),
            ("! approve", "! approve"),
            ("!", "!"),
            ("approve!", "approve!"),
            ("/approve", "/approve"),
        ] {
            assert_eq!(typed_command(text, own), read);
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "\\PC{0,60}", bot in "[a-z.é]{0,8}") {
            let (rest, _) = named(&text, &bot);
            prop_assert!(text.contains(&rest));
            typed_command(&text, |_| true);
        }
    }
}
