//! Editors of the `vi` family: commands they are given, and files they save.

use crate::effects::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Value;

impl Machine<'_> {
    pub(super) fn vim(&mut self, call: &Call, stdin: Option<&Value>) {
        let mut at = 1;
        let mut files = Vec::new();
        let mut saves = false;
        while at < call.words.len() {
            let word = call.word(at).to_owned();
            at += 1;
            // `ex -sc`: letters may be bundled before the command.
            let bundled = word.len() > 2
                && word.ends_with('c')
                && word.starts_with('-')
                && word.bytes().skip(1).all(|b| b"esnRVcE".contains(&b));
            let command = if bundled || matches!(word.as_str(), "-c" | "--cmd") {
                at += 1;
                call.word(at - 1).to_owned()
            } else if let Some(rest) = word.strip_prefix('+').or_else(|| word.strip_prefix("-c")) {
                rest.to_owned()
            } else if matches!(word.as_str(), "-S" | "-u" | "-U" | "-s" | "-l") {
                let path = call.word(at).to_owned();
                if path.contains('/') && !self.is_own_code(&path) {
                    self.effect("code.outside", path);
                }
                at += 1;
                continue;
            } else {
                if !word.starts_with('-') {
                    files.push(word);
                }
                continue;
            };
            saves |= command.split(['|', '\n']).any(|part| {
                let verb = part.trim().trim_start_matches([':', '%', '$']).trim_end_matches('!');
                matches!(
                    verb,
                    "w" | "wq"
                        | "x"
                        | "xa"
                        | "wqa"
                        | "wa"
                        | "up"
                        | "update"
                        | "write"
                        | "exit"
                        | "ZZ"
                )
            });
            self.editor_command(&command);
        }
        for file in files.iter().filter(|_| saves) {
            self.write_path(file, WriteMode::Edit);
        }
        if let Some(text) = stdin.filter(|s| s.is_known()) {
            for line in text.text.clone().lines() {
                self.editor_command(line);
            }
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn editor_command(&mut self, command: &str) {
        let command = command.trim_start_matches([':', ' ', '%']);
        if let Some((_, shell)) = command.split_once('!').filter(|(before, shell)| {
            !shell.is_empty()
                && (before.is_empty()
                    || before.ends_with([' ', ':', '|', ',', '$', '.', '%'])
                    || matches!(*before, "r " | "read " | "w " | "silent "))
        }) {
            self.effect("code.option", command);
            self.script(shell, None);
        } else if [
            "system(",
            "os.execute",
            "jobstart(",
            "termopen(",
            "io.popen",
            "vim.fn.system",
            "term ",
            "terminal ",
            "vim.loop.spawn",
        ]
        .iter()
        .any(|call| command.contains(call))
        {
            self.effect("code.option", command);
            self.code("lua", &Value::known(command), None);
        } else if ["py ", "py3 ", "python ", "python3 ", "perl ", "ruby ", "lua "]
            .iter()
            .any(|p| command.starts_with(p))
        {
            let (language, code) = command.split_once(' ').unwrap_or_default();
            self.code(
                if language.starts_with("py") { "python" } else { language },
                &Value::known(code),
                None,
            );
        } else if let Some(path) = ["w! ", "write! ", "sav! ", "saveas! ", "wq! ", "wq "]
            .iter()
            .find_map(|verb| command.strip_prefix(verb))
            .or_else(|| command.strip_prefix("w "))
            .or_else(|| command.strip_prefix("write "))
            .or_else(|| command.strip_prefix("sav "))
        {
            self.write_path(path.trim(), WriteMode::Replace);
        } else if command.starts_with("call delete(") {
            self.effect("fs.delete", command);
        } else if let Some(path) = ["source ", "so ", "luafile ", "runtime ", "pyfile ", "py3file "]
            .iter()
            .find_map(|verb| command.strip_prefix(verb))
            .map(str::trim)
            .filter(|path| path.contains("://") || !self.is_own_code(path))
        {
            self.effect("code.outside", path);
        } else if [
            "PlugInstall",
            "PlugUpdate",
            "PackerSync",
            "PackerInstall",
            "Lazy",
            "PluginInstall",
            "TSInstall",
            "MasonInstall",
        ]
        .iter()
        .any(|plugin| command.starts_with(plugin))
        {
            self.effect("package.foreign", command);
        }
    }
}
