//! Scripts of `mongosh`.

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Value;

impl Machine<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn mongo(&mut self, call: &Call, stdin: Option<&Value>) {
        let mut texts: Vec<String> = call
            .words
            .iter()
            .enumerate()
            .filter(|(_, w)| *w == "--eval")
            .map(|(at, _)| call.word(at + 1).to_owned())
            .collect();
        texts
            .extend(call.words.iter().filter_map(|w| w.strip_prefix("--eval=")).map(str::to_owned));
        if let Some(input) = stdin {
            if input.is_known() {
                texts.push(input.text.clone());
            } else {
                self.effect("unresolved.code", call.text());
            }
        }
        if let Some(script) = call.arguments().iter().find(|w| w.rsplit('.').next() == Some("js")) {
            let script = script.clone();
            if !self.is_own_code(&script) {
                self.effect("code.outside", script.as_str());
            }
            self.effect("db.change", script);
        }
        let changing = [
            "drop",
            "delete",
            "remove",
            "insert",
            "update",
            "replaceone",
            "bulkwrite",
            "findoneandde",
            "findoneandup",
            "findandmodify",
            "createuser",
            "createindex",
            "createcollection",
            "rename",
            "shutdown",
            "fsync",
            "killop",
            "$out",
            "$merge",
            "grant",
            "revoke",
            "dropuser",
            "adduser",
            "setparameter",
            "reconfig",
            "initiate",
            "stepdown",
            "removeshard",
            "compact",
            "save(",
        ];
        for text in texts {
            let lower = text.to_ascii_lowercase();
            if changing.iter().any(|word| {
                let call = format!(".{word}");
                lower.contains(&call)
                    || (word.starts_with('$') && lower.contains(word))
                    || lower.contains(&format!("{word}:"))
                    || is_quoted_verb(&lower, word)
            }) {
                self.effect("db.change", text.as_str());
            }
            self.code("node", &Value::known(text), None);
        }
    }
}

/// `{"delete": …}`, `db['dropDatabase']()`: a verb as a key or a member, not a mere value.
fn is_quoted_verb(text: &str, verb: &str) -> bool {
    ['\'', '"'].iter().any(|&quote| {
        let opening = format!("{quote}{verb}");
        text.match_indices(&opening).any(|(at, _)| {
            let rest = text.get(at + opening.len()..).unwrap_or_default();
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            rest.strip_prefix(quote)
                .is_some_and(|after| after.trim_start().starts_with([':', ']', ',']))
                && !text.get(..at).unwrap_or_default().trim_end().ends_with(':')
        })
    })
}
