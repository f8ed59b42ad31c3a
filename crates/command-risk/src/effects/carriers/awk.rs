//! `awk`: where its program comes from, and the files it reads or changes.

use crate::effects::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, UNKNOWN, Value};

impl Machine<'_> {
    #[expect(clippy::unnecessary_wraps, reason = "one signature for all handlers of a kind")]
    pub(super) fn awk(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        let mut at = 1;
        let mut program = None;
        let mut in_place = false;
        while at < call.words.len() {
            let word = call.word(at);
            at += 1;
            match word {
                "-v" | "-F" | "--assign" | "--field-separator" => at += 1,
                "-i" | "--include" | "-l" | "--load" => {
                    in_place |= call.word(at) == "inplace";
                    self.awk_library(call.word(at));
                    at += 1;
                }
                "-f" | "--file" | "-E" => {
                    let path = call.word(at).to_owned();
                    program = Some(self.awk_file(call, &path, stdin));
                    at += 1;
                }
                "-e" | "--source" => {
                    program = Some(call.word(at).to_owned());
                    at += 1;
                }
                _ if word.starts_with('-') && word.len() > 1 && word != "--" => {}
                "--" => {}
                _ => {
                    if program.is_none() {
                        program = Some(word.to_owned());
                    } else if in_place {
                        let path = word.to_owned();
                        self.write_path(&path, WriteMode::Edit);
                    } else {
                        let path = word.to_owned();
                        self.read_path(&path);
                    }
                }
            }
        }
        let program = program.unwrap_or_default();
        if program.contains(UNKNOWN)
            && !call.fields.iter().any(|f| f.text == program && f.taint == Taint::VARIABLE)
        {
            self.effect("unresolved.code", call.text());
        }
        crate::code::awk::follow(self, &program);
        let known = stdin.is_some_and(Value::is_known);
        let taint = if known {
            Taint::LOCAL
        } else {
            Taint::LOCAL.with(stdin.map_or(Taint::NONE, |s| s.taint))
        };
        Some(Value::unknown(taint))
    }

    fn awk_library(&mut self, path: &str) {
        if path.contains('/') && !self.is_own_code(path) {
            self.effect("code.outside", path);
        }
    }

    /// The program that awk reads from a file, or from what is fed to it.
    fn awk_file(&mut self, call: &Call, path: &str, stdin: Option<&Value>) -> String {
        if !matches!(path, "-" | "/dev/stdin") {
            if !self.is_own_code(path) {
                self.effect("code.outside", path);
            }
            return String::new();
        }
        match stdin {
            Some(code) if code.is_known() => return code.text.clone(),
            Some(code) if code.taint.has(Taint::NETWORK) => {
                self.effect("code.fetched", call.text());
            }
            _ => self.effect("unresolved.code", call.text()),
        }
        String::new()
    }
}
