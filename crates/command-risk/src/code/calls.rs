//! Calls that act: found by name, judged by their literal arguments.

use super::acts::perform;
use super::fold::fold_decoders;
use super::lex::{Token, tokens};
use super::names::{fold_constants, imported, rename};
use super::table::{Act, act_of};
use super::{sdk, tcl};
use crate::files::known_language;
use crate::interpret::Machine;
use crate::interpret::value::UNKNOWN;

/// More modules whose names are all imported are not followed.
const MAX_OPEN_MODULES: usize = 8;
/// Nor more imported names.
const MAX_IMPORTS: usize = 128;

/// The most names that code can load and that are looked for.
const MAX_LOADED: usize = 32;

/// Notes the files that code may load: its modules, and where it calls a loader, what it names.
fn loads(machine: &mut Machine<'_>, language: &str, list: &[Token]) {
    let Some(language) = known_language(language) else { return };
    let loaders: &[&str] = match language {
        "python" => &[
            "exec",
            "eval",
            "execfile",
            "__import__",
            "import_module",
            "run_path",
            "run_module",
            "spec_from_file_location",
            "SourceFileLoader",
        ],
        "perl" => &["do", "require", "use", "eval"],
        "ruby" => &["load", "require", "require_relative", "eval", "instance_eval", "autoload"],
        "node" => &["require", "import", "eval", "runInThisContext", "runInNewContext", "Function"],
        "php" => &["include", "include_once", "require", "require_once", "eval"],
        "lua" => &["dofile", "loadfile", "require", "load", "loadstring"],
        _ => return,
    };
    let is_loader = |token: &Token| match token {
        Token::Name(name) => {
            name.rsplit(['.', ':']).next().is_some_and(|last| loaders.contains(&last))
        }
        Token::Text(_) | Token::Mixed(_) | Token::Mark(_) | Token::Number(_) => false,
    };
    if list.iter().any(is_loader) {
        let texts = list.iter().filter_map(|token| match token {
            Token::Text(text) => Some(text),
            Token::Name(_) | Token::Mixed(_) | Token::Mark(_) | Token::Number(_) => None,
        });
        for text in texts.take(MAX_LOADED) {
            machine.note_loaded(language, text);
        }
    }
    if language == "python" {
        let imports = list.windows(2).filter_map(|pair| match pair {
            [Token::Name(word), Token::Name(module)] if word == "import" || word == "from" => {
                Some(module)
            }
            _ => None,
        });
        for module in imports.take(MAX_LOADED) {
            machine.note_loaded(language, module);
        }
    }
}

/// Follows the calls of a source text.
#[expect(clippy::nonminimal_bool, reason = "written the way it is said")]
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
pub(super) fn follow(machine: &mut Machine<'_>, language: &str, source: &str) {
    let mut list = tokens(source, language);
    // Once as it is written (`__import__('x')` becomes a plain name below), and once worked out.
    loads(machine, language, &list);
    rename(&mut list, source);
    fold_decoders(&mut list, language);
    fold_constants(&mut list, language);
    fold_decoders(&mut list, language);
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
    loads(machine, language, &list);
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
            if language == "ruby" && command.contains("#{") {
                machine.script(&unknown_parts(command), None);
            } else {
                machine.script(command, None);
            }
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
            if language == "php" && takes_callback(name) {
                // The callee is a text among the arguments.
                let callee = list
                    .iter()
                    .skip(at + 2)
                    .take(12)
                    .take_while(|token| **token != Token::Mark(';'))
                    .find_map(|token| match token {
                        Token::Text(callee) => act_of(language, callee, &open_modules),
                        Token::Name(_) | Token::Mixed(_) | Token::Mark(_) | Token::Number(_) => {
                            None
                        }
                    });
                if let Some(act) = callee {
                    passed_on(machine, act, source);
                }
            } else if matches!(
                name.as_str(),
                "method" | ".method" | "File.method" | "FileUtils.method"
            ) || name.ends_with(".method")
            {
                // `FileUtils.method(:rm_rf)`
                let receiver = name.strip_suffix("method").unwrap_or_default();
                if let (true, Some(Token::Name(callee))) = (
                    language == "ruby",
                    list.iter().skip(at + 1).take(3).find(|t| matches!(t, Token::Name(_))),
                ) && let Some(act) =
                    act_of(language, &format!("{receiver}{callee}"), &open_modules)
                {
                    passed_on(machine, act, source);
                }
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
            && (name.contains('.') || matches!(language, "julia" | "r" | "lisp"))
        {
            // Handed to another function, which calls it.
            passed_on(machine, act, source);
            continue;
        }
        if language == "elixir"
            && matches!(rest, [Token::Mark('/'), Token::Number(_), ..])
            && before == Some(&Token::Mark('&'))
        {
            // `&File.rm/1`
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
            Some(Token::Text(_) | Token::Mixed(_) | Token::Name(_) | Token::Number(_)) | None
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

/// A text with `#{…}` in it, which is known at run time only.
fn unknown_parts(text: &str) -> String {
    let mut parts = text.split("#{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push(UNKNOWN);
        out.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    out
}

/// Functions of PHP that call what they are given by name.
fn takes_callback(name: &str) -> bool {
    let name = name.trim_start_matches('.');
    name.starts_with("array_")
        || name.starts_with("call_user_func")
        || name.starts_with("forward_static_call")
        || name.starts_with("iterator_")
        || matches!(
            name,
            "usort"
                | "uasort"
                | "uksort"
                | "preg_replace_callback"
                | "ob_start"
                | "register_shutdown_function"
                | "register_tick_function"
                | "spl_autoload_register"
                | "set_error_handler"
                | "set_exception_handler"
                | "header_register_callback"
                | "pcntl_signal"
                | "ReflectionFunction"
                | "is_callable"
                | "Closure.fromCallable"
        )
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
