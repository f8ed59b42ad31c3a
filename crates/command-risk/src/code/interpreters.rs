//! Shells and interpreters: where their code comes from.

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, UNKNOWN, Value};

/// How an interpreter takes its code.
struct Interpreter {
    names: &'static [&'static str],
    language: &'static str,
    /// Options with code.
    code: &'static [&'static str],
    /// Other options with a value.
    valued: &'static [&'static str],
}

const INTERPRETERS: &[Interpreter] = &[
    Interpreter {
        names: &[
            "python",
            "python2",
            "python3",
            "pypy",
            "pypy3",
            "ipython",
            "ipython3",
            "micropython",
            "py",
        ],
        language: "python",
        code: &["-c"],
        valued: &["-W", "-X", "-Q"],
    },
    Interpreter {
        names: &["perl", "perl5"],
        language: "perl",
        code: &["-e", "-E"],
        valued: &["-F"],
    },
    Interpreter {
        names: &["ruby", "irb", "jruby", "rake", "crystal"],
        language: "ruby",
        code: &["-e"],
        valued: &["-I", "-r", "-C", "-f", "--rakefile"],
    },
    Interpreter {
        names: &["node", "nodejs", "bun", "deno", "qjs", "ts-node", "tsx", "d8", "zx"],
        language: "node",
        code: &["-e", "-p", "-pe", "--eval", "--print", "-c"],
        valued: &["-r", "--require", "--import", "--loader"],
    },
    Interpreter {
        names: &["php", "php-cgi", "hhvm"],
        language: "php",
        code: &["-r", "-B", "-R", "-E"],
        valued: &["-d", "-c"],
    },
    Interpreter {
        names: &["lua", "luajit", "texlua"],
        language: "lua",
        code: &["-e"],
        valued: &["-l"],
    },
    Interpreter {
        names: &["Rscript", "R", "r", "littler"],
        language: "r",
        code: &["-e"],
        valued: &[],
    },
    Interpreter {
        names: &["julia"],
        language: "julia",
        code: &["-e", "-E", "--eval", "--print"],
        valued: &["-L", "--load", "-J", "--sysimage"],
    },
    Interpreter {
        names: &[
            "groovy",
            "jshell",
            "jrunscript",
            "scala",
            "kotlin",
            "scala-cli",
            "clj-java",
            "groovysh",
            "bsh",
        ],
        language: "java",
        code: &["-e"],
        valued: &["-cp", "-classpath", "-l"],
    },
    Interpreter {
        names: &["elixir", "iex", "erl", "escript"],
        language: "elixir",
        code: &["-e", "--eval", "-eval"],
        valued: &[],
    },
    Interpreter {
        names: &[
            "emacs",
            "emacsclient",
            "sbcl",
            "clisp",
            "guile",
            "racket",
            "clojure",
            "clj",
            "bb",
            "ecl",
            "csi",
            "gosh",
            "scheme",
            "chez",
        ],
        language: "lisp",
        code: &["--eval", "-eval", "-e", "-c", "-f", "--execute"],
        valued: &[
            "-l",
            "--load",
            "-L",
            "--directory",
            "--script",
            "-i",
            "-r",
            "-t",
            "--init-directory",
        ],
    },
    Interpreter {
        names: &["tclsh", "wish", "expect"],
        language: "tcl",
        code: &["-c"],
        valued: &[],
    },
    Interpreter { names: &["osascript"], language: "applescript", code: &["-e"], valued: &["-l"] },
    Interpreter {
        names: &["ghc", "ghci", "runghc", "runhaskell"],
        language: "haskell",
        code: &["-e"],
        valued: &[],
    },
    Interpreter { names: &["ocaml", "utop"], language: "ocaml", code: &["-e"], valued: &["-I"] },
    Interpreter { names: &["swift"], language: "swift", code: &["-e"], valued: &["-I"] },
    Interpreter { names: &["nim"], language: "nim", code: &["--eval"], valued: &["-p", "--path"] },
    Interpreter {
        names: &["raku", "perl6", "rakudo"],
        language: "perl",
        code: &["-e"],
        valued: &["-I", "-M"],
    },
    Interpreter {
        names: &["octave", "matlab", "gnuplot", "maxima"],
        language: "r",
        code: &["--eval", "-r", "-batch", "-e"],
        valued: &[],
    },
];

