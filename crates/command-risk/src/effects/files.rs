//! The core tools that change files.

use super::disks::Disk;
use super::paths::{WriteMode, base_name};
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Field, Taint, UNKNOWN, Value};

/// Options and operands of a core tool, options with values known by their letters.
pub(crate) struct Plain<'c> {
    pub(crate) letters: String,
    pub(crate) long: Vec<&'c str>,
    pub(crate) operands: Vec<&'c Field>,
    values: Vec<(String, &'c Field)>,
}

impl<'c> Plain<'c> {
    pub(crate) fn of(call: &'c Call, valued: &str, valued_long: &[&str]) -> Self {
        let mut plain = Self {
            letters: String::new(),
            long: Vec::new(),
            operands: Vec::new(),
            values: Vec::new(),
        };
        let mut fields = call.fields.iter().skip(1);
        let mut ended = false;
        while let Some(field) = fields.next() {
            let word = field.text.as_str();
            if ended || !word.starts_with('-') || word.len() < 2 {
                plain.operands.push(field);
            } else if word == "--" {
                ended = true;
            } else if word.starts_with("--") {
                plain.long.push(word);
                if valued_long.contains(&word)
                    && let Some(value) = fields.next()
                {
                    plain.values.push((word.to_owned(), value));
                }
            } else {
                plain.letters.push_str(word.get(1..).unwrap_or_default());
                let last = word.chars().last().unwrap_or(' ');
                if valued.contains(last)
                    && let Some(value) = fields.next()
                {
                    plain.values.push((format!("-{last}"), value));
                }
            }
        }
        plain
    }

    /// A letter, or a long option by any beginning of at least this much.
    pub(crate) fn has(&self, letters: &str, long: &str, least: usize) -> bool {
        self.letters.contains(|c| letters.contains(c))
            || self.long.iter().any(|word| {
                word.len() >= least
                    && (long.starts_with(word) || word.split('=').next() == Some(long))
            })
    }

    pub(crate) fn value(&self, names: &[&str]) -> Option<String> {
        self.values
            .iter()
            .find(|(n, _)| names.contains(&n.as_str()))
            .map(|(_, f)| f.text.clone())
            .or_else(|| {
                self.long.iter().find_map(|word| {
                    word.split_once('=')
                        .filter(|(n, _)| names.contains(n))
                        .map(|(_, v)| v.to_owned())
                })
            })
    }
}

/// A size that fills most disks.
pub(crate) fn is_huge(size: &str) -> bool {
    let digits = size.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = size.get(digits.len()..).unwrap_or_default();
    let Ok(number) = digits.parse::<u64>() else { return false };
    match unit.chars().next() {
        Some('T' | 'P' | 't') => true,
        Some('G' | 'g') => number >= 100,
        Some('M' | 'm') => number >= 100_000,
        _ => number >= 100_000_000_000,
    }
}

