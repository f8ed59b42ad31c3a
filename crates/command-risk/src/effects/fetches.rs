//! HTTP clients.

use super::net::{host_of, is_local_host};
use super::paths::{WriteMode, base_name};
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Field, Taint, UNKNOWN, Value};

#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one request")]
struct Request {
    method: String,
    sends: bool,
    as_query: bool,
    urls: Vec<Field>,
    output: Option<String>,
    named_by_url: bool,
    leaks: bool,
}

impl Machine<'_> {
    pub(super) fn fetch_tool(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        let request = match call.name.as_str() {
            "curl" | "curlie" => self.curl(call),
            "wget" | "wget2" | "aria2c" | "axel" | "lwp-download" | "fetch" | "GET"
            | "lwp-request" => self.wget(call),
            "http" | "https" | "xh" | "xhs" | "httpie" => httpie(call, stdin),
            _ => return None,
        };
        Some(self.request(call, &request))
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn curl(&mut self, call: &Call) -> Request {
        let mut request = Request::default();
        let mut at = 1;
        let sending = [
            "--data",
            "--data-raw",
            "--data-binary",
            "--data-ascii",
            "--data-urlencode",
            "--form",
            "--form-string",
            "--upload-file",
            "--json",
            "--mail-from",
            "--mail-rcpt",
            "--quote",
            "--url-query",
        ];
        let other = "ACDEHKPQUYbcehmtuwxyzr";
        while let Some(field) = call.fields.get(at) {
            at += 1;
            let word = field.text.clone();
            let value = call.fields.get(at).cloned().unwrap_or_default();
            let (name, attached) = word
                .split_once('=')
                .map_or((word.as_str(), None), |(n, v)| (n, Some(v.to_owned())));
            if name.starts_with("--") {
                let text = attached.clone().unwrap_or_else(|| value.text.clone());
                let takes = match name {
                    _ if sending.contains(&name) => {
                        request.sends = true;
                        self.payload(&text);
                        true
                    }
                    "--request" => {
                        request.method.clone_from(&text);
                        true
                    }
                    "--output" | "--dump-header" | "--cookie-jar" | "--trace" | "--trace-ascii"
                    | "--stderr" | "--output-dir" => {
                        if name == "--output" {
                            request.output = Some(text);
                        } else {
                            self.write_path(&text, WriteMode::Replace);
                        }
                        true
                    }
                    "--get" | "--head" => {
                        request.as_query = name == "--get";
                        false
                    }
                    "--remote-name" | "--remote-name-all" => {
                        request.named_by_url = true;
                        false
                    }
                    "--engine" => {
                        self.effect("code.outside", text);
                        true
                    }
                    "--config" | "--header" | "--user-agent" | "--cookie" | "--referer"
                    | "--user" | "--proxy" | "--cacert" | "--cert" | "--key" | "--max-time"
                    | "--connect-timeout" | "--retry" | "--resolve" | "--write-out"
                    | "--interface" | "--limit-rate" | "--range" | "--unix-socket"
                    | "--retry-delay" | "--oauth2-bearer" | "--aws-sigv4" | "--max-redirs"
                    | "--capath" | "--ciphers" | "--connect-to" | "--dns-servers" | "--doh-url"
                    | "--netrc-file" | "--time-cond" | "--tls-max" => {
                        request.leaks |=
                            matches!(name, "--header" | "--user-agent" | "--cookie" | "--referer")
                                && value.taint.has(Taint::LOCAL);
                        if name == "--unix-socket" {
                            self.local_socket(&text);
                        }
                        true
                    }
                    "--url" => {
                        request.urls.push(Field { text, ..value.clone() });
                        true
                    }
                    _ => false,
                };
                at += usize::from(takes && attached.is_none());
            } else if word.starts_with('-') && word.len() > 1 {
                at += self.curl_letters(&word, &value, other, &mut request);
            } else {
                request.urls.push(field.clone());
            }
        }
        request
    }

    /// Returns whether the next word was taken.
    fn curl_letters(
        &mut self,
        word: &str,
        next: &Field,
        other: &str,
        request: &mut Request,
    ) -> usize {
        for (at, letter) in word.char_indices().skip(1) {
            let rest = word.get(at + letter.len_utf8()..).unwrap_or_default();
            let text = if rest.is_empty() { next.text.clone() } else { rest.to_owned() };
            match letter {
                'd' | 'F' | 'T' => {
                    request.sends = true;
                    self.payload(&text);
                }
                'X' => request.method = text,
                'o' => request.output = Some(text),
                'O' => {
                    request.named_by_url = true;
                    continue;
                }
                'G' => {
                    request.as_query = true;
                    continue;
                }
                'D' | 'c' => self.write_path(&text, WriteMode::Replace),
                'K' => self.read_path(&text),
                _ if other.contains(letter) => {
                    request.leaks |=
                        matches!(letter, 'H' | 'A' | 'b' | 'e') && next.taint.has(Taint::LOCAL);
                }
                _ => continue,
            }
            return usize::from(rest.is_empty());
        }
        0
    }

    fn local_socket(&mut self, path: &str) {
        let resolved = self.resolve(path);
        if self.owner_of_path(&resolved).is_some() {
            self.effect("guard.answer", path);
        } else if resolved.ends_with("docker.sock") {
            self.effect("container.change", path);
        }
    }

    fn payload(&mut self, text: &str) {
        let path = text
            .rsplit('@')
            .next()
            .filter(|_| text.contains('@'))
            .map(|p| p.split(';').next().unwrap_or(p));
        if let Some(path) = path {
            self.read_path(path);
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn wget(&mut self, call: &Call) -> Request {
        let mut request = Request {
            named_by_url: !matches!(call.name.as_str(), "GET" | "lwp-request"),
            ..Request::default()
        };
        let mut at = 1;
        while let Some(field) = call.fields.get(at) {
            at += 1;
            let word = field.text.as_str();
            let next = call.word(at).to_owned();
            let (name, attached) =
                word.split_once('=').map_or((word, None), |(n, v)| (n, Some(v.to_owned())));
            let text = attached.clone().unwrap_or_else(|| next.clone());
            let takes = match name {
                "--post-data" | "--post-file" | "--body-data" | "--body-file" => {
                    request.sends = true;
                    self.payload(&format!("@{text}"));
                    true
                }
                "--method" => {
                    request.method = text;
                    true
                }
                "-i" | "--input-file" => {
                    self.read_path(&text);
                    true
                }
                "-O" | "--output-document" | "-o" | "--out" => {
                    if call.name == "wget" && name == "-o" {
                        self.write_path(&text, WriteMode::Replace);
                    } else {
                        request.output = Some(text);
                    }
                    true
                }
                "--use-askpass" | "--on-download-complete" => {
                    self.helper(&text);
                    true
                }
                "-P" | "--directory-prefix" | "-d" | "--dir" => {
                    self.write_path(
                        &format!("{}/x", text.trim_end_matches('/')),
                        WriteMode::Replace,
                    );
                    if let Some(url) = call.words.last() {
                        request.output = Some(format!("{text}/{}", base_name(url)));
                    }
                    true
                }
                "--header" | "-U" | "--user-agent" | "-t" | "--tries" | "-T" | "--timeout"
                | "-e" | "--user" | "--password" | "-l" | "--level" | "-A" | "-R" | "-w" | "-x"
                | "-s" | "-a" => !matches!(name, "-x" | "-s") || call.name == "aria2c",
                _ if word.starts_with('-')
                    && word.len() > 2
                    && !word.starts_with("--")
                    && word.ends_with('O') =>
                {
                    request.output = Some(next);
                    true
                }
                _ if word.starts_with("-O") && word.len() > 2 => {
                    request.output = Some(word.trim_start_matches("-O").to_owned());
                    false
                }
                _ if word.starts_with('-') => {
                    if word.get(1..).is_some_and(|w| w.ends_with("O-")) {
                        request.output = Some("-".to_owned());
                    }
                    false
                }
                _ => {
                    request.urls.push(field.clone());
                    false
                }
            };
            at += usize::from(takes && attached.is_none());
        }
        if call.name == "lwp-download"
            && let [_, path] = request.urls.as_slice()
        {
            request.output = Some(path.text.clone());
            request.urls.truncate(1);
        }
        request
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn request(&mut self, call: &Call, request: &Request) -> Value {
        let method = request.method.to_ascii_uppercase();
        let reads = matches!(method.as_str(), "" | "GET" | "HEAD" | "OPTIONS")
            && (!request.sends || request.as_query);
        let mut taint = Taint::NETWORK;
        for url in &request.urls {
            if let Some(path) = url.text.strip_prefix("file://") {
                self.read_path(path);
                taint = Taint::LOCAL;
                continue;
            }
            let host = host_of(&url.text);
            let local = is_local_host(host);
            if local {
                self.guard_port(call, &url.text, reads);
            }
            // A whole address out of a list (`xargs curl < urls.txt`) tells nobody anything.
            let listed = url.taint.has(Taint::NAMES) && url.text.chars().eq([UNKNOWN]);
            let leaks = (url.taint.has(Taint::LOCAL) && !listed)
                || url.taint.has(Taint::SECRET)
                || (request.sends
                    && request.as_query
                    && call
                        .fields
                        .iter()
                        .any(|f| f.taint.has(Taint::LOCAL) || f.taint.has(Taint::SECRET)));
            if matches!(
                host,
                "169.254.169.254"
                    | "metadata.google.internal"
                    | "metadata"
                    | "100.100.100.200"
                    | "169.254.170.2"
            ) || host.starts_with("fd00:ec2")
            {
                self.effect("secret.read", url.text.as_str());
            } else if local {
                self.effect("net.local", url.text.as_str());
                taint = Taint::LOCAL;
            } else if leaks || request.leaks {
                self.effect("net.leak_name", url.text.as_str());
            } else if !reads {
                self.effect(if request.sends { "net.send" } else { "net.request" }, call.text());
            } else {
                self.effect("net.get", url.text.as_str());
            }
        }
        let output = match (&request.output, request.named_by_url) {
            (Some(path), _) if path == "-" => None,
            (Some(path), _) => Some(path.clone()),
            (None, true) => request
                .urls
                .first()
                .map(|u| base_name(u.text.split('?').next().unwrap_or_default()).to_owned())
                .filter(|n| !n.is_empty()),
            (None, false) => None,
        };
        match output {
            Some(path) => {
                self.write_content(&path, WriteMode::Replace, &Value::unknown(taint));
                Value { text: UNKNOWN.to_string(), taint: Taint::NONE }
            }
            None => Value::unknown(taint),
        }
    }

    /// Code that speaks to the guard's own port.
    pub(crate) fn guard_url(&mut self, address: &str, reads: bool) {
        let authority = address.split(['/', '?']).next().unwrap_or_default();
        let port = authority.rsplit(':').next().unwrap_or_default();
        if !reads && is_local_host(host_of(authority)) && self.owner_of_port(port).is_some() {
            self.effect("guard.answer", address);
        }
    }

    /// The guard's own port: looking is fine, anything else answers for a person.
    fn guard_port(&mut self, call: &Call, url: &str, reads: bool) {
        let port = url
            .split("://")
            .nth(1)
            .unwrap_or(url)
            .split('/')
            .next()
            .unwrap_or_default()
            .rsplit(':')
            .next()
            .unwrap_or_default();
        if self.owner_of_port(port).is_some() && !reads {
            self.effect("guard.answer", call.text());
        }
    }
}

fn httpie(call: &Call, stdin: Option<&Value>) -> Request {
    let mut request = Request::default();
    if call.arguments().iter().any(|w| w == "--offline") {
        return request;
    }
    let mut operands = call.fields.iter().skip(1).filter(|f| !f.text.starts_with('-')).peekable();
    if operands.peek().is_some_and(|f| {
        f.text.len() <= 7
            && !f.text.is_empty()
            && f.text.chars().all(|c| c.is_ascii_alphabetic())
            && ["get", "head", "post", "put", "patch", "delete", "options"]
                .contains(&f.text.to_ascii_lowercase().as_str())
    }) {
        request.method = operands.next().map(|f| f.text.clone()).unwrap_or_default();
    }
    request.urls.extend(operands.next().cloned().map(|mut f| {
        if f.text.starts_with(':') {
            f.text = format!("localhost{}", f.text);
        }
        f
    }));
    request.sends = operands
        .any(|f| f.text.contains('=') && !f.text.contains("==") || f.text.contains('@'))
        || (stdin.is_some() && request.method.is_empty());
    request.sends |=
        !matches!(request.method.to_ascii_uppercase().as_str(), "" | "GET" | "HEAD" | "OPTIONS");
    request
}
