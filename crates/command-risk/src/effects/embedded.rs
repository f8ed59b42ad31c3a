//! Small languages of ordinary tools in which a shell can be called: `dc`, `m4`, `rpm` macros,
//! pagers' and editors' commands, addresses of `socat`, and the command mode of `cmake`.

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Field, UNKNOWN, Value};

/// How the methods of object-relational mappers that change something begin.
const MAPPER_CHANGES: &[&str] = &[
    "delete",
    "destroy",
    "update",
    "create",
    "insert",
    "upsert",
    "save",
    "execute",
    "truncate",
    "drop",
    "toggle",
    "increment",
    "decrement",
    "touch",
    "import",
];

impl Machine<'_> {
    /// Follows the commands that words or the standard input of such a tool hold.
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(crate) fn embedded_languages(&mut self, call: &Call, stdin: Option<&Value>) {
        let input = stdin.filter(|s| s.is_known()).map(|s| s.text.clone()).unwrap_or_default();
        match call.name.as_str() {
            "dc" | "gnuplot" | "mail" | "mailx" | "s-nail" | "cdb" | "ipython" | "ipython3"
            | "octave" | "ftp" | "tnftp" => {
                let texts: Vec<String> =
                    call.arguments().iter().chain([&input]).map(ToOwned::to_owned).collect();
                for line in texts.iter().flat_map(|t| t.split(['\n', ';'])) {
                    self.bang(line.trim());
                }
            }
            "m4" | "gm4" => {
                for text in call.arguments().iter().chain([&input]) {
                    for rest in text.split("syscmd(").skip(1) {
                        let command = rest.trim_start_matches('`');
                        let end = command.find(['\'', ')']).unwrap_or(command.len());
                        self.carried_command(command.get(..end).unwrap_or_default());
                    }
                }
            }
            "rpm" | "rpmspec" | "rpmbuild" | "rpmquery" => {
                for word in call.arguments() {
                    for rest in word.split("%(").skip(1) {
                        let command = rest.rsplit_once(')').map_or(rest, |(inside, _)| inside);
                        self.carried_command(command);
                    }
                    if let Some((_, lua)) = word.split_once("%{lua:") {
                        self.effect("code.option", word.as_str());
                        let source = lua.trim_end_matches('}');
                        self.code("lua", &Value::known(source), None);
                    }
                }
            }
            "less" | "more" | "most" => {
                for word in call.arguments() {
                    // `+G!command`; `+/text` searches.
                    let keys = word.trim_start_matches('+');
                    if word.starts_with('+') && !keys.starts_with(['/', '?']) {
                        self.bang(keys.find('!').map_or("", |at| keys.get(at..).unwrap_or("")));
                    }
                }
            }
            "guix" if matches!(call.word(1), "shell" | "environment" | "container") => {
                if let Some(at) = call.words.iter().position(|w| w == "--") {
                    self.run(call.fields_from(at + 1), stdin);
                }
            }
            "gimp" | "gimp-console" | "maya" | "mayapy" | "houdini" | "hython" | "freecadcmd"
                if call
                    .words
                    .iter()
                    .any(|w| w.contains("os.system") || w.contains("subprocess")) =>
            {
                self.effect("code.option", call.text());
            }
            "xsltproc" | "saxon" | "xalan" => {
                let sheet = call.arguments().iter().find(|w| !w.starts_with('-')).cloned();
                if let Some(path) = sheet.filter(|p| p.starts_with(['/', '~']))
                    && !self.is_own_code(&path)
                {
                    self.effect("code.outside", path);
                }
            }
            "hg" | "chg" | "sl" | "jj" => self.version_control_settings(call),
            "docker" | "podman" | "nerdctl" | "docker-compose" | "podman-compose"
                if call.name.ends_with("-compose")
                    || matches!(call.word(1), "build" | "buildx" | "compose" | "-f" | "bake") =>
            {
                let place = call.words.iter().position(|w| w == "-f" || w == "--file");
                let path = place
                    .map(|at| call.word(at + 1))
                    .or_else(|| call.words.iter().find_map(|w| w.strip_prefix("--file=")))
                    .unwrap_or_default()
                    .to_owned();
                if path.starts_with(['/', '~', '.']) && !self.is_own_code(&path) {
                    self.effect("code.outside", path);
                }
            }
            "run-parts" => {
                if let Some(dir) = call.words.last().filter(|_| call.words.len() > 1).cloned()
                    && !call.words.iter().any(|w| w == "--test" || w == "--list")
                    && !self.is_own_code(&dir)
                {
                    self.effect("code.outside", dir);
                }
            }
            "cpio" => {
                let passes = call.arguments().iter().any(|w| {
                    w == "--pass-through"
                        || (w.starts_with('-') && !w.starts_with("--") && w.contains('p'))
                });
                if passes && let Some(dir) = call.words.last() {
                    let path = format!("{}/x", dir.trim_end_matches('/'));
                    self.write_path(&path, super::paths::WriteMode::Replace);
                }
            }
            "wget" => {
                for (at, word) in call.words.iter().enumerate() {
                    let (option, attached) =
                        word.split_once('=').map_or((word.as_str(), None), |(o, v)| (o, Some(v)));
                    match option {
                        "-e" | "--execute" => {
                            let setting = attached.unwrap_or_else(|| call.word(at + 1));
                            if setting.contains("proxy") && setting.contains(['/', '.', ':'])
                                || setting.contains("use_askpass")
                            {
                                self.effect("net.settings", setting);
                            }
                        }
                        "--config" => {
                            let path = attached.unwrap_or_else(|| call.word(at + 1)).to_owned();
                            self.settings_from(&path, &input);
                        }
                        _ => {}
                    }
                }
            }
            "curl" => {
                for (at, word) in call.words.iter().enumerate() {
                    if matches!(word.as_str(), "-K" | "--config") {
                        self.settings_from(call.word(at + 1), &input);
                    } else if let Some(path) =
                        word.strip_prefix("--config=").or_else(|| word.strip_prefix("-K"))
                    {
                        self.settings_from(path, &input);
                    }
                }
            }
            "gs" => {
                for rest in call.words.iter().filter_map(|w| w.split_once("%pipe%")).map(|(_, r)| r)
                {
                    let end = rest.find(')').unwrap_or(rest.len());
                    self.carried_command(rest.get(..end).unwrap_or_default());
                }
            }
            "socat" => {
                for word in call.arguments() {
                    let (kind, command) = word.split_once(':').unwrap_or_default();
                    if matches!(kind.to_ascii_uppercase().as_str(), "EXEC" | "SYSTEM" | "SHELL") {
                        self.script(command.split(',').next().unwrap_or_default(), None);
                    }
                }
            }
            "rails" | "mix" | "django-admin" | "artisan" => self.framework_code(&call.name, call),
            "cmake" => self.cmake(call),
            "sfdisk" | "fdisk" | "gdisk" | "parted" | "cfdisk" | "cgdisk"
                if !input.trim().is_empty() =>
            {
                let disk = call.words.last().is_some_and(|w| {
                    super::disks::Disk::of(&self.resolve(w)) == super::disks::Disk::System
                });
                let writes = call.name == "sfdisk"
                    || input.lines().any(|l| matches!(l.trim(), "w" | "y" | "Y"));
                if disk && writes && !call.words.iter().any(|w| w == "-n" || w == "--no-act") {
                    self.effect("fs.wipe_disk", call.text());
                }
            }
            _ => {}
        }
    }

    /// Code that a web framework is given to run: `rails runner`, `mix run -e`.
    pub(crate) fn framework_code(&mut self, name: &str, call: &Call) {
        let after = |options: &[&str]| {
            call.words
                .iter()
                .position(|w| options.contains(&w.as_str()))
                .map(|at| call.word(at + 1).to_owned())
        };
        let (language, text) = match name {
            "rails" if matches!(call.word(1), "runner" | "r") => {
                ("ruby", Some(call.word(2).to_owned()))
            }
            "mix" if call.word(1) == "run" => ("elixir", after(&["-e", "--eval"])),
            "django-admin" | "manage" if call.word(1) == "shell" => {
                ("python", after(&["-c", "--command"]))
            }
            _ => return,
        };
        let Some(text) = text.filter(|t| t.contains([' ', '(', '.'])) else { return };
        if !text.contains('(') && text.starts_with(['/', '~']) && !self.is_own_code(&text) {
            return self.effect("code.outside", text);
        }
        self.code(language, &Value::known(text.clone()), None);
        let lower = text.to_ascii_lowercase();
        let changes = lower
            .split('.')
            .skip(1)
            .any(|call| MAPPER_CHANGES.iter().any(|verb| call.starts_with(verb)));
        if changes || text.contains(UNKNOWN) {
            self.effect("db.change", text);
        }
    }

    /// A file of options for a program that fetches.
    fn settings_from(&mut self, path: &str, input: &str) {
        if path == "-" || path == "/dev/stdin" {
            if ["file:", "upload", "data", "output", "netrc", "request"]
                .iter()
                .any(|word| input.contains(word))
            {
                self.effect("unresolved.operand", input);
            }
        } else if !self.is_own_code(path) && !path.starts_with('~') {
            self.effect("code.outside", path);
        }
    }

    /// `--config key=value` of version control other than git.
    fn version_control_settings(&mut self, call: &Call) {
        for (at, word) in call.words.iter().enumerate().skip(1) {
            let setting = match word.as_str() {
                "--config" | "--config-toml" => call.word(at + 1),
                "-R" | "--repository" | "--cwd" => {
                    let path = call.word(at + 1).to_owned();
                    if path.starts_with(['/', '~', '.']) && !self.is_own_code(&path) {
                        self.effect("code.outside", path);
                    }
                    continue;
                }
                _ => match word.strip_prefix("--config=") {
                    Some(setting) => setting,
                    None => continue,
                },
            };
            let (key, value) = setting.split_once('=').unwrap_or_default();
            let key = key.trim();
            let value = value.trim().trim_matches(['"', '\'', '[', ']']).to_owned();
            if let Some(command) = value.strip_prefix('!') {
                self.carried_command(command);
            } else if key.starts_with("hooks.")
                || key.starts_with("merge-tools.")
                || key.starts_with("extdiff.")
                || matches!(
                    key,
                    "ui.ssh"
                        | "ui.editor"
                        | "ui.pager"
                        | "pager.pager"
                        | "ui.diff-editor"
                        | "ui.merge-editor"
                        | "ui.remotecmd"
                        | "ui.merge"
                        | "ui.askpass"
                )
            {
                self.helper(&value);
            } else if key.starts_with("extensions.") && value.starts_with(['/', '~', '.']) {
                self.effect("code.outside", value);
            }
        }
    }

    /// `!command`.
    fn bang(&mut self, text: &str) {
        if let Some(command) = text.strip_prefix('!').filter(|c| !c.trim().is_empty()) {
            self.carried_command(command.trim_start_matches('!'));
        }
    }

    fn carried_command(&mut self, command: &str) {
        self.effect("code.option", command);
        self.script(command, None);
    }

    /// `cmake -E`, and variables that name a program or a file of code.
    fn cmake(&mut self, call: &Call) {
        for (at, word) in call.words.iter().enumerate().skip(1) {
            let Some(setting) = word.strip_prefix("-D") else { continue };
            let setting = if setting.is_empty() { call.word(at + 1) } else { setting };
            let (name, value) = setting.split_once('=').unwrap_or_default();
            let name = name.split(':').next().unwrap_or_default();
            if value.contains(['/', ' '])
                && (name.ends_with("_LAUNCHER")
                    || name.ends_with("_COMPILER")
                    || name.ends_with("_LINKER")
                    || name.ends_with("_EXECUTABLE")
                    || name.ends_with("_MAKE_PROGRAM")
                    || name.ends_with("_EMULATOR"))
            {
                if !self.is_own_code(value.split(' ').next().unwrap_or_default()) {
                    self.helper(value);
                }
            } else if (name.ends_with("_FILE") || name.ends_with("_INCLUDE"))
                && value.starts_with(['/', '~'])
                && !self.is_own_code(value)
            {
                self.effect("code.outside", value);
            }
        }
        if call.word(1) != "-E" {
            return;
        }
        let mut at = 3;
        let program = match call.word(2) {
            "env" => "env",
            "time" => "time",
            "rm" | "remove" => "rm",
            "remove_directory" => {
                let mut fields = vec![Field::known("rm"), Field::known("-r")];
                fields.extend(call.fields_from(3));
                return drop(self.run(fields, None));
            }
            "rename" => "mv",
            "copy" | "copy_if_different" => "cp",
            "copy_directory" => {
                let mut fields = vec![Field::known("cp"), Field::known("-r")];
                fields.extend(call.fields_from(3));
                return drop(self.run(fields, None));
            }
            "create_symlink" | "create_hardlink" => "ln",
            "chdir" => {
                let cwd = self.state.cwd.clone();
                let target = call.word(3);
                self.state.cwd = (!target.contains(UNKNOWN)).then(|| self.resolve(target));
                self.run(call.fields_from(4), None);
                self.state.cwd = cwd;
                return;
            }
            _ => return,
        };
        if call.word(at) == "--" {
            at += 1;
        }
        let mut fields = vec![Field::known(program)];
        fields.extend(call.fields_from(at));
        self.run(fields, None);
    }
}
