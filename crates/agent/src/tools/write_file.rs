//! `write_file`: creates or replaces a file, all of it or nothing.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::permit::PermittedAction;
use countersign_domain::runs::ToolStatus;
use countersign_ports::model_provider::ToolSpec;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use serde_json::{Map, Value};

use super::arguments::{Kind, Need, Parameter, Parameters, ToolInputError};
use super::files::{make_directory, open_directory, resolve};
use super::output::ToolOutput;
use super::tool::{Execution, Plan, Tool, ToolContext};

pub(super) struct WriteFile;

const NAME: &str = "write_file";

const PARAMETERS: Parameters = Parameters {
    tool: NAME,
    list: &[
        Parameter {
            name: "path",
            kind: Kind::Text,
            need: Need::Required,
            about: "The file; a relative path is one in the workspace.",
        },
        Parameter {
            name: "content",
            kind: Kind::Text,
            need: Need::Required,
            about: "The whole new content.",
        },
    ],
};

#[async_trait]
impl Tool for WriteFile {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: NAME,
            description: "Creates a file or replaces its content. Missing directories inside the \
                          workspace are made.",
            parameters: PARAMETERS.schema(),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        context: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let arguments = PARAMETERS.check(arguments)?;
        let path = arguments.text("path");
        if path.ends_with('/') {
            return Err(PARAMETERS.error("needs a file, not a directory, as `path`"));
        }
        Ok(Plan::Effect(Action::FileWrite {
            path: resolve(&PARAMETERS, path, &context.workspace)?,
            content: arguments.text("content").to_owned(),
        }))
    }

    async fn execute(&self, action: PermittedAction, execution: &Execution) -> ToolOutput {
        let Action::FileWrite { path, content } = action.into_action() else {
            return ToolOutput::not_mine(NAME);
        };
        let workspace = execution.context.workspace.clone();
        let temporary = format!(".countersign-{}.tmp", execution.call);
        let writing = tokio::task::spawn_blocking(move || {
            let written = write(&path, &content, &temporary, &workspace);
            written.map(|verb| format!("{verb} `{path}` ({} bytes)", content.len()))
        });
        match writing.await {
            Ok(Ok(done)) => ToolOutput::new(ToolStatus::Ok, done),
            Ok(Err(problem)) => ToolOutput::error(problem),
            Err(error) => ToolOutput::error(format!("writing broke off: {error}")),
        }
    }
}

/// Writes `content` to `path` through the file `temporary` beside it. The directory is held open,
/// so that it cannot be exchanged for another in between.
fn write(
    path: &str,
    content: &str,
    temporary: &str,
    workspace: &Path,
) -> Result<&'static str, String> {
    let fault = |error: &dyn std::fmt::Display| format!("`{path}` was not written: {error}");
    let (Some(parent), Some(name)) = (Path::new(path).parent(), Path::new(path).file_name()) else {
        return Err(fault(&"it is a directory"));
    };
    let directory = match (parent.strip_prefix(workspace), parent.to_str()) {
        (Ok(below), _) => make_directory(workspace, below),
        (Err(_), Some(parent)) => open_directory(parent),
        (Err(_), None) => return Err(fault(&"its directory is not UTF-8")),
    };
    let directory = directory.map_err(|error| error.to_string())?;
    let permissions = match statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => Some(Permissions::from_mode(found.st_mode & 0o7777)),
            FileType::Directory => return Err(fault(&"it is a directory")),
            FileType::Symlink => {
                return Err(format!("content_changed: `{path}` has become a symbolic link"));
            }
            FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => return Err(fault(&"it is not a regular file")),
        },
        Err(Errno::NOENT) => None,
        Err(error) => return Err(fault(&error)),
    };
    let verb = if permissions.is_some() { "replaced" } else { "created" };
    let filled = fill(&directory, temporary, content, permissions);
    let done = filled.and_then(|()| Ok(renameat(&directory, temporary, &directory, name)?));
    if let Err(error) = done {
        unlinkat(&directory, temporary, AtFlags::empty()).ok();
        return Err(fault(&error));
    }
    Ok(verb)
}

fn fill(
    directory: &File,
    temporary: &str,
    content: &str,
    permissions: Option<Permissions>,
) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let descriptor = openat(directory, temporary, flags, Mode::from_raw_mode(0o666))?;
    let mut file = File::from(descriptor);
    file.write_all(content.as_bytes())?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()
}
