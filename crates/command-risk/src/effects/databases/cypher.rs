//! Cypher, the language of graph databases.

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Value;

impl Machine<'_> {
    /// Cypher, the language of graph databases: clauses that write, outside of text.
    pub(super) fn cypher(&mut self, call: &Call, stdin: Option<&Value>) {
        let mut texts: Vec<String> =
            call.arguments().iter().filter(|w| w.contains(' ')).cloned().collect();
        if let Some(at) = call.words.iter().position(|w| w == "-f" || w == "--file") {
            texts.clear();
            self.effect("db.change", call.word(at + 1));
        } else if let (true, Some(input)) = (texts.is_empty(), stdin) {
            if !input.is_known() {
                self.effect("unresolved.code", call.text());
            }
            texts.push(input.text.clone());
        }
        let writing = [
            "create",
            "merge",
            "delete",
            "detach",
            "set",
            "remove",
            "drop",
            "load",
            "stop",
            "terminate",
            "alter",
            "grant",
            "revoke",
            "deny",
            "start",
            "foreach",
        ];
        for text in texts {
            let bare: String = text
                .split(['\'', '"'])
                .step_by(2)
                .collect::<Vec<_>>()
                .join(" ")
                .to_ascii_lowercase();
            let mut words =
                bare.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
            if words.any(|word| writing.contains(&word) || word.starts_with("apoc.")) {
                self.effect("db.change", text.as_str());
            }
        }
    }
}
