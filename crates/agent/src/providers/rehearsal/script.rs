//! The lines of a message and what each asks for.

use std::time::Duration;

use serde_json::{Value, json};

/// One thing that the model does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Asks for these calls at once and waits for all of their results.
    Calls(Vec<Call>),
    /// Says a line.
    Say(String),
    /// Does nothing for a while.
    Wait(Duration),
    /// Says so many numbered words, one at a time.
    Stream(u32),
    /// Fails as if the provider had answered with this status.
    Fail(u16),
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) tool: &'static str,
    pub(super) arguments: Value,
}

/// Nobody rehearses with longer pauses or more words than this.
const LONGEST_WAIT_MS: u64 = 3_600_000;
const MOST_WORDS: u32 = 1_000_000;

/// What `message` asks for, in order.
pub(super) fn read_script(message: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut previous = "";
    for line in message.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (word, rest) = split_word(line);
        match (word, steps.last_mut()) {
            ("run&", Some(Step::Calls(calls))) if matches!(previous, "run&" | "ask&") => {
                calls.push(terminal(rest));
            }
            ("ask&", Some(Step::Calls(calls))) if matches!(previous, "run&" | "ask&") => {
                calls.push(question(rest));
            }
            ("attach", Some(Step::Calls(calls))) if matches!(previous, "email" | "send") => {
                if let Some(Value::Object(arguments)) =
                    calls.last_mut().map(|call| &mut call.arguments)
                {
                    arguments.insert("attachments".to_owned(), json!([rest]));
                }
            }
            ("token", Some(Step::Calls(calls)))
                if matches!(previous, "send" | "email" | "post") =>
            {
                add_token(calls, rest);
            }
            _ => steps.push(read_line(word, rest).unwrap_or_else(|| Step::Say(line.to_owned()))),
        }
        previous = word;
    }
    steps
}

/// What a line asks for; `None` if it is plain text.
fn read_line(word: &str, rest: &str) -> Option<Step> {
    if word == "chats" && rest.is_empty() {
        return call("list_recent_chats", json!({}));
    }
    if rest.is_empty() {
        return None;
    }
    match word {
        "run" | "run&" => Some(Step::Calls(vec![terminal(rest)])),
        "code" => {
            let (language, source) = split_word(rest);
            call("execute_code", json!({"language": language, "source": source}))
        }
        "read" => call("read_file", json!({"path": rest})),
        "write" => {
            let (path, content) = split_bar(rest)?;
            call("write_file", json!({"path": path, "content": content}))
        }
        "get" => call("http_request", json!({"method": "GET", "url": rest})),
        "post" => {
            let (url, body) = split_bar(rest)?;
            call("http_request", json!({"method": "POST", "url": url, "body": body}))
        }
        "send" => {
            let (target, message) = split_bar(rest)?;
            call("send_message", json!({"target": target, "message": message}))
        }
        "service" => {
            let (target, rest) = split_bar(rest)?;
            let (purpose, message) = split_bar(rest)?;
            call(
                "start_service_conversation",
                json!({"target": target, "purpose": purpose, "first_message": message}),
            )
        }
        "reply" => match split_bar(rest) {
            Some((target, message)) => {
                call("reply_service_conversation", json!({"target": target, "message": message}))
            }
            None => call("reply_service_conversation", json!({"message": rest})),
        },
        "email" => {
            let (to, rest) = split_bar(rest)?;
            let (subject, body) = split_bar(rest)?;
            call("send_email", json!({"to": to, "subject": subject, "body": body}))
        }
        "ask" | "ask&" => Some(Step::Calls(vec![question(rest)])),
        "wait" => {
            let millis: u64 = rest.parse().ok()?;
            Some(Step::Wait(Duration::from_millis(millis.min(LONGEST_WAIT_MS))))
        }
        "stream" => Some(Step::Stream(rest.parse::<u32>().ok()?.min(MOST_WORDS))),
        "fail" => {
            let status = rest.parse().ok().filter(|status| (400..600).contains(status));
            status.map(Step::Fail)
        }
        _ => None,
    }
}

fn question(question: &str) -> Call {
    Call { tool: "clarify", arguments: json!({"question": question}) }
}

fn terminal(command: &str) -> Call {
    Call { tool: "terminal", arguments: json!({"command": command}) }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is the answer of a line that may also be plain text"
)]
fn call(tool: &'static str, arguments: Value) -> Option<Step> {
    Some(Step::Calls(vec![Call { tool, arguments }]))
}

fn add_token(calls: &mut [Call], token: &str) {
    if let Some(Value::Object(arguments)) = calls.last_mut().map(|call| &mut call.arguments) {
        arguments.insert("user_approval_token".to_owned(), json!(token));
    }
}

fn split_word(line: &str) -> (&str, &str) {
    match line.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (line, ""),
    }
}

fn split_bar(rest: &str) -> Option<(&str, &str)> {
    let (left, right) = rest.split_once('|')?;
    Some((left.trim_end(), right.trim_start()))
}
