//! What a match must be besides matching.

/// A condition on a secret.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Needs {
    /// None.
    Nothing,
    /// A letter and a digit: words and names have no digits.
    Digit,
    /// A letter, and something other than lower-case letters, `-` and `_`; no path, option or home,
    /// which may be what a reader must see.
    Mixed,
    /// So many bits a character.
    Entropy(f64),
    /// What the table says is no condition; nothing meets it.
    Unreadable,
}

impl Needs {
    pub(super) fn read(text: &str) -> Self {
        match text.split_once(' ') {
            None if text == "digit" => Self::Digit,
            None if text == "mixed" => Self::Mixed,
            Some(("entropy", bits)) => bits.parse().map_or(Self::Unreadable, Self::Entropy),
            None | Some(_) => Self::Unreadable,
        }
    }

    pub(super) fn met_by(self, secret: &str) -> bool {
        let has = |what: fn(&u8) -> bool| secret.as_bytes().iter().any(what);
        match self {
            Self::Nothing => true,
            Self::Digit => has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic),
            Self::Mixed => {
                !secret.starts_with(['/', '-', '~', '='])
                    && has(u8::is_ascii_alphabetic)
                    && has(|byte| !byte.is_ascii_lowercase() && !matches!(byte, b'-' | b'_'))
            }
            Self::Entropy(bits) => entropy(secret) >= bits,
            Self::Unreadable => false,
        }
    }
}

/// Bits a character, going by how often each occurs.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let bits = |count: &u32| {
        let share = f64::from(*count) / total;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(bits).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_tells_noise_from_words() {
        assert!(entropy("aaaaaaaaaaaaaaaa").abs() < 0.001);
        assert!(entropy("abcdefghijklmnop") > 3.9);
    }
}
