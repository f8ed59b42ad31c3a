//! What is made of a call that acts.

use super::lex::Token;
use super::names::arguments;
use super::table::Act;
use crate::effects::net::{host_of, is_local_host};
use crate::effects::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::value::{Field, UNKNOWN, Value};

#[expect(clippy::nonminimal_bool, reason = "written the way it is said")]
#[expect(clippy::too_many_arguments, reason = "each is a separate fact about one invocation")]
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
pub(super) fn perform(
    machine: &mut Machine<'_>,
    language: &str,
    act: Act,
    rest: &[Token],
    source: &str,
    name: &str,
) {
    let (texts, dynamic, all) = arguments(rest);
    // Arguments of calls inside calls are looked at again for each.
    if !machine.afford(all.len() / 8) {
        return;
    }
    let first = texts.first().cloned().or_else(|| names_home(&all));
    let path =
        || Field { text: first.clone().unwrap_or_else(|| UNKNOWN.to_string()), ..Field::default() };
    let whole = matches!(act, Act::Send | Act::Connect | Act::Fork | Act::Kill | Act::Install);
    if whole && !machine.spend(source.len()) {
        return;
    }
    let lower = if whole { source.to_ascii_lowercase() } else { String::new() };
    if leaks_in_address(act, first.as_deref(), &all) {
        machine.effect("net.leak_name", source);
    }
    match act {
        Act::Spawn => {
            if let Some(text) = decoded(&texts, &all) {
                spawn(machine, &[text], false, source, name);
            } else {
                if hides(&all) {
                    machine.effect("code.spawn", source);
                }
                spawn(machine, &texts, dynamic, source, name);
            }
        }
        Act::Delete if texts.len() > 1 => {
            for t in &texts {
                machine.delete(&Field::known(t.as_str()), false);
            }
        }
        Act::Delete => machine.delete(&path(), false),
        Act::DeleteTree => machine.delete(&path(), true),
        Act::Write => machine.write_path(&path().text, WriteMode::Replace),
        Act::Move => {
            if ["rename", "replace", "move", "mv"].iter().any(|verb| name.ends_with(verb))
                && let Some(source) = texts.first()
            {
                machine.move_away(&Field::known(source.as_str()));
            }
            if let Some(t) = texts.get(1) {
                machine.write_path(t, WriteMode::Replace);
            }
        }
        Act::Open => open(machine, language, &texts),
        Act::Send if first.as_deref().is_some_and(|url| is_local_host(host_of(url))) => {}
        Act::Send if name == "fetch" || name.ends_with("request") => {
            if ["post", "put", "patch", "delete"]
                .iter()
                .any(|m| lower.contains(&format!("'{m}'")) || lower.contains(&format!("\"{m}\"")))
            {
                machine.effect("net.send", source);
            }
        }
        Act::Request if first.as_deref().is_some_and(|url| is_local_host(host_of(url))) => {}
        Act::Request => {
            if is_changing_request(&all, &texts) {
                machine.effect("net.send", source);
            }
        }
        Act::Send => machine.effect("net.send", source),
        Act::Connect => {
            if !name.starts_with("sqlite3")
                && !name.starts_with("duckdb")
                && !texts.iter().any(|t| is_local_host(t))
                && !(name.ends_with("socket")
                    && !lower.contains("connect")
                    && !lower.contains("sendto"))
            {
                machine.effect("net.send", source);
            }
        }
        Act::Sql => {
            let verbs = [
                "drop", "delete", "update", "truncate", "alter", "create", "insert", "grant",
                "revoke", "replace", "copy", "call", "with", "begin",
            ];
            for text in &texts {
                let verb = text.split_whitespace().next().unwrap_or_default();
                if verbs.iter().any(|v| verb.eq_ignore_ascii_case(v)) {
                    machine.sql(text);
                }
            }
        }
        Act::Listen => machine.effect("net.listen", source),
        Act::Eval => eval(machine, language, &texts, &all, source),
        Act::Kill => {
            let packed: String = lower.chars().filter(|c| !c.is_whitespace()).collect();
            let everything = packed.contains("kill(-1,")
                || packed
                    .split(",-1")
                    .skip(1)
                    .any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
            machine.effect(if everything { "process.kill_all" } else { "process.signal" }, source);
        }
        Act::Permission => machine.effect("perm.change", source),
        Act::Native => machine.effect("code.outside", source),
        Act::Install => {
            let usual = ["cran.", "bioconductor.org", "posit.co", "rstudio.com"];
            if lower.contains("://") && !usual.iter().any(|host| lower.contains(host)) {
                machine.effect("package.foreign", source);
            }
        }
        Act::InstallForeign => machine.effect("package.foreign", source),
        Act::Fork => {
            let endless = lower.contains("while 1")
                || lower.contains("while true")
                || lower.contains("while fork")
                || lower.contains("while(1)")
                || lower.contains("for(;;)")
                || lower.contains("loop {")
                || lower.contains("loop{")
                || lower.contains("while (1)")
                || lower.contains("for (;;)");
            if endless {
                machine.effect("process.fork_bomb", source);
            }
        }
    }
}

