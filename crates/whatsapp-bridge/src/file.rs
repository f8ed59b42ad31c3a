//! Files that are sent and received.

/// The largest file that is taken or given, in bytes.
pub const LARGEST_FILE: usize = 16 * 1024 * 1024;

/// The longest name of a file, in bytes.
const LONGEST_NAME: usize = 255;

/// What can be sent, and how the other side is shown it.
const TYPES: [(&str, FileKind); 15] = [
    ("image/jpeg", FileKind::Image),
    ("image/png", FileKind::Image),
    ("video/mp4", FileKind::Video),
    ("audio/aac", FileKind::Audio),
    ("audio/mp4", FileKind::Audio),
    ("audio/mpeg", FileKind::Audio),
    ("audio/ogg", FileKind::Audio),
    ("application/json", FileKind::Document),
    ("application/msword", FileKind::Document),
    ("application/pdf", FileKind::Document),
    ("application/vnd.ms-excel", FileKind::Document),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", FileKind::Document),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", FileKind::Document),
    ("text/csv", FileKind::Document),
    ("text/plain", FileKind::Document),
];

/// How the other side is shown a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A recording.
    Audio,
    /// A file with a name.
    Document,
}

/// A type of what can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType {
    name: &'static str,
    kind: FileKind,
}

impl MediaType {
    /// The type with this very name; `None` if it cannot be sent.
    pub fn parse(name: &str) -> Option<Self> {
        let (name, kind) = TYPES.iter().find(|(known, _)| *known == name)?;
        Some(Self { name, kind: *kind })
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        self.name
    }

    /// How it is shown.
    pub const fn kind(self) -> FileKind {
        self.kind
    }
}

/// Whether a file may be called so: a name, and no way to anywhere.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && !name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\'))
        && !matches!(name, "." | "..")
}
