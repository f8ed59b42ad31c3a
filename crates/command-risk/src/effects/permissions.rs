//! Permissions, owners, attributes.

use super::files::Plain;
use super::paths::Place;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Field;

impl Machine<'_> {
    pub(super) fn permissions(&mut self, call: &Call) {
        let plain = Plain::of(
            call,
            if call.name == "setfacl" { "mxMX" } else { "" },
            &["--reference", "--modify", "--remove"],
        );
        let recursive = plain.letters.contains('R') || plain.long.contains(&"--recursive");
        let operands: Vec<Field> =
            call.fields.iter().skip(1).filter(|f| !f.text.starts_with('-')).cloned().collect();
        // What comes from another command is as many files as that finds.
        let recursive = recursive
            || (call.name != "chattr"
                && operands
                    .iter()
                    .skip(1)
                    .any(|f| f.taint.has(crate::interpret::value::Taint::NAMES)));
        let mode = operands.first().map(|f| f.text.clone()).unwrap_or_default();
        let mode = if call.name == "chmod" && call.word(1).starts_with('-') && operands.len() == 1 {
            call.word(1).to_owned()
        } else {
            mode
        };
        let mut touched = false;
        for field in &operands {
            touched |= self.permission_target(field, recursive);
        }
        if touched {
            return;
        }
        let kind = if recursive {
            "perm.recursive"
        } else if call.name == "chmod"
            && is_harmless_mode(&mode)
            && self.all_ordinary(operands.get(1..).unwrap_or_default())
        {
            return;
        } else if call.name == "setfacl"
            && plain.value(&["-m", "--modify"]).is_some_and(|acl| {
                acl.starts_with("u:") && !acl.contains("nobody") && !acl.contains(',')
            })
            && self.all_ordinary(operands.get(1..).unwrap_or_default())
        {
            // Access for one more person to one file.
            return;
        } else if call.name == "chmod" && opens_up(&mode) {
            "perm.dangerous"
        } else {
            "perm.change"
        };
        self.effect(kind, call.text());
    }

    fn all_ordinary(&self, operands: &[Field]) -> bool {
        operands.iter().all(|field| {
            let resolved = self.resolve(&field.text);
            !self.is_credential(&resolved)
                && matches!(
                    self.place(&resolved),
                    Place::Workspace
                        | Place::Temporary
                        | Place::Home
                        | Place::Container
                        | Place::Unknown
                )
        })
    }

    /// A target that matters beyond its permissions: the system, the guard.
    fn permission_target(&mut self, field: &Field, recursive: bool) -> bool {
        let here = recursive && matches!(field.text.as_str(), "." | ".." | "*" | "./" | "./*");
        if !here && !field.text.contains('/') && !field.text.starts_with('~') {
            return false;
        }
        let resolved = self.resolve(field.text.trim_end_matches('*'));
        if recursive && self.place(&resolved) == Place::SystemRoot && resolved != "/home" {
            self.effect("perm.wipe_system", field.text.as_str());
            return true;
        }
        match self.owner_of_path(&resolved) {
            Some((super::own::Owner::Guard | super::own::Owner::OtherGuard, vital)) => {
                self.effect(if vital { "guard.off" } else { "guard.edit" }, field.text.as_str());
                true
            }
            Some((super::own::Owner::Agent, _)) | None => false,
        }
    }
}

/// Modes that give nothing to others: executable for oneself, read-only, private.
fn is_harmless_mode(mode: &str) -> bool {
    if mode.bytes().all(|b| b.is_ascii_digit()) && !mode.is_empty() {
        let digits = mode.trim_start_matches('0');
        let last = digits.bytes().last().unwrap_or(b'0');
        let middle = digits.bytes().rev().nth(1).unwrap_or(b'0');
        return digits.len() <= 3
            && !matches!(last, b'2' | b'3' | b'6' | b'7')
            && !matches!(middle, b'2' | b'3' | b'6' | b'7');
    }
    mode.split(',').all(|clause| {
        let (who, what) = clause.find(['+', '-', '=']).map_or(("", ""), |at| {
            (clause.get(..at).unwrap_or_default(), clause.get(at..).unwrap_or_default())
        });
        let opens = what.starts_with(['+', '='])
            && (what.contains('s')
                || what.contains('t')
                || (what.contains('w') && who.contains(['o', 'g', 'a'])));
        !what.is_empty() && !opens
    })
}

fn opens_up(mode: &str) -> bool {
    mode.ends_with(['7', '6', '2'])
        || mode.contains('s')
        || mode.contains("o+")
        || mode.contains("a+")
        || (mode.len() == 4 && !mode.starts_with('0'))
}