/// A literal that a decoder is called on: `atob('…')`, `Buffer.from('…', 'base64')`.
fn decoded(texts: &[String], all: &[Token]) -> Option<String> {
    let text = texts.first()?;
    let named = |words: &[&str]| {
        all.iter().any(|token| {
            matches!(token, Token::Name(n) if {
                let n = n.to_ascii_lowercase();
                words.iter().any(|w| n.contains(w))
            })
        })
    };
    if named(&["pack"]) && text == "H*" {
        return crate::interpret::decode::hex(texts.get(1)?);
    }
    let form = texts.get(1).map_or("", String::as_str);
    if named(&["b64decode", "base64_decode", "decode64", "decode_base64", "atob", "base64decode"])
        || (named(&["buffer.from"]) && form == "base64")
    {
        crate::interpret::decode::base(text, 6)
    } else if named(&["fromhex", "unhexlify", "hex2bin"])
        || (named(&["buffer.from"]) && form == "hex")
    {
        crate::interpret::decode::hex(text)
    } else if named(&["strrev", ".reverse"]) {
        Some(text.chars().rev().collect())
    } else if named(&["str_rot13"]) || form == "rot13" || form == "rot_13" {
        crate::interpret::decode::translate(&["A-Za-z", "N-ZA-Mn-za-m"], text)
    } else {
        None
    }
}

/// Whether what is run comes out of a decoder that could not be worked out.
fn hides(all: &[Token]) -> bool {
    let decoders = [
        "decode",
        "fromhex",
        "unhex",
        "unpack",
        "rot13",
        "rot_13",
        "decompress",
        "fromcharcode",
        "translate",
        "base64",
        "strrev",
        "unescape",
        "decrypt",
    ];
    all.iter().any(|token| {
        matches!(token, Token::Name(name) if {
            let lower = name.to_ascii_lowercase();
            let last = lower.rsplit('.').next().unwrap_or(&lower);
            decoders.iter().any(|part| last.contains(part)) || matches!(last, "chr" | "pack")
        })
    })
}

fn spawn(machine: &mut Machine<'_>, texts: &[String], dynamic: bool, source: &str, name: &str) {
    match texts {
        // Backquotes are followed by themselves.
        [] if source.contains('`') && name == "run" => {}
        [] => {
            // Calls such as `re.exec` of other meaning have no command in them.
            if !name.contains("regex") {
                machine.effect("code.spawn", source);
            }
        }
        [only] => {
            let name = crate::effects::paths::base_name(only.trim());
            if matches!(
                name,
                "sh" | "bash" | "zsh" | "dash" | "ksh" | "cmd.exe" | "cmd" | "powershell"
            ) {
                machine.effect("code.spawn", source);
            }
            machine.script(only, None);
            if dynamic && only.split_whitespace().count() < 2 {
                machine.effect("code.spawn", source);
            }
        }
        [first, ..] if first.contains(' ') => {
            machine.script(first, None);
        }
        [first, second, ..]
            if name.contains("execl") || (name.contains("execv") && first == second) =>
        {
            machine.run(texts.iter().skip(1).map(|t| Field::known(t.as_str())).collect(), None);
        }
        _ => {
            let mut fields: Vec<Field> = texts.iter().map(|t| Field::known(t.as_str())).collect();
            if dynamic {
                fields.push(Field::known(UNKNOWN.to_string()));
            }
            machine.run(fields, None);
        }
    }
}

