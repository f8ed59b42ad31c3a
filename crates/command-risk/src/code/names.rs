//! Names and arguments in a list of tokens.

use super::lex::Token;

/// More names are not told apart; so many tokens are not followed either.
const MAX_NAMES: usize = 2_048;

/// Names under which modules or functions are known in this source.
pub(super) fn imported(source: &str, language: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    if language != "python" {
        return out;
    }
    for statement in source.split(['\n', ';']) {
        let words: Vec<&str> =
            statement.split([' ', ',', '\t', ':']).filter(|w| !w.is_empty()).collect();
        let from = words.contains(&"from");
        for (at, word) in words.iter().enumerate() {
            if out.len() > MAX_NAMES {
                return out;
            }
            if *word == "from" && words.get(at + 2) == Some(&"import") {
                let module = words.get(at + 1).copied().unwrap_or_default();
                for (n, name) in words.iter().enumerate().skip(at + 3) {
                    if words.get(n + 1) == Some(&"as") {
                        out.push((
                            words.get(n + 2).copied().unwrap_or_default().to_owned(),
                            format!("{module}.{name}"),
                        ));
                    }
                    out.push((
                        if *name == "*" { "*".to_owned() } else { (*name).to_owned() },
                        if *name == "*" { module.to_owned() } else { format!("{module}.{name}") },
                    ));
                }
            } else if *word == "as" && at >= 1 && !from {
                let module = words.get(at - 1).copied().unwrap_or_default();
                out.push((
                    words.get(at + 1).copied().unwrap_or_default().to_owned(),
                    module.to_owned(),
                ));
            }
        }
    }
    out
}

/// `__import__('os').system`, `require('fs').rmSync`, `getattr(os, 'system')` to plain names.
pub(super) fn rename(list: &mut Vec<Token>, source: &str) {
    indexed(list);
    if !(source.contains("__import__")
        || source.contains("require")
        || source.contains("getattr")
        || source.contains("import_module")
        || source.contains("import("))
    {
        return;
    }
    let mut out: Vec<Token> = Vec::with_capacity(list.len());
    let mut at = 0;
    while let Some(token) = list.get(at) {
        let is = |offset: usize, mark: char| list.get(at + offset) == Some(&Token::Mark(mark));
        if let (Token::Name(name), Some(Token::Text(module))) = (token, list.get(at + 2))
            && (matches!(
                name.as_str(),
                "__import__" | "require" | "importlib.import_module" | "import_module" | "import"
            ) || name.ends_with(".import_module")
                || name.ends_with(".__import__"))
            && is(1, '(')
            && is(3, ')')
        {
            let module = module.trim_start_matches("node:").replace('/', ".");
            match list.get(at + 4) {
                Some(Token::Name(rest)) if rest.starts_with('.') => {
                    out.push(Token::Name(format!("{module}{rest}")));
                    at += 5;
                }
                _ => {
                    out.push(Token::Name(module));
                    at += 4;
                }
            }
            continue;
        }
        out.push(token.clone());
        at += 1;
    }
    *list = out;
    indexed(list);
    let mut at = 0;
    while at + 5 < list.len().min(MAX_NAMES) {
        let window = list.get(at..at + 6).unwrap_or_default();
        if let [
            Token::Name(get),
            Token::Mark('('),
            Token::Name(object),
            Token::Mark(','),
            Token::Text(name),
            Token::Mark(')'),
        ] = window
            && get == "getattr"
        {
            let joined = Token::Name(format!("{object}.{name}"));
            list.splice(at..at + 6, [joined]);
        }
        at += 1;
    }
}

/// `object['method'](…)` to `object.method(…)`.
fn indexed(list: &mut Vec<Token>) {
    let mut out: Vec<Token> = Vec::with_capacity(list.len());
    let mut at = 0;
    while let Some(token) = list.get(at) {
        if let [
            Token::Name(object),
            Token::Mark('['),
            Token::Text(method),
            Token::Mark(']'),
            Token::Mark('('),
        ] = list.get(at..at + 5).unwrap_or_default()
            && method.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        {
            out.push(Token::Name(format!("{object}.{method}")));
            at += 4;
        } else {
            out.push(token.clone());
            at += 1;
        }
    }
    *list = out;
}

