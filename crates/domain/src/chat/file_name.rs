//! Names for files that people send.

/// The longest name, in bytes: room for what file systems and programs add.
const LONGEST: usize = 120;

/// The longest ending that is kept when a name is cut.
const LONGEST_ENDING: usize = 16;

/// `name` as a file may be called in a folder of its own: one name, of letters, digits and a few
/// signs, not hidden, not too long. A whole path comes down to its end.
pub fn safe_file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '=' | '@');
    let spelled: String = last.chars().map(|c| if legal(c) { c } else { '_' }).collect();
    let bare = spelled.trim_start_matches(['.', '-', '_']).trim_end_matches(['.', '_']);
    if bare.is_empty() {
        return "file".to_owned();
    }
    if bare.len() <= LONGEST {
        return bare.to_owned();
    }
    let ending = bare.rfind('.').map_or("", |at| bare.get(at..).unwrap_or_default());
    let ending = if ending.len() <= LONGEST_ENDING { ending } else { "" };
    let cut = beginning(bare, LONGEST - ending.len()).trim_end_matches(['.', '_']);
    format!("{cut}{ending}")
}

/// As much of `text` as fits into `most` bytes.
fn beginning(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_one_name_and_hides_nothing() {
        for (given, safe) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ann\\Übersicht 2026.xlsx", "Übersicht_2026.xlsx"),
            (".bashrc", "bashrc"),
            ("--force", "force"),
            ("a\u{202e}fdp.exe", "a_fdp.exe"),
            ("x\ny;rm -rf", "x_y_rm_-rf"),
            ("..", "file"),
            ("", "file"),
            ("/", "file"),
            ("???", "file"),
        ] {
            assert_eq!(safe_file_name(given), safe, "{given:?}");
        }
        let long = format!("{}.tar.gz", "ä".repeat(200));
        let cut = safe_file_name(&long);
        assert!(cut.len() <= LONGEST && cut.ends_with("ä.gz"), "{cut}");
    }

    proptest! {
        #[test]
        fn whatever_it_is_called_it_is_safe(name in "\\PC{0,300}|[./\\\\ -~]{0,300}") {
            let safe = safe_file_name(&name);
            prop_assert!(!safe.is_empty() && safe.len() <= LONGEST);
            prop_assert!(!safe.starts_with(['.', '-']) && !safe.contains(['/', '\\', '\0']));
            prop_assert_eq!(&safe_file_name(&safe), &safe);
        }
    }
}
