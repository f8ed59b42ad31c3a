//! Binding an action to the files that it runs and reads: what was shown is what runs.

use countersign_command_risk::FileUse;
use countersign_domain::action::Action;
use countersign_domain::assessment::{Finding, Span};
use countersign_domain::display::one_line;
use countersign_domain::files::BoundFile;
use countersign_domain::verdict::{Severity, Verdict};
use countersign_ports::file_witness::{Found, Room, Seen};

use crate::gateway::Gateway;
use crate::guard::{Assessed, LONGEST_SCRIPT, Script, file_finding};

/// The most files that one action is bound to.
const MOST_FILES: usize = 64;
/// The most bytes of content that are read for one action.
const MOST_BYTES: u64 = 32 * 1024 * 1024;
/// How far scripts that run scripts are followed.
const DEEPEST: usize = 4;

/// An action bound to files, and what the guard says of it with their content.
pub(crate) struct Inspected {
    /// The action, as it will be shown and run.
    pub(crate) action: Action,
    /// What the guard says.
    pub(crate) assessed: Assessed,
    room: Room,
}

/// What has been looked at so far.
struct Looking {
    files: Vec<BoundFile>,
    findings: Vec<Finding>,
    room: Room,
}

impl Gateway {
    /// `action` bound to the files that it runs now, judged with their content.
    pub(crate) async fn inspect(&self, action: &Action) -> Inspected {
        let action = action.clone().bound_to(Vec::new());
        let assessed = self.guard.assess(&action);
        let room = Room { files: MOST_FILES, bytes: MOST_BYTES, text: LONGEST_SCRIPT };
        let mut looking = Looking { files: Vec::new(), findings: Vec::new(), room };
        let runs = assessed.files().iter().filter(|used| used.role.runs());
        let mut level: Vec<FileUse> = runs.cloned().collect();
        if assessed.runs_unplaced_files() {
            let message = "Runs a file of which it cannot be told where it is.".to_owned();
            let whole = Span::whole(action.text().len());
            looking.findings.push(file_finding("files.unbound", whole, message));
        }
        for _ in 0..DEEPEST {
            if level.is_empty() {
                break;
            }
            level = self.look_at_runs(level, &mut looking).await;
        }
        if !level.is_empty() {
            let message =
                "Runs scripts that run scripts, deeper than they are followed.".to_owned();
            let whole = Span::whole(action.text().len());
            looking.findings.push(file_finding("files.unbound", whole, message));
        }
        Inspected {
            action: action.bound_to(looking.files),
            assessed: assessed.with_findings(looking.findings),
            room: looking.room,
        }
    }

    /// Looks at files that are run; gives those that they run in turn.
    async fn look_at_runs(&self, level: Vec<FileUse>, looking: &mut Looking) -> Vec<FileUse> {
        let paths = level.iter().map(|used| used.path.clone()).collect();
        let found = self.witness.look(paths, looking.room).await;
        let mut next: Vec<FileUse> = Vec::new();
        for (used, found) in level.iter().zip(found) {
            let unbound = |why: &str| {
                let name = one_line(&used.path, 120);
                let message = format!("Runs `{name}`, whose content is not bound: {why}.");
                file_finding("files.unbound", used.span, message)
            };
            if used.made {
                looking.findings.push(unbound("the same line writes it first"));
            }
            match found {
                Found::File(seen) => {
                    let script = Script { used, size: seen.size, text: &seen.text };
                    let judged = self.guard.judge_script(&script);
                    looking.findings.extend(judged.findings);
                    let known =
                        |file: &FileUse| looking.files.iter().any(|f| f.named() == file.path);
                    next.extend(judged.runs.into_iter().filter(|file| !known(file)));
                    looking.take(bound(used, &seen, true));
                }
                Found::Absent if used.path.contains(['*', '?', '[']) => {
                    looking.findings.push(unbound("it is a pattern"));
                }
                Found::Absent if !used.optional => {
                    if used.named && !used.made {
                        looking.findings.push(unbound("it does not exist yet"));
                    }
                    let path = used.path.clone();
                    let file = BoundFile { path, named: None, size: 0, sha256: None, runs: true };
                    looking.take(file);
                }
                Found::Absent | Found::Directory => {}
                Found::Unbindable(why) => looking.findings.push(unbound(&why)),
            }
        }
        next.sort_by(|a, b| a.path.cmp(&b.path));
        next.dedup_by(|a, b| a.path == b.path);
        next.retain(|file| !looking.files.iter().any(|f| f.named() == file.path));
        next
    }

    /// The same, bound also to what it reads: for what is put to a person. What only shows files
    /// shows them as they are then.
    pub(crate) async fn bind_reads(&self, inspected: Inspected) -> Inspected {
        let Inspected { action, assessed, room } = inspected;
        if assessed.only_views() {
            return Inspected { action, assessed, room };
        }
        let mut looking = Looking { files: action.files().to_vec(), findings: Vec::new(), room };
        let reads = assessed.files().iter().filter(|used| !used.role.runs());
        let reads: Vec<FileUse> = reads.cloned().collect();
        let paths = reads.iter().map(|used| used.path.clone()).collect();
        for (used, found) in reads.iter().zip(self.witness.look(paths, room).await) {
            match found {
                Found::File(seen) => looking.take(bound(used, &seen, false)),
                Found::Unbindable(why) => {
                    let name = one_line(&used.path, 120);
                    let message = format!("Reads `{name}`, whose content is not bound: {why}.");
                    let found = file_finding("files.read_unbound", used.span, message);
                    let (severity, verdict) = (Severity::Low, Verdict::Allow);
                    looking.findings.push(Finding { severity, verdict, ..found });
                }
                Found::Absent | Found::Directory => {}
            }
        }
        Inspected {
            action: action.bound_to(looking.files),
            assessed: assessed.with_findings(looking.findings),
            room: looking.room,
        }
    }

    /// Whether every file that `action` was bound to is as it was.
    pub(crate) async fn files_are_as_shown(&self, action: &Action) -> bool {
        let shown = action.files();
        if shown.is_empty() {
            return true;
        }
        let paths = shown.iter().map(|file| file.named().to_owned()).collect();
        let room = Room { files: shown.len(), bytes: MOST_BYTES, text: 0 };
        let found = self.witness.look(paths, room).await;
        found.len() == shown.len()
            && shown.iter().zip(found).all(|(shown, found)| match (shown.sha256, found) {
                (Some(sha256), Found::File(now)) => now.path == shown.path && now.sha256 == sha256,
                (None, Found::Absent) => true,
                (_, Found::File(_) | Found::Absent | Found::Directory | Found::Unbindable(_)) => {
                    false
                }
            })
    }
}

impl Looking {
    fn take(&mut self, file: BoundFile) {
        if self.files.iter().any(|known| known.named() == file.named()) {
            return;
        }
        self.room.files = self.room.files.saturating_sub(1);
        self.room.bytes = self.room.bytes.saturating_sub(file.size);
        self.files.push(file);
    }
}

fn bound(used: &FileUse, seen: &Seen, runs: bool) -> BoundFile {
    BoundFile {
        path: seen.path.clone(),
        named: (used.path != seen.path).then(|| used.path.clone()),
        size: seen.size,
        sha256: Some(seen.sha256),
        runs,
    }
}
