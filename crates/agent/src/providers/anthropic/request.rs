//! The request as the wire has it: roles that alternate, results right after their calls.

use std::collections::BTreeSet;

use countersign_domain::runs::{Thinking, ThinkingBlock, Thought};
use countersign_ports::model_provider::{ModelCall, ModelMessage, ModelRequest, ToolSpec};
use serde_json::{Map, Value, json};

use super::settings::{AnthropicSettings, Effort};

/// The longest id of a call that the server takes, in bytes.
const LONGEST_ID: usize = 64;

/// The longest name of a tool that the server takes, in bytes.
const LONGEST_NAME: usize = 64;

/// The body of a request for a streamed reply.
pub(super) fn body(request: &ModelRequest, settings: &AnthropicSettings) -> Value {
    let thinker = settings.thinker(request.model.as_deref());
    let thoughts = thoughts(&request.messages, &thinker, settings.effort);
    let mut conversation = Conversation::default();
    for (at, message) in request.messages.iter().enumerate() {
        conversation.add(message, |thinking| thoughts.of(at, thinking, &thinker));
    }
    let (system, messages) = conversation.finish();
    let mut body = Map::new();
    let mut say = |key: &str, value: Value| body.insert(key.to_owned(), value);
    say("model", request.model.as_deref().unwrap_or(&settings.server.model).into());
    say("max_tokens", settings.max_tokens.into());
    say("messages", messages.into());
    say("stream", true.into());
    if !system.is_empty() {
        let mut text = said(&system.join("\n\n"));
        // Servers that keep what they have read look it up by its beginning, tools included.
        keep(&mut text);
        say("system", json!([text]));
    }
    let called = called_tools(request);
    if !request.tools.is_empty() {
        say("tools", request.tools.iter().map(tool).collect());
    } else if !called.is_empty() {
        // Calls of earlier runs are not understood without any tools.
        say("tools", called.iter().map(|name| gone(name)).collect());
        say("tool_choice", json!({"type": "none"}));
    }
    match (settings.effort, thoughts) {
        (Effort::Unsaid, _) | (_, Thoughts::Left) => {}
        (Effort::Adaptive, Thoughts::Given { .. }) => {
            say("thinking", json!({"type": "adaptive"}));
        }
        (Effort::Budget(tokens), Thoughts::Given { .. }) => {
            say("thinking", json!({"type": "enabled", "budget_tokens": tokens}));
        }
    }
    body.into()
}

/// Asks the server to keep what it has read up to here.
fn keep(block: &mut Value) {
    if let Value::Object(fields) = block {
        fields.insert("cache_control".to_owned(), json!({"type": "ephemeral"}));
    }
}

/// Whether thoughts are given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thoughts {
    /// Those of the messages from this one on.
    Given { from: usize },
    /// None: another model has taken part in this turn, so this one cannot go on thinking in it.
    Left,
}

impl Thoughts {
    fn of<'t>(self, at: usize, thinking: &'t Thinking, thinker: &str) -> Option<&'t Thinking> {
        match self {
            Self::Given { from } => {
                (at >= from && can_return(thinking, thinker)).then_some(thinking)
            }
            Self::Left => None,
        }
    }
}

fn thoughts(messages: &[ModelMessage], thinker: &str, effort: Effort) -> Thoughts {
    let from = turn(messages);
    let mut of_turn = messages.iter().skip(from);
    let unbroken = of_turn.all(|message| match message {
        ModelMessage::Assistant { thinking, .. } => {
            thinking.as_ref().is_some_and(|thinking| can_return(thinking, thinker))
        }
        ModelMessage::System(_) | ModelMessage::User(_) | ModelMessage::Tool { .. } => true,
    });
    match effort {
        // With a budget, every message of the turn must begin with a thought.
        Effort::Budget(_) if !unbroken => Thoughts::Left,
        Effort::Unsaid | Effort::Adaptive | Effort::Budget(_) => Thoughts::Given { from },
    }
}

/// A message with thoughts must begin with one, and each must be the asked model's own.
fn can_return(thinking: &Thinking, thinker: &str) -> bool {
    let first = thinking.blocks.first();
    let begins = |block: &ThinkingBlock| (block.text_before, block.calls_before) == (0, 0);
    thinking.by == thinker && first.is_some_and(begins)
}

/// Where the turn at work begins: after what a person said last, unless they said it to a model at
/// work. Then it stands with the results of calls, and the turn goes on.
fn turn(messages: &[ModelMessage]) -> usize {
    let mut begins = 0;
    let mut answers_calls = false;
    for (at, message) in messages.iter().enumerate() {
        match message {
            ModelMessage::User(_) if !answers_calls => begins = at + 1,
            ModelMessage::User(_) | ModelMessage::System(_) => {}
            ModelMessage::Tool { .. } => answers_calls = true,
            ModelMessage::Assistant { .. } => answers_calls = false,
        }
    }
    begins
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    User,
    Assistant,
}

/// A conversation in the making.
#[derive(Debug, Default)]
struct Conversation {
    system: Vec<String>,
    turns: Vec<(Role, Vec<Value>)>,
    /// The latest calls without a result: the id that the conversation knows, and the one sent.
    open: Vec<(String, String)>,
    taken: BTreeSet<String>,
}

