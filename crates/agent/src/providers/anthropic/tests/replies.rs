use countersign_domain::runs::{Thinking, ThinkingBlock, Thought, Usage};
use countersign_fakes::anthropic::{Answer, Block, End, FakeAnthropic};
use countersign_ports::model_provider::{ModelCall, ModelError, ModelReply};
use serde_json::json;

use super::{Effort, complete, request, settings, user};
use crate::providers::openai::tests::server;

async fn reply(answer: Answer) -> (Result<ModelReply, ModelError>, String) {
    let fake = FakeAnthropic::start([answer]).await;
    let outcome = complete(settings(&fake, Effort::Unsaid), &request([user("hi")])).await;
    assert_eq!(fake.refused(), [""; 0]);
    outcome
}

fn call(id: &str, tool: &str, arguments: &str) -> ModelCall {
    ModelCall { id: id.to_owned(), tool: tool.to_owned(), arguments: arguments.to_owned() }
}

#[tokio::test]
async fn text_comes_in_pieces_and_usage_counts_what_was_kept() {
    let (reply, deltas) = reply(Answer::message([Block::Text("Hello, you there")])).await;
    let expected = ModelReply {
        text: "Hello, you there".to_owned(),
        usage: Usage {
            input_tokens: 240,
            output_tokens: 7,
            cache_read_tokens: 200,
            cache_write_tokens: 30,
        },
        ..ModelReply::default()
    };
    assert_eq!((reply.unwrap(), deltas.as_str()), (expected, "Hello, you there"));
}

#[tokio::test]
async fn calls_in_parallel_come_in_order_and_with_their_arguments_verbatim() {
    let arguments = "{ \"command\":\"echo 'ä ✓'\",\"n\" : 1.50 }";
    let blocks = [
        Block::Text("Two at once."),
        Block::Call("terminal", arguments),
        Block::Call("read_file", ""),
    ];
    let (reply, deltas) = reply(Answer::message(blocks)).await;
    let reply = reply.unwrap();
    let expected = [call("toolu_0_1", "terminal", arguments), call("toolu_0_2", "read_file", "{}")];
    assert_eq!((reply.calls.as_slice(), deltas.as_str()), (&expected[..], "Two at once."));
    assert_eq!(reply.thinking, None);
}

#[tokio::test]
async fn thoughts_are_kept_with_their_places_and_never_told() {
    let blocks = [
        Block::Thinking("secretly so"),
        Block::Redacted,
        Block::Text("I look."),
        Block::Thinking("and then"),
        Block::Call("terminal", "{}"),
    ];
    let (reply, deltas) = reply(Answer::message(blocks)).await;
    let signed = |text: &str, n: u32| Thought::Signed {
        text: text.to_owned(),
        signature: format!("c2lnbmVk0x{n}=="),
    };
    let block = |text_before, thought| ThinkingBlock { text_before, calls_before: 0, thought };
    let expected = Thinking {
        by: "anthropic/claude-test".to_owned(),
        blocks: vec![
            block(0, signed("secretly so", 0)),
            block(0, Thought::Sealed { data: "c2lnbmVk0x1==".to_owned() }),
            block(7, signed("and then", 3)),
        ],
    };
    assert_eq!((reply.unwrap().thinking, deltas.as_str()), (Some(expected), "I look."));
}

#[tokio::test]
async fn what_led_to_an_answer_is_not_kept() {
    let (reply, _) = reply(Answer::message([Block::Thinking("hm"), Block::Text("Yes.")])).await;
    assert_eq!(reply.unwrap().thinking, None);
}

#[tokio::test]
async fn a_text_that_is_cut_off_says_so() {
    let answer = Answer::Message(vec![Block::Text("Once upon")], End::Because("max_tokens"));
    let (reply, deltas) = reply(answer).await;
    let expected = "Once upon\n\n[Cut off: `model.max_tokens` was reached.]";
    assert_eq!((reply.unwrap().text.as_str(), deltas.as_str()), (expected, expected));
}

