//! `make`: makefiles from elsewhere, recipes that are written here, variables it is given.

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, Value};

impl Machine<'_> {
    pub(super) fn make(&mut self, call: &Call, stdin: Option<&Value>) {
        let dry = call.arguments().iter().any(|w| {
            matches!(w.as_str(), "-n" | "--dry-run" | "--just-print" | "--recon" | "-q" | "-p")
        });
        let mut at = 1;
        while at < call.words.len() {
            let word = call.word(at).to_owned();
            let next = call.word(at + 1).to_owned();
            at += 1;
            match word.as_str() {
                "-f" | "--file" | "--makefile" => {
                    self.makefile(&next, stdin);
                    at += 1;
                }
                "-C" | "--directory" | "-I" | "--include-dir" => {
                    if !self.is_own_code(&next) {
                        self.effect("code.outside", next.as_str());
                    }
                    at += 1;
                }
                "-E" | "--eval" => {
                    self.recipe(&next);
                    at += 1;
                }
                "-j" | "-l" | "-o" | "-W" => {
                    at += usize::from(
                        next.bytes().all(|b| b.is_ascii_digit()) || word == "-o" || word == "-W",
                    );
                }
                _ => {
                    if let Some(text) = word.strip_prefix("--eval=") {
                        self.recipe(text);
                    } else if let Some(path) =
                        word.strip_prefix("--file=").or_else(|| word.strip_prefix("--makefile="))
                    {
                        self.makefile(path, stdin);
                    } else if let Some(dir) = word
                        .strip_prefix("--directory=")
                        .or_else(|| word.strip_prefix("-C").filter(|d| !d.is_empty()))
                    {
                        if !self.is_own_code(dir) {
                            self.effect("code.outside", dir);
                        }
                    } else if let Some((name, value)) = word.split_once('=') {
                        self.check_variable(name, value, true);
                    } else if !dry
                        && matches!(word.as_str(), "publish" | "deploy" | "release" | "uninstall")
                    {
                        self.effect("unknown.mutating", call.text());
                    }
                }
            }
        }
    }

    fn makefile(&mut self, path: &str, stdin: Option<&Value>) {
        let content = if path == "-" || path == "/dev/stdin" {
            stdin.cloned().unwrap_or_default()
        } else {
            match self.written.get(&self.resolve(path)).or_else(|| self.written.get(path)).cloned()
            {
                Some(content) => content,
                None if self.is_own_code(path) => return,
                None => return self.effect("code.outside", path),
            }
        };
        if content.is_known() {
            self.recipe(&content.text);
        } else {
            self.effect(
                if content.taint.has(Taint::NETWORK) { "code.fetched" } else { "unresolved.code" },
                path,
            );
        }
    }

    /// Lines of a makefile that run something.
    fn recipe(&mut self, text: &str) {
        for line in text.split('\n') {
            let recipe = line.strip_prefix('\t').or_else(|| line.split_once(';').map(|(_, r)| r));
            if let Some(command) = recipe {
                self.script(command.trim_start_matches(['@', '-', '+']), None);
            }
            if let Some((_, rest)) = line.split_once("$(shell ") {
                self.script(rest.trim_end_matches(')'), None);
            }
        }
    }
}
