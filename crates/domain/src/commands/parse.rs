//! Reading what somebody typed.

use super::CommandName;

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// It names a command, which may not exist.
    Command(CommandLine),
    /// It commands another bot.
    ForAnotherBot,
    /// Everything else.
    Text,
}

/// A line that has the form of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The word after the slash, in its one spelling.
    pub word: CommandName,
    /// What follows it.
    pub arguments: String,
}

/// Reads `text`. `bot` is the name by which the bot is called where this was typed.
pub fn read_line(text: &str, bot: Option<&str>) -> Line {
    let text = text.trim();
    let Some(typed) = text.strip_prefix('/') else {
        return Line::Text;
    };
    let (word, arguments) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    let Ok(name) = CommandName::spelled(word) else {
        return Line::Text;
    };
    let called = word.split_once('@').map(|(_, called)| called);
    if let (Some(called), Some(bot)) = (called, bot)
        && !called.eq_ignore_ascii_case(bot.trim_start_matches('@'))
    {
        return Line::ForAnotherBot;
    }
    Line::Command(CommandLine::new(name, arguments))
}

impl CommandLine {
    /// The line that a native command of a platform stands for.
    pub fn new(word: CommandName, arguments: &str) -> Self {
        // Telephones make one dash of two.
        let arguments = arguments.trim().replace(['—', '–'], "--");
        Self { word, arguments }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Option<(String, String)> {
        match read_line(text, Some("signer_bot")) {
            Line::Command(line) => Some((line.word.to_string(), line.arguments)),
            Line::ForAnotherBot | Line::Text => None,
        }
    }

    #[test]
    fn a_name_has_many_spellings() {
        for text in ["/set-home x", " /SET_HOME   x ", "/Set_home@Signer_Bot x", "/set-home\nx"] {
            assert_eq!(command(text), Some(("set-home".to_owned(), "x".to_owned())), "{text}");
        }
    }

    #[test]
    fn what_does_not_spell_a_name_is_text() {
        for text in ["", "stop", "/", "//", "/usr/bin/env", "/stöp", "/ stop", "a /stop", "/@x"] {
            assert_eq!(read_line(text, None), Line::Text, "{text}");
        }
    }

    #[test]
    fn what_another_bot_is_told_is_not_ours() {
        assert_eq!(read_line("/stop@other_bot", Some("signer_bot")), Line::ForAnotherBot);
    }

    #[test]
    fn dashes_of_telephones_are_two() {
        assert_eq!(command("/x —all –n"), Some(("x".to_owned(), "--all --n".to_owned())));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_is_read(text in ".{0,60}", bot in proptest::option::of(".{0,5}")) {
            if let Line::Command(line) = read_line(&text, bot.as_deref()) {
                let again = CommandName::spelled(line.word.as_str());
                proptest::prop_assert_eq!(again, Ok(line.word));
            }
        }
    }
}
