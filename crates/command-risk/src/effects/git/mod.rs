//! Git: settings and options that run programs. What subcommands do stands in the tables.

mod settings;
mod subcommands;

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Field, Value};

impl Machine<'_> {
    /// Follows what git is made to run; the tables judge the rest.
    #[expect(clippy::unnecessary_wraps, reason = "one signature for all handlers of a kind")]
    pub(super) fn git(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        let mut at = 1;
        let cwd = self.state.cwd.clone();
        while call.word(at).starts_with('-') {
            let word = call.word(at).to_owned();
            match word.as_str() {
                "-c" | "--config-env" => {
                    let (key, value) = call
                        .word(at + 1)
                        .split_once('=')
                        .map(|(k, v)| (k.to_owned(), v.to_owned()))
                        .unwrap_or_default();
                    self.git_setting(&key, &value);
                    at += 2;
                }
                "-C" => {
                    self.state.cwd = Some(self.resolve(call.word(at + 1)));
                    at += 2;
                }
                "--git-dir" | "--work-tree" | "--exec-path" => {
                    self.git_directory(call.word(at + 1));
                    at += 2;
                }
                "--namespace" => at += 2,
                _ if word.starts_with("--config-env=") => {
                    let setting = word.trim_start_matches("--config-env=");
                    let (key, variable) = setting.split_once('=').unwrap_or((setting, ""));
                    let value = self.variable(variable).map_or_else(
                        || crate::interpret::value::UNKNOWN.to_string(),
                        |value| value.text,
                    );
                    self.git_setting(key, &value);
                    at += 1;
                }
                _ => {
                    if let Some((_, dir)) = word.split_once('=') {
                        self.git_directory(dir);
                    }
                    at += 1;
                }
            }
        }
        self.changes_agent_checkout(call.word(at), call);
        let mut fields = vec![Field::known("git")];
        fields.extend(call.fields_from(at));
        let rest = Call {
            name: "git".to_owned(),
            words: fields.iter().map(|f| f.text.clone()).collect(),
            fields,
        };
        self.note_clone(&rest);
        let output = self.git_subcommand(&rest, stdin);
        self.state.cwd = cwd;
        Some(output)
    }

    /// A checkout that is the home of the guard or of an agent is brought to other content.
    fn changes_agent_checkout(&mut self, verb: &str, call: &Call) {
        let changes = [
            "pull",
            "checkout",
            "switch",
            "reset",
            "restore",
            "clean",
            "merge",
            "rebase",
            "stash",
            "apply",
            "am",
            "revert",
            "cherry-pick",
            "rm",
            "mv",
            "submodule",
        ];
        let Some(cwd) = self.state.cwd.clone().filter(|_| changes.contains(&verb)) else {
            return;
        };
        match self.owner_of_path(&cwd) {
            Some((super::own::Owner::Agent, _)) => self.effect("agent.edit", call.text()),
            Some(_) if !self.is_own_code(&cwd) => self.effect("guard.edit", call.text()),
            Some(_) | None => {}
        }
    }

    fn git_directory(&mut self, dir: &str) {
        if !self.is_own_code(dir) && !dir.starts_with('.') {
            self.effect("code.outside", dir);
        }
    }
}
