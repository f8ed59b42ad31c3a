//! Files of the workspace that go with a mail or a message.

use std::io::Read as _;
use std::path::{Component, Path};

use countersign_domain::outbound::{Attachment, Content, FileName};

use super::arguments::{Parameters, ToolInputError};
use super::files::{open_file, resolve as resolve_path};

/// Files that one message may have, and their bytes together: people look at all of them.
const MOST_FILES: usize = 10;
const LONGEST_FILES: u64 = 1_000_000;

/// The files as they are now. What is read here is what is shown and sent; the paths are not used
/// again.
pub(super) fn attached(
    parameters: &Parameters,
    paths: &[&str],
    workspace: &Path,
) -> Result<Vec<Attachment>, ToolInputError> {
    if paths.len() > MOST_FILES {
        return Err(parameters.error(&format!("takes at most {MOST_FILES} files")));
    }
    let mut files: Vec<Attachment> = Vec::new();
    let mut room = LONGEST_FILES;
    for path in paths {
        let resolved = resolve_path(parameters, path, workspace)?;
        let problem = |what: &str| {
            let path: String = path.chars().take(300).collect();
            parameters.error(&format!("cannot attach `{path}`: {what}"))
        };
        let resolved = Path::new(&resolved);
        let within = resolved.strip_prefix(workspace).map_err(|_| {
            problem("it is not in the workspace; only files of the workspace can be attached")
        })?;
        let steers = |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".");
        if within.components().any(steers) {
            return Err(problem("hidden files are not attached"));
        }
        let content = read(resolved, room).map_err(|what| problem(&what))?;
        room = room.saturating_sub(content.len() as u64);
        let name = within.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let path = resolved.to_str().map(str::to_owned);
        let name: FileName = name.parse().map_err(|error| problem(&format!("{error}")))?;
        if files.iter().any(|file| file.name == name) {
            return Err(problem("there is another of this name"));
        }
        files.push(Attachment { name, path, content: Content::new(content) });
    }
    Ok(files)
}

fn read(path: &Path, room: u64) -> Result<Vec<u8>, String> {
    let file = open_file(&path.display().to_string()).map_err(|error| error.to_string())?;
    let meta = file.metadata().map_err(|error| error.to_string())?;
    if !meta.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let mut content = Vec::new();
    file.take(room + 1).read_to_end(&mut content).map_err(|error| error.to_string())?;
    if content.len() as u64 > room {
        return Err(format!("all files together may have {LONGEST_FILES} bytes"));
    }
    Ok(content)
}
