//! What a model thought before it spoke. Nobody reads it but the model itself: its server wants it
//! back, unchanged, with the results of the calls that it led to.

use serde::{Deserialize, Serialize};

/// What a model thought for one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thinking {
    /// The provider and model that thought it: no other can take it back.
    pub by: String,
    /// The thoughts, in the model's order.
    pub blocks: Vec<ThinkingBlock>,
}

/// One thought, and where it stood within the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThinkingBlock {
    /// So many bytes of the message's text came before it.
    pub text_before: usize,
    /// So many of the message's calls came before it.
    pub calls_before: usize,
    /// The thought.
    pub thought: Thought,
}

/// One thought as its server gave it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Thought {
    /// In words, with the server's signature.
    Signed {
        /// The words, possibly none.
        text: String,
        /// The signature.
        signature: String,
    },
    /// Encrypted.
    Sealed {
        /// What only the server can read.
        data: String,
    },
}

impl Thinking {
    /// What it weighs, in bytes.
    pub fn size(&self) -> usize {
        let blocks = self.blocks.iter();
        blocks
            .map(|block| match &block.thought {
                Thought::Signed { text, signature } => text.len() + signature.len(),
                Thought::Sealed { data } => data.len(),
            })
            .sum()
    }
}
