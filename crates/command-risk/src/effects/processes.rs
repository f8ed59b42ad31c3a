//! Processes and services.

use super::own::Owner;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{UNKNOWN, Value};

/// Stands before the name of a program where its process number would stand.
pub(crate) const PID_OF: &str = "@pid:";
const STOPPING: &[&str] = &[
    "stop",
    "disable",
    "mask",
    "kill",
    "rm",
    "remove",
    "down",
    "pause",
    "unload",
    "bootout",
    "uninstall",
    "purge",
    "delete",
    "suspend",
    "freeze",
    "destroy",
    "force-stop",
    "del",
    "erase",
    "autoremove",
    "evict",
    "scale",
    "force-remove",
    "unlink",
    "revert",
    "isolate",
    "clean",
    "terminate",
    "rmi",
    "drain",
    "signal",
];

impl Machine<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn process_tool(&mut self, call: &Call) -> Option<Value> {
        match call.name.as_str() {
            "kill" => self.kill(call),
            "pkill" | "killall" | "skill" | "xkill" | "taskkill" | "killall5" | "tskill"
            | "Stop-Process" => self.kill_by_name(call),
            "pidof" | "pgrep" => {
                let name = call
                    .arguments()
                    .iter()
                    .rfind(|w| !w.starts_with('-'))
                    .cloned()
                    .unwrap_or_default();
                return Some(if name.contains(UNKNOWN) {
                    Value::unknown(crate::interpret::value::Taint::LOCAL)
                } else {
                    Value::known(format!("{PID_OF}{name}\n"))
                });
            }
            "fuser" => {
                let kills = call.arguments().iter().any(|w| {
                    w.starts_with('-') && !w.starts_with("--") && w.contains('k') || w == "--kill"
                });
                if kills {
                    let owner = call.arguments().iter().find_map(|w| {
                        self.owner_of_port(w)
                            .or_else(|| self.owner_of_path(&self.resolve(w)).map(|(o, _)| o))
                    });
                    if !self.stop_own(call.word(0), owner) {
                        self.effect("process.signal", call.text());
                    }
                }
            }
            "docker" | "podman" | "nerdctl"
                if matches!(call.word(1), "ps" | "container")
                    && call.arguments().iter().any(|w| {
                        w == "--quiet"
                            || w.starts_with('-') && !w.starts_with("--") && w.contains('q')
                    }) =>
            {
                // What it prints are the numbers of the containers of that name.
                let name = call.arguments().iter().find_map(|w| {
                    let name = w.rsplit_once("name=")?.1.trim_matches(['^', '$', '/']);
                    self.owner_of_name(name).filter(|o| *o != Owner::Agent).map(|_| name)
                })?;
                return Some(Value::known(format!("{name}\n")));
            }
            "lsof"
                if call
                    .arguments()
                    .iter()
                    .any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains('t')) =>
            {
                let owner = call.arguments().iter().find_map(|w| {
                    let port = w.rsplit(':').next().unwrap_or(w);
                    self.owner_of_port(port)
                        .or_else(|| self.owner_of_path(&self.resolve(w)).map(|(o, _)| o))
                });
                let name = self.process_of(owner.filter(|o| *o != Owner::Agent))?;
                return Some(Value::known(format!("{PID_OF}{name}\n")));
            }
            "kill-port" | "killport" | "fkill" | "kp" => {
                let owner = call.arguments().iter().find_map(|w| {
                    self.owner_of_port(w.trim_start_matches(':'))
                        .or_else(|| self.owner_of_pattern(w))
                });
                if !self.stop_own(&call.text(), owner) {
                    self.effect("process.signal", call.text());
                }
            }
            "gdb" | "lldb" => {
                let attached = call
                    .words
                    .iter()
                    .find_map(|w| w.strip_prefix(PID_OF))
                    .and_then(|name| self.owner_of_pattern(name));
                if self.stop_own(&call.text(), attached) {
                    return Some(Value::default());
                }
                return None;
            }
            _ => return None,
        }
        Some(Value::default())
    }

    fn kill(&mut self, call: &Call) {
        let words = call.arguments();
        let first = words.first().map_or("", String::as_str);
        if matches!(first, "-l" | "-L" | "--list" | "--help" | "--version") || words.is_empty() {
            return;
        }
        let probes = first == "-0" || (first == "-s" && words.get(1).is_some_and(|w| w == "0"));
        let mut targets: Vec<&String> = words.iter().collect();
        let alone = targets.len() == 1;
        if !alone && first.starts_with('-') {
            targets.remove(0);
            if matches!(first, "-s" | "-n" | "--signal") && !targets.is_empty() {
                targets.remove(0);
            }
            targets.retain(|w| *w != "--");
        }
        if targets.iter().any(|w| *w == "-1") {
            return self.effect("process.kill_all", call.text());
        }
        let owner = targets
            .iter()
            .find_map(|w| w.strip_prefix(PID_OF))
            .and_then(|name| self.owner_of_pattern(name));
        if !probes && !self.stop_own(&call.text(), owner) {
            self.effect("process.signal", call.text());
        }
    }

    fn kill_by_name(&mut self, call: &Call) {
        if call.arguments().iter().any(|w| w == "-l" || w == "--list" || w == "-0") {
            return;
        }
        let owner = call.arguments().iter().filter(|w| !w.starts_with(['-', '/'])).find_map(|w| {
            self.owner_of_pattern(w.strip_prefix(PID_OF).unwrap_or(w))
                .filter(|o| *o != Owner::Agent)
        });
        if !self.stop_own(&call.text(), owner) {
            self.effect("process.signal", call.text());
        }
    }

    /// A tool that changes services, containers, packages: is it the guard that it is told to
    /// change? True when the guard's own finding stands for it.
    pub(crate) fn changes_own(&mut self, call: &Call) -> bool {
        let owner = call.arguments().iter().find_map(|w| {
            let name = w.rsplit(['/', ':', '=']).next().unwrap_or(w).trim_end_matches(".service");
            self.owner_of_name(name)
                .or_else(|| self.owner_of_name(w))
                .filter(|o| *o != Owner::Agent)
        });
        let Some(owner) = owner else { return false };
        let stops = call.arguments().iter().any(|w| {
            STOPPING.contains(&w.trim_start_matches(['-', '/']))
                || w == "/end"
                || w == "-R"
                || w == "-Rns"
                || w == "-e"
        });
        let restarts = call.arguments().iter().any(|w| {
            matches!(
                w.as_str(),
                "restart"
                    | "reload"
                    | "start"
                    | "try-restart"
                    | "reload-or-restart"
                    | "up"
                    | "kickstart"
                    | "enable"
            )
        });
        match (stops, restarts) {
            (true, _) => self.stop_own(&call.text(), Some(owner)),
            (false, true) => {
                self.effect("guard.restart", call.text());
                true
            }
            (false, false) => false,
        }
    }
}
