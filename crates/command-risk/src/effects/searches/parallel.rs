//! `parallel`: lines of shell, one for each argument.

use super::names;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Field, Taint, UNKNOWN, Value};

impl Machine<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn parallel(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let valued = [
            "-j",
            "--jobs",
            "-n",
            "-N",
            "-a",
            "--arg-file",
            "-S",
            "--sshlogin",
            "--joblog",
            "--tmpdir",
            "--delay",
            "-C",
            "--colsep",
            "-I",
            "--timeout",
            "--results",
            "--load",
        ];
        let mut at = 1;
        while call.word(at).starts_with('-') {
            at += if valued.contains(&call.word(at)) { 2 } else { 1 };
        }
        let options = call.words.get(1..at).unwrap_or_default();
        if options.iter().any(|w| w == "--dry-run" || w == "--dryrun") {
            return Value::unknown(Taint::LOCAL);
        }
        let end = call.words.iter().position(|w| w.starts_with(":::")).unwrap_or(call.words.len());
        let command = call.fields.get(at..end).unwrap_or_default();
        let given: Vec<Field> = call
            .fields
            .get(end + 1..)
            .unwrap_or_default()
            .iter()
            .filter(|f| !f.text.starts_with(":::"))
            .cloned()
            .collect();
        let arguments: Vec<Field> = if end < call.words.len() {
            given
        } else {
            match stdin.filter(|s| s.is_known()) {
                Some(value) => value.text.lines().take(16).map(Field::known).collect(),
                None => vec![names(UNKNOWN.to_string())],
            }
        };
        if command.is_empty() {
            for argument in arguments.iter().take(16) {
                let value = argument.value();
                self.code("sh", &value, None);
            }
            return Value::unknown(Taint::LOCAL);
        }
        let text = command.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join(" ");
        for argument in arguments.iter().take(16) {
            let line = if text.contains("{}") {
                text.replace("{}", &argument.text)
            } else {
                format!("{text} {}", argument.text)
            };
            self.script(&line, None);
        }
        Value::unknown(Taint::LOCAL)
    }
}
