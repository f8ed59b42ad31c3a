//! Which files a command would run or read: what an approval must bind by their content.

mod manifests;
mod notes;

pub(crate) use notes::known_language;

use std::collections::BTreeSet;

use countersign_domain::assessment::Span;

/// The language of a program that is started by its path: its first line says what it is in, and
/// without one a shell takes it as its own.
pub const BY_ITS_HEAD: &str = "program";

/// The most files that are noted of one command.
pub(crate) const MOST: usize = 256;

/// A file that a command would run or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileUse {
    /// Absolute path as the command names it: `..` and symbolic links are still in it.
    pub path: String,
    /// What is done with it.
    pub role: FileRole,
    /// Whether it matters only if it exists.
    pub optional: bool,
    /// Whether the command names it, rather than a program that looks for files of usual names.
    pub named: bool,
    /// Whether the same line writes it before it is used, with content that is not known.
    pub made: bool,
    /// The working directory at that moment.
    pub cwd: String,
    /// Where in the original text it comes from.
    pub span: Span,
}

/// What a command does with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileRole {
    /// Its content is run, in this language if the command says which.
    Runs(Option<&'static str>),
    /// Its content is read.
    Reads,
}

impl FileRole {
    /// Whether the content is run.
    pub const fn runs(self) -> bool {
        matches!(self, Self::Runs(_))
    }
}

/// What is noted of the files of one command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FileNotes {
    /// Files that are run or read.
    pub(crate) uses: Vec<FileUse>,
    /// Whether a file is run of which it is not known where it is.
    pub(crate) unplaced: bool,
    /// Whether output goes to a file.
    pub(crate) redirected: bool,
    /// What becomes of what is read.
    input: Input,
    /// Files that the line has written so far.
    made: BTreeSet<String>,
}

/// What becomes of the content of files that are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Input {
    /// It stays data.
    #[default]
    Data,
    /// It is run, in this language if that can be judged.
    Run(Option<&'static str>),
}

/// Programs that show what files say, and do nothing else with it.
const VIEWERS: &[&str] = &[
    "cat",
    "head",
    "tail",
    "less",
    "more",
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "wc",
    "ls",
    "stat",
    "file",
    "du",
    "diff",
    "cmp",
    "nl",
    "tac",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "cut",
    "cd",
    "echo",
    "printf",
    "true",
    "pwd",
    "test",
    "[",
    "jq",
    "tree",
    "basename",
    "dirname",
    "realpath",
    "readlink",
    "hexdump",
    "od",
    "column",
    "strings",
    "zcat",
    "zgrep",
];

/// Whether a program named so does nothing with files but show them.
pub(crate) fn is_viewer(program: &str) -> bool {
    VIEWERS.contains(&program)
}
