//! Connections: `nc`, `ssh`, copying to other machines, names that leak.

use super::paths::{WriteMode, is_within};
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, Value};

/// Whether a host is this machine.
pub(crate) fn is_local_host(host: &str) -> bool {
    matches!(host, "localhost" | "::1" | "[::1]" | "0.0.0.0" | "ip6-localhost")
        || host.starts_with("127.")
        || host.ends_with(".localhost")
}

/// The host of a URL, or of `host/path`.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.starts_with('[') {
        return host.split(']').next().map_or(host, |h| h.trim_start_matches('['));
    }
    host.split(':').next().unwrap_or_default()
}

/// `host:path` of another machine.
fn is_remote(word: &str) -> bool {
    word.starts_with("rsync://")
        || word.starts_with("sftp://")
        || word.starts_with("scp://")
        || word.split_once(':').is_some_and(|(host, path)| {
            // `C:\` and `C:/` are drives.
            let drive = host.len() == 1 && path.starts_with(['/', '\\']);
            !host.contains('/') && !host.is_empty() && !drive && !host.starts_with('.')
        })
}

impl Machine<'_> {
    pub(super) fn net_tool(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        match call.name.as_str() {
            "nc" | "ncat" | "netcat" | "telnet" | "nc.openbsd" | "nc.traditional" => {
                self.netcat(call, stdin);
            }
            "websocat" | "wscat" | "wsta" => {
                let sends = stdin.is_some_and(|s| !s.text.is_empty());
                let host = call.words.iter().find(|w| w.contains("://")).map_or("", |w| host_of(w));
                if sends && !is_local_host(host) {
                    self.effect("net.send", call.text());
                }
                return None;
            }
            "socat" => self.socat(call),
            "openssl" if call.word(1) == "s_server" => self.effect("net.listen", call.text()),
            "openssl" if call.word(1) == "s_client" => {
                let host = call
                    .words
                    .iter()
                    .position(|w| w == "-connect")
                    .map_or("", |at| host_of(call.word(at + 1)));
                let sends = stdin.is_some_and(|s| !s.text.is_empty());
                if sends && !is_local_host(host) {
                    self.effect("net.send", host);
                }
            }
            "ssh" | "autossh" | "slogin" | "mosh" | "dbclient" => {
                return Some(self.ssh(call, stdin));
            }
            "scp" | "rsync" | "sftp" | "rcp" | "lftp" | "ftp" | "tftp" | "smbclient" => {
                self.copy_tool(call, stdin);
            }
            "dig" | "nslookup" | "host" | "ping" | "ping6" | "drill" | "resolvectl" | "getent"
            | "traceroute" | "mtr" | "kdig" | "delv" | "fping" | "whois" | "hping3" => {
                let leaks = call
                    .fields
                    .iter()
                    .any(|f| f.taint.has(Taint::LOCAL) || f.taint.has(Taint::SECRET));
                if leaks {
                    self.effect("net.leak_name", call.text());
                } else if call.name == "resolvectl" || call.name == "hping3" {
                    return None;
                }
            }
            _ => return None,
        }
        Some(Value::unknown(Taint::NETWORK))
    }

    fn netcat(&mut self, call: &Call, stdin: Option<&Value>) {
        let letters: String = call
            .arguments()
            .iter()
            .filter(|w| w.starts_with('-') && !w.starts_with("--"))
            .map(String::as_str)
            .collect();
        let long = |names: &[&str]| {
            call.arguments().iter().any(|w| names.contains(&w.split('=').next().unwrap_or(w)))
        };
        let host = call
            .arguments()
            .iter()
            .find(|w| !w.starts_with('-') && !w.bytes().all(|b| b.is_ascii_digit()))
            .map_or("", String::as_str);
        if letters.contains(['e', 'c']) || long(&["--exec", "--sh-exec", "--lua-exec"]) {
            self.effect("net.remote_shell", call.text());
        } else if letters.contains('l') || long(&["--listen"]) {
            self.effect("net.listen", call.text());
        } else if !is_local_host(host)
            && stdin.is_some_and(|s| !s.text.is_empty())
            && !letters.contains('z')
        {
            self.effect("net.send", call.text());
        }
    }

    fn socat(&mut self, call: &Call) {
        let text = call.text().to_ascii_lowercase();
        let kind = if text.contains("exec:") || text.contains("system:") || text.contains("shell:")
        {
            "net.remote_shell"
        } else if text.contains("-listen") || text.contains("-l:") || text.contains("_listen") {
            "net.listen"
        } else {
            let words = call.arguments().iter().filter(|w| !w.starts_with('-') || *w == "-");
            let remote = words.filter(|w| w.contains(':')).any(|w| {
                let rest = w.split_once(':').map_or("", |(_, r)| r);
                let network = w.to_ascii_lowercase();
                (network.starts_with("tcp")
                    || network.starts_with("udp")
                    || network.starts_with("openssl")
                    || network.starts_with("ssl"))
                    && !is_local_host(host_of(rest))
            });
            if !remote {
                return;
            }
            "net.send"
        };
        self.effect(kind, call.text());
    }

    fn ssh(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let valued =
            if call.name == "autossh" { "BbcDEeFIiJLlMmOopQRSWw" } else { "BbcDEeFIiJLlmOopQRSWw" };
        let mut at = 1;
        while call.word(at).starts_with('-') {
            let word = call.word(at).to_owned();
            let letter = word.chars().nth(1).unwrap_or(' ');
            let last = word.chars().last().unwrap_or(' ');
            let attached = word.len() > 2 && valued.contains(letter);
            let text = if attached {
                word.get(2..).unwrap_or_default().to_owned()
            } else {
                call.word(at + 1).to_owned()
            };
            if word.starts_with("--ssh=") || word.starts_with("--server=") {
                let program = word.split_once('=').map_or("", |(_, p)| p).to_owned();
                self.helper(&program);
            }
            match if attached { letter } else { last } {
                _ if word.starts_with("--") => {}
                'o' => self.ssh_option(&text),
                'L' | 'R' | 'D' | 'w' | 'W' => self.effect("net.listen", call.text()),
                'I' => self.effect("code.outside", text.as_str()),
                'F' if !self.is_own_code(&text) && !text.starts_with("~/.ssh") => {
                    self.effect("code.outside", text.as_str());
                }
                _ => {}
            }
            at += if !attached && valued.contains(last) && !word.starts_with("--") { 2 } else { 1 };
        }
        let host = call.word(at).to_owned();
        let mut rest = call.fields_from(at + 1);
        if rest.first().is_some_and(|f| f.text == "--") {
            rest.remove(0);
        }
        let remote = !is_local_host(host_of(&host));
        if remote && stdin.is_some_and(|s| !s.text.is_empty() && !s.is_known()) {
            self.effect("net.send", call.text());
        }
        if rest.is_empty() {
            if let Some(text) = stdin.filter(|s| s.is_known()) {
                self.on_another_machine(&text.text.clone(), None, remote);
            }
            return Value::unknown(Taint::NETWORK);
        }
        if call.name == "mosh" {
            // Words are kept apart, unlike those of ssh.
            let text: Vec<String> = rest.iter().map(crate::interpret::requoted).collect();
            self.on_another_machine(&text.join(" "), None, remote);
            return Value::unknown(Taint::NETWORK);
        }
        let text = rest.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join(" ");
        self.on_another_machine(&text, stdin.filter(|s| s.is_known()), remote);
        Value::unknown(Taint::NETWORK)
    }

    fn on_another_machine(&mut self, text: &str, stdin: Option<&Value>, remote: bool) {
        let Some(state) = self.snapshot() else { return };
        if remote {
            self.state.remote = true;
            self.state.cwd = Some(self.ctx.home.clone());
        }
        let first = self.commands.len();
        self.script(text, stdin);
        self.carried(first);
        self.state = state;
    }

    /// `ssh -o`, also as `scp` and `sftp` take it.
    pub(crate) fn ssh_option(&mut self, text: &str) {
        let (name, value) = text.split_once(['=', ' ']).unwrap_or((text, ""));
        match name.to_ascii_lowercase().as_str() {
            "proxycommand" | "localcommand" | "knownhostscommand" | "sshaskpass"
                if value != "none" =>
            {
                self.effect("code.option", text);
                let value = value.to_owned();
                self.script(&value, None);
            }
            "pkcs11provider" | "securitykeyprovider" => self.effect("code.outside", text),
            "localforward" | "remoteforward" | "dynamicforward" | "tunnel" => {
                self.effect("net.listen", text);
            }
            _ => {}
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn copy_tool(&mut self, call: &Call, stdin: Option<&Value>) {
        for (at, word) in call.words.clone().iter().enumerate().skip(1) {
            let next = call.word(at + 1).to_owned();
            match word.as_str() {
                "-o" => self.ssh_option(&next),
                "-S" | "-e" | "--rsh" | "-D" | "--rsync-path" => match call.name.as_str() {
                    "lftp" => self.transfer_script(&next),
                    "rsync" if word == "-D" => {}
                    "rsync" if word == "-S" => {}
                    _ => self.helper(&next),
                },
                "-b" if call.name == "sftp" && next != "-" => {
                    // The batch of a file that was not written here may put or remove anything.
                    let known = self.written.get(&self.resolve(&next)).cloned();
                    match known.filter(Value::is_known) {
                        Some(batch) => self.transfer_script(&batch.text),
                        None => self.effect("remote.change", call.text()),
                    }
                }
                "-c" if matches!(call.name.as_str(), "lftp" | "smbclient") => {
                    self.transfer_script(&next);
                }
                "--delete" | "--delete-after" | "--del" | "--delete-before" | "--delete-during"
                    if self.empties_tree(call) => {}
                "--delete"
                | "--delete-after"
                | "--delete-before"
                | "--delete-excluded"
                | "--remove-source-files"
                | "--del"
                | "--delete-during"
                    if !is_dry(call) =>
                {
                    self.effect("fs.bulk_delete", call.text());
                }
                "--daemon" => self.effect("net.listen", call.text()),
                _ => {
                    if let Some(text) = word.strip_prefix("-o").filter(|t| t.contains('=')) {
                        self.ssh_option(text);
                    } else if let Some(program) = word
                        .strip_prefix("--rsh=")
                        .or_else(|| word.strip_prefix("--rsync-path="))
                        .or_else(|| {
                            word.strip_prefix("-e")
                                .filter(|t| !t.is_empty() && call.name == "rsync")
                        })
                    {
                        self.helper(program);
                    }
                }
            }
        }
        if matches!(call.name.as_str(), "tftp" | "atftp")
            && call.arguments().iter().any(|w| {
                let verb = w.split_whitespace().next().unwrap_or_default();
                matches!(verb, "put" | "mput" | "--put" | "-p")
            })
        {
            return self.effect("net.send", call.text());
        }
        if matches!(call.name.as_str(), "ftp" | "sftp" | "lftp" | "smbclient" | "tftp") {
            if let Some(text) = stdin.filter(|s| s.is_known()) {
                self.transfer_script(&text.text.clone());
            }
            return;
        }
        let dry = is_dry(call);
        let operands: Vec<&String> =
            call.arguments().iter().filter(|w| !w.starts_with('-')).collect();
        let Some((target, sources)) = operands.split_last() else {
            return;
        };
        let lists = call.arguments().iter().any(|w| w == "--list-only");
        if call.name == "rsync" && (lists || sources.is_empty()) {
            // One place alone, or asked to list: what is there is shown.
            return;
        }
        if is_remote(target) && !dry {
            let local = is_local_host(host_of(target))
                || is_local_host(target.split(':').next().unwrap_or_default());
            if !local && !sources.iter().any(|s| is_remote(s)) || is_within(target, "rsync:") {
                self.effect("net.send", call.text());
            }
        } else if !dry && !is_remote(target) {
            let target = (*target).clone();
            self.write_path(&target, WriteMode::Replace);
            let remote = sources.iter().any(|s| is_remote(s));
            if remote {
                let resolved = self.resolve(&target);
                self.written.insert(resolved, Value::unknown(Taint::NETWORK));
            }
        }
    }

    /// `rsync --delete` from an empty directory onto the system or a home.
    fn empties_tree(&mut self, call: &Call) -> bool {
        let operands: Vec<&String> =
            call.arguments().iter().filter(|w| !w.starts_with('-')).collect();
        let Some((target, sources)) = operands.split_last() else { return false };
        if is_dry(call) || sources.is_empty() || is_remote(target) {
            return false;
        }
        let place = self.resolve(target);
        let Some(kind) = self.wipes(&place) else { return false };
        self.effect(kind, target.as_str());
        true
    }

    fn transfer_script(&mut self, text: &str) {
        for line in text.split(['\n', ';']) {
            let line = line.trim();
            if let Some(command) = line.strip_prefix('!') {
                self.script(command, None);
            }
            let verb = line.split_whitespace().next().unwrap_or_default();
            if matches!(verb, "put" | "mput" | "send" | "reput" | "append")
                || (verb == "mirror" && line.contains("-R"))
            {
                self.effect("net.send", line);
            } else if matches!(
                verb,
                "rm" | "delete"
                    | "mdelete"
                    | "rmdir"
                    | "rename"
                    | "mrm"
                    | "mkdir"
                    | "chmod"
                    | "del"
            ) {
                self.effect("remote.change", line);
            }
        }
    }
}

/// Whether a transfer only says what it would do.
fn is_dry(call: &Call) -> bool {
    call.arguments().iter().any(|w| {
        w == "--dry-run"
            || (w.starts_with('-')
                && !w.starts_with("--")
                && w.contains('n')
                && call.name == "rsync")
    })
}
