//! Modules that are run as programs: `python -m`, `perl -MExtUtils::Command`, `ruby -run`.

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, Value};

impl Machine<'_> {
    /// `perl -MExtUtils::Command -e rm_rf PATH`, `ruby -run -e rm -- -rf PATH`: functions of a
    /// module that do to the rest of the words what a program of that name does.
    pub(super) fn module_command(&mut self, call: &Call, language: &str) -> Option<Value> {
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

    #[expect(clippy::needless_pass_by_value, reason = "the caller is done with it")]
    pub(super) fn python_module(
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
}
