//! What only one tool, or a few, have: key bindings, windows, queries and tasks that run something.

use super::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Field;

impl Machine<'_> {
    /// Ways to run something that only one tool, or a few, have.
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(crate) fn singular(&mut self, call: &Call) {
        match call.name.as_str() {
            "sd" => {
                let shows = call.arguments().iter().any(|w| w == "-p" || w == "--preview");
                let files: Vec<String> = call
                    .arguments()
                    .iter()
                    .filter(|w| !w.starts_with('-'))
                    .skip(2)
                    .cloned()
                    .collect();
                for file in files.iter().filter(|_| !shows) {
                    self.write_path(file, WriteMode::Edit);
                }
            }
            "php" => {
                let address = call.words.iter().position(|w| w == "-S").map(|at| call.word(at + 1));
                // A server on every address listens to others, though one may call it local.
                let listens = address.is_some_and(|address| {
                    address.starts_with("0.0.0.0")
                        || address.starts_with("[::]")
                        || !super::net::is_local_host(super::net::host_of(address))
                });
                if listens {
                    self.effect("net.listen", call.text());
                }
            }
            "ruby" if call.words.windows(2).any(|pair| pair == ["-e", "httpd"]) => {
                self.effect("net.listen", call.text());
            }
            "forfiles" | "forfiles.exe" => {
                // What it runs for each file, in which `@path` and its like are the file.
                let at = call.words.iter().position(|w| w.eq_ignore_ascii_case("/c"));
                if let Some(at) = at {
                    let mut text = call.word(at + 1).replace("0x22", "\"");
                    for name in ["@path", "@file", "@fname", "@relpath", "@ext", "@PATH", "@FILE"] {
                        text = text.replace(name, "\u{10ffff}");
                    }
                    self.script(&text.replace('\\', "/"), None);
                }
            }
            "fzf" | "sk" => self.finder(call),
            "pee" | "concurrently" | "run-p" | "run-s" | "npm-run-all" | "mispipe" => {
                for word in call.arguments().to_vec() {
                    let script = !word.starts_with('-')
                        && !["npm:", "pnpm:", "yarn:", "bun:", "node:"]
                            .iter()
                            .any(|p| word.starts_with(p))
                        && (call.name == "pee" || word.contains(' '));
                    if script {
                        self.script(&word, None);
                    }
                }
            }
            "cargo" if call.word(1) == "watch" => {
                for (at, word) in call.words.iter().enumerate() {
                    let text = call.word(at + 1).to_owned();
                    match word.as_str() {
                        "-s" | "--shell" => drop(self.script(&text, None)),
                        "-x" | "--exec" => drop(self.script(&format!("cargo {text}"), None)),
                        _ => {}
                    }
                }
            }
            "tmux" | "byobu" => self.multiplexer(call),
            "etckeeper" | "pass" | "gopass"
                if matches!(call.word(1), "vcs" | "git") && call.words.len() > 2 =>
            {
                let mut fields = vec![Field::known("git")];
                fields.extend(call.fields_from(2));
                self.run(fields, None);
            }
            "jq" | "gojq" | "jaq" | "yq" | "dasel" | "envsubst" => self.query(call),
            "cmake" | "tar" | "gtar" | "bsdtar" => {
                for word in call.arguments().to_vec() {
                    if let Some(path) = word.strip_prefix("--index-file=") {
                        self.write_path(path, WriteMode::Replace);
                    }
                }
            }
            _ => {}
        }
    }

    /// `fzf --preview`, and actions such as `execute(…)` in its key bindings.
    fn finder(&mut self, call: &Call) {
        for (at, word) in call.words.iter().enumerate() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => (word.as_str(), call.word(at + 1).to_owned()),
            };
            match name {
                "--preview" => drop(self.script(&value.replace("{}", "match"), None)),
                "--bind" => {
                    for action in ["execute", "become", "reload", "transform", "preview"] {
                        for (found, _) in value.match_indices(action).take(4) {
                            let rest = value.get(found + action.len()..).unwrap_or_default();
                            let rest =
                                rest.trim_start_matches("-silent").trim_start_matches("-sync");
                            let Some(body) = rest
                                .strip_prefix(['(', '[', '{', '<'])
                                .map(|b| b.trim_end_matches([')', ']', '}', '>']))
                                .or_else(|| rest.strip_prefix(':'))
                            else {
                                continue;
                            };
                            let _output = self.script(&body.replace("{}", "match"), None);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// The command that a terminal multiplexer is told to run in a window.
    fn multiplexer(&mut self, call: &Call) {
        let starts = [
            "new",
            "new-session",
            "neww",
            "new-window",
            "splitw",
            "split-window",
            "respawn-pane",
            "respawnp",
            "respawn-window",
            "respawnw",
            "run-shell",
            "run",
            "if-shell",
            "if",
            "popup",
            "display-popup",
            "pipe-pane",
            "pipep",
        ];
        let Some(place) = call.words.iter().position(|w| starts.contains(&w.as_str())) else {
            return;
        };
        let mut at = place + 1;
        while call.word(at).starts_with('-') {
            let takes = matches!(
                call.word(at),
                "-s" | "-n"
                    | "-c"
                    | "-t"
                    | "-x"
                    | "-y"
                    | "-e"
                    | "-F"
                    | "-l"
                    | "-p"
                    | "-f"
                    | "-w"
                    | "-h"
                    | "-ds"
                    | "-dt"
                    | "-dn"
            ) && !(matches!(call.word(at), "-h")
                && call.word(place).starts_with("split"));
            at += if takes { 2 } else { 1 };
        }
        let fields = call.fields_from(at);
        match fields.as_slice() {
            [] => {}
            [only] => {
                let _output = self.script(&only.text.clone(), None);
            }
            _ => {
                self.run(fields, None);
            }
        }
    }

    /// Secrets of the environment, and files, that a query language can print.
    fn query(&mut self, call: &Call) {
        for word in call.arguments().to_vec() {
            let names = word.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let reaches = ["env.", "$ENV", "strenv(", "env(", "$__prog_args", "${", "$"]
                .iter()
                .any(|way| word.contains(way));
            let secret = |name: &str| {
                name.len() > 5
                    && name
                        .bytes()
                        .all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit())
                    && [
                        "SECRET",
                        "TOKEN",
                        "PASSWORD",
                        "PASSWD",
                        "API_KEY",
                        "ACCESS_KEY",
                        "PRIVATE_KEY",
                    ]
                    .iter()
                    .any(|part| name.contains(part))
            };
            if reaches && names.clone().any(secret) {
                self.effect("secret.read", word.as_str());
            }
            if word.contains("load") {
                for path in word.split(['"', '\'']).filter(|p| p.starts_with(['/', '~'])) {
                    self.read_path(path);
                }
            }
        }
        let in_place = matches!(call.name.as_str(), "yq" | "dasel")
            && call.arguments().iter().any(|w| {
                matches!(w.as_str(), "--inplace" | "--in-place")
                    || (w.starts_with('-') && !w.starts_with("--") && w.contains('i'))
            });
        if in_place && let Some(path) = call.words.last().cloned() {
            self.write_path(&path, WriteMode::Edit);
        }
    }
}
