//! `find`: what it deletes, writes and runs for each name.

use super::names;
use crate::effects::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Field, UNKNOWN};

impl Machine<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    /// Returns the directories of which every name is printed, if nothing is left out.
    pub(super) fn find(&mut self, call: &Call) -> Option<Vec<String>> {
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
            .map(|f| crate::effects::paths::base_name(&f.text).to_owned())
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
}
