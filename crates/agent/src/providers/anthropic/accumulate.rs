//! Putting a reply together from its blocks.

use std::collections::{BTreeMap, BTreeSet};

use countersign_domain::display::one_line;
use countersign_domain::runs::{Thinking, ThinkingBlock, Thought, Usage};
use countersign_ports::model_provider::{ModelCall, ModelError, ModelReply};
use serde_json::{Map, Value};

use super::event::{Block, Delta, StopReason, Tokens};
use crate::providers::server::too_large;

/// What a block weighs besides its content, so that a flood of empty ones is bounded.
const BLOCK_WEIGHT: usize = 64;

/// The longest name of a tool, in characters.
const LONGEST_NAME: usize = 128;

/// The longest id of a call that is kept, in bytes.
const LONGEST_ID: usize = 256;

/// A reply in the making.
#[derive(Debug)]
pub(super) struct Accumulator {
    blocks: BTreeMap<u64, Making>,
    usage: Tokens,
    stop: Option<StopReason>,
    size: usize,
    limit: usize,
}

#[derive(Debug)]
struct Making {
    block: Block,
    /// A call's arguments as they come.
    arguments: String,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Open,
    Ended,
}

impl Accumulator {
    pub(super) fn new(limit: usize) -> Self {
        Self { blocks: BTreeMap::new(), usage: Tokens::default(), stop: None, size: 0, limit }
    }

    /// Takes in the beginning of a block, and gives back its text.
    pub(super) fn begin(&mut self, index: u64, block: Block) -> Result<String, ModelError> {
        let (text, weight) = match &block {
            Block::Text { text } => (text.clone(), text.len()),
            Block::ToolUse { id, name, input } => {
                (String::new(), id.len() + name.len() + given(input).map_or(0, |text| text.len()))
            }
            Block::Thinking { thinking, signature } => {
                (String::new(), thinking.len() + signature.len())
            }
            Block::RedactedThinking { data } => (String::new(), data.len()),
            Block::Other => (String::new(), 0),
        };
        self.grow(BLOCK_WEIGHT + weight)?;
        let making = Making { block, arguments: String::new(), progress: Progress::Open };
        if self.blocks.insert(index, making).is_some() {
            return Err(unreadable(format!("block {index} begins twice")));
        }
        Ok(text)
    }

    /// Takes in more of a block, and gives back its text.
    pub(super) fn add(&mut self, index: u64, delta: Delta) -> Result<String, ModelError> {
        let (Delta::TextDelta { text: more }
        | Delta::InputJsonDelta { partial_json: more }
        | Delta::ThinkingDelta { thinking: more }
        | Delta::SignatureDelta { signature: more }) = &delta
        else {
            return Ok(String::new());
        };
        self.grow(more.len())?;
        let making = self.blocks.get_mut(&index);
        let making = making
            .ok_or_else(|| unreadable(format!("block {index} goes on without a beginning")))?;
        if making.progress == Progress::Ended {
            return Err(unreadable(format!("block {index} goes on after its end")));
        }
        match (&mut making.block, delta) {
            (Block::Text { text }, Delta::TextDelta { text: more }) => {
                text.push_str(&more);
                return Ok(more);
            }
            (Block::ToolUse { .. }, Delta::InputJsonDelta { partial_json }) => {
                making.arguments.push_str(&partial_json);
            }
            (Block::Thinking { thinking, .. }, Delta::ThinkingDelta { thinking: more }) => {
                thinking.push_str(&more);
            }
            (Block::Thinking { signature, .. }, Delta::SignatureDelta { signature: more }) => {
                signature.push_str(&more);
            }
            // Blocks of kinds that we never ask for.
            (Block::Other, _) => {}
            _ => return Err(unreadable(format!("block {index} goes on as another kind"))),
        }
        Ok(String::new())
    }

    /// A block is complete.
    pub(super) fn end(&mut self, index: u64) {
        if let Some(making) = self.blocks.get_mut(&index) {
            making.progress = Progress::Ended;
        }
    }

    /// Counts that are given again stand for the whole reply.
    pub(super) fn count(&mut self, tokens: Tokens) {
        let known = self.usage;
        self.usage = Tokens {
            fresh: tokens.fresh.or(known.fresh),
            output: tokens.output.or(known.output),
            cache_read: tokens.cache_read.or(known.cache_read),
            cache_written: tokens.cache_written.or(known.cache_written),
        };
    }

