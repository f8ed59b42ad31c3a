//! Tools whose own languages or options can run programs: `sed`, `awk`, `tar`, `make`, editors.

use super::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, UNKNOWN, Value};

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

    fn sed(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        let mut scripts = Vec::new();
        let mut files = Vec::new();
        let mut in_place = false;
        let mut at = 1;
        while at < call.words.len() {
            let word = call.word(at).to_owned();
            at += 1;
            match word.as_str() {
                "-e" | "--expression" => {
                    scripts.push(call.word(at).to_owned());
                    at += 1;
                }
                "-f" | "--file" => {
                    let path = call.word(at).to_owned();
                    if !self.is_own_code(&path) {
                        self.effect("code.outside", path);
                    }
                    scripts.push(String::new());
                    at += 1;
                }
                _ if word.starts_with("--in-place") => in_place = true,
                _ if word.starts_with("--expression=") => {
                    scripts.push(word.trim_start_matches("--expression=").to_owned());
                }
                _ if word.starts_with("--") => {}
                _ if word.starts_with('-') && word.len() > 1 => {
                    in_place |= word.contains('i');
                    if word.ends_with('e') && !word.contains('i') || word == "-ie" || word == "-ne"
                    {
                        scripts.push(call.word(at).to_owned());
                        at += 1;
                    }
                }
                _ => files.push(call.fields.get(at - 1).cloned().unwrap_or_default()),
            }
        }
        if scripts.is_empty() && !files.is_empty() {
            scripts.push(files.remove(0).text);
        }
        for script in &scripts {
            self.sed_script(script);
        }
        for file in &files {
            if in_place {
                // Every line deleted leaves an empty file.
                let all =
                    scripts.iter().any(|s| matches!(s.trim(), "d" | "1,$d" | "/.*/d" | "/^/d"));
                self.write_path(&file.text, if all { WriteMode::Empty } else { WriteMode::Edit });
            } else {
                self.read_path(&file.text);
            }
        }
        if in_place {
            return Some(Value::default());
        }
        let input = stdin.filter(|s| s.is_known() && files.is_empty())?;
        let [script] = scripts.as_slice() else {
            return None;
        };
        substitute(script, &input.text).map(|text| Value { text, taint: input.taint })
    }

    /// `e`, `w` and `W` commands and the flags of `s`.
    fn sed_script(&mut self, script: &str) {
        for line in script.split(['\n', ';', '{', '}']) {
            let rest = line.trim_start().trim_start_matches(|c: char| {
                c.is_ascii_digit() || matches!(c, '$' | ',' | '!' | ' ' | '+' | '~')
            });
            let rest = skip_address(rest);
            if let Some(command) = rest.strip_prefix('e') {
                if command.trim().is_empty() {
                    self.effect("code.dynamic", script);
                } else if command.starts_with(' ') {
                    self.effect("code.option", script);
                    self.script(command, None);
                }
            } else if let Some(path) = rest.strip_prefix("w ").or_else(|| rest.strip_prefix("W ")) {
                self.write_path(path.trim(), WriteMode::Replace);
            } else if let Some(path) = rest.strip_prefix("r ") {
                self.read_path(path.trim());
            }
        }
        let Some(flags) = substitution_flags(script) else {
            return;
        };
        if let Some((_, path)) = flags
            .split_once('w')
            .filter(|(before, _)| before.bytes().all(|b| b.is_ascii_alphanumeric()))
        {
            self.write_path(path.trim(), WriteMode::Replace);
        } else if flags.contains('e') && flags.bytes().all(|b| b.is_ascii_alphanumeric()) {
            self.effect("code.dynamic", script);
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "one signature for all handlers of a kind")]
    fn awk(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
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

    fn make(&mut self, call: &Call, stdin: Option<&Value>) {
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

    fn vim(&mut self, call: &Call, stdin: Option<&Value>) {
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
    fn editor_command(&mut self, command: &str) {
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

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn tar(&mut self, call: &Call) {
        let mut at = 1;
        let bundled = call.word(1).trim_start_matches('-').to_owned();
        let extracts = call.arguments().iter().any(|w| matches!(w.as_str(), "--extract" | "--get"))
            || (!call.word(1).starts_with("--") && bundled.contains('x'))
            || call
                .arguments()
                .iter()
                .any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains('x'));
        let mut directory = None;
        while at < call.words.len() {
            let word = call.word(at).to_owned();
            let next = call.word(at + 1).to_owned();
            let (name, attached) = word
                .split_once('=')
                .map_or((word.as_str(), None), |(n, v)| (n, Some(v.to_owned())));
            let text = attached.unwrap_or_else(|| next.clone());
            // GNU tar takes a long option by any unambiguous beginning.
            let full = TAR_PROGRAMS.iter().find(|o| name.len() > 6 && o.starts_with(name));
            let name = full.map_or(name, |o| *o);
            let absolute = extracts
                && !name.starts_with("--")
                && (name.starts_with('-') || at == 1)
                && name.contains('P');
            if absolute && name != "-P" {
                self.effect("fs.write_system", call.text());
            }
            match name {
                "--checkpoint-action" if text.starts_with("exec=") => {
                    let command = text.trim_start_matches("exec=").to_owned();
                    self.effect("code.option", command.as_str());
                    self.script(&command, None);
                }
                "-I"
                | "--use-compress-program"
                | "--to-command"
                | "--rsh-command"
                | "-F"
                | "--info-script"
                | "--new-volume-script"
                | "--rmt-command" => {
                    if name == "--to-command" {
                        self.effect("code.option", text.as_str());
                        self.script(&text, None);
                    } else {
                        self.helper(&text);
                    }
                }
                "-C" | "--directory" => directory = Some(text),
                "--remove-files" => self.effect("fs.bulk_delete", call.text()),
                _ if extracts && (name == "-P" || name == "--absolute-names") => {
                    self.effect("fs.write_system", call.text());
                }
                _ => {
                    if let Some(dir) = word.strip_prefix("-C") {
                        directory = Some(dir.to_owned());
                    }
                    let file = (at == 1 || word.starts_with('-'))
                        && word.ends_with('f')
                        && !word.starts_with("--")
                        && (bundled.contains('c') || word.contains('c'));
                    if (file || name == "--file") && !extracts && text != "-" {
                        self.write_path(&text, WriteMode::Replace);
                    }
                }
            }
            at += 1;
        }
        if let Some(dir) = directory.filter(|_| extracts) {
            let path = if dir == "/" { dir } else { format!("{}/x", dir.trim_end_matches('/')) };
            self.write_path(&path, WriteMode::Replace);
        }
        for word in call.arguments().iter().filter(|w| !w.starts_with('-')) {
            let resolved = self.resolve(word);
            if !extracts
                && call.words.iter().any(|w| w == "--remove-files")
                && let Some(kind) = self.wipes(&resolved)
            {
                self.effect(kind, word.as_str());
            }
            if !extracts {
                self.copy_tree(word);
                if self.is_credential(&resolved) {
                    self.effect("secret.read", word.as_str());
                }
            }
        }
    }
}

/// Long options of tar whose value is a program.
const TAR_PROGRAMS: &[&str] = &[
    "--checkpoint-action",
    "--use-compress-program",
    "--to-command",
    "--rsh-command",
    "--info-script",
    "--new-volume-script",
    "--rmt-command",
];

/// What stands behind `/regex/` or `\%regex%` at the beginning.
fn skip_address(text: &str) -> &str {
    let Some(rest) = text.strip_prefix('/') else {
        return text;
    };
    rest.split_once('/').map_or(text, |(_, tail)| tail.trim_start_matches([',', '!', ' ', 'I']))
}

/// The flags behind the third delimiter of an `s` command.
fn substitution_flags(script: &str) -> Option<&str> {
    let at = script.find('s')?;
    let rest = script.get(at + 1..)?;
    let delimiter = rest.chars().next().filter(|c| !c.is_alphanumeric() && !c.is_whitespace())?;
    let mut parts = 0;
    let mut escaped = false;
    for (offset, c) in rest.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == delimiter {
            parts += 1;
            if parts == 3 {
                return rest.get(offset + c.len_utf8()..);
            }
        }
    }
    None
}

/// `s/a/b/g` with literal text on both sides.
fn substitute(script: &str, input: &str) -> Option<String> {
    let rest = script.strip_prefix('s')?;
    let delimiter = rest.chars().next()?;
    let parts: Vec<&str> = rest.split(delimiter).collect();
    let [_, from, to, flags] = parts.as_slice() else {
        return None;
    };
    let literal = |text: &str| !text.contains(['*', '.', '[', '\\', '^', '$', '&', '+', '?', '(']);
    if !literal(from) || !literal(to) || from.is_empty() || !matches!(*flags, "" | "g") {
        return None;
    }
    Some(if *flags == "g" {
        input.replace(from, to)
    } else {
        input.lines().map(|l| l.replacen(from, to, 1) + "\n").collect()
    })
}
