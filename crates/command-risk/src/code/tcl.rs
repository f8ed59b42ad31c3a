//! Tcl: commands of several words, and those that run a program.

use super::lex::Token;
use crate::interpret::Machine;

/// `file delete` of Tcl as one name.
pub(super) fn subcommands(list: &mut Vec<Token>) {
    let mut out: Vec<Token> = Vec::with_capacity(list.len());
    for token in list.drain(..) {
        if let (Token::Name(verb), Some(Token::Name(object))) = (&token, out.last_mut())
            && object == "file"
            && matches!(verb.as_str(), "delete" | "rename" | "copy")
        {
            *object = format!("file.{verb}");
            continue;
        }
        out.push(token);
    }
    *list = out;
}

/// `exec`, `spawn` and `system` of Tcl, whose words are those of a command.
pub(super) fn executed(machine: &mut Machine<'_>, source: &str) {
    for statement in source.split(['\n', ';', '[', ']', '{', '}']) {
        let statement = statement.trim().trim_start_matches("catch ").trim();
        let Some((verb, command)) = statement.split_once(char::is_whitespace) else { continue };
        if !matches!(verb, "exec" | "spawn" | "system") {
            continue;
        }
        let command = command.trim_start_matches("-noecho ").trim_start_matches("-- ");
        if command.contains('$') {
            machine.effect("code.spawn", source);
        }
        machine.script(command.trim_matches('"'), None);
    }
}
