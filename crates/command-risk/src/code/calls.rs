//! Calls that act: found by name, judged by their literal arguments.

use super::acts::perform;
use super::lex::{Token, tokens};
use super::names::{fold_constants, imported, rename};
use super::table::{Act, act_of};
use super::{sdk, tcl};
use crate::interpret::Machine;

/// More modules whose names are all imported are not followed.
const MAX_OPEN_MODULES: usize = 8;
/// Nor more imported names.
const MAX_IMPORTS: usize = 128;

/// Follows the calls of a source text.
#[expect(clippy::nonminimal_bool, reason = "written the way it is said")]
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
pub(super) fn follow(machine: &mut Machine<'_>, language: &str, source: &str) {
    let mut list = tokens(source, language);
    rename(&mut list, source);
    fold_constants(&mut list, language);
    if language == "tcl" {
        tcl::subcommands(&mut list);
        tcl::executed(machine, source);
    }
    let open_modules = imported(source, language);
    let open = open_modules.iter().filter(|(short, _)| short == "*").count();
    if open > MAX_OPEN_MODULES || open_modules.len() > MAX_IMPORTS {
        // Every name would be compared with each of them.
        machine.effect("parse.too_much", "");
        return;
    }
    let mut reads = None;
    let sdk = language == "python" && sdk::is_used(source);
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
            let reads = *reads.get_or_insert_with(|| only_reads(source));
            machine.guard_url(rest, reads);
        }
        if let (Token::Text(text), "java") = (token, language)
            && list.get(at + 1) == Some(&Token::Mark('.'))
            && list.get(at + 2) == Some(&Token::Mark('!'))
        {
            // `"command".!` of Scala.
            machine.script(text, None);
        }
        let Token::Name(name) = token else { continue };
        if sdk && sdk::changes(name) {
            machine.effect("cloud.change", source);
            continue;
        }
        if let Some(command) = name.strip_prefix('\u{1}') {
            machine.script(command, None);
            continue;
        }
        if name == "%x" || (name == "x" && at > 0 && list.get(at - 1) == Some(&Token::Mark('%'))) {
            machine.effect("code.dynamic", source);
            continue;
        }
        if language == "node"
            && (name.ends_with('$') || name == "shell")
            && let Some(Token::Text(text) | Token::Mixed(text)) = list.get(at + 1)
        {
            // Tagged templates of Bun and zx.
            machine.script(text, None);
            continue;
        }
        let Some(act) = act_of(language, name, &open_modules) else {
            if matches!(
                name.as_str(),
                "array_map" | "array_walk" | "call_user_func" | "call_user_func_array" | "usort"
            ) && let (true, Some(Token::Text(callee))) = (language == "php", list.get(at + 2))
                && let Some(act) = act_of(language, callee, &open_modules)
            {
                passed_on(machine, act, source);
            }
            continue;
        };
        let rest = list.get(at + 1..).unwrap_or_default();
        let before = at.checked_sub(1).and_then(|b| list.get(b));
        let regex = language == "node" && name == ".exec" && before == Some(&Token::Mark('/'));
        if regex || (language == "tcl" && matches!(name.as_str(), "exec" | "spawn" | "system")) {
            continue;
        }
        if matches!(rest.first(), Some(Token::Mark(',' | ')')))
            && matches!(before, Some(Token::Mark('(' | ',')))
            && name.contains('.')
        {
            // Handed to another function, which calls it.
            passed_on(machine, act, source);
            continue;
        }
        let called = matches!(rest.first(), Some(Token::Mark('(')))
            || (language == "lisp" && before == Some(&Token::Mark('(')));
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
            "perl"
                | "ruby"
                | "php"
                | "tcl"
                | "lisp"
                | "elixir"
                | "applescript"
                | "haskell"
                | "ocaml"
                | "nim"
        );
        let bare_word = matches!(
            rest.first(),
            Some(Token::Text(_) | Token::Mixed(_) | Token::Name(_) | Token::Number) | None
        ) || matches!(
            rest.first(),
            Some(Token::Mark('{' | '$' | '@' | '[' | '<' | ';' | '}' | '-'))
        );
        if !called && !(parenless && bare_word) {
            continue;
        }
        perform(machine, language, act, rest, source, name);
    }
}

/// Whether no word of a source speaks of a request that changes something.
fn only_reads(source: &str) -> bool {
    let lower = source.to_ascii_lowercase();
    !["post", "put", "patch", "delete", "data=", "body"].iter().any(|word| lower.contains(word))
}

/// A function that acts is given to another that calls it with values not known here.
fn passed_on(machine: &mut Machine<'_>, act: Act, source: &str) {
    let kind = match act {
        Act::Delete | Act::DeleteTree => "fs.bulk_delete",
        Act::Kill => "process.signal",
        Act::Spawn | Act::Eval => "code.spawn",
        Act::Permission => "perm.change",
        Act::Write
        | Act::Open
        | Act::Move
        | Act::Send
        | Act::Connect
        | Act::Listen
        | Act::Native
        | Act::Request
        | Act::Install
        | Act::InstallForeign
        | Act::Sql
        | Act::Fork => return,
    };
    machine.effect(kind, source);
}
