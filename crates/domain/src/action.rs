//! Actions: the effects that an agent can want, in the one form that is shown, hashed and run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::files::BoundFile;
use crate::outbound::{Attachment, Destination, EmailAddress, Subject};

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
        /// Files that it runs or reads, as they were when it was looked at.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<BoundFile>,
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
        /// Files that it runs or reads, as they were when it was looked at.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<BoundFile>,
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
    /// A message to a conversation or a webhook.
    SendMessage {
        /// Where it goes, in canonical form.
        destination: Destination,
        /// The name by which the destination was called, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The whole text.
        text: String,
        /// Files that go with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
    },
    /// A mail.
    SendEmail {
        /// The sender, as configured.
        from: EmailAddress,
        /// To whom.
        to: Vec<EmailAddress>,
        /// Who gets a copy.
        cc: Vec<EmailAddress>,
        /// The subject.
        subject: Subject,
        /// The whole text.
        body: String,
        /// Files that go with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
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
    /// [`Action::SendMessage`].
    SendMessage,
    /// [`Action::SendEmail`].
    SendEmail,
}

impl ActionKind {
    /// Every kind, in a fixed order.
    pub const ALL: [Self; 7] = [
        Self::Exec,
        Self::Code,
        Self::FileRead,
        Self::FileWrite,
        Self::HttpRequest,
        Self::SendMessage,
        Self::SendEmail,
    ];

    /// The word that people and the API see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Code => "code",
            Self::FileRead => "file_read",
            Self::FileWrite => "file_write",
            Self::HttpRequest => "http_request",
            Self::SendMessage => "send_message",
            Self::SendEmail => "send_email",
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
            Self::SendMessage { .. } => ActionKind::SendMessage,
            Self::SendEmail { .. } => ActionKind::SendEmail,
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

    /// The text that findings point into: the command, the source, the path, the URL or the
    /// (first) destination of a message.
    pub fn text(&self) -> &str {
        match self {
            Self::Exec { command, .. } => command,
            Self::Code { source, .. } => source,
            Self::FileRead { path } | Self::FileWrite { path, .. } => path,
            Self::HttpRequest { url, .. } => url,
            Self::SendMessage { destination, .. } => destination.as_str(),
            Self::SendEmail { to, .. } => to.first().map_or("", EmailAddress::as_str),
        }
    }

    /// Where it happens: the working directory, if the action has one.
    pub fn cwd(&self) -> Option<&str> {
        match self {
            Self::Exec { cwd, .. } | Self::Code { cwd, .. } => Some(cwd),
            Self::FileRead { .. }
            | Self::FileWrite { .. }
            | Self::HttpRequest { .. }
            | Self::SendMessage { .. }
            | Self::SendEmail { .. } => None,
        }
    }

    /// Where a grant for this action is good, in canonical form: the destination of what leaves,
    /// the file, or `local:` and the working directory.
    pub fn bound_destination(&self) -> String {
        match self {
            Self::Exec { cwd, .. } | Self::Code { cwd, .. } => format!("local:{cwd}"),
            Self::FileRead { path } | Self::FileWrite { path, .. } => format!("file:{path}"),
            Self::HttpRequest { url, .. } => url.clone(),
            Self::SendMessage { destination, .. } => destination.to_string(),
            Self::SendEmail { to, cc, .. } => {
                let addresses = to.iter().chain(cc).map(|one| format!("email:{one}"));
                addresses.collect::<Vec<_>>().join(",")
            }
        }
    }

    /// What goes there: the content to write or the body to send.
    pub fn content(&self) -> Option<&str> {
        match self {
            Self::Exec { .. } | Self::Code { .. } | Self::FileRead { .. } => None,
            Self::FileWrite { content, .. } => Some(content),
            Self::HttpRequest { body, .. } | Self::SendEmail { body, .. } => Some(body),
            Self::SendMessage { text, .. } => Some(text),
        }
    }

    /// The files that go with it.
    pub fn attachments(&self) -> &[Attachment] {
        match self {
            Self::SendMessage { attachments, .. } | Self::SendEmail { attachments, .. } => {
                attachments
            }
            Self::Exec { .. }
            | Self::Code { .. }
            | Self::FileRead { .. }
            | Self::FileWrite { .. }
            | Self::HttpRequest { .. } => &[],
        }
    }

