use countersign_domain::runs::{ToolResult, ToolStatus};
use serde_json::{Value, json};

use super::*;
use crate::runner::render_result;

async fn reply_to(messages: &[ModelMessage]) -> Result<(ModelReply, Vec<String>), ModelError> {
    let request = ModelRequest { model: None, messages: messages.to_vec(), tools: Vec::new() };
    let (sender, mut receiver) = mpsc::channel(10_000);
    let reply = Rehearsal.complete(&request, &sender).await?;
    drop(sender);
    let mut deltas = Vec::new();
    while let Some(delta) = receiver.recv().await {
        deltas.push(delta);
    }
    Ok((reply, deltas))
}

async fn first_calls(message: &str) -> Vec<(String, Value)> {
    let (reply, _) = reply_to(&[ModelMessage::User(message.to_owned())]).await.unwrap();
    let calls = reply.calls.into_iter();
    calls.map(|call| (call.tool, serde_json::from_str(&call.arguments).unwrap())).collect()
}

fn result(tool: &str, status: ToolStatus, content: &str) -> ModelMessage {
    ModelMessage::Tool {
        call_id: "x".to_owned(),
        tool: tool.to_owned(),
        content: render_result(&ToolResult {
            status,
            content: content.to_owned(),
            exit_code: None,
            duration_ms: 0,
        }),
    }
}

#[tokio::test]
async fn every_line_is_the_call_of_the_table() {
    let table = [
        ("run ls -l | wc", "terminal", json!({"command": "ls -l | wc"})),
        ("run& date", "terminal", json!({"command": "date"})),
        (
            "code python print(1)",
            "execute_code",
            json!({"language": "python", "source": "print(1)"}),
        ),
        ("read a b.txt", "read_file", json!({"path": "a b.txt"})),
        ("write a.txt | x | y", "write_file", json!({"path": "a.txt", "content": "x | y"})),
        ("get http://h/", "http_request", json!({"method": "GET", "url": "http://h/"})),
        (
            "post http://h/ | b",
            "http_request",
            json!({"method": "POST", "url": "http://h/", "body": "b"}),
        ),
        (
            "post http://h/ | b\ntoken t1",
            "http_request",
            json!({"method": "POST", "url": "http://h/", "body": "b", "user_approval_token": "t1"}),
        ),
        ("send ops | hi", "send_message", json!({"target": "ops", "message": "hi"})),
        (
            "email a@b.c | s | body",
            "send_email",
            json!({"to": "a@b.c", "subject": "s", "body": "body"}),
        ),
        ("ask which?", "clarify", json!({"question": "which?"})),
        ("chats", "list_recent_chats", json!({})),
        (
            "service Movistar | the line is down | Hello",
            "start_service_conversation",
            json!({"target": "Movistar", "purpose": "the line is down", "first_message": "Hello"}),
        ),
        ("reply Thank you", "reply_service_conversation", json!({"message": "Thank you"})),
        (
            "reply +34600111222 | Hello",
            "reply_service_conversation",
            json!({"target": "+34600111222", "message": "Hello"}),
        ),
    ];
    for (line, tool, arguments) in table {
        assert_eq!(first_calls(line).await, [(tool.to_owned(), arguments)], "{line}");
    }
}

#[tokio::test]
async fn adjacent_parallel_lines_are_one_message_and_others_are_not() {
    assert_eq!(first_calls("run& a\nrun& b\nrun& c").await.len(), 3);
    assert_eq!(first_calls("run a\nrun b").await.len(), 1);
    assert_eq!(first_calls("run& a\nrun b\nrun& c").await.len(), 1);
    assert_eq!(first_calls("run& a\nask& b\nrun& c").await.len(), 3);
}

#[tokio::test]
async fn each_result_is_seen_before_the_next_call_and_all_are_summed_up() {
    let mut messages = vec![
        ModelMessage::User("run earlier".to_owned()),
        ModelMessage::User("hello\nrun a\nthen\nrun& b\nrun& c\nbye".to_owned()),
    ];
    let mut texts = Vec::new();
    for results in [vec!["one"], vec!["two", "three\nlines"]] {
        let (reply, _) = reply_to(&messages).await.unwrap();
        assert_eq!(reply.calls.len(), results.len());
        texts.push(reply.text.clone());
        messages.push(ModelMessage::Assistant {
            text: reply.text,
            calls: reply.calls,
            thinking: None,
        });
        messages.extend(results.iter().map(|text| result("terminal", ToolStatus::Ok, text)));
    }
    messages.pop();
    messages.push(result("terminal", ToolStatus::Denied, "no\nway"));
    let (reply, deltas) = reply_to(&messages).await.unwrap();
    texts.push(reply.text.clone());
    assert_eq!(reply.calls, []);
    assert_eq!(
        texts,
        ["hello", "then", "bye\nterminal ok one\nterminal ok two\nterminal denied no way"]
    );
    assert_eq!(deltas.concat(), reply.text);
}

#[tokio::test]
async fn text_is_said_back_and_words_are_streamed() {
    let (reply, deltas) = reply_to(&[ModelMessage::User("stream 3".to_owned())]).await.unwrap();
    assert_eq!(reply.text, "word1 word2 word3");
    assert_eq!(deltas, ["word1", " word2", " word3"]);
    for text in ["hello there", "run", "token t", "fail soon", "wait for me", "write x"] {
        let (reply, _) = reply_to(&[ModelMessage::User(text.to_owned())]).await.unwrap();
        assert_eq!((reply.text.as_str(), reply.calls.len()), (text, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_takes_its_time_and_failing_fails() {
    let before = tokio::time::Instant::now();
    let outcome = reply_to(&[ModelMessage::User("wait 1500\nfail 503".to_owned())]).await;
    assert_eq!(before.elapsed(), Duration::from_millis(1500));
    assert!(matches!(outcome, Err(ModelError::Status { status: 503, .. })));
}
