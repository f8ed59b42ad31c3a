//! Commands for every name below a directory: what does it to each does it to the whole.

use super::names;
use crate::interpret::Machine;
use crate::interpret::value::{Field, Taint, UNKNOWN, Value};

/// Whether this is what `find` says when it leaves nothing out.
pub(crate) fn is_whole_trees(input: &Value) -> bool {
    whole_trees(input).is_some()
}

/// The directories of which `find` printed every name.
pub(super) fn whole_trees(input: &Value) -> Option<Vec<Field>> {
    let (first, roots) = input.text.split_once('\n')?;
    let trees = input.taint.has(Taint::NAMES) && first.chars().eq([UNKNOWN]);
    let roots: Vec<Field> = roots.lines().map(|root| names(root.to_owned())).collect();
    (trees && !roots.is_empty() && roots.iter().all(Field::is_known)).then_some(roots)
}

impl Machine<'_> {
    /// A command for every name below these directories: what deletes or changes each of them
    /// does so to the directories themselves. False for other commands.
    pub(super) fn for_each_below(&self, command: &mut Vec<Field>, roots: Vec<Field>) -> bool {
        let place = command
            .iter()
            .position(|f| {
                !matches!(crate::effects::paths::base_name(&f.text), "sudo" | "doas" | "command")
            })
            .unwrap_or(0);
        let program = command
            .get(place)
            .map(|f| crate::effects::paths::base_name(&f.text).to_owned())
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
}