impl Machine<'_> {
    pub(super) fn file_tool(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        match call.name.as_str() {
            "rm" | "del" | "erase" | "trash" | "trash-put" | "grm" | "srm" | "rimraf"
            | "del-cli" => self.remove(call),
            "rmdir" | "rd" if call.words.iter().any(|w| w.eq_ignore_ascii_case("/s")) => {
                for field in call.fields.iter().skip(1) {
                    // `/s` and `/q` are switches of Windows here.
                    if !(field.text.starts_with('/') && field.text.len() == 2) {
                        self.delete(field, true);
                    }
                }
            }
            "unlink" | "rmtrash" => call.fields_from(1).iter().for_each(|f| self.delete(f, false)),
            "shred" | "wipe" => self.shred(call),
            "mv" | "gmv" => self.mv(call),
            "cp" | "install" | "gcp" | "ditto" | "copy" => self.copy(call),
            "ln" | "link" => self.link(call),
            "dd" | "dcfldd" | "ddrescue" | "dc3dd" => return Some(self.dd(call, stdin)),
            "truncate" => self.truncate(call),
            "fallocate" => self.fallocate(call),
            "rename" | "prename" | "mmv" => self.rename(call),
            "chmod" | "chown" | "chgrp" | "chattr" | "setfacl" | "chcon" | "chflags" => {
                self.permissions(call);
            }
            _ => return None,
        }
        Some(Value::default())
    }

    fn remove(&mut self, call: &Call) {
        let plain = Plain::of(call, "", &[]);
        let always = matches!(call.name.as_str(), "rimraf" | "trash" | "trash-put" | "srm");
        let recursive = always
            || plain.has("rR", "--recursive", 4)
            || (call.name == "del" && call.words.iter().any(|w| w.eq_ignore_ascii_case("/s")));
        let operands: Vec<Field> = plain.operands.iter().map(|f| (*f).clone()).collect();
        if operands.is_empty()
            && call.words.len() > 1
            && (recursive || call.fields.iter().any(|f| !f.is_known()))
        {
            self.effect("unresolved.operand", call.text());
        }
        for field in &operands {
            if call.name == "del" && field.text.starts_with('/') && field.text.len() == 2 {
                continue;
            }
            self.delete(field, recursive);
        }
    }

    fn shred(&mut self, call: &Call) {
        let operands: Vec<Field> =
            Plain::of(call, "ns", &[]).operands.into_iter().cloned().collect();
        for field in &operands {
            let resolved = self.resolve(&field.text);
            match Disk::of(&resolved) {
                Disk::System => self.effect("fs.wipe_disk", field.text.as_str()),
                Disk::Other => self.effect("disk.change", field.text.as_str()),
                Disk::None if super::writes::is_critical(&resolved) => {
                    self.effect("fs.empty_critical", field.text.as_str());
                }
                Disk::None if self.delete_own(&resolved) => {}
                Disk::None => self.effect("fs.delete", field.text.as_str()),
            }
        }
    }

    fn mv(&mut self, call: &Call) {
        let plain = Plain::of(call, "tS", &["--target-directory", "--suffix"]);
        let target = plain.value(&["-t", "--target-directory"]);
        let mut operands: Vec<Field> = plain.operands.iter().map(|f| (*f).clone()).collect();
        let target = target.or_else(|| operands.pop().map(|f| f.text));
        for field in &operands {
            self.move_away(field);
        }
        if let Some(target) = target {
            if self.resolve(&target) == "/dev/null" {
                self.effect("fs.delete", call.text());
            }
            self.destination(&target, &operands);
        }
    }

    fn copy(&mut self, call: &Call) {
        let valued = if call.name == "install" { "tSmog" } else { "tS" };
        let plain = Plain::of(
            call,
            valued,
            &["--target-directory", "--suffix", "--mode", "--owner", "--group"],
        );
        let target = plain.value(&["-t", "--target-directory"]);
        let mode = plain.value(&["-m", "--mode"]).unwrap_or_default();
        let mut operands: Vec<Field> = plain.operands.iter().map(|f| (*f).clone()).collect();
        let target = target.or_else(|| operands.pop().map(|f| f.text));
        if mode.len() == 4 && mode.starts_with(['2', '4', '6']) {
            self.effect("perm.dangerous", call.text());
        }
        let Some(target) = target else { return };
        let empties = operands.iter().any(|f| f.text == "/dev/null");
        let tree = plain.has("rRa", "--recursive", 5) || plain.has("", "--archive", 4);
        for field in &operands {
            self.read_path(&field.text);
            if tree {
                self.copy_tree(&field.text);
            }
        }
        if empties {
            self.write_path(&target, WriteMode::Empty);
        } else {
            self.destination(&target, &operands);
        }
    }

    /// Files arrive at a path, or in a directory.
    fn destination(&mut self, target: &str, sources: &[Field]) {
        self.write_path(target, WriteMode::Replace);
        let resolved = self.resolve(target);
        let first = sources.first().map(|f| base_name(&f.text).to_owned()).unwrap_or_default();
        if target.ends_with('/') || sources.len() > 1 || target == "." || target == ".." {
            self.write_path(
                &format!("{}/{first}", target.trim_end_matches('/')),
                WriteMode::Replace,
            );
        }
        for source in sources {
            let from = self.resolve(&source.text);
            let content = self.written.get(&from).cloned();
            if let Some(content) = content {
                self.written.insert(resolved.clone(), content);
            }
            // A system program under another name is still that program.
            if from.contains("/bin/") && !from.contains(UNKNOWN) {
                self.links.insert(resolved.clone(), from);
            }
        }
        if !sources.is_empty()
            && !self.links.contains_key(&resolved)
            && self.written.get(&resolved).is_some_and(|v| !v.is_known() && v.taint == Taint::NONE)
        {
            self.written.remove(&resolved);
        }
    }

    fn link(&mut self, call: &Call) {
        let plain = Plain::of(call, "tS", &["--target-directory"]);
        let operands: Vec<Field> = plain.operands.iter().map(|f| (*f).clone()).collect();
        let [source, .., target] = operands.as_slice() else {
            return;
        };
        let name = if target.text.ends_with('/') || target.text == "." {
            format!("{}/{}", target.text.trim_end_matches('/'), base_name(&source.text))
        } else {
            target.text.clone()
        };
        // A link to nothing leaves nothing to be read.
        let empties = source.text == "/dev/null";
        self.write_path(&name, if empties { WriteMode::Empty } else { WriteMode::Replace });
        let (from, to) = (self.resolve(&source.text), self.resolve(&name));
        self.written.remove(&to);
        if self.is_credential(&from) {
            self.effect("secret.read", source.text.as_str());
        }
        self.links.insert(to, from);
    }

    fn dd(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let mut source = stdin.cloned().unwrap_or_else(|| Value::unknown(Taint::LOCAL));
        for word in call.arguments() {
            if let Some(path) = word.strip_prefix("if=") {
                self.read_path(path);
                source = self.file_content(path, false);
            }
        }
        if call.name == "ddrescue" {
            let operands: Vec<String> =
                call.arguments().iter().filter(|w| !w.starts_with('-')).cloned().collect();
            if let Some(target) = operands.get(1) {
                self.write_path(target, WriteMode::Replace);
            }
        }
        let endless =
            call.arguments().iter().any(|w| {
                matches!(w.as_str(), "if=/dev/zero" | "if=/dev/urandom" | "if=/dev/random")
            }) && !call.arguments().iter().any(|w| w.starts_with("count="));
        for word in call.arguments() {
            if let Some(path) = word.strip_prefix("of=") {
                let place = self.resolve(path);
                if endless && !place.starts_with("/dev/") {
                    self.effect("fs.fill", call.text());
                }
                let zero = call
                    .arguments()
                    .iter()
                    .any(|w| matches!(w.as_str(), "if=/dev/null" | "if=/dev/zero"));
                let critical = zero && super::writes::is_critical(&self.resolve(path));
                let content = if source.text.is_empty() {
                    stdin.cloned().unwrap_or_default()
                } else {
                    source.clone()
                };
                let empty = call.arguments().iter().any(|w| w == "if=/dev/null") || critical;
                self.write_content(
                    path,
                    if empty { WriteMode::Empty } else { WriteMode::Replace },
                    &content,
                );
            }
        }
        let part = ["of=", "skip=", "bs=", "count="];
        if call.arguments().iter().any(|w| w.starts_with("of=")) {
            Value::default()
        } else if call.arguments().iter().any(|w| part.iter().any(|p| w.starts_with(p))) {
            Value::unknown(source.taint.without(Taint::OWN))
        } else {
            source
        }
    }

    fn truncate(&mut self, call: &Call) {
        let plain = Plain::of(call, "sr", &["--size", "--reference"]);
        let size = plain
            .value(&["-s", "--size"])
            .or_else(|| plain.letters.strip_prefix('s').map(str::to_owned))
            .unwrap_or_default();
        let empties = size.trim_start_matches(['0', '=', '<']).is_empty()
            || size.starts_with('-')
            || size.starts_with('<');
        let operands: Vec<String> = plain.operands.iter().map(|f| f.text.clone()).collect();
        for path in operands {
            self.write_path(&path, if empties { WriteMode::Empty } else { WriteMode::Edit });
        }
    }

    fn fallocate(&mut self, call: &Call) {
        let huge = call
            .arguments()
            .iter()
            .any(|w| is_huge(w.trim_start_matches("--length=").trim_start_matches("-l")));
        let path = call.words.last().cloned().unwrap_or_default();
        if huge {
            self.effect("fs.fill", call.text());
        }
        let punches = call.arguments().iter().any(|w| {
            matches!(
                w.as_str(),
                "-p" | "--punch-hole" | "-c" | "--collapse-range" | "-z" | "--zero-range"
            )
        });
        if punches {
            self.effect("fs.truncate", path.as_str());
        }
        self.write_path(&path, WriteMode::Edit);
    }

    fn rename(&mut self, call: &Call) {
        let dry = call.arguments().iter().any(|w| w == "-n" || w == "--no-act" || w == "--dry-run");
        if !dry
            && (call.name == "mmv"
                || call.fields.iter().any(|f| f.glob)
                || call.words.iter().any(|w| w.contains("system(") || w == "-f" || w == "--force"))
        {
            self.effect("fs.bulk_edit", call.text());
        }
    }
}
