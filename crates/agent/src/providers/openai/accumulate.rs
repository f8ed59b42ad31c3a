//! Putting a reply together from its pieces.

use std::collections::{BTreeMap, BTreeSet};

use countersign_domain::display::one_line;
use countersign_domain::runs::Usage;
use countersign_ports::model_provider::{ModelCall, ModelError, ModelReply};

use super::chunk::{CallPiece, Choice, Chunk, Tokens};

/// What a call weighs besides its name and arguments, so that a flood of empty ones is bounded.
const CALL_WEIGHT: usize = 64;

/// The longest name of a tool, in characters.
const LONGEST_NAME: usize = 128;

/// The longest id of a call that is kept, in bytes.
const LONGEST_ID: usize = 256;

/// A reply in the making.
#[derive(Debug)]
pub(super) struct Accumulator {
    text: String,
    calls: Vec<CallInMaking>,
    /// The latest call of each index, and the call of each id.
    by_index: BTreeMap<u64, usize>,
    by_id: BTreeMap<String, usize>,
    usage: Usage,
    finished: bool,
    size: usize,
    limit: usize,
}

#[derive(Debug, Default)]
struct CallInMaking {
    id: String,
    name: String,
    arguments: String,
}

impl Accumulator {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            calls: Vec::new(),
            by_index: BTreeMap::new(),
            by_id: BTreeMap::new(),
            usage: Usage {
                input_tokens: 0,
                output_tokens: 0,
                cache_read_tokens: 0,
                cache_write_tokens: 0,
            },
            finished: false,
            size: 0,
            limit,
        }
    }

    /// Takes in a piece and gives back its text.
    pub(super) fn add(&mut self, chunk: Chunk) -> Result<String, ModelError> {
        if let Some(tokens) = chunk.usage {
            self.count(tokens);
        }
        let mut text = String::new();
        // More than one choice is never asked for.
        if let Some(choice) = chunk.choices.into_iter().flatten().next() {
            text = self.add_choice(choice)?;
        }
        Ok(text)
    }

    /// Whether the model has said that it is done.
    pub(super) const fn is_finished(&self) -> bool {
        self.finished
    }

    /// The complete reply.
    pub(super) fn reply(self) -> ModelReply {
        let mut taken = BTreeSet::new();
        let calls = self.calls.into_iter().enumerate();
        let calls = calls.map(|(n, call)| ModelCall {
            id: unique(call.id, n, &mut taken),
            // Names of tools are short and plain; any other is known to nobody.
            tool: one_line(&call.name, LONGEST_NAME),
            arguments: call.arguments,
        });
        ModelReply {
            text: self.text,
            calls: calls.collect(),
            usage: self.usage,
            ..ModelReply::default()
        }
    }

    fn count(&mut self, tokens: Tokens) {
        self.usage = Usage {
            input_tokens: tokens.prompt.unwrap_or(self.usage.input_tokens),
            output_tokens: tokens.completion.unwrap_or(self.usage.output_tokens),
            cache_read_tokens: tokens.cached().unwrap_or(self.usage.cache_read_tokens),
            cache_write_tokens: 0,
        };
    }

    fn add_choice(&mut self, choice: Choice) -> Result<String, ModelError> {
        // Some servers give a reason with every piece: it marks an end only at the end.
        self.finished |= choice.finish_reason.is_some_and(|reason| !reason.is_empty());
        let Some(message) = choice.delta.or(choice.message) else {
            return Ok(String::new());
        };
        let text = message.text();
        self.grow(text.len())?;
        self.text.push_str(&text);
        for piece in message.tool_calls.into_iter().flatten() {
            self.add_call(piece)?;
        }
        Ok(text)
    }

    fn add_call(&mut self, piece: CallPiece) -> Result<(), ModelError> {
        let id = piece.id.unwrap_or_default();
        let mut function = piece.function.unwrap_or_default();
        let name = function.name.take().unwrap_or_default();
        let arguments = function.arguments_text();
        self.grow(id.len() + name.len() + arguments.len())?;
        let place = match self.place(piece.index, &id, &name) {
            Some(place) => place,
            None => self.begin_call(piece.index)?,
        };
        if !id.is_empty() {
            self.by_id.entry(id.clone()).or_insert(place);
        }
        if let Some(call) = self.calls.get_mut(place) {
            if call.id.is_empty() {
                call.id = id;
            }
            // A name comes whole, once or again and again.
            if call.name.is_empty() {
                call.name = name;
            }
            call.arguments.push_str(&arguments);
        }
        Ok(())
    }

    fn begin_call(&mut self, index: Option<u64>) -> Result<usize, ModelError> {
        self.grow(CALL_WEIGHT)?;
        let place = self.calls.len();
        self.calls.push(CallInMaking::default());
        if let Some(index) = index {
            self.by_index.insert(index, place);
        }
        Ok(place)
    }

    /// The call that a piece belongs to; `None` if it begins a new one.
    fn place(&self, index: Option<u64>, id: &str, name: &str) -> Option<usize> {
        let place = match index {
            Some(index) => *self.by_index.get(&index)?,
            None if !id.is_empty() => return self.by_id.get(id).copied(),
            None if !name.is_empty() => return None,
            None => self.calls.len().checked_sub(1)?,
        };
        // Some servers number every call 0 and tell them apart by id.
        let call = self.calls.get(place)?;
        let other = !id.is_empty() && !call.id.is_empty() && call.id != id;
        (!other).then_some(place)
    }

    fn grow(&mut self, bytes: usize) -> Result<(), ModelError> {
        self.size += bytes;
        if self.size > self.limit {
            return Err(ModelError::Unreadable(format!(
                "it is larger than the {} bytes that are allowed",
                self.limit
            )));
        }
        Ok(())
    }
}

/// The server's own id if it can tell calls apart, else a made one.
fn unique(id: String, n: usize, taken: &mut BTreeSet<String>) -> String {
    let usable = !id.is_empty() && id.len() <= LONGEST_ID;
    let mut id = if usable { id } else { format!("call_{n}") };
    while taken.contains(&id) {
        id = format!("{id}_{n}");
    }
    taken.insert(id.clone());
    id
}
