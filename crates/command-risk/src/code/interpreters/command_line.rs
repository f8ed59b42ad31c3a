//! The command line of an interpreter: code in options, a script, or what is fed to it.

use super::languages::Interpreter;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, Value};

impl Machine<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn interpret(
        &mut self,
        call: &Call,
        how: &Interpreter,
        stdin: Option<&Value>,
    ) -> Value {
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

    /// A file or a setting of an interpreter that names a file, from which code is loaded.
    fn loaded(&mut self, value: &str) {
        let path = value.rsplit('=').next().unwrap_or(value);
        let outside = path.starts_with(['/', '~']) && !self.is_own_code(path);
        if outside || value.starts_with("allow_url_include") || value.contains("://") {
            self.effect("code.outside", value);
        }
    }
}

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
