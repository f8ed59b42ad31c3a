//! `tar`: programs in its options, and where it extracts to.

use crate::effects::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;

impl Machine<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn tar(&mut self, call: &Call) {
        let mut at = 1;
        let bundled = call.word(1).trim_start_matches('-').to_owned();
        let extracts = call.arguments().iter().any(|w| matches!(w.as_str(), "--extract" | "--get"))
            || (!call.word(1).starts_with("--") && bundled.contains('x'))
            || call
                .arguments()
                .iter()
                .any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains('x'));
        let mut directory = None;
        while at < call.words.len() {
            let word = call.word(at).to_owned();
            let next = call.word(at + 1).to_owned();
            let (name, attached) = word
                .split_once('=')
                .map_or((word.as_str(), None), |(n, v)| (n, Some(v.to_owned())));
            let text = attached.unwrap_or_else(|| next.clone());
            // GNU tar takes a long option by any unambiguous beginning.
            let full = TAR_PROGRAMS.iter().find(|o| name.len() > 6 && o.starts_with(name));
            let name = full.map_or(name, |o| *o);
            let absolute = extracts
                && !name.starts_with("--")
                && (name.starts_with('-') || at == 1)
                && name.contains('P');
            if absolute && name != "-P" {
                self.effect("fs.write_system", call.text());
            }
            match name {
                "--checkpoint-action" if text.starts_with("exec=") => {
                    let command = text.trim_start_matches("exec=").to_owned();
                    self.effect("code.option", command.as_str());
                    self.script(&command, None);
                }
                "-I"
                | "--use-compress-program"
                | "--to-command"
                | "--rsh-command"
                | "-F"
                | "--info-script"
                | "--new-volume-script"
                | "--rmt-command" => {
                    if name == "--to-command" {
                        self.effect("code.option", text.as_str());
                        self.script(&text, None);
                    } else {
                        self.helper(&text);
                    }
                }
                "-C" | "--directory" => directory = Some(text),
                "--remove-files" => self.effect("fs.bulk_delete", call.text()),
                _ if extracts && (name == "-P" || name == "--absolute-names") => {
                    self.effect("fs.write_system", call.text());
                }
                _ => {
                    if let Some(dir) = word.strip_prefix("-C") {
                        directory = Some(dir.to_owned());
                    }
                    let file = (at == 1 || word.starts_with('-'))
                        && word.ends_with('f')
                        && !word.starts_with("--")
                        && (bundled.contains('c') || word.contains('c'));
                    if (file || name == "--file") && !extracts && text != "-" {
                        self.write_path(&text, WriteMode::Replace);
                    }
                }
            }
            at += 1;
        }
        if let Some(dir) = directory.filter(|_| extracts) {
            let path = if dir == "/" { dir } else { format!("{}/x", dir.trim_end_matches('/')) };
            self.write_path(&path, WriteMode::Replace);
        }
        for word in call.arguments().iter().filter(|w| !w.starts_with('-')) {
            let resolved = self.resolve(word);
            if !extracts
                && call.words.iter().any(|w| w == "--remove-files")
                && let Some(kind) = self.wipes(&resolved)
            {
                self.effect(kind, word.as_str());
            }
            if !extracts {
                self.copy_tree(word);
                if self.is_credential(&resolved) {
                    self.effect("secret.read", word.as_str());
                }
            }
        }
    }
}

/// Long options of tar whose value is a program.
const TAR_PROGRAMS: &[&str] = &[
    "--checkpoint-action",
    "--use-compress-program",
    "--to-command",
    "--rsh-command",
    "--info-script",
    "--new-volume-script",
    "--rmt-command",
];
