//! A tool that the tables describe: its outcome, and the command behind a subcommand such as `exec`.

use crate::effects::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, UNKNOWN, Value};
use crate::tables::{Arguments, Outcome, Tool};

impl Machine<'_> {
    pub(crate) fn by_table(&mut self, call: &Call, tool: &Tool, stdin: Option<&Value>) -> Value {
        if let Some(skip) = tool.wraps {
            return self.wrap(call, tool, usize::from(skip), stdin);
        }
        if let Some(effect) = tool.effect {
            self.effect(effect, call.text());
        }
        let arguments = Arguments::sort(&call.words, tool, false);
        if tool.text {
            return Value::unknown(Taint::NONE);
        }
        if tool.writes_last
            && let Some(&(target, _)) = arguments.operands.last()
            && !target.contains("://")
        {
            self.write_path(target, WriteMode::Replace);
        }
        if let Some(output) = self.runs(call, tool, &arguments, stdin) {
            return output;
        }
        match tool.outcome(&arguments) {
            Outcome::Harmless => {
                let dynamic =
                    arguments.operands.first().is_some_and(|(word, _)| word.contains(UNKNOWN));
                if dynamic
                    && tool.rules.iter().any(|rule| rule.effect.is_some())
                    && tool.default.is_some()
                {
                    self.effect("unresolved.operand", call.text());
                }
            }
            Outcome::Effect(kind) => {
                // macOS tools name a disk without its directory.
                let system_disk = kind == "disk.format"
                    && call.arguments().iter().any(|w| {
                        use crate::effects::disks::Disk;
                        Disk::of(&self.resolve(w)) == Disk::System
                            || Disk::of(&format!("/dev/{w}")) == Disk::System
                    });
                let wiped = (kind == "fs.recursive_delete")
                    .then(|| {
                        arguments
                            .operands
                            .iter()
                            .filter(|(w, _)| w.starts_with(['/', '~']))
                            .find_map(|(w, _)| self.wipes(&self.resolve(w)))
                    })
                    .flatten();
                if let Some(wiped) = wiped {
                    self.effect(wiped, call.text());
                } else if system_disk {
                    self.effect("fs.wipe_disk", call.text());
                } else if !self.changes_own(call) {
                    self.effect(kind, call.text());
                }
            }
        }
        Value::unknown(Taint::LOCAL)
    }

    /// Subcommands such as `exec` behind which another command stands.
    fn runs(
        &mut self,
        call: &Call,
        tool: &Tool,
        arguments: &Arguments<'_>,
        stdin: Option<&Value>,
    ) -> Option<Value> {
        let (path, skip) = tool
            .runs
            .iter()
            .filter(|(path, _)| {
                path.iter()
                    .enumerate()
                    .all(|(at, word)| arguments.operand(at) == Some(word.as_str()))
            })
            .max_by_key(|(path, _)| path.len())?;
        let place = arguments.operands.get(path.len().checked_sub(1)?)?.1;
        let words = call.words.get(place..)?;
        let inner = Arguments::sort(words, tool, true);
        let start = match words.iter().position(|w| w == "--") {
            Some(at) if *skip > 0 || inner.operands.first().is_none_or(|(_, p)| *p >= at) => at + 1,
            _ => inner.operands.get(usize::from(*skip)).map(|(_, p)| *p)?,
        };
        let fields = call.fields_from(place + start);
        if fields.is_empty() {
            return None;
        }
        if let Some(kind) = tool.ruled(arguments) {
            self.effect(kind, call.text());
        }
        if let [only] = fields.as_slice()
            && only.text.contains(' ')
            && *skip == 0
        {
            // One word with blanks is handed to a shell.
            return Some(self.code("sh", &only.value(), stdin));
        }
        Some(self.run_inside(call, fields, stdin))
    }
}
