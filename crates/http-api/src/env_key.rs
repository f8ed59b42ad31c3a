//! Whether a key from the environment is good enough to guard a gateway.

/// The shortest key that is accepted, in characters.
const SHORTEST: usize = 16;

/// Words that stand in examples and are then forgotten there.
const PLACEHOLDERS: [&str; 14] = [
    "changeme",
    "change-me",
    "change_me",
    "replaceme",
    "replace-me",
    "replace_me",
    "your-key",
    "your_key",
    "yourkey",
    "your-api-key",
    "your_api_key",
    "placeholder",
    "example-key",
    "secret-key-here",
];

/// Why a key is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// Fewer characters than are needed.
    #[error("the key has {0} characters; at least {SHORTEST} are needed")]
    TooShort(usize),
    /// A text from an example.
    #[error("the key is a placeholder; make one with `openssl rand -hex 32`")]
    Placeholder,
    /// Characters that no header can carry.
    #[error("the key has spaces or other characters that a header cannot carry")]
    NotPrintable,
}

/// Nothing, or why `key` must not guard a gateway.
pub fn check_env_key(key: &str) -> Result<(), WeakKey> {
    let length = key.chars().count();
    if length < SHORTEST {
        return Err(WeakKey::TooShort(length));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(WeakKey::NotPrintable);
    }
    let lower = key.to_ascii_lowercase();
    let mut letters = lower.chars().filter(|c| !matches!(c, '-' | '_' | '.'));
    let first = letters.next();
    let monotonous = letters.all(|letter| Some(letter) == first);
    let borrowed = PLACEHOLDERS.iter().any(|word| lower.contains(word));
    if monotonous || borrowed || is_masked(&lower) {
        return Err(WeakKey::Placeholder);
    }
    Ok(())
}

/// `sk-xxxxxxxxxxxx`, `key-****`, `<your key>`.
fn is_masked(lower: &str) -> bool {
    lower.contains("xxxxxxxx")
        || lower.contains("********")
        || (lower.starts_with('<') && lower.ends_with('>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_key_is_accepted() {
        for key in ["9f86d081884c7d659a2feaa0c55ad015", "cs-Qm4-7dPz_Lw21.kT"] {
            assert_eq!(check_env_key(key), Ok(()), "{key}");
        }
    }

    #[test]
    fn short_keys_and_placeholders_are_refused() {
        assert_eq!(check_env_key("short"), Err(WeakKey::TooShort(5)));
        for key in [
            "changeme-changeme",
            "your-key-here-please",
            "xxxxxxxxxxxxxxxxxxxx",
            "sk-xxxxxxxxxxxxxxxx",
            "aaaaaaaaaaaaaaaa",
            "----------------",
            "<insert-the-key-here>",
            "Replace-Me-Replace-Me",
        ] {
            assert_eq!(check_env_key(key), Err(WeakKey::Placeholder), "{key}");
        }
        assert_eq!(check_env_key("with a space inside"), Err(WeakKey::NotPrintable));
    }
}
