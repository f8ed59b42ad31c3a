//! Actions: the effects that an agent can want, in the one form that is shown, hashed and run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// One effect that an agent wants. What a person is shown is made from this value, the digest is
/// taken over it, and the executor runs nothing but it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// A command line for bash.
    Exec {
        /// The command, exactly as bash gets it.
        command: String,
        /// Absolute working directory.
        cwd: String,
        /// The whole environment of the process.
        env: BTreeMap<String, String>,
        /// Seconds after which the process group is killed.
        timeout_s: u32,
    },
    /// A script for an interpreter.
    Code {
        /// Interpreter language, such as `python`.
        language: String,
        /// The script, exactly as the interpreter gets it.
        source: String,
        /// Absolute working directory.
        cwd: String,
        /// The whole environment of the process.
        env: BTreeMap<String, String>,
        /// Seconds after which the process group is killed.
        timeout_s: u32,
    },
    /// Reading a file.
    FileRead {
        /// Absolute path with every symbolic link resolved.
        path: String,
    },
    /// Creating or replacing a file.
    FileWrite {
        /// Absolute path with every symbolic link of its directory resolved.
        path: String,
        /// The whole new content.
        content: String,
    },
    /// An HTTP request.
    HttpRequest {
        /// Method in capitals.
        method: String,
        /// Absolute URL without a fragment.
        url: String,
        /// Request headers, names in lowercase.
        headers: BTreeMap<String, String>,
        /// Body, empty for none.
        body: String,
    },
}

/// The kind of an action, as the API and the audit name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// [`Action::Exec`].
    Exec,
    /// [`Action::Code`].
    Code,
    /// [`Action::FileRead`].
    FileRead,
    /// [`Action::FileWrite`].
    FileWrite,
    /// [`Action::HttpRequest`].
    HttpRequest,
}

impl ActionKind {
    /// Every kind, in a fixed order.
    pub const ALL: [Self; 5] =
        [Self::Exec, Self::Code, Self::FileRead, Self::FileWrite, Self::HttpRequest];

    /// The word that people and the API see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Code => "code",
            Self::FileRead => "file_read",
            Self::FileWrite => "file_write",
            Self::HttpRequest => "http_request",
        }
    }
}

impl Action {
    /// Which kind this is.
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::Exec { .. } => ActionKind::Exec,
            Self::Code { .. } => ActionKind::Code,
            Self::FileRead { .. } => ActionKind::FileRead,
            Self::FileWrite { .. } => ActionKind::FileWrite,
            Self::HttpRequest { .. } => ActionKind::HttpRequest,
        }
    }

    /// The canonical JSON of this action (RFC 8785): what the digest is taken over.
    pub fn canonical_json(&self) -> String {
        // Canonicalising fails only on numbers that JSON cannot write and on keys that are no
        // strings. An action has neither, so the fallback is unreachable; it still is injective.
        serde_json_canonicalizer::to_string(self).unwrap_or_else(|_| format!("{self:?}"))
    }

    /// SHA-256 of the canonical JSON.
    pub fn digest(&self) -> Digest {
        Digest::of(self.canonical_json().as_bytes())
    }

    /// The text that findings point into: the command, the source, the path or the URL.
    pub fn text(&self) -> &str {
        match self {
            Self::Exec { command, .. } => command,
            Self::Code { source, .. } => source,
            Self::FileRead { path } | Self::FileWrite { path, .. } => path,
            Self::HttpRequest { url, .. } => url,
        }
    }

    /// Where it happens: the working directory, if the action has one.
    pub fn cwd(&self) -> Option<&str> {
        match self {
            Self::Exec { cwd, .. } | Self::Code { cwd, .. } => Some(cwd),
            Self::FileRead { .. } | Self::FileWrite { .. } | Self::HttpRequest { .. } => None,
        }
    }

    /// Where it goes: the URL or the path, if the action has such a destination.
    pub fn destination(&self) -> Option<&str> {
        match self {
            Self::Exec { .. } | Self::Code { .. } => None,
            Self::FileRead { path } | Self::FileWrite { path, .. } => Some(path),
            Self::HttpRequest { url, .. } => Some(url),
        }
    }

    /// Where a grant for this action is good, in canonical form: the destination of what leaves,
    /// the file, or `local:` and the working directory.
    pub fn bound_destination(&self) -> String {
        match self {
            Self::Exec { cwd, .. } | Self::Code { cwd, .. } => format!("local:{cwd}"),
            Self::FileRead { path } | Self::FileWrite { path, .. } => format!("file:{path}"),
            Self::HttpRequest { url, .. } => url.clone(),
        }
    }

    /// What goes there: the content to write or the body to send.
    pub fn content(&self) -> Option<&str> {
        match self {
            Self::Exec { .. } | Self::Code { .. } | Self::FileRead { .. } => None,
            Self::FileWrite { content, .. } => Some(content),
            Self::HttpRequest { body, .. } => Some(body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(command: &str) -> Action {
        Action::Exec {
            command: command.to_owned(),
            cwd: "/w".to_owned(),
            env: BTreeMap::from([("PATH".to_owned(), "/bin".to_owned())]),
            timeout_s: 60,
        }
    }

    #[test]
    fn the_canonical_form_is_pinned() {
        assert_eq!(
            exec("echo \"hi\"\n").canonical_json(),
            r#"{"command":"echo \"hi\"\n","cwd":"/w","env":{"PATH":"/bin"},"kind":"exec","timeout_s":60}"#
        );
        assert_eq!(exec("ls").digest().short().len(), 12);
    }

    #[test]
    fn every_part_of_an_action_is_in_its_digest() {
        let base = exec("ls").digest();
        let mut others = vec![exec("ls ")];
        if let Action::Exec { command, cwd, mut env, timeout_s } = exec("ls") {
            env.insert("A".to_owned(), String::new());
            others.push(Action::Exec {
                command: command.clone(),
                cwd,
                env: env.clone(),
                timeout_s,
            });
            others.push(Action::Exec {
                command: command.clone(),
                cwd: "/".to_owned(),
                env: BTreeMap::from([("PATH".to_owned(), "/bin".to_owned())]),
                timeout_s,
            });
            others.push(Action::Code {
                language: "bash".to_owned(),
                source: command,
                cwd: "/w".to_owned(),
                env,
                timeout_s,
            });
        }
        for other in others {
            assert_ne!(other.digest(), base, "{other:?}");
        }
    }
}
