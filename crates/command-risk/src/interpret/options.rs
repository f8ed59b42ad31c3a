//! Options that make an ordinary tool run another program or load code.

use super::Machine;
use super::simple::Call;
use super::value::{UNKNOWN, Value};
use crate::effects::paths::WriteMode;
use crate::tables::{Arguments, Tool};

/// Long options whose value is a program, whatever the tool. The lists are sorted.
const PROGRAMS: &[&str] = &[
    "--askpass",
    "--compress-program",
    "--deploy-hook",
    "--diff-cmd",
    "--diff3-cmd",
    "--editor",
    "--editor-cmd",
    "--extcmd",
    "--hook",
    "--init-command",
    "--netrc-cmd",
    "--notify-command",
    "--on-change",
    "--on-download-complete",
    "--on-download-start",
    "--on-finish",
    "--pager",
    "--passcommand",
    "--passphrase-cmd",
    "--passphrase-command",
    "--password-command",
    "--pinentry-program",
    "--post-hook",
    "--pre-hook",
    "--preprocessor",
    "--remote-path",
    "--remote-sh",
    "--renew-hook",
    "--rmt-command",
    "--rsh",
    "--rsh-command",
    "--rsync-path",
    "--shell-command",
    "--ssh-cmd",
    "--ssh-command",
    "--startup-command",
    "--unzip-command",
    "--use-compress-program",
];
/// Long options that name a program in some tools and something else in others: a program only when
/// the value looks like a path or a command.
const PROGRAMS_BY_VALUE: &[&str] = &[
    "--agent-program",
    "--authentication-command",
    "--browser",
    "--command-wrapper",
    "--compiler-launcher",
    "--diff-program",
    "--filter-command",
    "--gpg-program",
    "--launcher",
    "--manual-auth-hook",
    "--merge-cmd",
    "--network-script",
    "--on-failure",
    "--on-success",
    "--onchange",
    "--post-command",
    "--pre-command",
    "--prgbox",
    "--python-executable",
    "--run_under",
    "--script-shell",
    "--sendmail",
    "--sendmail-cmd",
    "--shell",
    "--smtp-server-command",
    "--terminal-command",
    "--test_wrapper",
    "--use-askpass",
    "--viewer",
    "--workspace_status_command",
    "--wrapper",
];
/// Long options whose value is a file or directory that code is loaded from, whatever the tool.
const LOADERS: &[&str] = &[
    "--bootstrap",
    "--build-file",
    "--buildfile",
    "--cross-file",
    "--extension-dir",
    "--fabfile",
    "--formatter",
    "--globalSetup",
    "--gruntfile",
    "--gulpfile",
    "--hooks-dir",
    "--hooks-path",
    "--init-file",
    "--init-script",
    "--initscript",
    "--jakefile",
    "--justfile",
    "--load-extension",
    "--load-plugin",
    "--load-plugins",
    "--loader",
    "--locustfile",
    "--lua-filter",
    "--lua-script",
    "--makefile",
    "--manifest-path",
    "--module-dir",
    "--module-path",
    "--native-file",
    "--noxfile",
    "--playbook",
    "--plugin",
    "--plugin-dir",
    "--plugin-directory",
    "--plugin-dirs",
    "--plugin-path",
    "--plugins",
    "--preload",
    "--processor",
    "--rakefile",
    "--rcfile",
    "--register",
    "--require",
    "--resolve-plugins-relative-to",
    "--rulesdir",
    "--runner",
    "--script-dir",
    "--setupFiles",
    "--snakefile",
    "--task-dir",
    "--taskfile",
    "--toolchain-file",
    "--transform",
];

fn lists(list: &[&str], name: &str) -> bool {
    list.binary_search(&name).is_ok()
}

