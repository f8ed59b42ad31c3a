//! Fields written back as shell text.

use super::value::Field;

/// A field written so that it is read back as it is.
pub(crate) fn requoted(field: &Field) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if field.text.chars().all(plain) && !field.text.is_empty() {
        field.text.clone()
    } else if field.glob {
        let mut out = String::new();
        for c in field.text.chars() {
            match c {
                '\n' => out.push_str("'\n'"),
                c if plain(c) || "*?[]!^~".contains(c) || !c.is_ascii() => out.push(c),
                c => out.extend(['\\', c]),
            }
        }
        out
    } else {
        format!("'{}'", field.text.replace('\'', "'\\''"))
    }
}
