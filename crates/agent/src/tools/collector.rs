//! Taking in the output of a process without holding all of it.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use countersign_domain::assessment::Span;
use countersign_domain::ids::CallId;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::output::{OutputLimits, head_and_tail, head_of, join_parts, tail_of};
use super::tool::ToolContext;

/// Bytes held beyond what is shown, so that a secret at a cut is still seen whole and masked.
const MARGIN: usize = 4096;

/// Bytes of what is shown that are left for the notes around it.
const NOTES: usize = 512;

/// The beginning and the end of an output in memory, and the whole in a file once it is longer
/// than what is shown.
pub(super) struct Collector<'c> {
    context: &'c ToolContext,
    call: CallId,
    head: Vec<u8>,
    tail: Vec<u8>,
    total: usize,
    file: Kept,
}

enum Kept {
    /// Everything fits so far.
    NotNeeded,
    /// In this file, which has so many bytes.
    In(File, usize),
    /// It could not be kept.
    Not(io::Error),
}

impl<'c> Collector<'c> {
    pub(super) fn new(context: &'c ToolContext, call: CallId) -> Self {
        Self { context, call, head: Vec::new(), tail: Vec::new(), total: 0, file: Kept::NotNeeded }
    }

    /// Takes in the next piece.
    pub(super) async fn push(&mut self, piece: &[u8]) {
        self.total += piece.len();
        let part = self.part();
        let room = part.saturating_sub(self.head.len()).min(piece.len());
        let (first, rest) = piece.split_at(room);
        self.head.extend_from_slice(first);
        self.tail.extend_from_slice(rest);
        if self.total > self.limits().shown {
            self.keep(piece).await;
        }
        if self.tail.len() > 2 * part {
            self.tail.drain(..self.tail.len() - part);
        }
    }

    /// What is shown of it, with secrets masked, and where the rest is.
    pub(super) async fn finish(mut self) -> String {
        let excess = self.tail.len().saturating_sub(self.part());
        self.tail.drain(..excess);
        let shown = self.shown();
        match self.note().await {
            Some(note) => format!("{}\n{note}", shown.trim_end_matches('\n')),
            None => shown,
        }
    }

    fn limits(&self) -> OutputLimits {
        self.context.output
    }

    fn part(&self) -> usize {
        self.limits().shown / 2 + MARGIN
    }

    fn shown(&self) -> String {
        let limit = self.limits().shown - NOTES.min(self.limits().shown / 2);
        let redactor = &self.context.redactor;
        let missing = self.total - self.head.len() - self.tail.len();
        if missing == 0 {
            let whole = [self.head.as_slice(), self.tail.as_slice()].concat();
            let whole = String::from_utf8_lossy(&whole);
            return head_and_tail(&redactor.redact(&whole), limit);
        }
        let head = redactor.mask(&String::from_utf8_lossy(&self.head));
        let tail = redactor.mask(&String::from_utf8_lossy(&self.tail));
        // A secret at the cut is not seen whole. However short the masks have made the rest, what
        // stands there is not shown.
        let sure = self.head.len().saturating_sub(MARGIN);
        let end = head.place(Span { start: 0, end: sure }).end.min(limit / 2);
        let start = tail.place(Span { start: MARGIN, end: MARGIN }).end;
        let head = head_of(&head.text, end);
        let tail = tail_of(&tail.text, (limit / 2).min(tail.text.len().saturating_sub(start)));
        join_parts(head, self.total.saturating_sub(head.len() + tail.len()), tail)
    }

    async fn note(&mut self) -> Option<String> {
        let file = std::mem::replace(&mut self.file, Kept::NotNeeded);
        match file {
            Kept::NotNeeded => None,
            Kept::Not(error) => Some(format!("(the whole output could not be kept: {error})")),
            Kept::In(mut file, written) => {
                if let Err(error) = file.flush().await {
                    return Some(format!("(the whole output could not be kept: {error})"));
                }
                let path = file_of(self.call);
                let path = path.display();
                Some(if written < self.total {
                    format!(
                        "(the first {written} of {} bytes of output are in `{path}`)",
                        self.total
                    )
                } else {
                    format!("(all {written} bytes of output are in `{path}`)")
                })
            }
        }
    }

    async fn keep(&mut self, piece: &[u8]) {
        let kept = self.limits().kept;
        let file = std::mem::replace(&mut self.file, Kept::NotNeeded);
        self.file = match file {
            // Nothing has left the memory yet when the output first exceeds what is shown, unless
            // the piece itself is longer than all that is held: then it holds the rest.
            Kept::NotNeeded => {
                let whole = [self.head.as_slice(), self.tail.as_slice()].concat();
                match create(&self.context.workspace, self.call).await {
                    Ok(file) => write(file, 0, &whole, kept).await,
                    Err(error) => Kept::Not(error),
                }
            }
            Kept::In(file, written) => write(file, written, piece, kept).await,
            Kept::Not(error) => Kept::Not(error),
        };
    }
}

async fn write(mut file: File, written: usize, piece: &[u8], most: usize) -> Kept {
    let room = most.saturating_sub(written).min(piece.len());
    match file.write_all(piece.get(..room).unwrap_or(piece)).await {
        Ok(()) => Kept::In(file, written + room),
        Err(error) => Kept::Not(error),
    }
}

/// Relative to the workspace.
fn file_of(call: CallId) -> PathBuf {
    Path::new(".countersign/outputs").join(format!("{call}.txt"))
}

/// A new file below the workspace. Directories that are symbolic links are not followed: they
/// could lead out of it.
async fn create(workspace: &Path, call: CallId) -> io::Result<File> {
    let mut dir = workspace.to_owned();
    for name in [".countersign", "outputs"] {
        dir.push(name);
        make_real_directory(&dir)?;
    }
    let path = workspace.join(file_of(call));
    File::options().write(true).create_new(true).mode(0o600).open(path).await
}

fn make_real_directory(dir: &Path) -> io::Result<()> {
    match std::fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if std::fs::symlink_metadata(dir)?.is_dir() {
                return Ok(());
            }
            Err(io::Error::other(format!("`{}` is not a directory", dir.display())))
        }
        Err(error) => Err(error),
    }
}
