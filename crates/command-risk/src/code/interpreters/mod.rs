//! Shells and interpreters: where their code comes from.

mod command_line;
mod frameworks;
mod languages;
mod modules;
mod shells;

pub(crate) use languages::language_of;

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Value;
use languages::INTERPRETERS;

impl Machine<'_> {
    pub(crate) fn interpreter(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        match call.name.as_str() {
            "bash" | "sh" | "zsh" | "dash" | "ksh" | "ash" | "fish" | "mksh" | "rbash" | "csh"
            | "tcsh" | "nu" | "elvish" | "xonsh" | "busybox-sh" | "ksh93" | "yash" => {
                Some(self.shell(call, stdin))
            }
            "powershell" | "pwsh" => Some(self.powershell(call, stdin)),
            "cmd" => {
                let at = call
                    .words
                    .iter()
                    .position(|w| matches!(w.to_ascii_lowercase().as_str(), "/c" | "/k" | "/r"))?;
                let text = call
                    .fields_from(at + 1)
                    .iter()
                    .map(|f| f.text.clone())
                    .collect::<Vec<_>>()
                    .join(" ");
                self.effect("code.run", text.as_str());
                Some(self.script(&text.replace('\\', "/"), None))
            }
            name => {
                let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
                let found = INTERPRETERS
                    .iter()
                    .find(|i| i.names.contains(&name) || i.names.contains(&stem))?;
                Some(self.interpret(call, found, stdin))
            }
        }
    }
}
