//! Programs that find files and do something with each: `find`, `fd`, `xargs`, `parallel`.

use super::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Field, Taint, UNKNOWN, Value};

fn names(text: String) -> Field {
    Field { text, taint: Taint::NAMES, ..Field::default() }
}

impl Machine<'_> {
    pub(super) fn search_tool(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        match call.name.as_str() {
            "find" | "gfind" | "bfs" => {
                let taint = Taint::NAMES.with(Taint::LOCAL);
                let text = match self.find(call) {
                    Some(roots) => format!("{UNKNOWN}\n{}", roots.join("\n")),
                    None => UNKNOWN.to_string(),
                };
                return Some(Value { text, taint });
            }
            "fd" | "fdfind" => {
                let at = call
                    .words
                    .iter()
                    .position(|w| matches!(w.as_str(), "-x" | "-X" | "--exec" | "--exec-batch"));
                if let Some(at) = at {
                    let mut fields = call.fields_from(at + 1);
                    fields.push(names(UNKNOWN.to_string()));
                    self.run(fields, None);
                }
            }
            "xargs" | "gxargs" => return Some(self.xargs(call, stdin)),
            "parallel" | "rush" => return Some(self.parallel(call, stdin)),
            _ => return None,
        }
        Some(Value::unknown(Taint::NAMES.with(Taint::LOCAL)))
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    /// Returns the directories of which every name is printed, if nothing is left out.
    fn find(&mut self, call: &Call) -> Option<Vec<String>> {
        let is_expression = |w: &String| w.starts_with(['-', '(', '!']);
        let roots: Vec<Field> = call
            .fields
            .iter()
            .skip(1)
            .skip_while(|f| matches!(f.text.as_str(), "-H" | "-L" | "-P"))
            .take_while(|f| !is_expression(&f.text))
            .cloned()
            .collect();
        let roots = if roots.is_empty() { vec![Field::known(".")] } else { roots };
        let weak = [
            "-type",
            "-maxdepth",
            "-mindepth",
            "-xdev",
            "-depth",
            "-print",
            "-print0",
            "-delete",
            "-exec",
            "-execdir",
            "-ok",
            "-okdir",
            "-mount",
            "-H",
            "-L",
            "-P",
        ];
        let filtered =
            call.words.iter().skip(1).filter(|w| w.starts_with('-') && w.len() > 2).any(|w| {
                !weak.contains(&w.as_str())
                    && w.bytes().skip(1).all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                    && matches!(
                        w.as_str(),
                        "-name"
                            | "-iname"
                            | "-path"
                            | "-ipath"
                            | "-wholename"
                            | "-regex"
                            | "-iregex"
                            | "-mtime"
                            | "-mmin"
                            | "-atime"
                            | "-amin"
                            | "-ctime"
                            | "-cmin"
                            | "-size"
                            | "-newer"
                            | "-user"
                            | "-group"
                            | "-uid"
                            | "-gid"
                            | "-perm"
                            | "-empty"
                            | "-nouser"
                            | "-nogroup"
                            | "-links"
                            | "-inum"
                            | "-samefile"
                            | "-lname"
                            | "-not"
                    )
            });
        let name = call
            .words
            .iter()
            .position(|w| w == "-name" || w == "-iname")
            .map(|at| call.word(at + 1).to_owned());
        let mut at = 1;
        while at < call.words.len() {
            match call.word(at) {
                "-delete" => {
                    for root in &roots {
                        if filtered {
                            self.effect("fs.recursive_delete", root.text.as_str());
                        } else {
                            self.delete(root, true);
                        }
                    }
                }
                "-exec" | "-execdir" | "-ok" | "-okdir" => {
                    at = self.find_exec(call, at, &roots, filtered, name.as_deref());
                }
                "-fprint" | "-fprintf" | "-fprint0" | "-fls" => {
                    let path = call.word(at + 1).to_owned();
                    self.write_path(&path, WriteMode::Replace);
                }
                _ => {}
            }
            at += 1;
        }
        let shallow = call.words.windows(2).any(|pair| {
            matches!(pair, [option, depth] if option == "-maxdepth" && matches!(depth.as_str(), "0"))
        });
        let prints = !filtered
            && !shallow
            && call.words.iter().skip(1).all(|word| {
                !matches!(
                    word.as_str(),
                    "-o" | "-or" | "-prune" | "-quit" | "!" | "-not" | "-false"
                ) && !word.starts_with("-exec")
                    && !word.starts_with("-ok")
                    && !word.starts_with("-fprint")
            });
        prints.then(|| roots.into_iter().map(|root| root.text).take(8).collect())
    }

    /// Returns where the command ends.
    #[expect(clippy::too_many_arguments, reason = "each is a separate fact about one invocation")]
    fn find_exec(
        &mut self,
        call: &Call,
        at: usize,
        roots: &[Field],
        filtered: bool,
        name: Option<&str>,
    ) -> usize {
        let length = call.words.iter().skip(at + 1).take_while(|w| *w != ";" && *w != "+").count();
        let command = call.fields.get(at + 1..at + 1 + length).unwrap_or_default();
        let program = command
            .first()
            .map(|f| super::paths::base_name(&f.text).to_owned())
            .unwrap_or_default();
        for root in roots.iter().take(4) {
            let base = root.text.trim_end_matches('/');
            let erases = matches!(program.as_str(), "shred" | "unlink" | "wipe" | "srm");
            let whole = !filtered
                && (erases || matches!(program.as_str(), "rm" | "chmod" | "chown" | "chgrp"));
            let found = if whole {
                root.text.clone()
            } else {
                format!(
                    "{base}/{}",
                    name.filter(|n| !n.contains('*') || *n == "id_*")
                        .unwrap_or(&UNKNOWN.to_string())
                )
            };
            let mut fields: Vec<Field> = command
                .iter()
                .map(|f| {
                    if f.text.contains("{}") {
                        names(f.text.replace("{}", &found))
                    } else {
                        f.clone()
                    }
                })
                .collect();
            if whole && !fields.is_empty() {
                fields.insert(1, Field::known("-R"));
                if let (true, Some(first)) = (erases, fields.first_mut()) {
                    // One by one, all of them are gone.
                    *first = Field::known("rm");
                }
            }
            self.run(fields, None);
        }
        at + 1 + length
    }

    /// A command for every name below these directories: what deletes or changes each of them
    /// does so to the directories themselves. False for other commands.
    fn for_each_below(&self, command: &mut Vec<Field>, roots: Vec<Field>) -> bool {
        let place = command
            .iter()
            .position(|f| !matches!(super::paths::base_name(&f.text), "sudo" | "doas" | "command"))
            .unwrap_or(0);
        let program = command
            .get(place)
            .map(|f| super::paths::base_name(&f.text).to_owned())
            .unwrap_or_default();
        let erases = matches!(program.as_str(), "shred" | "unlink" | "wipe" | "srm");
        // Of permissions only what begins at the root counts as the whole.
        let changes = matches!(program.as_str(), "chmod" | "chown" | "chgrp")
            && roots.iter().any(|root| self.resolve(&root.text) == "/");
        if !erases && !changes && program != "rm" {
            return false;
        }
        if let (true, Some(first)) = (erases, command.get_mut(place)) {
            // One by one, all of them are gone.
            *first = Field::known("rm");
        }
        command.insert(place + 1, Field::known("-R"));
        command.extend(roots);
        true
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn xargs(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let valued = [
            "-n",
            "-L",
            "-P",
            "-I",
            "-d",
            "-E",
            "-s",
            "-a",
            "--max-args",
            "--max-procs",
            "--delimiter",
            "--arg-file",
            "--max-lines",
            "--replace",
            "-R",
            "-J",
            "--process-slot-var",
        ];
        let mut at = 1;
        let mut replace: Option<String> = None;
        let mut file = None;
        let (mut most, mut by_line, mut delimiter) = (usize::MAX, false, None);
        while call.word(at).starts_with('-') {
            let word = call.word(at);
            if let Some(text) = word.strip_prefix("-n").or_else(|| word.strip_prefix("--max-args="))
            {
                let text = if text.is_empty() { call.word(at + 1) } else { text };
                most = text.parse().unwrap_or(usize::MAX).max(1);
            } else if word.starts_with("-L") || word.starts_with("--max-lines") {
                by_line = true;
            } else if let Some(text) =
                word.strip_prefix("-d").or_else(|| word.strip_prefix("--delimiter="))
            {
                let text = if text.is_empty() { call.word(at + 1) } else { text };
                delimiter = crate::interpret::decode::escapes(text).chars().next();
            } else if word == "-0" || word == "--null" {
                delimiter = Some('\0');
            } else if let Some(text) = word
                .strip_prefix("-I")
                .or_else(|| word.strip_prefix("-J"))
                .or_else(|| word.strip_prefix("--replace="))
            {
                replace = Some(if text.is_empty() {
                    call.word(at + 1).to_owned()
                } else {
                    text.to_owned()
                });
            } else if word == "-i" || word == "--replace" {
                replace = Some("{}".to_owned());
            } else if word == "-a" || word == "--arg-file" {
                file = Some(call.word(at + 1).to_owned());
            }
            at += if valued.contains(&word) && word != "--replace" { 2 } else { 1 };
        }
        let input = match file {
            Some(path) => self.file_content(&path, true),
            None => stdin.cloned().unwrap_or_else(|| Value::unknown(Taint::LOCAL)),
        };
        let taint = input.taint.with(Taint::NAMES);
        let known = input.is_known() && input.text.len() < 4096;
        let mut command = call.fields_from(at);
        if command.is_empty() {
            return input;
        }
        if let Some(mark) = replace.filter(|m| !m.is_empty()) {
            let lines: Vec<String> = if known {
                match delimiter {
                    Some(delimiter) => {
                        let text = input.text.strip_suffix(delimiter).unwrap_or(&input.text);
                        text.split(delimiter).take(16).map(str::to_owned).collect()
                    }
                    None => input
                        .text
                        .lines()
                        .filter(|l| !l.trim().is_empty())
                        .take(16)
                        .map(|line| unquoted(line.trim_start()).join(" "))
                        .collect(),
                }
            } else {
                let mut lines = vec![UNKNOWN.to_string()];
                if let Some(roots) = whole_trees(&input)
                    && command.iter().any(|field| field.text == mark)
                {
                    let mut every = command.clone();
                    every.retain(|field| field.text != mark);
                    if self.for_each_below(&mut every, roots) {
                        self.run(every, None);
                        lines.clear();
                    }
                }
                lines
            };
            for line in lines {
                let fields = command
                    .iter()
                    .map(|f| {
                        if f.text.contains(&mark) {
                            names(f.text.replace(&mark, &line))
                        } else {
                            f.clone()
                        }
                    })
                    .collect();
                self.run(fields, None);
            }
        } else {
            if !known {
                if let Some(roots) = whole_trees(&input) {
                    self.for_each_below(&mut command, roots);
                }
                command.push(Field { text: UNKNOWN.to_string(), taint, ..Field::default() });
                self.run(command, None);
                return Value::unknown(taint);
            }
            let groups: Vec<Vec<String>> = match delimiter {
                Some(delimiter) => {
                    let text = input.text.strip_suffix(delimiter).unwrap_or(&input.text);
                    vec![text.split(delimiter).map(str::to_owned).collect()]
                }
                None if by_line => {
                    input.text.lines().map(unquoted).filter(|l| !l.is_empty()).collect()
                }
                None => vec![input.text.lines().flat_map(unquoted).collect()],
            };
            for group in groups.iter().take(16) {
                if group.is_empty() {
                    self.run(command.clone(), None);
                }
                for chunk in group.chunks(most).take(16) {
                    let mut fields = command.clone();
                    fields.extend(chunk.iter().map(Field::known));
                    self.run(fields, None);
                }
            }
        }
        Value::unknown(taint)
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn parallel(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let valued = [
            "-j",
            "--jobs",
            "-n",
            "-N",
            "-a",
            "--arg-file",
            "-S",
            "--sshlogin",
            "--joblog",
            "--tmpdir",
            "--delay",
            "-C",
            "--colsep",
            "-I",
            "--timeout",
            "--results",
            "--load",
        ];
        let mut at = 1;
        while call.word(at).starts_with('-') {
            at += if valued.contains(&call.word(at)) { 2 } else { 1 };
        }
        let options = call.words.get(1..at).unwrap_or_default();
        if options.iter().any(|w| w == "--dry-run" || w == "--dryrun") {
            return Value::unknown(Taint::LOCAL);
        }
        let end = call.words.iter().position(|w| w.starts_with(":::")).unwrap_or(call.words.len());
        let command = call.fields.get(at..end).unwrap_or_default();
        let given: Vec<Field> = call
            .fields
            .get(end + 1..)
            .unwrap_or_default()
            .iter()
            .filter(|f| !f.text.starts_with(":::"))
            .cloned()
            .collect();
        let arguments: Vec<Field> = if end < call.words.len() {
            given
        } else {
            match stdin.filter(|s| s.is_known()) {
                Some(value) => value.text.lines().take(16).map(Field::known).collect(),
                None => vec![names(UNKNOWN.to_string())],
            }
        };
        if command.is_empty() {
            for argument in arguments.iter().take(16) {
                let value = argument.value();
                self.code("sh", &value, None);
            }
            return Value::unknown(Taint::LOCAL);
        }
        let text = command.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join(" ");
        for argument in arguments.iter().take(16) {
            let line = if text.contains("{}") {
                text.replace("{}", &argument.text)
            } else {
                format!("{text} {}", argument.text)
            };
            self.script(&line, None);
        }
        Value::unknown(Taint::LOCAL)
    }
}

/// Whether this is what `find` says when it leaves nothing out.
pub(crate) fn is_whole_trees(input: &Value) -> bool {
    whole_trees(input).is_some()
}

/// The directories of which `find` printed every name.
fn whole_trees(input: &Value) -> Option<Vec<Field>> {
    let (first, roots) = input.text.split_once('\n')?;
    let trees = input.taint.has(Taint::NAMES) && first.chars().eq([UNKNOWN]);
    let roots: Vec<Field> = roots.lines().map(|root| names(root.to_owned())).collect();
    (trees && !roots.is_empty() && roots.iter().all(Field::is_known)).then_some(roots)
}

/// The words of a line as `xargs` takes them: quotes and backslashes are its own.
fn unquoted(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut open: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = open.get_or_insert_default();
                word.extend(chars.by_ref().take_while(|inner| *inner != c));
            }
            '\\' => open.get_or_insert_default().extend(chars.next()),
            ' ' | '\t' => out.extend(open.take()),
            _ => open.get_or_insert_default().push(c),
        }
    }
    out.extend(open);
    out
}
