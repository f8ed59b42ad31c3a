//! What a tool returns, and how much of it is shown.

use countersign_domain::runs::ToolStatus;

/// How much of a tool's output goes where, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputLimits {
    /// What the model is shown, at most.
    pub shown: usize,
    /// What is kept in a file, at most, when more was written than is shown.
    pub kept: usize,
}

impl Default for OutputLimits {
    fn default() -> Self {
        Self { shown: 64 * 1024, kept: 16 * 1024 * 1024 }
    }
}

/// What a tool call came to, as the tool says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOutput {
    /// In one word.
    pub status: ToolStatus,
    /// What the model sees.
    pub content: String,
    /// The process's exit status, for calls that are processes.
    pub exit_code: Option<i32>,
}

impl ToolOutput {
    /// Of a call that is no process.
    pub fn new(status: ToolStatus, content: impl Into<String>) -> Self {
        Self { status, content: content.into(), exit_code: None }
    }

    /// A call that could not be done.
    pub(super) fn error(content: impl Into<String>) -> Self {
        Self::new(ToolStatus::Error, content)
    }

    /// The permit is for another kind of action than this tool's.
    pub(super) fn not_mine(tool: &str) -> Self {
        Self::error(format!("`{tool}` was given an action of another kind and did nothing"))
    }
}

/// `text` if it has at most `limit` bytes, else its beginning and end around a line that says how
/// much is missing.
pub fn head_and_tail(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let head = head_of(text, limit / 2);
    let tail = tail_of(text, limit / 2);
    join_parts(head, text.len() - head.len() - tail.len(), tail)
}

/// Two parts of a text around a line that says how many bytes are missing between them.
pub(super) fn join_parts(head: &str, missing: usize, tail: &str) -> String {
    format!("{head}\n… {missing} bytes not shown …\n{tail}")
}

/// The first `limit` bytes of `text`, or a little less to end between characters.
pub(super) fn head_of(text: &str, limit: usize) -> &str {
    let end = text.floor_char_boundary(limit);
    text.get(..end).unwrap_or(text)
}

/// The last `limit` bytes of `text`, or a little less to begin between characters.
pub(super) fn tail_of(text: &str, limit: usize) -> &str {
    let start = text.ceil_char_boundary(text.len().saturating_sub(limit));
    text.get(start..).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_keeps_its_head_and_its_tail() {
        assert_eq!(head_and_tail("abcdef", 6), "abcdef");
        assert_eq!(head_and_tail("abcdefgh", 4), "ab\n… 4 bytes not shown …\ngh");
        assert_eq!(head_and_tail("ääää", 4), "ä\n… 4 bytes not shown …\nä");
        assert_eq!(head_and_tail("äää", 2), "\n… 6 bytes not shown …\n");
    }
}
