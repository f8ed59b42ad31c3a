//! Commands that run inside a container: another root, with what is mounted there.

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, Value};

impl Machine<'_> {
    /// Runs the command of a subcommand such as `exec`, inside a container where that is what it does.
    pub(super) fn run_inside(
        &mut self,
        call: &Call,
        fields: Vec<crate::interpret::value::Field>,
        stdin: Option<&Value>,
    ) -> Value {
        let contained = matches!(
            call.name.as_str(),
            "docker"
                | "podman"
                | "nerdctl"
                | "finch"
                | "docker-compose"
                | "podman-compose"
                | "kubectl"
                | "oc"
                | "k"
                | "crictl"
                | "ctr"
                | "lxc"
                | "incus"
                | "multipass"
                | "limactl"
                | "lima"
                | "colima"
                | "vagrant"
                | "pct"
                | "machinectl"
        );
        if !contained {
            return self.run(fields, stdin);
        }
        let Some(state) = self.snapshot() else {
            return Value::unknown(Taint::LOCAL);
        };
        let mut mounts = Vec::new();
        for (at, word) in call.words.iter().enumerate() {
            let spec = match word.as_str() {
                "-v" | "--volume" => call.word(at + 1),
                _ => word
                    .strip_prefix("--volume=")
                    .or_else(|| word.strip_prefix("-v").filter(|w| w.starts_with('/')))
                    .unwrap_or_default(),
            };
            let mut parts = spec.split(':');
            if let (Some(host), Some(inside)) = (parts.next(), parts.next()) {
                mounts.push((inside.to_owned(), self.resolve(host)));
            }
        }
        self.state.container = Some(mounts);
        self.state.cwd = Some("/".to_owned());
        let first = self.commands.len();
        let output = self.run(fields, stdin);
        self.carried(first);
        self.state = state;
        output
    }
}