/// `-r/path`, `-dname=value`: the value of a short option right behind it.
fn attached_value<'w>(how: &Interpreter, word: &'w str) -> Option<&'w str> {
    if !matches!(how.language, "ruby" | "php" | "lua") || word.starts_with("--") {
        return None;
    }
    how.valued
        .iter()
        .filter(|option| option.len() == 2)
        .find_map(|option| word.strip_prefix(option))
        .filter(|value| value.contains('/'))
}

/// The canonical language of a name such as `py`, `javascript` or `zsh`.
pub(crate) fn language_of(name: &str) -> &str {
    match name {
        "bash" | "sh" | "zsh" | "dash" | "shell" | "ksh" => "sh",
        "javascript" | "js" | "typescript" | "ts" | "deno" | "bun" => "node",
        "rb" => "ruby",
        "pl" => "perl",
        "ps1" | "pwsh" => "powershell",
        other => {
            INTERPRETERS.iter().find(|i| i.names.contains(&other)).map_or(other, |i| i.language)
        }
    }
}

impl Machine<'_> {
    pub(crate) fn interpreter(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        match call.name.as_str() {
            "bash" | "sh" | "zsh" | "dash" | "ksh" | "ash" | "fish" | "mksh" | "rbash" | "csh"
            | "tcsh" | "nu" | "elvish" | "xonsh" | "busybox-sh" | "ksh93" | "yash" => {
                Some(self.shell(call, stdin))
            }
            "powershell" | "pwsh" => Some(self.powershell(call, stdin)),
            "cmd" => {
                let at = call
                    .words
                    .iter()
                    .position(|w| matches!(w.to_ascii_lowercase().as_str(), "/c" | "/k" | "/r"))?;
                let text = call
                    .fields_from(at + 1)
                    .iter()
                    .map(|f| f.text.clone())
                    .collect::<Vec<_>>()
                    .join(" ");
                self.effect("code.run", text.as_str());
                Some(self.script(&text.replace('\\', "/"), None))
            }
            name => {
                let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
                let found = INTERPRETERS
                    .iter()
                    .find(|i| i.names.contains(&name) || i.names.contains(&stem))?;
                Some(self.interpret(call, found, stdin))
            }
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn shell(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let mut at = 1;
        let (mut command, mut checks, mut reads) = (false, false, false);
        while let Some(word) =
            call.words.get(at).filter(|w| w.starts_with(['-', '+']) && w.len() > 1)
        {
            at += 1;
            match word.as_str() {
                "--rcfile" | "--init-file" => {
                    let path = call.word(at).to_owned();
                    if self.is_own_code(&path) {
                        self.run_file("sh", &path, None);
                    } else {
                        self.effect("code.outside", path);
                    }
                    at += 1;
                }
                "-O" | "+O" | "-o" | "+o" => at += 1,
                "-C" | "--init-command" => {
                    let text = call.word(at).to_owned();
                    self.script(&text, None);
                    at += 1;
                }
                _ if word.starts_with("--init-command=") => {
                    let text = word.trim_start_matches("--init-command=").to_owned();
                    self.script(&text, None);
                }
                "--command" => command = true,
                "--" | "-" => break,
                _ if word.starts_with("--") => {}
                _ if reads => {}
                _ => {
                    command |= word.contains('c');
                    checks |= word.contains('n') && word.starts_with('-');
                    reads |= word.contains('s');
                    if word.ends_with('o') && word.len() > 2 {
                        at += 1;
                    }
                }
            }
        }
        if checks && !command {
            return Value::default();
        }
        let first = call.fields.get(at).cloned();
        let rest = call.fields_from(if reads && !command { at } else { at + 1 });
        let child = self.state.of_child();
        let outer = std::mem::replace(&mut self.state, child);
        let mut values: Vec<Value> =
            rest.iter().map(crate::interpret::value::Field::value).collect();
        if command && !values.is_empty() {
            let zero = values.remove(0);
            self.state.set("0", zero);
        }
        self.state.positional = Some(values);
        let output = match first {
            Some(field) if command => {
                let value = field.value();
                self.code("sh", &value, stdin)
            }
            Some(field) if !reads => self.run_file("sh", &field.text, stdin),
            _ => match stdin {
                Some(value) => self.code("sh", &value.clone(), None),
                None => Value::unknown(Taint::LOCAL),
            },
        };
        self.state = outer;
        output
    }

    fn powershell(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        for (at, word) in call.words.iter().enumerate().skip(1) {
            let lower = word.to_ascii_lowercase();
            if lower.starts_with("-e") && "-encodedcommand".starts_with(&lower) && lower != "-ex"
                || lower == "-enc"
                || lower == "-ec"
            {
                match crate::interpret::decode::utf16_base64(call.word(at + 1)) {
                    Some(text) => {
                        self.effect("code.dynamic", text.as_str());
                        super::powershell::powershell(self, &text);
                    }
                    None => self.effect("unresolved.code", ""),
                }
                return Value::unknown(Taint::LOCAL);
            }
            if (lower.starts_with("-c") && "-command".starts_with(&lower))
                || !lower.starts_with('-') && at == 1 && lower.contains(' ')
            {
                let from = if lower.starts_with('-') { at + 1 } else { at };
                let text = call
                    .fields_from(from)
                    .iter()
                    .map(|f| f.text.clone())
                    .collect::<Vec<_>>()
                    .join(" ");
                super::powershell::powershell(self, &text);
                return Value::unknown(Taint::LOCAL);
            }
            if "-file".starts_with(&lower) && lower.len() > 1 {
                let path = call.word(at + 1).replace('\\', "/");
                if path.as_bytes().get(1) == Some(&b':') || path.starts_with("//") {
                    // A drive or a share: no place in the checkout.
                    self.effect("code.outside", path.as_str());
                }
                return self.run_file("powershell", &path, None);
            }
        }
        if let Some(value) = stdin {
            return self.code("powershell", &value.clone(), None);
        }
        Value::unknown(Taint::LOCAL)
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn interpret(&mut self, call: &Call, how: &Interpreter, stdin: Option<&Value>) -> Value {
        let mut at = 1;
        let mut found = false;
        let mut in_place = false;
        if let Some(output) = self.module_command(call, how.language) {
            return output;
        }
        if matches!(
            call.name.as_str(),
            "deno" | "bun" | "jshell" | "clj" | "iex" | "crystal" | "swift"
        ) {
            match call.word(1) {
                "eval" => {
                    if let Some(code) =
                        call.fields.iter().skip(2).rfind(|f| !f.text.starts_with('-'))
                    {
                        let value = code.value();
                        return self.code(how.language, &value, stdin);
                    }
                }
                "-e" | "--eval" | "-p" | "-" | "" => {}
                _ if call.name == "jshell" && stdin.is_some() => {
                    let value = stdin.cloned().unwrap_or_default();
                    return self.code(how.language, &value, None);
                }
                word if word.starts_with('-') && call.name != "deno" => {}
                _ => {
                    let script = call
                        .arguments()
                        .iter()
                        .find(|w| {
                            !w.starts_with('-')
                                && !matches!(w.as_str(), "run" | "test" | "bench" | "serve" | "x")
                        })
                        .filter(|w| w.starts_with(['/', '~', '.']))
                        .cloned();
                    if let Some(path) = script
                        && !self.is_own_code(&path)
                    {
                        self.effect("code.outside", path);
                    }
                    let tool = self.policy.tables.tool(&call.name).cloned();
                    return tool
                        .map_or_else(Value::default, |tool| self.by_table(call, &tool, stdin));
                }
            }
        }
        while let Some(field) = call.fields.get(at) {
            let word = field.text.clone();
            at += 1;
            let bundled = matches!(how.language, "perl" | "ruby")
                && word.starts_with('-')
                && !word.starts_with("--")
                && word.len() > 2
                && word.ends_with(['e', 'E'])
                && !word.starts_with("-I")
                && !word.starts_with("-M")
                && !word.starts_with("-r");
            let attached = how
                .code
                .iter()
                .find(|o| {
                    o.len() == 2
                        && word.starts_with(**o)
                        && word.len() > 2
                        && !bundled
                        && matches!(how.language, "python" | "perl" | "php" | "lua")
                })
                .map(|o| word.get(o.len()..).unwrap_or_default().to_owned());
            in_place |= matches!(how.language, "perl" | "ruby")
                && word.starts_with('-')
                && !word.starts_with("-M")
                && !word.starts_with("-I")
                && !word.starts_with("-e")
                && word.contains('i')
                && word.len() <= 8;
            if how.code.contains(&word.as_str())
                || bundled
                || word.split_once(['=', ':']).is_some_and(|(o, _)| how.code.contains(&o))
            {
                let value = if let Some((_, text)) =
                    word.split_once(['=', ':']).filter(|(o, _)| how.code.contains(o))
                {
                    Value { text: text.to_owned(), taint: field.taint }
                } else {
                    at += 1;
                    call.fields
                        .get(at - 1)
                        .map(crate::interpret::value::Field::value)
                        .unwrap_or_default()
                };
                found = true;
                self.code(how.language, &value, stdin);
                if how.language == "python" {
                    break;
                }
            } else if let Some(text) = attached {
                found = true;
                self.code(how.language, &Value::known(text), stdin);
            } else if let Some(value) = word
                .split_once('=')
                .filter(|(option, _)| option.starts_with("--") && how.valued.contains(option))
                .map(|(_, value)| value)
                .or_else(|| attached_value(how, &word))
            {
                self.loaded(value);
            } else if how.valued.contains(&word.as_str()) {
                let path = call.word(at).to_owned();
                self.loaded(&path);
                at += 1;
            } else if how.language == "python" && word.starts_with("-m") {
                let skip = usize::from(word == "-m");
                return self.python_module(
                    call,
                    if skip == 1 {
                        call.word(at).to_owned()
                    } else {
                        word.get(2..).unwrap_or_default().to_owned()
                    },
                    at + skip,
                    stdin,
                );
            } else if matches!(how.language, "perl" | "ruby")
                && (word.starts_with("-M") || word.starts_with("-I") || word.starts_with("-r"))
                && word.contains('/')
            {
                self.effect("code.outside", word);
            } else if how.language == "php" && word == "-S" {
                let host = call.word(at).split(':').next().unwrap_or_default();
                if !matches!(host, "localhost" | "127.0.0.1" | "[") {
                    self.effect("net.listen", call.text());
                }
                return Value::unknown(Taint::LOCAL);
            } else if how.language == "nim" && matches!(word.as_str(), "e" | "r" | "c" | "secret") {
            } else if word == "-" {
                found = true;
                let value = stdin.cloned().unwrap_or_default();
                self.code(how.language, &value, None);
                break;
            } else if !word.starts_with('-') {
                if found {
                    if in_place {
                        self.write_path(&word, crate::effects::paths::WriteMode::Edit);
                    } else {
                        self.read_path(&word);
                    }
                    continue;
                }
                if call.name == "rake" || call.name == "emacs" || call.name == "emacsclient" {
                    found = true;
                    if call.name == "rake"
                        && [
                            "db:drop",
                            "db:reset",
                            "db:migrate:reset",
                            "db:rollback",
                            "db:seed:replant",
                            "db:schema:load",
                        ]
                        .iter()
                        .any(|t| word.starts_with(t))
                    {
                        self.effect("db.change", call.text());
                    }
                    if call.name == "rake"
                        && ["release", "deploy", "publish"].iter().any(|t| word.starts_with(t))
                    {
                        self.effect("registry.publish", call.text());
                    }
                    continue;
                }
                found = true;
                if how.language == "python" && word.ends_with("manage.py") {
                    self.django(call, at);
                }
                if how.language == "python"
                    && word.ends_with("setup.py")
                    && call.words.iter().skip(at).any(|w| {
                        matches!(w.as_str(), "upload" | "register" | "upload_docs" | "bdist_upload")
                    })
                {
                    self.effect("registry.publish", call.text());
                }
                if how.language == "php" && word == "artisan" {
                    self.artisan(call, at);
                }
                self.run_file(how.language, &word, stdin);
                break;
            }
        }
        if !found && let Some(value) = stdin {
            let value = value.clone();
            self.code(how.language, &value, None);
        }
        Value::unknown(Taint::LOCAL)
    }

    /// `perl -MExtUtils::Command -e rm_rf PATH`, `ruby -run -e rm -- -rf PATH`: functions of a
    /// module that do to the rest of the words what a program of that name does.
    fn module_command(&mut self, call: &Call, language: &str) -> Option<Value> {
        let loads = call.words.iter().skip(1).any(|w| match language {
            "perl" => w.starts_with("-MExtUtils::Command") || w.starts_with("-mExtUtils::Command"),
            "ruby" => w == "-run" || w == "-rrun" || w == "-rUn" || w == "-rubygems-run",
            _ => false,
        });
        if !loads {
            return None;
        }
        let place = call
            .words
            .iter()
            .position(|w| w.starts_with('-') && !w.starts_with("-M") && w.ends_with(['e', 'E']))?;
        let name = call.word(place + 1).trim().trim_end_matches(';').to_owned();
        let words: &[&str] = match name.as_str() {
            "rm_rf" => &["rm", "-rf"],
            "rm_f" => &["rm", "-f"],
            "rm" => &["rm"],
            "rmdir" => &["rmdir"],
            "mv" => &["mv"],
            "cp" => &["cp"],
            "install" => &["install"],
            "ln" => &["ln"],
            "touch" | "eqtime" => &["touch"],
            "mkpath" => &["mkdir", "-p"],
            "mkdir" => &["mkdir"],
            "chmod" => &["chmod"],
            "cat" => &["cat"],
            "dos2unix" => &["dos2unix"],
            "httpd" => {
                self.effect("net.listen", call.text());
                return Some(Value::unknown(Taint::LOCAL));
            }
            _ => return None,
        };
        let mut fields: Vec<crate::interpret::value::Field> =
            words.iter().map(|word| crate::interpret::value::Field::known(*word)).collect();
        let mut rest = call.fields_from(place + 2);
        if rest.first().is_some_and(|field| field.text == "--") {
            rest.remove(0);
        }
        // The functions expand patterns themselves.
        for field in &mut rest {
            field.glob |= field.text.contains(['*', '?']);
        }
        fields.extend(rest);
        Some(self.run(fields, None))
    }

    /// A file or a setting of an interpreter that names a file, from which code is loaded.
    fn loaded(&mut self, value: &str) {
        let path = value.rsplit('=').next().unwrap_or(value);
        let outside = path.starts_with(['/', '~']) && !self.is_own_code(path);
        if outside || value.starts_with("allow_url_include") || value.contains("://") {
            self.effect("code.outside", value);
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "the caller is done with it")]
    fn python_module(
        &mut self,
        call: &Call,
        module: String,
        at: usize,
        stdin: Option<&Value>,
    ) -> Value {
        let mut fields = call.fields_from(at);
        self.note_module(&module);
        match module.as_str() {
            "http.server" | "SimpleHTTPServer" | "smtpd" | "aiosmtpd" | "pyftpdlib"
            | "uploadserver" => self.effect("net.listen", call.text()),
            "timeit" | "trace" | "pdb" | "cProfile" | "profile" | "runpy" | "coverage"
            | "debugpy" | "viztracer" | "code" => {
                for (n, field) in fields.iter().enumerate() {
                    let path = field.text.as_str();
                    if n > 0 && fields.get(n - 1).is_some_and(|before| before.text == "-c") {
                        self.code("python", &Value::known(path), None);
                        continue;
                    }
                    let known = self.written.get(path).cloned();
                    if let Some(content) = known {
                        self.code("python", &content, None);
                    } else if module == "timeit" && !path.starts_with('-') {
                        self.code("python", &Value::known(path), None);
                    } else if path.starts_with('/') && !self.is_own_code(path) {
                        self.effect("code.outside", path);
                    }
                }
            }
            "pip" if fields.iter().any(|f| f.text == "--python") => {
                fields.insert(0, crate::interpret::value::Field::known("pip"));
                return self.run(fields, stdin);
            }
            "py_compile" | "json.tool" | "this" | "ast" | "dis" | "tokenize" | "calendar"
            | "zipfile" | "tarfile" | "base64" | "gzip" | "venv" | "compileall" => {}
            _ => {
                let name = module.replace('_', "-");
                fields.insert(0, crate::interpret::value::Field::known(name.clone()));
                if self.policy.tables.tool(&name).is_some() {
                    return self.run(fields, stdin);
                }
            }
        }
        Value::unknown(Taint::LOCAL)
    }

    fn django(&mut self, call: &Call, at: usize) {
        let verb = call.word(at).to_owned();
        if matches!(
            verb.as_str(),
            "flush"
                | "reset_db"
                | "sqlflush"
                | "migrate"
                | "loaddata"
                | "clearsessions"
                | "createsuperuser"
                | "changepassword"
                | "sendtestemail"
                | "delete_user"
                | "remove_stale_contenttypes"
        ) && !call
            .arguments()
            .iter()
            .any(|w| w == "--plan" || w == "--check" || w == "--dry-run")
            && (verb != "migrate" || call.word(at + 2) == "zero")
            && verb != "sqlflush"
        {
            self.effect("db.change", call.text());
        }
        if verb == "dbshell"
            && let Some(end) = call.words.iter().position(|w| w == "--")
        {
            let mut fields = vec![crate::interpret::value::Field::known("psql")];
            fields.extend(call.fields_from(end + 1));
            self.run(fields, None);
        }
        if verb == "shell"
            && let Some(c) = call.words.iter().position(|w| w == "-c")
        {
            let text = call.word(c + 1).to_owned();
            self.code("python", &Value::known(text.clone()), None);
            if text.contains(".delete()")
                || text.contains(".update(")
                || text.contains(".save(")
                || text.contains(UNKNOWN)
            {
                self.effect("db.change", text);
            }
        }
    }

    fn artisan(&mut self, call: &Call, at: usize) {
        let verb = call.word(at);
        if matches!(
            verb,
            "migrate:fresh"
                | "migrate:reset"
                | "migrate:refresh"
                | "migrate:rollback"
                | "db:wipe"
                | "db:seed"
                | "queue:flush"
                | "queue:clear"
                | "model:prune"
                | "key:generate"
                | "down"
        ) && !call.arguments().iter().any(|w| w == "--pretend")
        {
            self.effect("db.change", call.text());
        }
        if verb == "tinker"
            && let Some(text) = call.words.iter().find_map(|w| w.strip_prefix("--execute="))
        {
            self.code("php", &Value::known(text), None);
            if text.contains("delete") || text.contains("truncate") {
                self.effect("db.change", text);
            }
        }
    }
}
