//! Programs that run another program.

use super::Machine;
use super::simple::Call;
use super::value::{Field, Taint, Value};
use crate::tables::{Arguments, Tool};

impl Machine<'_> {
    /// By table: options, some operands, then the command.
    pub(super) fn wrap(
        &mut self,
        call: &Call,
        tool: &Tool,
        skip: usize,
        stdin: Option<&Value>,
    ) -> Value {
        if let Some(effect) = tool.effect {
            self.effect(effect, call.text());
        }
        let arguments = Arguments::sort(&call.words, tool, true);
        for (option, language) in &tool.code {
            let values: Vec<String> = arguments.values(option).map(|(v, _)| v.to_owned()).collect();
            for text in values {
                self.code(
                    if language == "program" { "sh" } else { language },
                    &Value::known(text),
                    stdin,
                );
            }
        }
        for option in &tool.out {
            let values: Vec<String> = arguments.values(option).map(|(v, _)| v.to_owned()).collect();
            for path in values {
                if let Some(command) = path.strip_prefix('|') {
                    self.script(command, None);
                } else {
                    self.write_path(&path, crate::effects::paths::WriteMode::Replace);
                }
            }
        }
        if call.name == "script"
            && let Some(path) = arguments.operand(0).map(str::to_owned)
        {
            self.write_path(&path, crate::effects::paths::WriteMode::Replace);
        }
        let rest = arguments.operands.get(skip).map(|(_, place)| *place);
        match (rest, tool.outcome(&arguments)) {
            (_, crate::tables::Outcome::Effect(kind)) => self.effect(kind, call.text()),
            (None | Some(_), crate::tables::Outcome::Harmless) => {}
        }
        let Some(place) = rest else {
            return Value::unknown(Taint::LOCAL);
        };
        let rest = call.fields_from(place);
        if let [only] = rest.as_slice()
            && only.text.contains(' ')
        {
            // One word with blanks: a tool that hands it to a shell, as `watch` does.
            return self.code("sh", &only.value(), stdin);
        }
        self.run_with_assignments(rest, stdin)
    }

    /// `NAME=value … command`, as `env` and `sudo` take it.
    pub(super) fn run_with_assignments(
        &mut self,
        mut fields: Vec<Field>,
        stdin: Option<&Value>,
    ) -> Value {
        let mut before = Vec::new();
        while let Some((name, value)) = fields
            .get(before.len())
            .and_then(|f| f.text.split_once('='))
            .filter(|(name, _)| is_variable(name))
        {
            let (name, value) = (name.to_owned(), value.to_owned());
            self.check_variable(&name, &value, true);
            let old = self
                .state
                .variables
                .insert(name.clone(), super::state::Variable::Scalar(Value::known(value)));
            before.push((name, old));
        }
        fields.drain(..before.len());
        let exported = self.export_assigned(&before);
        let output =
            if fields.is_empty() { Value::unknown(Taint::LOCAL) } else { self.run(fields, stdin) };
        for name in exported {
            self.state.exported.remove(&name);
        }
        self.restore(before);
        output
    }

    /// An ad-hoc task: what its module would do. That it runs at all is the table's to say.
    fn ansible(&mut self, call: &Call) {
        let value = |names: [&str; 2]| {
            let at = call.words.iter().position(|w| names.contains(&w.as_str()))?;
            call.words.get(at + 1).map(String::as_str)
        };
        let module = value(["-m", "--module-name"]).unwrap_or("command");
        let Some(text) = value(["-a", "--args"]).map(str::to_owned) else {
            return;
        };
        let here =
            call.words.iter().any(|w| w == "localhost" || w == "localhost," || w == "127.0.0.1")
                || value(["-c", "--connection"]) == Some("local");
        let argument = |name: &str| {
            text.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
        };
        let command = match module.rsplit('.').next().unwrap_or(module) {
            "shell" | "command" | "raw" => text.clone(),
            "file" if argument("state") == Some("absent") => {
                let path = argument("path").or_else(|| argument("dest"));
                format!("rm -rf -- {}", path.unwrap_or_default())
            }
            "service" | "systemd" | "systemd_service" | "sysvinit" => {
                let verb = match argument("state") {
                    Some("stopped") => "stop",
                    Some("restarted" | "reloaded") => "restart",
                    _ if argument("masked").is_some_and(|v| v != "no" && v != "false") => "mask",
                    _ if matches!(argument("enabled"), Some("no" | "false")) => "disable",
                    _ => "start",
                };
                format!("systemctl {verb} {}", argument("name").unwrap_or_default())
            }
            _ => return,
        };
        let state = self.state.clone();
        self.state.remote |= !here;
        let first = self.commands.len();
        self.script(&command, None);
        self.carried(first);
        self.state = state;
    }

    /// Wrappers with ways of their own.
    pub(super) fn wrapper(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        match call.name.as_str() {
            "env" => Some(self.env(call, stdin)),
            "busybox" | "toybox" | "coreutils" => {
                let mut fields = call.fields_from(1);
                if let Some(program) = call.word(1).strip_prefix("--coreutils-prog=") {
                    fields = call.fields_from(1);
                    if let Some(first) = fields.first_mut() {
                        *first = Field::known(program);
                    }
                }
                Some(self.run(fields, stdin))
            }
            "setarch" | "arch" if call.words.len() > 1 => self.architecture(call, stdin),
            "ansible" => {
                self.ansible(call);
                None
            }
            "watch" | "entr" | "nodemon" | "watchexec" | "reflex" => None,
            "su" | "runuser" | "sg" => {
                self.effect("privilege.gain", call.text());
                if let Some(at) = call.words.iter().position(|w| w == "-c" || w == "--command") {
                    let text = call.word(at + 1).to_owned();
                    return Some(self.script(&text, stdin));
                }
                if let Some(at) = call.words.iter().position(|w| w == "--") {
                    return Some(self.run(call.fields_from(at + 1), stdin));
                }
                Some(Value::unknown(Taint::LOCAL))
            }
            name if name.starts_with("ld-linux")
                || name.starts_with("ld-musl")
                || name == "ld.so" =>
            {
                let at = call.words.iter().skip(1).position(|w| !w.starts_with('-'))?;
                Some(self.run(call.fields_from(at + 1), stdin))
            }
            _ => None,
        }
    }

    /// `setarch [ARCH] [options] command`, and `arch -ARCH command` of macOS.
    fn architecture(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        let machine = |w: &str| {
            ["x86", "i386", "i486", "i586", "i686", "arm", "aarch64", "ppc", "s390", "sparc"]
                .iter()
                .chain(&["mips", "linux32", "linux64", "uname26", "alpha", "ia64", "riscv"])
                .any(|prefix| w.starts_with(prefix))
        };
        let mut at = 1;
        while at < call.words.len() {
            let word = call.word(at);
            if matches!(word, "-e" | "-d" | "-arch") && call.name == "arch" {
                at += 2;
            } else if word.starts_with('-') || machine(word) {
                at += 1;
            } else {
                break;
            }
        }
        let rest = call.fields_from(at);
        (!rest.is_empty()).then(|| self.run_with_assignments(rest, stdin))
    }

    fn env(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let mut at = 1;
        let cwd = self.state.cwd.clone();
        while at < call.words.len() {
            let word = call.word(at).to_owned();
            match word.as_str() {
                "-u" | "--unset" => at += 2,
                "-C" | "--chdir" => {
                    self.state.cwd = Some(self.resolve(call.word(at + 1)));
                    at += 2;
                }
                "-S" | "--split-string" => {
                    return self.env_split(call.word(at + 1), call.fields_from(at + 2), stdin);
                }
                _ if word.starts_with("--split-string=") => {
                    return self.env_split(
                        word.trim_start_matches("--split-string="),
                        call.fields_from(at + 1),
                        stdin,
                    );
                }
                _ if word.starts_with("--chdir=") => {
                    self.state.cwd = Some(self.resolve(word.trim_start_matches("--chdir=")));
                    at += 1;
                }
                _ if word.starts_with("-S")
                    || (word.starts_with('-') && !word.starts_with("--") && word.contains('S')) =>
                {
                    let rest = word.split_once('S').map_or("", |(_, rest)| rest).to_owned();
                    if rest.is_empty() {
                        return self.env_split(call.word(at + 1), call.fields_from(at + 2), stdin);
                    }
                    return self.env_split(&rest, call.fields_from(at + 1), stdin);
                }
                "--" | "-" => at += 1,
                _ if word.starts_with('-') => at += 1,
                _ => break,
            }
        }
        let output = self.run_with_assignments(call.fields_from(at), stdin);
        self.state.cwd = cwd;
        output
    }

    fn env_split(&mut self, text: &str, rest: Vec<Field>, stdin: Option<&Value>) -> Value {
        let parsed = crate::parse::parse(text, self.depth, self.text_place());
        let mut fields = match parsed.nodes.first() {
            Some(crate::parse::ast::Node::Simple(simple)) => {
                let mut all: Vec<Field> = simple
                    .assignments
                    .iter()
                    .map(|a| {
                        let value = match &a.value {
                            crate::parse::ast::AssignedValue::Scalar(word) => {
                                self.word_value(word).text
                            }
                            crate::parse::ast::AssignedValue::Array(_) => String::new(),
                        };
                        Field::known(format!("{}={value}", a.name))
                    })
                    .collect();
                all.extend(self.fields(&simple.words));
                all
            }
            _ => text.split_whitespace().map(Field::known).collect(),
        };
        fields.extend(rest);
        self.run_with_assignments(fields, stdin)
    }
}

/// What `env` takes for the name of a variable; functions are exported as `BASH_FUNC_name%%`.
fn is_variable(text: &str) -> bool {
    is_name(text) || text.starts_with("BASH_FUNC_")
}

pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
