//! Noting the files of a command while it is followed.

use super::manifests::{MANIFESTS, Manifest};
use super::{BY_ITS_HEAD, FileRole, FileUse, Input, MOST};
use crate::effects::paths::is_within;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::UNKNOWN;

/// Where the system's own programs are: what only an administrator changes.
const SYSTEM: &[&str] = &["/bin", "/sbin", "/usr", "/nix", "/snap", "/lib", "/lib64", "/opt"];

/// Programs whose words are text and not names of files.
const TALKERS: &[&str] = &["echo", "printf", "cd", "pushd", "export", "test", "[", "[[", "kill"];

impl Machine<'_> {
    /// A script or program that is run from `path`.
    pub(crate) fn note_run(&mut self, path: &str, language: Option<&'static str>) {
        self.note(path, FileRole::Runs(language), false);
        // Some interpreters complete the name.
        let plain = path.rsplit('/').next().is_some_and(|name| !name.contains('.'));
        if plain && language == Some("node") {
            self.note(&format!("{path}.js"), FileRole::Runs(language), true);
            self.note(&format!("{path}/index.js"), FileRole::Runs(language), true);
        }
        if plain && language == Some("python") {
            self.note(&format!("{path}/__main__.py"), FileRole::Runs(language), true);
        }
    }

    /// A program that is named by its path, unless it is one of the system's own.
    pub(crate) fn note_program(&mut self, path: &str) {
        let resolved = self.resolve(path);
        if !SYSTEM.iter().any(|directory| is_within(&resolved, directory)) {
            self.note(path, FileRole::Runs(Some(BY_ITS_HEAD)), false);
        }
    }

    /// `python -m module`: a file of that name in the working directory comes first.
    pub(crate) fn note_module(&mut self, module: &str) {
        let path = module.replace('.', "/");
        for file in [format!("{path}.py"), format!("{path}/__main__.py")] {
            self.note(&file, FileRole::Runs(Some("python")), true);
        }
    }

    /// A file is written; what is run of it afterwards is not what is there now.
    pub(crate) fn note_made(&mut self, resolved: &str) {
        if self.files.made.len() < MOST {
            self.files.made.insert(resolved.to_owned());
        }
    }

    /// A program without a path, where the line has said where programs are looked for first.
    pub(crate) fn note_looked_up(&mut self, program: &str) {
        let Some(path) = self.state.variables.get("PATH").map(|value| value.first().text) else {
            return;
        };
        // What was there before the line stands for the usual places.
        for directory in path.split(':').take_while(|part| !part.contains(UNKNOWN)).take(16) {
            let directory = if directory.is_empty() { "." } else { directory };
            let resolved = self.resolve(directory);
            if !SYSTEM.iter().any(|system| is_within(&resolved, system)) {
                let role = FileRole::Runs(Some(BY_ITS_HEAD));
                self.note(&format!("{directory}/{program}"), role, true);
            }
        }
    }

    /// Code names files that it may load: `import z`, `require("./z")`, `exec(open("z.py").read())`.
    pub(crate) fn note_loaded(&mut self, language: &'static str, name: &str) {
        let plain = !name.is_empty()
            && name.len() < 256
            && !name.contains("://")
            && !name.contains(|c: char| c.is_whitespace() || c.is_control());
        if !plain {
            return;
        }
        let role = FileRole::Runs(Some(language));
        self.note(name, role, true);
        let module = if language == "python" { name.replace('.', "/") } else { name.to_owned() };
        for ending in match language {
            "python" => &[".py", "/__init__.py", "/__main__.py"][..],
            "node" => &[".js", ".cjs", ".mjs", ".ts", "/index.js"][..],
            "perl" => &[".pl", ".pm"][..],
            "ruby" => &[".rb"][..],
            "php" => &[".php"][..],
            "lua" => &[".lua", "/init.lua"][..],
            _ => &[][..],
        } {
            self.note(&format!("{module}{ending}"), role, true);
        }
    }

    /// A file whose content goes to the standard input of the command at hand.
    pub(crate) fn note_input(&mut self, path: &str) {
        self.note(path, FileRole::Reads, true);
    }

    /// Unknown text of this machine is run as code: it may come from any file that was read.
    pub(crate) fn note_read_is_run(&mut self, language: &str) {
        let language = known_language(language);
        for file in &mut self.files.uses {
            if file.role == FileRole::Reads {
                file.role = FileRole::Runs(language);
                // One that is made later would be run unseen.
                file.optional = false;
                file.named = true;
            }
        }
        self.files.input = Input::Run(language);
    }

    /// What `call` runs by its manifests and reads by its words.
    pub(crate) fn note_call(&mut self, call: &Call) {
        if self.state.remote || self.state.container.is_some() {
            return;
        }
        for manifest in MANIFESTS {
            let fits = manifest.programs.contains(&call.name.as_str())
                && (manifest.only_with.is_empty()
                    || call.arguments().iter().any(|w| manifest.only_with.contains(&w.as_str())));
            if fits {
                self.note_manifest(manifest, call);
            }
        }
        if TALKERS.contains(&call.name.as_str()) {
            return;
        }
        let words = call.fields.iter().skip(1).filter(|field| !field.glob);
        let words: Vec<String> = words.map(|field| field.text.clone()).collect();
        for word in &words {
            // `--file=x`, `-d @x`, `-F name=@x`, `if=x`.
            let value = word.split_once('=').map(|(_, value)| value);
            let plain = (!word.starts_with('-')).then_some(word.as_str());
            for candidate in plain.into_iter().chain(value) {
                let candidate = candidate.trim_start_matches(['@', '<']);
                if !candidate.is_empty() && candidate.len() < 4096 && !candidate.contains("://") {
                    self.note(candidate, FileRole::Reads, true);
                }
            }
        }
    }

    fn note_manifest(&mut self, manifest: &Manifest, call: &Call) {
        let mut directory = String::new();
        let mut named = Vec::new();
        let mut operand = None;
        let mut words = call.arguments().iter().peekable();
        while let Some(word) = words.next() {
            let (option, mut value) = match word.split_once('=') {
                Some((option, value)) => (option, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let takes_file = manifest.file_options.contains(&option);
            let takes_directory = manifest.directory_options.contains(&option);
            if (takes_file || takes_directory) && value.is_none() {
                value = words.next().cloned();
            }
            // `-fMakefile`, `-Cdir`.
            let short = |options: &[&str]| {
                let fits = |o: &&&str| {
                    o.len() == 2
                        && word.len() > 2
                        && !word.starts_with("--")
                        && word.starts_with(**o)
                };
                options.iter().find(fits).and_then(|o| word.get(o.len()..)).map(str::to_owned)
            };
            if takes_file {
                named.extend(value);
            } else if takes_directory {
                directory = value.unwrap_or_default();
            } else if let Some(file) = short(manifest.file_options) {
                named.push(file);
            } else if let Some(place) = short(manifest.directory_options) {
                directory = place;
            } else if !word.starts_with('-') {
                if manifest.operands.iter().any(|ending| word.ends_with(ending)) {
                    self.note(word, FileRole::Runs(None), false);
                }
                operand = Some(word.clone());
            }
        }
        if manifest.operand_is_directory && directory.is_empty() {
            directory = operand
                .filter(|word| !word.contains("://") && word != "build" && word != "-")
                .unwrap_or_default();
        }
        let within = |name: &str| match directory.as_str() {
            "" => name.to_owned(),
            directory => format!("{directory}/{name}"),
        };
        let replaced = !named.is_empty();
        for file in named.iter().filter(|file| *file != "-") {
            // `make -C dir -f file` looks for the file in the directory.
            let file = if file.starts_with('/') || manifest.operand_is_directory {
                file.clone()
            } else {
                within(file)
            };
            self.note(&file, FileRole::Runs(None), false);
        }
        for name in manifest.names.iter().filter(|_| !replaced) {
            self.note_as(&within(name), FileRole::Runs(None), (false, false));
        }
    }

    fn note(&mut self, path: &str, role: FileRole, optional: bool) {
        self.note_as(path, role, (optional, !optional));
    }

    fn note_as(&mut self, path: &str, role: FileRole, (optional, named): (bool, bool)) {
        let elsewhere = self.state.remote || self.state.container.is_some();
        if elsewhere || path.is_empty() || path.contains('\0') {
            return;
        }
        let home = || self.ctx.home.trim_end_matches('/');
        let path = match path.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", home()),
            None => path.to_owned(),
        };
        let cwd = self.state.cwd.clone();
        let absolute = match (path.starts_with('/'), &cwd) {
            (true, _) => Some(path),
            (false, Some(cwd)) => Some(format!("{}/{path}", cwd.trim_end_matches('/'))),
            (false, None) => None,
        };
        let Some(path) = absolute.filter(|path| !path.contains(UNKNOWN)) else {
            self.files.unplaced |= role.runs() && !optional;
            return;
        };
        let role = match (role, self.files.input) {
            (FileRole::Reads, Input::Run(language)) => FileRole::Runs(language),
            (role, _) => role,
        };
        let optional = optional && (role == FileRole::Reads || self.files.input == Input::Data);
        let span = self.nested_span.unwrap_or(self.span);
        let resolved = self.resolve(&path);
        let made = self.files.made.contains(&resolved) || self.links.contains_key(&resolved);
        let named = named || (self.files.input != Input::Data && role.runs());
        let same = self.files.uses.iter_mut().find(|file| file.path == path);
        if let Some(file) = same {
            if role < file.role {
                file.role = role;
            }
            file.optional &= optional;
            file.named |= named;
            file.made |= made;
            return;
        }
        if self.files.uses.len() >= MOST {
            self.files.unplaced |= role.runs();
            return;
        }
        let cwd = cwd.unwrap_or_else(|| self.ctx.cwd.clone());
        self.files.uses.push(FileUse { path, role, optional, named, made, cwd, span });
    }
}

/// The language as the engine names it, if what is run in it can be judged.
pub(crate) fn known_language(language: &str) -> Option<&'static str> {
    ["sh", "python", "node", "perl", "ruby", "php", "lua", "powershell", "sql"]
        .into_iter()
        .find(|known| *known == language)
}
