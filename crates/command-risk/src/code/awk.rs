//! Awk programs: `system`, pipes, files.

use super::lex::{Token, tokens};
use crate::effects::paths::WriteMode;
use crate::interpret::Machine;

/// Follows an awk program.
#[expect(clippy::match_same_arms, reason = "the arms differ in meaning")]
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
#[expect(clippy::wildcard_enum_match_arm, reason = "only these kinds matter here")]
pub(crate) fn follow(machine: &mut Machine<'_>, program: &str) {
    let mut tokens = tokens(program, "awk");
    super::names::fold_constants(&mut tokens, "awk");
    for (at, token) in tokens.iter().enumerate() {
        if !machine.step() {
            return;
        }
        let text_at = |offset: usize| match tokens.get(at + offset) {
            Some(Token::Text(text)) => Some(text.clone()),
            _ => None,
        };
        match token {
            Token::Name(name) if name == "system" => match text_at(2) {
                Some(command) if matches!(tokens.get(at + 3), Some(Token::Mark(')')) | None) => {
                    machine.script(&command, None);
                }
                Some(command) => {
                    machine.effect("code.dynamic", program);
                    machine.script(&command, None);
                }
                None => machine.effect("code.dynamic", program),
            },
            Token::Mark('|')
                if tokens.get(at + 1) != Some(&Token::Mark('|'))
                    && (at == 0 || tokens.get(at - 1) != Some(&Token::Mark('|'))) =>
            {
                let before = at.checked_sub(1).and_then(|b| tokens.get(b));
                let reads = matches!(tokens.get(at + 1), Some(Token::Name(name)) if name.starts_with("getline"));
                match (before, reads, text_at(1)) {
                    (Some(Token::Text(command)), true, _) => {
                        machine.script(&command.clone(), None);
                    }
                    (_, true, _) => machine.effect("code.dynamic", program),
                    (_, false, Some(command)) => {
                        if command.split_whitespace().next().is_some_and(|c| {
                            matches!(
                                crate::effects::paths::base_name(c),
                                "sh" | "bash" | "zsh" | "dash"
                            )
                        }) {
                            machine.effect("code.dynamic", program);
                            let printed = before_text(&tokens, at);
                            machine.script(&printed, None);
                        }
                        machine.script(&command, None);
                    }
                    (_, false, None) => machine.effect("code.dynamic", program),
                }
            }
            Token::Mark('>') => {
                let printing = tokens
                    .get(..at)
                    .unwrap_or_default()
                    .iter()
                    .rev()
                    .take_while(|t| !matches!(t, Token::Mark(';' | '{' | '}')))
                    .any(|t| matches!(t, Token::Name(n) if n == "print" || n == "printf"));
                let path = text_at(1).or_else(|| {
                    if tokens.get(at + 1) == Some(&Token::Mark('>')) { text_at(2) } else { None }
                });
                if let Some(path) = path.filter(|_| printing) {
                    if path.starts_with("/inet/") {
                        machine.effect("net.send", path.as_str());
                    } else {
                        machine.write_path(&path, WriteMode::Replace);
                    }
                }
            }
            Token::Text(text) if text.starts_with("/inet/") => {
                machine.effect("net.send", text.as_str());
            }
            Token::Mark('<') => {
                if let Some(path) = text_at(1) {
                    machine.read_path(&path);
                }
            }
            _ => {}
        }
    }
}

fn before_text(tokens: &[Token], at: usize) -> String {
    at.checked_sub(1).and_then(|b| tokens.get(b)).map_or(String::new(), |t| match t {
        Token::Text(text) => text.clone(),
        Token::Name(_) | Token::Mixed(_) | Token::Mark(_) | Token::Number(_) => String::new(),
    })
}