    /// The model has stopped. What people must be told of that is given back as text.
    pub(super) fn stop(&mut self, reason: StopReason) -> Result<String, ModelError> {
        self.stop = Some(reason);
        let (limit, note) = match reason {
            StopReason::Refusal => return Err(ModelError::Declined),
            StopReason::Done => return Ok(String::new()),
            StopReason::MaxTokens => {
                ("it reached `model.max_tokens`", "\n\n[Cut off: `model.max_tokens` was reached.]")
            }
            StopReason::ModelContextWindowExceeded => {
                ("the model's window is full", "\n\n[Cut off: the model's window is full.]")
            }
        };
        let calls = |making: &Making| matches!(making.block, Block::ToolUse { .. });
        let says = |making: &Making| matches!(&making.block, Block::Text { text } if !text.trim().is_empty());
        // A call may be cut anywhere, and others may be missing.
        if self.blocks.values().any(calls) || !self.blocks.values().any(says) {
            return Err(ModelError::CutOff(limit.to_owned()));
        }
        let text = note.to_owned();
        let making = Making {
            block: Block::Text { text: text.clone() },
            arguments: String::new(),
            progress: Progress::Ended,
        };
        self.blocks.insert(u64::MAX, making);
        Ok(text)
    }

    /// Whether the model has said that it is done.
    pub(super) const fn is_finished(&self) -> bool {
        self.stop.is_some()
    }

    /// The complete reply; what it thought was thought by `thinker`.
    pub(super) fn reply(self, thinker: String) -> Result<ModelReply, ModelError> {
        let mut reply = ModelReply { usage: usage(self.usage), ..ModelReply::default() };
        let mut thoughts = Vec::new();
        let mut taken = BTreeSet::new();
        for making in self.blocks.into_values() {
            let thought = match making.block {
                Block::Text { text } => {
                    reply.text.push_str(&text);
                    continue;
                }
                Block::ToolUse { id, name, input } => {
                    if making.progress == Progress::Open {
                        return Err(ModelError::Broken("a call has no end".to_owned()));
                    }
                    let arguments = Some(making.arguments).filter(|text| !text.is_empty());
                    reply.calls.push(ModelCall {
                        id: unique(id, reply.calls.len(), &mut taken),
                        // Names of tools are short and plain; any other is known to nobody.
                        tool: one_line(&name, LONGEST_NAME),
                        arguments: arguments
                            .or_else(|| given(&input))
                            .unwrap_or_else(|| "{}".to_owned()),
                    });
                    continue;
                }
                // What is not signed cannot be given back.
                Block::Thinking { signature, .. } if signature.is_empty() => continue,
                Block::Thinking { thinking, signature } => {
                    Thought::Signed { text: thinking, signature }
                }
                Block::RedactedThinking { data } => Thought::Sealed { data },
                Block::Other => continue,
            };
            let (text_before, calls_before) = (reply.text.len(), reply.calls.len());
            thoughts.push(ThinkingBlock { text_before, calls_before, thought });
        }
        // Only the results of calls take it back to the server.
        if !thoughts.is_empty() && !reply.calls.is_empty() {
            reply.thinking = Some(Thinking { by: thinker, blocks: thoughts });
        }
        Ok(reply)
    }

    fn grow(&mut self, bytes: usize) -> Result<(), ModelError> {
        self.size += bytes;
        if self.size > self.limit { Err(too_large(self.limit)) } else { Ok(()) }
    }
}

fn unreadable(words: String) -> ModelError {
    ModelError::Unreadable(words)
}

/// Arguments that came whole, with the beginning of the block.
fn given(input: &Value) -> Option<String> {
    let nothing = input.is_null() || input.as_object().is_some_and(Map::is_empty);
    (!nothing).then(|| input.to_string())
}

/// One way of counting for all providers: what was read, whatever was kept of it.
fn usage(tokens: Tokens) -> Usage {
    let read = tokens.cache_read.unwrap_or_default();
    let written = tokens.cache_written.unwrap_or_default();
    let fresh = tokens.fresh.unwrap_or_default();
    Usage {
        input_tokens: fresh.saturating_add(read).saturating_add(written),
        output_tokens: tokens.output.unwrap_or_default(),
        cache_read_tokens: read,
        cache_write_tokens: written,
    }
}

/// The server's own id if it can tell calls apart, else a made one.
fn unique(id: String, n: usize, taken: &mut BTreeSet<String>) -> String {
    let usable = !id.is_empty() && id.len() <= LONGEST_ID;
    let mut id = if usable { id } else { format!("toolu_{n}") };
    while taken.contains(&id) {
        id = format!("{id}_{n}");
    }
    taken.insert(id.clone());
    id
}
