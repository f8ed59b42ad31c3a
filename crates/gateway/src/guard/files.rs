//! What the guard says of reading and writing files.

use countersign_command_risk::is_within;
use countersign_domain::assessment::{Finding, FindingId, Span};
use countersign_domain::verdict::{Severity, Verdict};

use super::GuardParts;

/// Directories of the system: reading or changing files there is severe whatever is configured.
const SYSTEM_PATHS: [&str; 5] = ["/etc", "/boot", "/dev", "/proc", "/sys"];

/// Files in a workspace that make ordinary programs run others.
const STEERING_NAMES: [&str; 14] = [
    ".git",
    ".gitconfig",
    ".gitmodules",
    ".husky",
    ".envrc",
    ".direnv",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".cargo",
    ".vscode",
    ".idea",
    ".mcp.json",
    ".claude",
];

/// What is done to a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// How severe something is, and what is done about it.
type Rating = (&'static str, Severity, Verdict, &'static str);

const OWN_FILES: Rating = (
    "guard.own_files",
    Severity::Critical,
    Verdict::Forbid,
    "Belongs to the gateway that controls the agent.",
);
const TOOL_CONFIG: Rating = (
    "fs.write_tool_config",
    Severity::High,
    Verdict::Ask,
    "Changes what other programs run in the workspace, such as hooks.",
);
const READ_PROTECTED: Rating = (
    "fs.read_protected",
    Severity::High,
    Verdict::Ask,
    "Reads a protected file, such as a credential.",
);
const READ_OUTSIDE: Rating =
    ("fs.read_outside", Severity::Medium, Verdict::Ask, "Reads a file outside the workspace.");
const WRITE_PROTECTED: Rating = (
    "fs.write_protected",
    Severity::Critical,
    Verdict::Ask,
    "Changes a protected file, such as a credential or a start-up file.",
);
const WRITE_OUTSIDE: Rating =
    ("fs.write_outside", Severity::High, Verdict::Ask, "Changes a file outside the workspace.");

/// What speaks against an access to `path`, which is absolute and resolved.
pub(super) fn assess(parts: &GuardParts, path: &str, access: Access) -> Option<Finding> {
    let (id, severity, verdict, message) = rate(parts, path, access)?;
    let (id, span) = (FindingId::from_static(id), Span::whole(path.len()));
    Some(Finding { id, severity, verdict, span, message: message.to_owned() })
}

fn rate(parts: &GuardParts, path: &str, access: Access) -> Option<Rating> {
    // The workspace may lie inside the gateway's home, which is otherwise closed; a workspace
    // around the home does not open it.
    let (workspace, home) = (&parts.workspace, &parts.gateway_home);
    let in_workspace = is_within(path, workspace);
    let is_open = in_workspace && is_within(workspace, home) && workspace != home;
    if is_within(path, home) && !is_open {
        return Some(OWN_FILES);
    }
    match (access, is_protected(parts, path)) {
        (Access::Read, true) => Some(READ_PROTECTED),
        (Access::Write, true) => Some(WRITE_PROTECTED),
        (Access::Write, false) if in_workspace => {
            steers_programs(path, workspace).then_some(TOOL_CONFIG)
        }
        (Access::Read, false) => (!in_workspace).then_some(READ_OUTSIDE),
        (Access::Write, false) => Some(WRITE_OUTSIDE),
    }
}

/// Whether a protected path holds `path`; one that holds the whole workspace does not count
/// inside it.
fn is_protected(parts: &GuardParts, path: &str) -> bool {
    let listed = parts.protected_paths.iter().map(|listed| expand(listed, &parts.user_home));
    listed.chain(SYSTEM_PATHS.map(str::to_owned)).any(|protected| {
        is_within(path, &protected)
            && !(is_within(path, &parts.workspace) && is_within(&parts.workspace, &protected))
    })
}

fn expand(path: &str, home: &str) -> String {
    match path.strip_prefix("~/") {
        Some(rest) => format!("{home}/{rest}"),
        None => path.to_owned(),
    }
}

/// Whether a file in the workspace makes ordinary programs run others.
fn steers_programs(path: &str, workspace: &str) -> bool {
    let inside = path.strip_prefix(workspace.trim_end_matches('/')).unwrap_or(path);
    inside.split('/').any(|name| STEERING_NAMES.contains(&name.to_ascii_lowercase().as_str()))
}