#[tokio::test]
async fn no_call_of_a_reply_that_is_cut_off_is_given_out() {
    for (blocks, reason, words) in [
        (vec![Block::Call("terminal", "{\"command\":\"rm -r b")], "max_tokens", "max_tokens"),
        (vec![Block::Text("x"), Block::Call("terminal", "{}")], "max_tokens", "max_tokens"),
        (vec![Block::Thinking("long")], "max_tokens", "max_tokens"),
        (vec![Block::Call("terminal", "{}")], "model_context_window_exceeded", "window is full"),
    ] {
        let (reply, _) = reply(Answer::Message(blocks, End::Because(reason))).await;
        let error = reply.unwrap_err();
        assert!(matches!(&error, ModelError::CutOff(_)), "{error}");
        assert!(error.to_string().contains(words) && !error.is_transient(), "{error}");
    }
}

#[tokio::test]
async fn a_model_that_declines_gives_no_reply() {
    let answer = Answer::Message(vec![Block::Text("Well")], End::Because("refusal"));
    assert_eq!(reply(answer).await.0, Err(ModelError::Declined));
}

#[tokio::test]
async fn a_connection_that_is_cut_within_a_call_gives_none() {
    let answer = Answer::Message(vec![Block::Call("terminal", "{\"a\":1}")], End::Cut);
    let broken = ModelError::Broken("the stream ended in the middle".to_owned());
    assert_eq!(reply(answer).await.0, Err(broken));
}

#[tokio::test]
async fn streams_that_make_no_sense_are_refused() {
    let start = json!({"type": "content_block_start", "index": 0,
        "content_block": {"type": "tool_use", "id": "a", "name": "terminal", "input": {}}});
    let more = json!({"type": "content_block_delta", "index": 0,
        "delta": {"type": "input_json_delta", "partial_json": "{}"}});
    let text = json!({"type": "content_block_delta", "index": 0,
        "delta": {"type": "text_delta", "text": "x"}});
    let stop = json!({"type": "content_block_stop", "index": 0});
    let done = json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}});
    let end = json!({"type": "message_stop"});
    for (events, words) in [
        (vec![&more], "block 0 goes on without a beginning"),
        (vec![&start, &stop, &more], "block 0 goes on after its end"),
        (vec![&start, &text], "block 0 goes on as another kind"),
        (vec![&start, &start], "block 0 begins twice"),
        (vec![&start, &more, &done, &end], "a call has no end"),
        (vec![&start, &stop, &end], "it ends without a reason"),
    ] {
        let events = events.into_iter().map(ToString::to_string);
        let scripted = server::Server::start([server::Answer::stream(events)]).await;
        let fake = FakeAnthropic::start([]).await;
        let mut settings = settings(&fake, Effort::Unsaid);
        settings.server.base_url = scripted.address.clone();
        let error = complete(settings, &request([user("hi")])).await.0.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_stream_and_kinds_that_are_new_are_taken() {
    let whole = json!({
        "type": "message", "role": "assistant",
        "content": [
            {"type": "hologram", "x": 1},
            {"type": "text", "text": "hey"},
            {"type": "tool_use", "id": "a", "name": "terminal", "input": {"command": "ls"}},
        ],
        "stop_reason": "something_new", "usage": {"input_tokens": 1, "output_tokens": 2},
    });
    let scripted = server::Server::start([server::Answer::json(200, &whole)]).await;
    let fake = FakeAnthropic::start([]).await;
    let mut settings = settings(&fake, Effort::Unsaid);
    settings.server.base_url = scripted.address.clone();
    let (reply, deltas) = complete(settings, &request([user("hi")])).await;
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), deltas.as_str()), ("hey", "hey"));
    assert_eq!(reply.calls, [call("a", "terminal", "{\"command\":\"ls\"}")]);
    assert_eq!(scripted.asked.lock().unwrap()[0].path, "/v1/messages");
}
