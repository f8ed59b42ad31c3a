//! Redirections: what a command reads and what its output becomes.

use super::Machine;
use super::value::{Taint, UNKNOWN, Value};
use crate::effects::paths::WriteMode;
use crate::parse::ast::{Redirection, RedirectionKind};

/// Where the streams of a command lead.
#[derive(Debug, Default)]
pub(super) struct Streams {
    pub(super) stdin: Option<Value>,
    /// Files that the standard output goes to.
    pub(super) files: Vec<(String, bool)>,
    /// Whether the standard output still goes on to a pipe or a caller.
    pub(super) stdout_kept: bool,
    /// Descriptors other than the standard ones.
    pub(super) others: Vec<(u32, Value)>,
}

impl Machine<'_> {
    /// Follows redirections. `produces` says whether there is a command that writes into them.
    pub(super) fn redirect(&mut self, redirections: &[Redirection], produces: bool) -> Streams {
        let mut streams = Streams { stdout_kept: true, ..Streams::default() };
        for redirection in redirections {
            self.one_redirection(redirection, produces, &mut streams);
        }
        streams
    }

    fn one_redirection(
        &mut self,
        redirection: &Redirection,
        produces: bool,
        streams: &mut Streams,
    ) {
        let fd = redirection.descriptor;
        if redirection.kind == RedirectionKind::HereDocument {
            let body = redirection.body.get().map(|word| self.word_value(word)).unwrap_or_default();
            return place(streams, fd.unwrap_or(0), body);
        }
        let target = self.word_value(&redirection.target);
        match redirection.kind {
            RedirectionKind::HereString => {
                let mut body = target;
                body.text.push('\n');
                place(streams, fd.unwrap_or(0), body);
            }
            RedirectionKind::HereDocument => {}
            RedirectionKind::Read => {
                self.note_input(&target.text);
                let value = self.file_content(&target.text, true);
                place(streams, fd.unwrap_or(0), value);
            }
            RedirectionKind::ReadWrite => {
                self.note_input(&target.text);
                let value = self.file_content(&target.text, true);
                if self.socket(&target.text) {
                    streams.stdout_kept &= fd != Some(1);
                }
                place(streams, fd.unwrap_or(0), value);
            }
            RedirectionKind::Duplicate => self.duplicate(fd, &target, produces, streams),
            RedirectionKind::Write | RedirectionKind::WriteBoth => {
                self.output(&target, fd, produces, false, streams);
            }
            RedirectionKind::Append | RedirectionKind::AppendBoth => {
                self.output(&target, fd, produces, true, streams);
            }
        }
    }

    fn duplicate(
        &mut self,
        fd: Option<u32>,
        target: &Value,
        produces: bool,
        streams: &mut Streams,
    ) {
        let number = target.text.trim_end_matches('-').parse::<u32>();
        match number {
            Ok(source) if source > 2 || (source != 0 && fd == Some(0)) || fd.is_none() => {
                let held = self.state.descriptors.get(&source).cloned();
                let held = streams
                    .others
                    .iter()
                    .find(|(n, _)| *n == source)
                    .map(|(_, v)| v.clone())
                    .or(held);
                if let Some(value) = held
                    && fd.unwrap_or(0) == 0
                {
                    streams.stdin = Some(value);
                }
                if fd.is_none() && source == 2 {
                    streams.stdout_kept = false;
                }
            }
            Ok(_) => {
                if fd == Some(1) {
                    streams.stdout_kept = false;
                }
            }
            Err(_) if target.text == "-" || target.text.is_empty() => {}
            Err(_) => self.output(target, fd, produces, false, streams),
        }
    }

    #[expect(clippy::match_same_arms, reason = "the arms differ in meaning")]
    #[expect(clippy::too_many_arguments, reason = "each is a separate fact about one invocation")]
    fn output(
        &mut self,
        target: &Value,
        fd: Option<u32>,
        produces: bool,
        append: bool,
        streams: &mut Streams,
    ) {
        self.files.redirected |= target.text != "/dev/null";
        let standard = fd.unwrap_or(1) == 1;
        if standard {
            streams.stdout_kept = false;
        }
        if target.text.starts_with("/dev/fd/") || self.socket(&target.text) {
            return;
        }
        let mode = match (append, produces && standard) {
            (true, _) => WriteMode::Append,
            (false, true) => WriteMode::Replace,
            (false, false) if standard => WriteMode::Empty,
            (false, false) => WriteMode::Replace,
        };
        if standard && mode != WriteMode::Empty {
            streams.files.push((target.text.clone(), append));
        } else {
            self.write_path(&target.text, mode);
        }
    }

    /// Writes what a command printed into the files its output goes to.
    pub(super) fn keep(&mut self, streams: &Streams, output: &Value) {
        let endless = is_endless(&self.command_text);
        for (path, append) in &streams.files {
            if endless && !path.starts_with("/dev/") && !path.starts_with("/proc/") {
                self.effect("fs.fill", path.as_str());
            }
            let mode = match (append, output.text.is_empty() && output.taint == Taint::NONE) {
                (true, _) => WriteMode::Append,
                (false, true) => WriteMode::Empty,
                (false, false) => WriteMode::Replace,
            };
            self.write_content(path, mode, output);
        }
    }

    /// Bash opens `/dev/tcp/…` as a connection.
    pub(super) fn socket(&mut self, path: &str) -> bool {
        let Some(rest) = path.strip_prefix("/dev/tcp/").or_else(|| path.strip_prefix("/dev/udp/"))
        else {
            return false;
        };
        let host = rest.split('/').next().unwrap_or_default().to_owned();
        if !crate::effects::net::is_local_host(&host) {
            self.effect("net.send", host);
        }
        true
    }

    /// What reading a file gives.
    pub(crate) fn file_content(&mut self, path: &str, shown: bool) -> Value {
        if path.contains(UNKNOWN) {
            return Value::unknown(Taint::LOCAL);
        }
        if self.socket(path) {
            return Value::unknown(Taint::NETWORK);
        }
        if let Some(number) =
            path.strip_prefix("/dev/fd/").or_else(|| path.strip_prefix("/proc/self/fd/"))
            && let Some(value) =
                number.parse().ok().and_then(|n: u32| self.state.descriptors.get(&n))
        {
            return value.clone();
        }
        if path == "/dev/null" {
            return Value::default();
        }
        let resolved = self.resolve(path);
        if let Some(content) = self.written.get(&resolved).or_else(|| self.written.get(path)) {
            return content.clone();
        }
        if shown {
            self.read_path(path);
        } else {
            self.read_own(path);
        }
        if let Some(name) = self.process_of_file(&resolved) {
            return Value::known(format!("{}{name}\n", crate::effects::processes::PID_OF));
        }
        let secret = self.is_credential(&resolved);
        let own = self.is_own_code(&resolved);
        Value::unknown(match (secret, own) {
            (true, _) => Taint::LOCAL.with(Taint::SECRET),
            (false, true) => Taint::LOCAL.with(Taint::OWN),
            (false, false) => Taint::LOCAL,
        })
    }
}

fn place(streams: &mut Streams, fd: u32, value: Value) {
    if fd == 0 {
        streams.stdin = Some(value);
    } else {
        streams.others.push((fd, value));
    }
}

/// Whether a command prints without end, or far more than anybody wants on a disk.
fn is_endless(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let source = |word: &str| matches!(word, "/dev/zero" | "/dev/urandom" | "/dev/random");
    match words.next() {
        Some("yes") => true,
        Some("cat" | "pv" | "tr" | "base64" | "xxd" | "od" | "hexdump") => words.any(source),
        Some("head") => words.any(|word| {
            let size = word.trim_start_matches("-c").trim_start_matches("--bytes=");
            let number = size.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let huge = number.parse::<u64>().is_ok_and(|n| n >= 100);
            size.ends_with(['T', 'P'])
                || huge && (size.ends_with('G') || size.ends_with("GB") || size.ends_with("GiB"))
        }),
        _ => false,
    }
}
