//! Masking secrets in a text that comes in pieces: one may be cut anywhere.

use countersign_domain::assessment::Span;
use countersign_domain::redaction::Redactor;

/// So much of what was told is looked at again, because it may say that a secret follows, or be
/// its beginning. A private key is shorter.
const MEMORY: usize = 8 * 1024;

/// A word that is longer than this is told in parts.
const LONGEST_WORD: usize = 4 * 1024;

/// A text that grows, and is told without its secrets.
pub(super) struct MaskedStream<'r> {
    redactor: &'r Redactor,
    /// The end of what was given, raw.
    text: String,
    /// So much of `text` has been told.
    told: usize,
}

impl<'r> MaskedStream<'r> {
    pub(super) const fn new(redactor: &'r Redactor) -> Self {
        Self { redactor, text: String::new(), told: 0 }
    }

    /// What can be told now that `piece` has come. The last word waits for its end.
    pub(super) fn push(&mut self, piece: &str) -> String {
        self.text.push_str(piece);
        let word = |c: char| c.is_ascii_graphic();
        let safe = self.text.trim_end_matches(word).len();
        let safe = if self.text.len() - safe > LONGEST_WORD { self.text.len() } else { safe };
        self.tell_up_to(safe)
    }

    /// What is left to be told at the end.
    pub(super) fn finish(&mut self) -> String {
        self.tell_up_to(self.text.len())
    }

    fn tell_up_to(&mut self, safe: usize) -> String {
        if safe <= self.told {
            return String::new();
        }
        let masked = self.redactor.mask(self.text.get(..safe).unwrap_or_default());
        // Where a secret has begun before, its mask or its name has been told already.
        let from = masked.place(Span { start: 0, end: self.told }).end;
        let news = masked.text.get(from..).unwrap_or_default().to_owned();
        self.told = safe;
        if self.told > 2 * MEMORY {
            let forget = self.text.floor_char_boundary(self.told - MEMORY);
            self.text.drain(..forget);
            self.told -= forget;
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of `text` when it comes in pieces of `size` characters.
    fn told(text: &str, size: usize) -> String {
        let redactor = Redactor::new(["hunter2 of the house".to_owned()]);
        let mut stream = MaskedStream::new(&redactor);
        let letters: Vec<char> = text.chars().collect();
        let pieces =
            letters.chunks(size).map(|piece| stream.push(&piece.iter().collect::<String>()));
        let mut told: String = pieces.collect();
        told.push_str(&stream.finish());
        told
    }

    #[test]
    fn a_secret_that_comes_in_pieces_is_never_told() {
        let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
        let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ";
        let text = format!(
            "see {token}, or\npassword: abcdef123456 and\n-----BEGIN PRIVATE KEY-----\n{line}\n{line}\n\
             AAab12==\n-----END PRIVATE KEY-----\nünd weiter"
        );
        for size in [1, 2, 3, 7, 30, 64, 1000] {
            let told = told(&text, size);
            for secret in [token.as_str(), "abcdef123456", line] {
                assert!(!told.contains(secret.get(4..).unwrap()), "{size}: {told}");
            }
            assert!(told.starts_with("see ghp_…(40), or\npassword: …(12) and\n"), "{size}: {told}");
            assert!(told.ends_with("\nünd weiter"), "{size}: {told}");
        }
    }

    #[test]
    fn what_is_no_secret_is_told_whole_whatever_its_length() {
        for text in ["word ".repeat(20_000), "x".repeat(30_000), "漢字".repeat(20_000)] {
            for size in [50, 700] {
                assert_eq!(told(&text, size), text);
            }
        }
    }
}