    /// The same with other content; `None` if it has no content that a person could change.
    #[must_use]
    pub fn with_content(&self, new: String) -> Option<Self> {
        match self.clone() {
            Self::Exec { .. } | Self::Code { .. } | Self::FileRead { .. } => None,
            Self::FileWrite { path, .. } => Some(Self::FileWrite { path, content: new }),
            Self::HttpRequest { method, url, headers, .. } => {
                // A request of these kinds has no body.
                let bodiless = matches!(method.as_str(), "GET" | "HEAD");
                (!bodiless).then_some(Self::HttpRequest { method, url, headers, body: new })
            }
            Self::SendMessage { destination, name, attachments, .. } => {
                Some(Self::SendMessage { destination, name, text: new, attachments })
            }
            Self::SendEmail { from, to, cc, subject, attachments, .. } => {
                Some(Self::SendEmail { from, to, cc, subject, body: new, attachments })
            }
        }
    }

    /// The files that it runs or reads, as they were when it was looked at.
    pub fn files(&self) -> &[BoundFile] {
        match self {
            Self::Exec { files, .. } | Self::Code { files, .. } => files,
            Self::FileRead { .. }
            | Self::FileWrite { .. }
            | Self::HttpRequest { .. }
            | Self::SendMessage { .. }
            | Self::SendEmail { .. } => &[],
        }
    }

    /// The same, bound to these files; kinds that run nothing are bound to none.
    #[must_use]
    pub fn bound_to(mut self, bound: Vec<BoundFile>) -> Self {
        match &mut self {
            Self::Exec { files, .. } | Self::Code { files, .. } => *files = bound,
            Self::FileRead { .. }
            | Self::FileWrite { .. }
            | Self::HttpRequest { .. }
            | Self::SendMessage { .. }
            | Self::SendEmail { .. } => {}
        }
        self
    }

    /// The whole environment of its process, if it is one.
    pub const fn env(&self) -> Option<&BTreeMap<String, String>> {
        match self {
            Self::Exec { env, .. } | Self::Code { env, .. } => Some(env),
            Self::FileRead { .. }
            | Self::FileWrite { .. }
            | Self::HttpRequest { .. }
            | Self::SendMessage { .. }
            | Self::SendEmail { .. } => None,
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
            files: Vec::new(),
        }
    }

    fn script(content: &[u8]) -> BoundFile {
        BoundFile {
            path: "/w/x.sh".to_owned(),
            named: None,
            size: 2,
            sha256: Some(Digest::of(content)),
            runs: true,
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
        if let Action::Exec { command, cwd, env, timeout_s, files } = exec("ls") {
            let with = |cwd: &str, env: &[(&str, &str)]| Action::Exec {
                command: command.clone(),
                cwd: cwd.to_owned(),
                env: env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
                timeout_s,
                files: files.clone(),
            };
            others.extend([
                with("/", &[("PATH", "/bin")]),
                with("/w", &[("PATH", "/bin"), ("A", "")]),
                with("/w", &[("PATH", "/bin:")]),
                with("/w", &[]),
            ]);
            others.push(Action::Code {
                language: "bash".to_owned(),
                source: command,
                cwd,
                env,
                timeout_s,
                files,
            });
        }
        let bound = exec("ls").bound_to(vec![script(b"ls")]);
        others.push(exec("ls").bound_to(vec![script(b"rm")]));
        others.push(exec("ls").bound_to(vec![BoundFile { sha256: None, ..script(b"") }]));
        others.push(
            exec("ls")
                .bound_to(vec![BoundFile { named: Some("/w/y.sh".to_owned()), ..script(b"ls") }]),
        );
        others.push(bound);
        for (n, other) in others.iter().enumerate() {
            assert_ne!(other.digest(), base, "{other:?}");
            for another in others.iter().skip(n + 1) {
                assert_ne!(other.digest(), another.digest(), "{other:?}");
            }
        }
    }

    #[test]
    fn only_what_has_content_can_be_given_other_content() {
        let request = |method: &str, body: &str| Action::HttpRequest {
            method: method.to_owned(),
            url: "https://a.example/".to_owned(),
            headers: BTreeMap::new(),
            body: body.to_owned(),
        };
        assert_eq!(request("POST", "a").with_content("b".to_owned()), Some(request("POST", "b")));
        assert_eq!(request("GET", "").with_content("b".to_owned()), None);
        assert_eq!(exec("ls").with_content("rm".to_owned()), None);
        let read = Action::FileRead { path: "/x".to_owned() };
        assert_eq!(read.with_content(String::new()), None);
        let mail = |body: &str| Action::SendEmail {
            from: "me@a.example".parse().unwrap(),
            to: vec!["you@a.example".parse().unwrap()],
            cc: vec!["they@a.example".parse().unwrap()],
            subject: "s".parse().unwrap(),
            body: body.to_owned(),
            attachments: vec![Attachment {
                name: "a.txt".parse().unwrap(),
                path: None,
                content: crate::outbound::Content::new(b"a".to_vec()),
            }],
        };
        assert_eq!(mail("a").with_content("b".to_owned()), Some(mail("b")));
    }
}