/// Names that are set to one literal text, put in where they are used: `d='/'; f(d + 'etc')`.
pub(super) fn fold_constants(list: &mut Vec<Token>, language: &str) {
    let mut constants: Vec<(String, String)> = Vec::new();
    let mut out: Vec<Token> = Vec::with_capacity(list.len());
    for (at, token) in list.iter().enumerate() {
        let mark = |at: Option<usize>, mark: char| {
            at.and_then(|at| list.get(at)) == Some(&Token::Mark(mark))
        };
        if let Token::Name(name) = token {
            let assigned = mark(Some(at + 1), '=') && !mark(Some(at + 2), '=');
            if assigned {
                constants.retain(|(known, _)| known != name);
                if let (Some(Token::Text(text)), false) = (
                    list.get(at + 2),
                    matches!(
                        list.get(at + 3),
                        Some(Token::Mark('+' | '.' | '%' | '[' | '*' | '(' | '?'))
                    ),
                ) && !mark(at.checked_sub(1), '(')
                    && !mark(at.checked_sub(1), ',')
                    && constants.len() < 32
                {
                    constants.push((name.clone(), text.clone()));
                }
            } else if mark(Some(at + 1), '(')
                && let Some((_, text)) = constants.iter().find(|(known, _)| known == name)
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            {
                // A function called by its name.
                out.push(Token::Name(text.clone()));
                continue;
            } else if let Some((_, text)) = constants.iter().find(|(known, _)| known == name)
                && !mark(Some(at + 1), '(')
                && !mark(Some(at + 1), '[')
            {
                super::lex::merge(&mut out, Token::Text(text.clone()), language);
                continue;
            }
        }
        if let Token::Name(name) = token
            && name.starts_with('\u{1}')
            && !constants.is_empty()
        {
            let (Token::Text(text) | Token::Mixed(text)) = put_in(name, &constants) else {
                continue;
            };
            out.push(Token::Name(text));
            continue;
        }
        if let Token::Mixed(text) = token
            && !constants.is_empty()
        {
            super::lex::merge(&mut out, put_in(text, &constants), language);
            continue;
        }
        super::lex::merge(&mut out, token.clone(), language);
    }
    if !constants.is_empty() {
        *list = out;
    }
}

/// A string with the known names in it replaced.
fn put_in(text: &str, constants: &[(String, String)]) -> Token {
    let mut out = text.to_owned();
    for (name, value) in constants {
        let bare = name.trim_start_matches('$');
        for form in [format!("#{{{bare}}}"), format!("${{{bare}}}"), format!("{{{bare}}}")] {
            out = out.replace(&form, value);
        }
        if name.starts_with('$') {
            out = out.replace(name.as_str(), value);
        }
    }
    if out.contains(['$', '{']) { Token::Mixed(out) } else { Token::Text(out) }
}

/// The literal texts of a call's arguments, and whether there is anything else in them.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these kinds matter here")]
pub(super) fn arguments(rest: &[Token]) -> (Vec<String>, bool, Vec<Token>) {
    let called = rest.first() == Some(&Token::Mark('('));
    let mut depth = 0_u32;
    let mut texts = Vec::new();
    let mut dynamic = false;
    let mut all = Vec::new();
    for token in rest.iter().take(400) {
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 && (called || token == &Token::Mark('}')) {
                    break;
                }
            }
            Token::Mark(';') if !called => break,
            Token::Text(text) => texts.push(text.clone()),
            Token::Mixed(text) => {
                texts.push(text.clone());
                dynamic = true;
            }
            Token::Name(name)
                if !matches!(
                    name.as_str(),
                    "shell"
                        | "True"
                        | "true"
                        | "False"
                        | "recursive"
                        | "force"
                        | "encoding"
                        | "stdio"
                        | "check"
                        | "capture_output"
                        | "text"
                        | "args"
                        | "method"
                        | "cwd"
                        | "ignore_errors"
                        | "or"
                        | "and"
                        | "unlink"
                        | "recursively"
                        | "new"
                        | "STDIN"
                        | "timeout"
                ) =>
            {
                dynamic = true;
            }
            _ => {}
        }
        all.push(token.clone());
    }
    (texts, dynamic, all)
}
