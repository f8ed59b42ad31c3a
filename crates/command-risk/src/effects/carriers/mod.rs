//! Tools whose own languages or options can run programs: `sed`, `awk`, `tar`, `make`, editors.

mod awk;
mod editors;
mod make;
mod sed;
mod tar;

use super::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, Value};

impl Machine<'_> {
    pub(super) fn carrier(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        match call.name.as_str() {
            "sed" | "gsed" | "ssed" => self.sed(call, stdin),
            "awk" | "gawk" | "mawk" | "nawk" | "original-awk" | "goawk" => self.awk(call, stdin),
            "make" | "gmake" | "bmake" | "mingw32-make" => {
                self.make(call, stdin);
                Some(Value::unknown(Taint::LOCAL))
            }
            "vim" | "vi" | "nvim" | "view" | "ex" | "gvim" | "vimdiff" | "rvim" => {
                self.vim(call, stdin);
                Some(Value::unknown(Taint::NONE))
            }
            "ed" | "red" => {
                let writes = stdin.is_none_or(|s| !s.is_known() || s.text.contains('w'));
                if let Some(path) = call.words.last().filter(|_| writes && call.words.len() > 1) {
                    self.write_path(&path.clone(), WriteMode::Edit);
                }
                if let Some(text) = stdin.filter(|s| s.is_known()) {
                    for line in text.text.clone().lines() {
                        self.editor_command(line);
                    }
                }
                Some(Value::default())
            }
            "tar" | "gtar" | "bsdtar" => {
                self.tar(call);
                Some(Value::unknown(Taint::LOCAL))
            }
            _ => None,
        }
    }
}