impl Machine<'_> {
    /// Follows the options of a tool that is no wrapper.
    pub(super) fn carrying_options(&mut self, call: &Call, tool: Option<&Tool>) {
        if tool.is_none_or(|t| t.wraps.is_none() && !t.text) {
            self.general_options(call);
        }
        if let Some(tool) = tool.filter(|t| t.wraps.is_none()) {
            self.table_options(call, tool);
        }
    }

    fn general_options(&mut self, call: &Call) {
        if matches!(call.name.as_str(), "echo" | "printf" | "git" | "env" | "xargs" | "find") {
            return;
        }
        for (at, word) in call.words.iter().enumerate().skip(1) {
            let Some(name) = word.strip_prefix("--") else { continue };
            if name.is_empty() {
                return;
            }
            let (option, value) = word.split_once('=').map_or_else(
                || (word.as_str(), call.word(at + 1)),
                |(option, value)| (option, value),
            );
            if value.is_empty() || value.starts_with('-') {
                continue;
            }
            if lists(PROGRAMS, option)
                || (value.contains([' ', '/']) && lists(PROGRAMS_BY_VALUE, option))
            {
                self.foreign_helper(value, call);
            } else if lists(LOADERS, option) {
                self.loads_from(value);
            }
        }
    }

    /// The options that the tables describe.
    pub(crate) fn table_options(&mut self, call: &Call, tool: &Tool) {
        if tool.code.is_empty() && tool.out.is_empty() && tool.loads.is_empty() {
            return;
        }
        let arguments = Arguments::sort(&call.words, tool, false);
        for (option, language) in &tool.code {
            let values: Vec<(String, usize)> =
                arguments.values(option).map(|(value, place)| (value.to_owned(), place)).collect();
            for (text, place) in values {
                self.option_code(call, text, place, language);
            }
        }
        if tool.text {
            return;
        }
        for (name, _, _) in arguments.options.iter().filter(|_| tool.single_dash) {
            // `-o/dir`: the value stands right behind.
            let attached = tool
                .out
                .iter()
                .find_map(|o| name.strip_prefix(o.as_str()))
                .filter(|v| v.starts_with(['/', '~']));
            if let Some(path) = attached {
                self.write_path(path, WriteMode::Replace);
            }
        }
        for option in &tool.out {
            let values: Vec<String> =
                arguments.values(option).map(|(value, _)| value.to_owned()).collect();
            for value in values {
                self.write_path(&value, WriteMode::Replace);
            }
        }
        for option in &tool.loads {
            let values: Vec<String> =
                arguments.values(option).map(|(value, _)| value.to_owned()).collect();
            for value in values {
                self.loads_from(&value);
            }
        }
    }

    fn option_code(&mut self, call: &Call, text: String, place: usize, language: &str) {
        match language {
            "program" => return self.foreign_helper(&text, call),
            // The rest of the line is a command, or one word that a shell reads.
            "words" if text.contains(' ') => return drop(self.script(&text, None)),
            "words" => return drop(self.run(call.fields_from(place + 1), None)),
            _ => {}
        }
        let taint = call
            .fields
            .get(place + 1)
            .or_else(|| call.fields.get(place))
            .map_or(super::value::Taint::NONE, |f| f.taint);
        let first = self.commands.len();
        let object = matches!(language, "python" | "perl").then(|| text.clone());
        self.code(language, &Value { text, taint }, None);
        // A tool for other work that is made to run a program, whatever program it is.
        if let Some(object) = object.filter(|_| self.commands.len() > first) {
            self.effect("code.option", object);
        }
    }

    /// A program given to a tool: no matter if it is one that tools call all the time, or its own.
    fn foreign_helper(&mut self, program: &str, call: &Call) {
        let own = !program.contains(char::is_whitespace)
            && crate::effects::paths::base_name(program).starts_with(call.name.as_str());
        if !own && !program.starts_with(UNKNOWN) {
            self.helper(program);
        }
    }

    /// Code is taken from a file, a directory, or a list of them.
    fn loads_from(&mut self, value: &str) {
        if value.contains("://") && !value.starts_with("file:") {
            return self.effect("code.fetched", value);
        }
        for part in value.trim_start_matches("file://").split([':', ',']) {
            let path = part.rsplit('=').next().unwrap_or(part);
            if path.starts_with(['/', '~', '.'])
                && !path.contains(UNKNOWN)
                && !path.starts_with("/dev/")
                && !self.is_own_code(path)
            {
                self.effect("code.outside", path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_name_no_option_twice() {
        for list in [PROGRAMS, PROGRAMS_BY_VALUE, LOADERS] {
            assert!(list.windows(2).all(|pair| matches!(pair, [a, b] if a < b)));
        }
        assert!(!LOADERS.iter().any(|o| lists(PROGRAMS, o) || lists(PROGRAMS_BY_VALUE, o)));
        assert!(!PROGRAMS_BY_VALUE.iter().any(|o| lists(PROGRAMS, o)));
    }
}
