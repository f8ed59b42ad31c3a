//! Code in other languages: what it calls that deletes, writes, spawns, connects.
//!
//! A small lexer, not a parser: names and string literals outside comments are enough to tell
//! one-liners that compute from those that act.

mod acts;
mod applescript;
pub(crate) mod awk;
mod calls;
mod fold;
pub(crate) mod interpreters;
mod lex;
mod names;
mod powershell;
mod sdk;
pub(crate) mod sql;
mod table;
mod tcl;

use crate::interpret::Machine;
use crate::interpret::value::{Taint, UNKNOWN, Value};

impl Machine<'_> {
    /// Follows code that a program runs.
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(crate) fn code(&mut self, language: &str, code: &Value, stdin: Option<&Value>) -> Value {
        if code.taint.has(Taint::LOCAL) && code.text.chars().all(|c| c == UNKNOWN) {
            self.note_read_is_run(language);
        }
        if code.taint.has(Taint::NETWORK) && !code.is_known() {
            self.effect("code.fetched", "");
            return Value::unknown(Taint::NETWORK);
        }
        if code.taint.has(Taint::OWN)
            && !code.taint.has(Taint::NETWORK)
            && code.text.chars().eq([UNKNOWN])
        {
            self.effect("code.run", "");
            return Value::unknown(Taint::LOCAL);
        }
        if !self.spend(2 * code.text.len()) {
            return Value::unknown(Taint::LOCAL);
        }
        let bare = code.text.trim().trim_matches('"');
        let hidden =
            bare.starts_with(UNKNOWN) && (language == "sh" || bare.chars().all(|c| c == UNKNOWN));
        if hidden {
            self.effect("unresolved.code", "");
        }
        if !matches!(language, "sh" | "bash") {
            self.reveal(&code.text);
        }
        match language {
            "sh" | "bash" => self.script(&code.text, stdin),
            "sql" => {
                self.sql(&code.text);
                Value::unknown(Taint::LOCAL)
            }
            "gdb" => {
                let text = code.text.trim();
                if let Some(command) = text
                    .strip_prefix("shell ")
                    .or_else(|| text.strip_prefix('!'))
                    .or_else(|| text.strip_prefix("platform shell "))
                    .or_else(|| text.strip_prefix("pipe "))
                    .or_else(|| text.strip_prefix("make "))
                {
                    self.effect("code.option", command);
                    self.script(command, None);
                } else if let Some(path) = text.strip_prefix("source ") {
                    if !self.is_own_code(path.trim()) {
                        self.effect("code.outside", path);
                    }
                } else if matches!(text, "kill" | "k" | "process kill" | "detach-kill")
                    || text.starts_with("signal ")
                    || text.starts_with("process signal ")
                {
                    self.effect("process.signal", text);
                } else if let Some(source) = text
                    .strip_prefix("python ")
                    .or_else(|| text.strip_prefix("py "))
                    .or_else(|| text.strip_prefix("script "))
                {
                    self.code("python", &Value::known(source), None);
                } else if text.contains("system(")
                    || text.starts_with("generate-core")
                    || text.starts_with("gcore")
                    || text.starts_with("dump ")
                {
                    self.effect("code.unclear", text);
                }
                Value::unknown(Taint::LOCAL)
            }
            "radare" => {
                for part in code.text.split([';', '\n']).map(str::trim) {
                    if !self.step() {
                        break;
                    }
                    let shell = part
                        .strip_prefix("!!")
                        .or_else(|| part.strip_prefix("=!"))
                        .or_else(|| part.strip_prefix('!'))
                        .or_else(|| part.strip_prefix("#!pipe "))
                        .or_else(|| part.split_once(['|']).map(|(_, command)| command))
                        .or_else(|| part.split_once("`!").map(|(_, command)| command));
                    if let Some(command) = shell {
                        self.effect("code.option", command);
                        self.script(command.trim_end_matches('`'), None);
                    } else if part.starts_with("#!") || part.starts_with(". /") {
                        self.effect("code.option", part);
                    } else if part.starts_with("dk ") || part == "dk9" {
                        self.effect("process.signal", part);
                    } else if let Some((_, path)) = part.split_once('>') {
                        let path = path.trim_start_matches('>').trim();
                        self.write_path(path, crate::effects::paths::WriteMode::Replace);
                    } else if ["wx ", "wa ", "w ", "wz ", "wf ", "wo", "wv"]
                        .iter()
                        .any(|write| part.starts_with(write))
                    {
                        self.effect("fs.bulk_edit", part);
                    }
                }
                Value::unknown(Taint::LOCAL)
            }
            "kak" => {
                for block in code.text.split("%sh").skip(1).take(16) {
                    let body = block.trim_start_matches(['{', '(', '[', '<']);
                    self.effect("code.option", body);
                    self.script(body.trim_end_matches(['}', ')', ']', '>']), None);
                }
                Value::unknown(Taint::LOCAL)
            }
            "applescript" => {
                applescript::follow(self, &code.text);
                self.deeper(|machine| calls::follow(machine, language, &code.text));
                Value::unknown(Taint::LOCAL)
            }
            "powershell" => {
                powershell::powershell(self, &code.text);
                Value::unknown(Taint::LOCAL)
            }
            _ => {
                self.deeper(|machine| calls::follow(machine, language, &code.text));
                Value::unknown(Taint::LOCAL)
            }
        }
    }
}