impl Conversation {
    fn add<'m>(
        &mut self,
        message: &'m ModelMessage,
        kept: impl Fn(&'m Thinking) -> Option<&'m Thinking>,
    ) {
        match message {
            ModelMessage::System(text) => self.system.push(text.clone()),
            ModelMessage::User(text) if text.trim().is_empty() => {
                self.push(Role::User, [said("(nothing)")]);
            }
            ModelMessage::User(text) => self.push(Role::User, [said(text)]),
            ModelMessage::Assistant { text, calls, thinking } => {
                let thinking = thinking.as_ref().and_then(kept);
                let blocks = self.spoken(text, calls, thinking);
                self.push(Role::Assistant, blocks);
            }
            ModelMessage::Tool { call_id, content, .. } => {
                let Some(at) = self.open.iter().position(|(known, _)| known == call_id) else {
                    return;
                };
                let (_, id) = self.open.remove(at);
                let result = json!({"type": "tool_result", "tool_use_id": id, "content": content});
                self.push(Role::User, [result]);
            }
        }
    }

    /// Blocks of one role stand in one message.
    fn push(&mut self, role: Role, blocks: impl IntoIterator<Item = Value>) {
        let mut blocks = blocks.into_iter().peekable();
        if blocks.peek().is_none() {
            return;
        }
        if self.turns.is_empty() && role == Role::Assistant {
            self.turns.push((Role::User, vec![said("(What came before was left out.)")]));
        }
        match self.turns.last_mut() {
            Some((last, known)) if *last == role => known.extend(blocks),
            _ => self.turns.push((role, blocks.collect())),
        }
    }

    /// What the model said, with its thoughts where they stood.
    fn spoken(
        &mut self,
        text: &str,
        calls: &[ModelCall],
        thinking: Option<&Thinking>,
    ) -> Vec<Value> {
        self.open.clear();
        let mut blocks = Vec::new();
        let (mut told, mut called) = (0, 0);
        for block in thinking.into_iter().flat_map(|thinking| &thinking.blocks) {
            blocks.extend(text.get(told..block.text_before).and_then(spoken_text));
            told = told.max(block.text_before);
            let earlier = calls.get(called..block.calls_before).unwrap_or_default();
            blocks.extend(earlier.iter().map(|call| self.call(call)));
            called = called.max(block.calls_before);
            blocks.push(thought(&block.thought));
        }
        blocks.extend(text.get(told..).and_then(spoken_text));
        let rest = calls.get(called..).unwrap_or_default();
        blocks.extend(rest.iter().map(|call| self.call(call)));
        blocks
    }

    fn call(&mut self, call: &ModelCall) -> Value {
        let id = self.own_id(&call.id);
        self.open.push((call.id.clone(), id.clone()));
        json!({
            "type": "tool_use", "id": id, "name": plain(&call.tool), "input": input(&call.arguments),
        })
    }

    /// An id that the server takes: other servers give out any text, and the same one again.
    fn own_id(&mut self, known: &str) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let fits = !known.is_empty() && known.len() <= LONGEST_ID && known.chars().all(is_plain);
        let mut id = if fits { known.to_owned() } else { format!("call_{}", self.taken.len()) };
        let mut n = self.taken.len();
        while self.taken.contains(&id) {
            id = format!("call_{n}");
            n += 1;
        }
        self.taken.insert(id.clone());
        id
    }

    /// The instructions and the messages; the last one is a person's, and is marked to be kept.
    fn finish(mut self) -> (Vec<String>, Vec<Value>) {
        match self.turns.last() {
            Some((Role::User, _)) => {}
            Some((Role::Assistant, _)) => self.push(Role::User, [said("Go on.")]),
            None => self.push(Role::User, [said("(nothing)")]),
        }
        if let Some(block) = self.turns.last_mut().and_then(|(_, blocks)| blocks.last_mut()) {
            keep(block);
        }
        let turns = self.turns.into_iter().map(|(role, blocks)| {
            let role = match role {
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            json!({"role": role, "content": blocks})
        });
        (self.system, turns.collect())
    }
}

fn said(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// The server takes no text without words.
fn spoken_text(text: &str) -> Option<Value> {
    (!text.trim().is_empty()).then(|| said(text))
}

fn thought(thought: &Thought) -> Value {
    match thought {
        Thought::Signed { text, signature } => {
            json!({"type": "thinking", "thinking": text, "signature": signature})
        }
        Thought::Sealed { data } => json!({"type": "redacted_thinking", "data": data}),
    }
}

/// The arguments, which must be an object; whatever else a model wrote is wrapped in one.
fn input(written: &str) -> Value {
    match serde_json::from_str(written) {
        Ok(Value::Object(fields)) => Value::Object(fields),
        _ => json!({"invalid_arguments": written}),
    }
}

/// The name of a tool that exists; any other is made into one that the server takes.
fn plain(name: &str) -> String {
    let plain = name.chars().take(LONGEST_NAME);
    let plain: String = plain
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' })
        .collect();
    if plain.is_empty() { "unknown".to_owned() } else { plain }
}

fn tool(spec: &ToolSpec) -> Value {
    json!({
        "name": spec.name,
        "description": spec.description,
        "input_schema": spec.parameters,
    })
}

/// The names of the tools that were called.
fn called_tools(request: &ModelRequest) -> BTreeSet<String> {
    let calls = request.messages.iter().flat_map(|message| match message {
        ModelMessage::Assistant { calls, .. } => calls.as_slice(),
        ModelMessage::System(_) | ModelMessage::User(_) | ModelMessage::Tool { .. } => &[],
    });
    calls.map(|call| plain(&call.tool)).collect()
}

fn gone(name: &str) -> Value {
    json!({
        "name": name,
        "description": "No longer to be had.",
        "input_schema": {"type": "object"},
    })
}
