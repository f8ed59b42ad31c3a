//! Shells and PowerShell: options, script files and what is fed to them.

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, Value};

impl Machine<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn shell(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
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

    pub(super) fn powershell(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        for (at, word) in call.words.iter().enumerate().skip(1) {
            let lower = word.to_ascii_lowercase();
            if lower.starts_with("-e") && "-encodedcommand".starts_with(&lower) && lower != "-ex"
                || lower == "-enc"
                || lower == "-ec"
            {
                match crate::interpret::decode::utf16_base64(call.word(at + 1)) {
                    Some(text) => {
                        self.effect("code.dynamic", text.as_str());
                        crate::code::powershell::powershell(self, &text);
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
                crate::code::powershell::powershell(self, &text);
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
}
