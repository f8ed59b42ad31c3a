//! Keys of the configuration as people write them: `approvals.mode`,
//! `risk.overrides."fs.delete".verdict`.

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key such as `approvals.mode`")]
pub(crate) struct NotAKey(String);

/// The parts of a key. A part that has dots in it stands in double quotes.
pub(crate) fn parse_key(text: &str) -> Result<Vec<String>, NotAKey> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match (c, parts.last_mut()) {
            ('"', _) => quoted = !quoted,
            ('.', _) if !quoted => parts.push(String::new()),
            (c, Some(part)) => part.push(c),
            (_, None) => {}
        }
    }
    let broken = quoted || parts.iter().any(|part| part.trim() != part || part.is_empty());
    if broken {
        return Err(NotAKey(text.chars().take(80).collect()));
    }
    Ok(parts)
}

/// The parts as one key.
pub(crate) fn write_key(parts: &[String]) -> String {
    let written = parts
        .iter()
        .map(|part| if part.contains('.') { format!("\"{part}\"") } else { part.clone() });
    written.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_what_it_writes() {
        for text in ["a", "a.b", "risk.overrides.\"fs.delete\".verdict"] {
            assert_eq!(write_key(&parse_key(text).unwrap()), text);
        }
        for text in ["", ".", "a.", "a..b", "a.\"b", " a"] {
            assert!(parse_key(text).is_err(), "{text:?}");
        }
    }
}
