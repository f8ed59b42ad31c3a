//! Programs that find files and do something with each: `find`, `fd`, `xargs`, `parallel`.

mod find;
mod parallel;
mod trees;
mod xargs;

pub(crate) use trees::is_whole_trees;

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Field, Taint, UNKNOWN, Value};

impl Machine<'_> {
    pub(super) fn search_tool(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        match call.name.as_str() {
            "find" | "gfind" | "bfs" => {
                let taint = Taint::NAMES.with(Taint::LOCAL);
                let text = match self.find(call) {
                    Some(roots) => format!("{UNKNOWN}\n{}", roots.join("\n")),
                    None => UNKNOWN.to_string(),
                };
                return Some(Value { text, taint });
            }
            "fd" | "fdfind" => {
                let at = call
                    .words
                    .iter()
                    .position(|w| matches!(w.as_str(), "-x" | "-X" | "--exec" | "--exec-batch"));
                if let Some(at) = at {
                    let mut fields = call.fields_from(at + 1);
                    fields.push(names(UNKNOWN.to_string()));
                    self.run(fields, None);
                }
            }
            "xargs" | "gxargs" => return Some(self.xargs(call, stdin)),
            "parallel" | "rush" => return Some(self.parallel(call, stdin)),
            _ => return None,
        }
        Some(Value::unknown(Taint::NAMES.with(Taint::LOCAL)))
    }
}

fn names(text: String) -> Field {
    Field { text, taint: Taint::NAMES, ..Field::default() }
}
