//! Subcommands of git that run programs, write files or fetch a checkout.

use crate::effects::environment::is_usual_helper;
use crate::effects::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Value;

impl Machine<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn git_subcommand(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let words = call.words.clone();
        let after = |names: &[&str]| -> Option<String> {
            words.iter().enumerate().find_map(|(at, word)| {
                if names.contains(&word.as_str()) {
                    return words.get(at + 1).cloned();
                }
                word.split_once('=')
                    .filter(|(name, _)| names.contains(name))
                    .map(|(_, value)| value.to_owned())
            })
        };
        let mut program = None;
        match call.word(1) {
            "config" => self.git_config(call),
            "init" => {
                if let Some(dir) = after(&["--template", "--separate-git-dir"]) {
                    self.git_directory(&dir);
                }
            }
            "rebase" => program = after(&["-x", "--exec"]),
            "bisect" if call.word(2) == "run" => {
                return self.run(call.fields_from(3), None);
            }
            "submodule" if call.words.iter().any(|w| w == "foreach") => {
                let at = call.words.iter().position(|w| w == "foreach").unwrap_or(0) + 1;
                let at = at + call.words.iter().skip(at).take_while(|w| w.starts_with('-')).count();
                let text = call
                    .fields_from(at)
                    .iter()
                    .map(|f| f.text.clone())
                    .collect::<Vec<_>>()
                    .join(" ");
                return self.script(&text, None);
            }
            "grep" => {
                program = words
                    .iter()
                    .find_map(|w| {
                        w.strip_prefix("--open-files-in-pager=")
                            .or_else(|| w.strip_prefix("-O").filter(|r| !r.is_empty()))
                    })
                    .map(str::to_owned);
            }
            "fetch" | "clone" | "ls-remote" | "pull" | "push" | "fetch-pack" | "send-pack"
            | "archive" => {
                program = after(&["--upload-pack", "--receive-pack", "--exec"]).or_else(|| {
                    after(&["-u"]).filter(|_| matches!(call.word(1), "clone" | "ls-remote"))
                });
                for (at, word) in words.iter().enumerate() {
                    if word.starts_with("ext::") || word.starts_with("fd::") {
                        self.effect("code.option", word.as_str());
                    }
                    if matches!(word.as_str(), "-c" | "--config") && call.word(1) == "clone" {
                        let setting = words.get(at + 1).cloned().unwrap_or_default();
                        let (key, value) = setting.split_once('=').unwrap_or((&setting, ""));
                        self.git_setting(key, value);
                    }
                }
                if let Some(dir) = after(&["--template"]) {
                    self.git_directory(&dir);
                }
            }
            "difftool" | "mergetool" => program = after(&["-x", "--extcmd"]),
            "filter-branch" => {
                for word in [
                    "--tree-filter",
                    "--index-filter",
                    "--msg-filter",
                    "--env-filter",
                    "--commit-filter",
                    "--parent-filter",
                ] {
                    if let Some(text) = after(&[word]) {
                        self.script(&text, None);
                    }
                }
            }
            _ => {}
        }
        if let Some(program) = program {
            self.git_program(&program);
        }
        if let Some(path) = after(&["--output", "--output-directory"]) {
            self.write_path(&path, WriteMode::Replace);
        }
        if matches!(call.word(1), "archive" | "bundle" | "format-patch")
            && let Some(path) = after(&["-o"])
        {
            self.write_path(&path, WriteMode::Replace);
        }
        let Some(tool) = self.policy.tables.tool("git").cloned() else {
            return Value::default();
        };
        self.by_table(call, &tool, stdin)
    }

    fn git_program(&mut self, program: &str) {
        if matches!(program, "git-upload-pack" | "git-receive-pack")
            || is_usual_helper(program) && !program.contains(';')
        {
            return;
        }
        let before = self.effects.len();
        self.script(program, None);
        let own_tests = self.effects.len() == before
            && !program.contains(';')
            && ["cargo", "npm", "make", "pytest", "go", "just", "yarn", "pnpm", "./"]
                .iter()
                .any(|t| program.starts_with(t));
        if !own_tests {
            self.effect("code.option", program);
        }
    }

    /// Remembers where a clone goes: what is in it came from elsewhere.
    pub(super) fn note_clone(&mut self, call: &Call) {
        if call.word(1) != "clone" {
            return;
        }
        let valued = ["-b", "--branch", "--depth", "-o", "--origin", "-c", "--config", "-j"];
        let mut operands = Vec::new();
        let mut at = 2;
        while at < call.words.len() {
            let word = call.word(at);
            at += 1;
            if valued.contains(&word) {
                at += 1;
            } else if !word.starts_with('-') {
                operands.push(word.to_owned());
            }
        }
        let Some(source) = operands.first().filter(|s| s.contains(':')) else {
            return;
        };
        let named = crate::effects::paths::base_name(source).trim_end_matches(".git").to_owned();
        let target = self.resolve(operands.get(1).unwrap_or(&named));
        if self.cloned.len() < 16 && target.len() > 1 {
            self.cloned.push(target);
        }
    }
}