fn open(machine: &mut Machine<'_>, language: &str, texts: &[String]) {
    let Some(first) = texts.first() else { return };
    if language == "perl" {
        let joined = texts.join(" ");
        let text = joined.trim();
        if let Some(command) = text
            .strip_prefix('|')
            .or_else(|| text.strip_suffix('|'))
            .or_else(|| text.strip_prefix("-|"))
        {
            spawn(machine, &[command.to_owned()], false, "open", "open");
        } else if let Some(path) = text.trim_start_matches('+').strip_prefix('>') {
            machine.write_path(path.trim_start_matches('>').trim(), WriteMode::Replace);
        } else {
            machine.read_path(text.trim_start_matches('<').trim());
        }
        return;
    }
    if first.contains("://") && language == "php" {
        return;
    }
    let writes =
        texts.get(1).is_some_and(|mode| mode.len() <= 4 && mode.contains(['w', 'a', 'x', '+']));
    if writes {
        machine.write_path(first, WriteMode::Replace);
    } else if let Some(command) = first.strip_prefix('|') {
        machine.script(command, None);
    } else {
        machine.read_path(first);
    }
}

#[expect(clippy::similar_names, reason = "the words are what they are called")]
fn eval(machine: &mut Machine<'_>, language: &str, texts: &[String], all: &[Token], source: &str) {
    let names: Vec<&str> = all
        .iter()
        .filter_map(|t| if let Token::Name(n) = t { Some(n.as_str()) } else { None })
        .collect();
    let decodes = |word: &str| names.iter().any(|n| n.to_ascii_lowercase().contains(word));
    if texts.iter().all(String::is_empty) && fetches(source) {
        return machine.effect("code.fetched", source);
    }
    let Some(text) = texts.first() else {
        // A block (`eval { … }`) or a name.
        if names.is_empty() || language == "lisp" {
            return;
        }
        return machine.effect("code.dynamic", source);
    };
    let fetched = ["urlopen", "requests.get", "http", "curl", "lwp", "open-uri", "fetch"]
        .iter()
        .any(|w| decodes(w))
        || text.contains("://");
    if fetched {
        return machine.effect("code.fetched", source);
    }
    let literal = self::decoded(texts, all);
    let decoded = if literal.is_some() {
        literal
    } else if decodes("b64decode")
        || decodes("base64_decode")
        || decodes("decode64")
        || decodes("atob")
    {
        crate::interpret::decode::base(text, 6)
    } else if decodes("fromhex") || decodes("unhexlify") || decodes("hex2bin") {
        crate::interpret::decode::hex(text)
    } else if names.iter().any(|n| {
        n.contains("decode")
            || n.contains("decompress")
            || n.contains("chr")
            || n.contains("join")
            || n.contains("rot13")
            || n.contains("loads")
    }) {
        None
    } else {
        Some(text.clone())
    };
    match decoded {
        Some(code) => {
            let _output = machine.code(language, &Value::known(code), None);
        }
        None => machine.effect("code.dynamic", source),
    }
}

/// The home directory, where a program asks for it by name.
fn names_home(all: &[Token]) -> Option<String> {
    all.iter()
        .any(|token| {
            matches!(token, Token::Name(name) if matches!(
                name.as_str(),
                "process.env.HOME" | "os.homedir" | "Dir.home" | "Path.home" | "pathlib.Path.home" | "homedir"
            ))
        })
        .then(|| "~".to_owned())
}

/// Whether code fetches anything.
fn fetches(source: &str) -> bool {
    let lower = source.to_ascii_lowercase();
    [
        "http.get",
        "https.get",
        "https').get",
        "http').get",
        "fetch(",
        "https.request",
        "urlopen",
        "requests.get",
    ]
    .iter()
    .any(|call| lower.contains(call))
}

/// Whether what this machine says is put into the address that is asked.
fn leaks_in_address(act: Act, url: Option<&str>, all: &[Token]) -> bool {
    let reads = ["read", "open", "environ", "getenv", "contents", "hostname", "popen", "exec"];
    matches!(act, Act::Open | Act::Request | Act::Send)
        && url.is_some_and(|url| url.contains("://") && !is_local_host(host_of(url)))
        && all.iter().any(|token| {
            matches!(token, Token::Name(name)
                if reads.iter().any(|part| name.to_ascii_lowercase().contains(part)))
        })
}

/// A body or another method makes a request out of a fetch.
fn is_changing_request(all: &[Token], texts: &[String]) -> bool {
    let named = |word: &str| all.iter().any(|t| matches!(t, Token::Name(n) if n == word));
    let method = ["post", "put", "patch", "delete"]
        .iter()
        .any(|m| texts.iter().any(|t| t.eq_ignore_ascii_case(m)));
    let positional = all.contains(&Token::Mark(','))
        && !texts.is_empty()
        && !["timeout", "context", "headers", "stream"].iter().any(|word| named(word));
    named("data") || named("json") || named("files") || method || positional
}
