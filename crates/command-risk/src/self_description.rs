//! What belongs to the guard and to the agents it guards: names, paths, switches.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The guard, other guards on the machine, and the agents, as the config key `risk.self` has them.
///
/// Unknown keys are tolerated so that a file written for a newer version still protects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SelfDescription {
    /// This product.
    pub guard: Belongings,
    /// Guards of other makers that must not be switched off either.
    pub other_guards: Belongings,
    /// The agents, by name.
    pub agents: BTreeMap<String, Belongings>,
}

/// What one program owns on a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Belongings {
    /// Names of its processes.
    pub process_names: Vec<String>,
    /// Names of its command line tools.
    pub cli: Vec<String>,
    /// Names of its service units.
    pub units: Vec<String>,
    /// Names of its containers.
    pub containers: Vec<String>,
    /// Its files and directories; `~` is the home directory, a trailing `/` a directory.
    pub paths: Vec<String>,
    /// Those of its files that say what is allowed.
    pub policy_files: Vec<String>,
    /// Prefixes of environment variables that steer it.
    pub env_prefixes: Vec<String>,
    /// Ports it listens on.
    pub ports: Vec<u16>,
    /// Switches, variables or settings that turn approvals off.
    pub bypass: Vec<String>,
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|&word| word.to_owned()).collect()
}

impl Belongings {
    fn agent(cli: &[&str], paths: &[&str], bypass: &[&str]) -> Self {
        Self { cli: words(cli), paths: words(paths), bypass: words(bypass), ..Self::default() }
    }
}

/// The agents known when this was written: name, commands, paths, bypass switches.
type KnownAgent =
    (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const KNOWN_AGENTS: &[KnownAgent] = &[
    ("hermes", &["hermes"], &["~/.hermes/"], &["HERMES_YOLO_MODE", "approvals.mode off", "--yolo"]),
    ("openclaw", &["openclaw"], &["~/.openclaw/"], &["tools.exec.ask off"]),
    (
        "claude",
        &["claude"],
        &["~/.claude/", "~/.claude.json", ".claude/"],
        &["--dangerously-skip-permissions", "--permission-mode bypassPermissions"],
    ),
    (
        "codex",
        &["codex"],
        &["~/.codex/"],
        &["--dangerously-bypass-approvals-and-sandbox", "--yolo", "--full-auto"],
    ),
    ("gemini", &["gemini"], &["~/.gemini/"], &["--yolo", "-y"]),
    ("aider", &["aider"], &["~/.aider.conf.yml"], &["--yes-always"]),
    ("cursor", &["cursor-agent"], &["~/.cursor/", ".cursor/"], &["--force"]),
    ("opencode", &["opencode"], &["~/.config/opencode/"], &[]),
    ("goose", &["goose"], &["~/.config/goose/"], &["GOOSE_MODE"]),
    ("amp", &["amp"], &["~/.config/amp/"], &["--dangerously-allow-all"]),
    ("copilot", &["copilot"], &["~/.copilot/"], &["--allow-all-tools"]),
    ("qwen", &["qwen"], &["~/.qwen/"], &["--yolo", "-y"]),
];

impl Default for SelfDescription {
    fn default() -> Self {
        let guard = Belongings {
            process_names: words(&["countersign"]),
            cli: words(&["countersign"]),
            units: words(&["countersign", "countersign.service", "dev.countersign"]),
            containers: words(&["countersign"]),
            paths: words(&[
                "~/.countersign/",
                "~/.config/countersign/",
                "/etc/countersign/",
                "/var/lib/countersign/",
                "/run/countersign/",
                "/run/countersign.sock",
                "/usr/local/bin/countersign",
                "/usr/bin/countersign",
            ]),
            policy_files: words(&[
                "~/.countersign/config.yaml",
                "~/.countersign/policy.yaml",
                "/etc/countersign/config.yaml",
            ]),
            env_prefixes: words(&["COUNTERSIGN_", "API_SERVER_KEY"]),
            ports: vec![8642],
            bypass: words(&["approvals.mode off", "/yolo"]),
        };
        let other_guards = Belongings {
            process_names: words(&["dcg"]),
            env_prefixes: words(&["DCG_"]),
            ..Belongings::default()
        };
        let agents = KNOWN_AGENTS
            .iter()
            .map(|&(name, cli, paths, bypass)| {
                (name.to_owned(), Belongings::agent(cli, paths, bypass))
            })
            .collect();
        Self { guard, other_guards, agents }
    }
}
