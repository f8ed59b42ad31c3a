//! Whole turns: what the model thought goes back with the results of its calls.

use std::sync::Arc;

use countersign_domain::runs::EntryBody;
use countersign_fakes::anthropic::{Answer, Block, FakeAnthropic};
use countersign_ports::model_provider::{ModelMessage, ModelReply};
use serde_json::Value;

use super::{Effort, complete, request, settings, user};
use crate::limits::Limits;
use crate::providers::anthropic::Anthropic;
use crate::runner::tests::stage::Stage;
use crate::runner::tests::world::World;

const THINKING: [Effort; 3] = [Effort::Unsaid, Effort::Adaptive, Effort::Budget(2048)];

fn heard(reply: &ModelReply) -> Vec<ModelMessage> {
    let own = ModelMessage::Assistant {
        text: reply.text.clone(),
        calls: reply.calls.clone(),
        thinking: reply.thinking.clone(),
    };
    let results = reply.calls.iter().map(|call| ModelMessage::Tool {
        call_id: call.id.clone(),
        tool: call.tool.clone(),
        content: "result".to_owned(),
    });
    std::iter::once(own).chain(results).collect()
}

fn kinds(message: &Value) -> Vec<&str> {
    let blocks = message["content"].as_array().unwrap().iter();
    blocks.map(|block| block["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn thoughts_go_back_unchanged_where_they_stood_until_the_turn_is_over() {
    for effort in THINKING {
        let first = [
            Block::Thinking("first"),
            Block::Redacted,
            Block::Text("Look."),
            Block::Call("terminal", "{\"a\":1}"),
            Block::Thinking("between"),
            Block::Call("terminal", "{}"),
        ];
        let second = [Block::Thinking(""), Block::Call("terminal", "{}")];
        let done = [Block::Text("Done.")];
        let fake = FakeAnthropic::start([
            Answer::message(first),
            Answer::message(second),
            Answer::message(done.clone()),
            Answer::message(done),
        ])
        .await;
        let mut conversation = vec![user("earlier"), user("go")];
        for _ in 0..3 {
            let asked = request(conversation.clone());
            let reply = complete(settings(&fake, effort), &asked).await.0.unwrap();
            conversation.extend(heard(&reply));
            if conversation.len() == 5 {
                // What is said to a model at work does not end the turn.
                conversation.push(user("by the way"));
            }
        }
        conversation.push(user("next"));
        complete(settings(&fake, effort), &request(conversation)).await.0.unwrap();
        assert_eq!(fake.refused(), [""; 0]);
        let taken = fake.taken();
        let words = ["thinking", "redacted_thinking", "text", "tool_use", "thinking", "tool_use"];
        assert_eq!(kinds(&taken[2]["messages"][1]), words);
        assert_eq!(kinds(&taken[2]["messages"][3]), ["thinking", "tool_use"]);
        assert_eq!(kinds(&taken[3]["messages"][1]), ["text", "tool_use", "tool_use"]);
        assert_eq!(taken[3].get("thinking"), taken[0].get("thinking"));
        assert_eq!(taken[0].get("thinking").is_some(), effort != Effort::Unsaid);
    }
}

#[tokio::test]
async fn a_turn_that_another_model_began_goes_on_without_its_thoughts() {
    for effort in THINKING {
        let fake = FakeAnthropic::start([
            Answer::message([Block::Thinking("a"), Block::Call("terminal", "{}")]),
            Answer::message([Block::Text("Done.")]),
            Answer::message([Block::Text("Done.")]),
        ])
        .await;
        let mut conversation = vec![user("go")];
        let asked = request(conversation.clone());
        let mut reply = complete(settings(&fake, effort), &asked).await.0.unwrap();
        conversation.extend(heard(&reply));
        let mut asked = request(conversation.clone());
        asked.model = Some("claude-other".to_owned());
        complete(settings(&fake, effort), &asked).await.0.unwrap();
        // And one that thought nothing.
        reply.thinking = None;
        reply.calls[0].id = "call_0".to_owned();
        conversation.extend(heard(&reply));
        complete(settings(&fake, effort), &request(conversation)).await.0.unwrap();
        assert_eq!(fake.refused(), [""; 0]);
        let taken = fake.taken();
        assert_eq!(kinds(&taken[1]["messages"][1]), ["tool_use"]);
        assert_eq!(taken[1].get("thinking").is_some(), effort == Effort::Adaptive);
        assert_eq!(taken[2].get("thinking").is_some(), effort == Effort::Adaptive);
    }
}

#[tokio::test]
async fn a_run_goes_on_from_what_is_stored_of_it() {
    let fake = FakeAnthropic::start([
        Answer::message([
            Block::Thinking("how"),
            Block::Call("terminal", "{\"command\":\"one\"}"),
            Block::Call("terminal", "{\"command\":\"two\"}"),
        ]),
        Answer::message([Block::Text("Both done.")]),
    ])
    .await;
    let provider = Anthropic::new(settings(&fake, Effort::Budget(2048))).unwrap();
    let stage = Stage::with(World::new("go"), Arc::new(provider), Limits::default()).begin();
    let output = stage.output().await;
    assert_eq!((output.as_str(), fake.refused().len()), ("Both done.", 0));
    let taken = fake.taken();
    assert_eq!(kinds(&taken[1]["messages"][1]), ["thinking", "tool_use", "tool_use"]);
    assert_eq!(kinds(&taken[1]["messages"][2]), ["tool_result", "tool_result"]);
    let entries = stage.world.lock().entries.clone();
    let EntryBody::Assistant { thinking, .. } = &entries[1].body else { panic!("{entries:?}") };
    assert!(thinking.is_some());
}
